"""Text of others, in which nothing drives a terminal."""


def printable(text: str) -> str:
    """Tabs as one blank and control characters escaped, so that no input drives the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else " "
        if character == "\t"
        else character.encode("unicode_escape").decode()
        for character in text
    )

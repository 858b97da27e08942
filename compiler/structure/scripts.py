"""What `path_to_executable` was meant to be where it names no script."""

import json
import re
from pathlib import PurePosixPath

SCRIPTS = (".py", ".ipynb", ".sh")
_BLANKS_AND_QUOTES = " \"'“”„«»`\u2018\u2019\u201a"
_INTERPRETERS = {
    ".r": "Rscript",
    ".jl": "julia",
    ".js": "node",
    ".pl": "perl",
    ".rb": "ruby",
    ".bash": "bash",
}


def for_script(text: str) -> str:
    """The way out."""
    path = PurePosixPath(text)
    if text.startswith("-m "):
        return f"give `command: {json.dumps(['python', *text.split()])}` in its place"
    bare = text.strip(_BLANKS_AND_QUOTES)
    if bare != text and bare.endswith(SCRIPTS) and " " not in bare:
        return f'did you mean "{bare}"?'
    words = [word for word in re.split(r"[\s:]", text) if word.endswith(SCRIPTS)]
    if words:
        return f"give the script alone, {words[0]}; what follows it goes under `args`"
    if path.suffix.lower() in SCRIPTS:
        return f'did you mean "{path.with_suffix(path.suffix.lower())}"?'
    if interpreter := _INTERPRETERS.get(path.suffix.lower()):
        return f"another program is a `command: [{interpreter}, {text}]`, in an `image` that has it"
    return "another program is a `command`, a list of words, in an `image` that has it"

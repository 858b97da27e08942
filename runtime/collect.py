"""Looks at values that an image has left, and writes each to where an engine takes it, encoded or plain.

    collect.py [--result FILE RUN] [NAME:TYPE[:HOW] FROM TO]...

How is `plain`, or nothing. Of a run of a trial those that it is judged by, `judged`, go into its one result, and no other
goes anywhere: then TO is empty. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.outputs import encode, read, refuse_too_much, unchanged
from automl.runtime.trial_results import Left, result_of


def hand_on(words: Sequence[str]) -> None:
    """Bring values to where they go; ValueError says what is wrong with them, and then none is brought."""
    texts, judged, words = {}, {}, list(words)
    result = [words.pop(0), words.pop(0), words.pop(0)] if words[:1] == ["--result"] else []
    for name, how, place, text in values_of(words):
        if how == "judged":
            judged[name] = text
        if place:
            texts[place] = unchanged(name, text) if how == "plain" else encode(text)
    if result:
        texts[result[1]] = result_of(result[2], Left(judged))
    for place, text in texts.items():
        Path(place).write_bytes(text.encode())


def values_of(words: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """The values, each with its name, how it goes and where to; ValueError says what is wrong with them."""
    values, problems = [], []
    for declared, left, place in zip(words[::3], words[1::3], words[2::3]):
        name, type, *how = declared.split(":")
        try:
            if Path(left).is_dir():
                raise ValueError(f"the output {name!r} is a value ({type}), but the step has left a folder")
            text = read(name, type, Path(left))
            if how == ["plain"]:
                unchanged(name, text)
            values.append((name, "".join(how), place, text))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\nautoml: ".join(problems))
    refuse_too_much({name: text for name, _, _, text in values})
    return values


if __name__ == "__main__":
    try:
        hand_on(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"automl: {error}")

"""Looks at values that an image has left, and writes each to where an engine takes it, encoded or plain.

    collect.py [NAME:TYPE[:plain] FROM TO]...

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from automl.runtime.outputs import encode, read, refuse_too_much, unchanged


def hand_on(words: Sequence[str]) -> None:
    """Bring values to where they go; ValueError says what is wrong with them, and then none is brought."""
    values, texts, problems = {}, {}, []
    for declared, left, place in zip(words[::3], words[1::3], words[2::3]):
        name, type, *plain = declared.split(":")
        try:
            if Path(left).is_dir():
                raise ValueError(f"the output {name!r} is a value ({type}), but the step has left a folder")
            values[name] = text = read(name, type, Path(left))
            texts[place] = unchanged(name, text) if plain else encode(text)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\nautoml: ".join(problems))
    refuse_too_much(values)
    for place, text in texts.items():
        Path(place).write_bytes(text.encode())


if __name__ == "__main__":
    try:
        hand_on(sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"automl: {error}")

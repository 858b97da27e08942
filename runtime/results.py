"""What the command of a task has to leave: where it is to write to, and how that gets to where the engine takes it.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.runtime.child import run
from automl.runtime.folders import in_project, work
from automl.runtime.metrics import EXECUTOR_INPUT, show
from automl.runtime.outputs import (
    LONGEST_MESSAGE,
    encode,
    framed,
    read,
    refuse_too_much,
    unchanged,
)
from automl.runtime.values import variable_of

FILES = ("file", "model", "dataset")


@dataclass(frozen=True)
class Output:
    """One output: what it is, where the command leaves it, and where it goes from there."""

    name: str
    type: str
    left: Path
    place: Path | None
    is_encoded: bool = True

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a folder, and no value."""
        return self.type in FILES


def run_for(options: argparse.Namespace, command: list[str]) -> int:
    """The status of the command, which has to leave what the options of `start.py` say."""
    outputs = outputs_of(options.output, options.to, options.unencoded)
    executor_input = os.environ.pop(EXECUTOR_INPUT, "")  # which is no matter of the command
    prepare(outputs)
    before = {output.name: state_of(output.left) for output in outputs}
    status = run(command)
    if status == 0:
        refuse_untouched(outputs, before)
        hand_over(outputs, options.message)
        if options.put:
            from automl.runtime.store import put  # it is there where files travel so

            put(options.put, {output.name: output.left for output in outputs})
        if executor_input:
            metrics = [output for output in outputs if output.type == "metrics"]
            show(executor_input, {output.name: value_of(output) for output in metrics})
    return status


def outputs_of(written: Sequence[str], places: Sequence[str], unencoded: Sequence[str]) -> list[Output]:
    """The outputs `NAME:TYPE[:PATH]`, with their places `NAME=FILE`."""
    place_of = {name: Path(place) for name, _, place in (word.partition("=") for word in places)}
    outputs = []
    for name, type, *path in (word.split(":", 2) for word in written):
        place, left = place_of.get(name), work() / "outputs" / name
        if type in FILES:
            left = in_project(path[0]) if path else place or left
        outputs.append(Output(name, type, left, place, name not in unencoded))
    return outputs


def prepare(outputs: Sequence[Output]) -> None:
    """Take away what an earlier try has left, and say in variables where the command is to write to."""
    remove(work() / "outputs")
    for output in outputs:
        if output.place:
            remove(output.place)
            output.place.parent.mkdir(parents=True, exist_ok=True)
        output.left.parent.mkdir(parents=True, exist_ok=True)
        os.environ[variable_of("OUTPUT", output.name)] = str(output.left)


def state_of(path: Path) -> frozenset[tuple[str, int, int, int]]:
    """What is at a path, so far as it can be seen that somebody has written there; nothing if nothing is there."""
    paths = [path, *path.rglob("*")] if path.is_dir() else [path] if path.exists() else []
    states = [(str(path), path.lstat()) for path in paths]
    return frozenset((path, state.st_ino, state.st_ctime_ns, state.st_size) for path, state in states)


def refuse_untouched(outputs: Sequence[Output], before: Mapping[str, object]) -> None:
    """ValueError if what is there came with the project: an old report is not what the step was to leave."""
    for output in outputs:
        if before[output.name] and state_of(output.left) == before[output.name]:
            raise ValueError(
                f"the output {output.name!r} is missing: {output.left} was there before the step began, and the step has "
                f"not written it; to hand it on as it is, leave out `path` and copy it to ${variable_of('OUTPUT', output.name)}"
            )


def hand_over(outputs: Sequence[Output], message: str) -> None:
    """Bring what the command has left to its places; ValueError says what it has not left, and then nothing is brought."""
    values, problems = {}, []
    for output in outputs:
        try:
            refuse_missing(output)
            if not output.is_file:
                values[output.name] = value_of(output)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\nautoml: ".join(problems))
    refuse_too_much(values)
    for output in outputs:
        if output.is_file:
            bring(output)
        elif output.place:
            text = values[output.name]
            output.place.write_bytes((encode(text) if output.is_encoded else text).encode())
    if message:
        Path(message).write_bytes(message_of(values))


def refuse_missing(output: Output) -> None:
    """ValueError if there is nothing where the output is to be."""
    where = f"{output.left} (${variable_of('OUTPUT', output.name)})"
    if not output.left.exists():
        raise ValueError(f"the output {output.name!r} is missing: the step has left nothing at {where}")
    if not output.is_file and not output.left.is_file():
        raise ValueError(f"the output {output.name!r} is a value ({output.type}), but no file is at {where}")


def value_of(output: Output) -> str:
    """The value that the command has left."""
    text = read(output.name, output.type, output.left)
    return text if output.is_encoded else unchanged(output.name, text)


def message_of(values: dict[str, str]) -> bytes:
    """The values in one message; ValueError if nobody would read it to its end."""
    message = framed(values)
    if len(message) > LONGEST_MESSAGE:
        raise ValueError(f"the {len(values)} values and their names take too much together; hand on a file")
    return message


def bring(output: Output) -> None:
    """Copy a file or folder to its place, unless it is there. A link would lead to where nobody else can look.

    ValueError says what of a folder cannot be copied, such as a link that leads nowhere.
    """
    place, left = output.place, output.left
    if place is None or (left == place and not left.is_symlink()):
        return
    source = left.resolve()
    remove(place)
    if source.is_dir():
        try:
            shutil.copytree(source, place)
        except shutil.Error as error:
            reasons = [reason for _, _, reason in error.args[0]]
            more = f" (and {len(reasons) - 1} more)" if reasons[1:] else ""
            raise ValueError(f"the output {output.name!r} cannot be copied: {reasons[0]}{more}") from error
    else:
        shutil.copy(source, place)


def remove(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()

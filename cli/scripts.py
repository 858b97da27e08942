"""A script that is run without a config: the config that says the same."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.cli.terminal import wrong_usage
from automl.compiler.driver import Input
from automl.compiler.records import NamedTuple
from automl.targets.writers.yaml import write_yaml

SUFFIXES = (".py", ".sh", ".ipynb")
RESOURCES = {"cpu": "cpu_request", "memory": "memory_request"}


class Flags(NamedTuple):
    """What a command line says of a script, as a config says it of a step."""

    requirements: str | None = None
    image: str | None = None
    resources: str | None = None
    env: Sequence[str] = ()
    arguments: Sequence[str] = ()


def is_script(path: str) -> bool:
    """Whether it is what a step runs, and no config."""
    return path.endswith(SUFFIXES)


def refuse(flags: Flags) -> None:
    """End a command line that says of a config what only a script can be told."""
    if flags.arguments:
        wrong_usage("only a script takes arguments; in a config, `args` of a step are")
    said = [f"--{name}" for name, value in flags._asdict().items() if value]
    if said:
        wrong_usage(f"{said[0]} is for a script; in a config it is a key of a step")


def config_for(path: str, flags: Flags, params: Sequence[str]) -> Input:
    """The config that runs a script; its project is the current folder, or that of the script if it is elsewhere."""
    folder, inside = _place(Path(path))
    step = {
        "step_name": _name(path),
        "path_to_executable": inside,
        "dependency_path": flags.requirements,
        "image": flags.image,
        **_resources(flags.resources),
        "args": [_literal(argument) for argument in flags.arguments],
        "envs": dict(_variable(text) for text in flags.env),
    }
    config: dict[str, Any] = {"name": _name(path), "params": dict(_param(text) for text in params)}
    config["stages"] = {"run": [{key: value for key, value in step.items() if value}]}
    text = write_yaml([{key: value for key, value in config.items() if value}])
    return Input("<flags>", text.encode(), folder)


def _place(script: Path) -> tuple[Path, str]:
    if not script.is_absolute() and ".." not in script.parts:
        return Path(), script.as_posix()
    return script.parent, script.name


def _name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-") or "script"


def _resources(text: str | None) -> Mapping[str, str]:
    amounts: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, sign, amount = part.partition("=")
        if name not in RESOURCES or not sign:
            wrong_usage(f'--resources takes cpu=2,memory=4Gi, or one of them, not "{part}"')
        amounts[RESOURCES[name]] = amount
    return amounts


def _variable(text: str) -> tuple[str, str]:
    """NAME=VALUE, or NAME alone for the value that it has here."""
    name, sign, value = text.partition("=")
    if not sign and name not in os.environ:
        wrong_usage(f'--env {name}: there is no variable "{name}" here; give it a value: {name}=…')
    return name, _literal(value if sign else os.environ[name])


def _param(text: str) -> tuple[str, Any]:
    """A value is a number, true or false where that is written as it is here; else a text."""
    name, sign, value = text.partition("=")
    if not sign:
        wrong_usage(f'--set takes NAME=VALUE, not "{text}"')
    if value in ("true", "false"):
        return name, value == "true"
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        if repr(number) == value and value not in ("nan", "inf", "-inf"):
            return name, number
    return name, value


def _literal(text: str) -> str:
    """A text in which nothing is an expression."""
    return text.replace("${{", "${{ '${{' }}")

"""What to write instead of a value that the schema does not take, worked out from what was written."""

import json
import re
from pathlib import PurePosixPath
from typing import Any

from automl.compiler.structure.flow import LONGEST, example, flow, pair, pairs
from automl.compiler.structure.scripts import SCRIPTS, for_script
from automl.compiler.structure.vocabulary import ACCESS, OF_TRIALS, TYPES
from automl.compiler.structure.ways_of_data import for_type_of_data, for_value_of_data
from automl.compiler.structure.ways_of_trials import for_type_of_trials
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.scalars import interpret
from automl.compiler.tree.stages import Path, place_of
from automl.compiler.values.credentials import WITH_SECRETS
from automl.compiler.values.units import QuantityError, parse_duration
from automl.schemas import Schema

STAGES = "`stages:` holds the stages by name, each a list of steps"
_STEPS = "write its steps below it, each behind a `- `"
_SHELL_SIGNS = re.compile("[$&|;<>*?`'\"\\\\(){}~#\n]")
_NO_LIMIT = 2**31 - 1000  # nobody comes near what Kubernetes holds
_TRUE, _FALSE = ("true", "yes", "on", "1", "y"), ("false", "no", "off", "0", "n")
_KEYS_WITH_KEYS = ("service", "envs", "labels", "annotations")  # of a step
_SECONDS = ("polling_time", "wait_before_start_time", "min_ready_seconds", "max_startup_time_seconds")
_BUNDLE = "remove `code`: without it, a step without an image of its own gets the project's files"

_RUN_AS = "write `run_as: {user: 1000}`, or `run_as: image` for the user of the image"


def for_type(path: Path, node: Node, wanted: list[str], at: Schema) -> str | None:
    """The way out for a value of the wrong type."""
    key = path[-1] if path and isinstance(path[-1], str) else ""
    if isinstance(node, Scalar) and node.value is None:
        return _for_nothing(path)
    if path == ["stages"]:
        return _for_stages(node)
    if (place := place_of(path)) and not place.keys:
        return _for_stage(node) if place.step is None else _for_step(node)
    if key == "service" and isinstance(node, Scalar) and node.text.lower() in _FALSE:
        return "remove it: a step without `service` is a job"
    if path and (help := for_type_of_data(path, node) or for_type_of_trials(path, node)):
        return help
    text = _mended(key, node, wanted)
    if text is not None and len(text) <= LONGEST and key:
        is_name = key == "secret" and path[0] in WITH_SECRETS
        return f"write `{f'{key}: {text}' if is_name else pair(key, text)}`"
    if isinstance(node, Mapping) and (help := _for_mapping(path, node)):
        return help
    if path[:1] == ["params"] and len(path) == 2:
        return "write one value, its default"
    if key == "dependency_path":
        return "write the requirements into a file, for instance a requirements.txt, and give the file"
    if isinstance(node, Scalar) and key in _ANY_TEXT and "string" in wanted:
        return f'write "{node.text}", in quotes'
    if key == "schedule" or (at.get("examples") and wanted != ["integer"]):
        return example(key, at)
    if isinstance(node, Scalar) and "string" in wanted:
        return f'write "{node.text}", in quotes' if "integer" not in wanted else None
    return _range(at) if "integer" in wanted else _BY_TYPE.get(wanted[0])


_ANY_TEXT = ("description", "key")  # may be what stands there already


def _for_mapping(path: Path, node: Mapping) -> str | None:
    """Keys and values where there should be one value."""
    holder = path[-2] if len(path) > 1 else None
    if holder == "envs":
        return "a value that a Secret has goes under `secrets`: `- {name: …, keys: {…: …}}`"
    name = node.get("name")
    if holder == "image_pull_secrets" and isinstance(name, Scalar):
        return f"write the name alone, {flow(name)}"
    if holder in ("args", "command") and len(node.entries) == 1:
        return f"write two items: {', '.join(_option(node))}"
    return None


def _option(node: Mapping) -> list[str]:
    """`{--lr: 0.1}` as words of a command line."""
    words: list[str] = []
    for name, entry in list(node.entries.items())[:LONGEST]:
        option = name if name.startswith("-") else f"--{name}"
        words += [
            json.dumps(option, ensure_ascii=False),
            pair(name, flow(entry.value)).removeprefix(f"{name}: "),
        ]
    return words


_BY_TYPE = {
    "array": "write each item in a line of its own, behind a `- `",
    "object": "write keys and their values below it",
    "boolean": "write true or false",
    "string": "write one text",
}


def for_value(path: Path, node: Node, keyword: str, value: Any, at: Schema) -> str | None:
    """The way out for a value that has the right type and is still none of those that are allowed."""
    key, text = str(path[-1]) if path else "", node.text if isinstance(node, Scalar) else ""
    if keyword in ("minItems", "minProperties", "minLength"):
        return _for_empty(path, at if keyword != "minItems" else {})
    if keyword == "maxProperties":
        return "keep one of them"
    if keyword == "exclusiveMinimum":
        return f"write a number above {value}"
    if keyword in ("minimum", "maximum"):
        return _range(at)
    if help := for_value_of_data(path, text, at):
        return help
    if key == "run_as":
        return _RUN_AS
    if keyword == "not" or (keyword == "const" and text.lower() in _FALSE):
        return _BUNDLE
    if keyword == "const":
        is_image = isinstance(node, Scalar) and isinstance(node.value, str) and text.lower() not in _TRUE
        return (
            f"the image of all steps is `defaults: {{image: {text}}}`" if is_image else "write `image: true`"
        )
    if keyword == "enum":
        right = did_you_mean(text, value, TYPES | ACCESS | OF_TRIALS)
        return f'did you mean "{right}"?' if right else f"for instance `{key}: {value[0]}`"
    if key == "path_to_executable":
        return for_script(text)
    return _nearest_form(text, at)


def _for_nothing(path: Path) -> str:
    if path == ["stages"]:
        return STAGES
    if (place := place_of(path)) and place.step is None:
        return f"{_STEPS}, or remove the stage"
    if isinstance(path[-1], int):
        return "write something behind the `-`, or remove it"
    return "give a value, or remove the key"


def _for_empty(path: Path, at: Schema) -> str:
    if path == ["stages"]:
        return STAGES
    if (place := place_of(path)) and place.step is None:
        return f"{_STEPS}, or remove the stage"
    if "properties" in at:
        return f"give one of {', '.join(at['properties'])}, or remove the key"
    return "give a value, or remove the key"


def _for_stage(node: Node) -> str:
    """No list of steps where one should be."""
    first = next(iter(node), None) if isinstance(node, Mapping) else None
    if first is None:
        return _STEPS
    if isinstance(first.value, Mapping) and first.key.text not in _KEYS_WITH_KEYS:
        return f"a stage is a list: write `- step_name: {first.key.text}`, and the keys of the step below it"
    if isinstance(first.value, Sequence) and _has_keys(first.value):
        return f"the steps stand right below the stage, or under `steps`, not under `{first.key.text}`"
    return f"put `- ` before `{first.key.text}`"


def _has_keys(node: Sequence) -> bool:
    return any(isinstance(item, Mapping) and "step_name" in item.entries for item in node.items)


def _for_stages(node: Node) -> str:
    """Something else than stages by name."""
    if isinstance(node, Sequence) and node.items:
        item = node.items[0]
        name = item.text if isinstance(item, Scalar) else None
        if isinstance(item, Mapping) and item.entries:
            entry = next(iter(item))
            is_named = entry.key.text in ("name", "stage")
            name = entry.value.text if is_named and isinstance(entry.value, Scalar) else entry.key.text
        name = PurePosixPath(name).stem if name and name.endswith(SCRIPTS) else name
        if name and name != "step_name" and len(name) <= LONGEST:
            return (
                f"write the stages as keys without `- `, here `{name}:`, each with a list of steps below it"
            )
    return STAGES


def _for_step(node: Node) -> str | None:
    if isinstance(node, Sequence):
        return "a step has keys and values: remove a `- `"
    text = node.text if isinstance(node, Scalar) else ""
    if len(text) > LONGEST or not text.isprintable():
        return "a step has keys and values, and `step_name` is one of them"
    if match := re.match(r"([a-z_]+):(\S+)\Z", text):
        return f"write `{match[1]}: {match[2]}`, with a blank behind the `:`"
    if match := re.match(r"([a-z_]+) *= *(\S+)", text):
        return f"a key ends with a `:`, not with a `=`: `{match[1]}: {match[2]}`"
    if PurePosixPath(text).suffix in SCRIPTS:
        return f"a step has keys: `step_name: {PurePosixPath(text).stem}`, and `path_to_executable: {text}` below it"
    return f"a step has keys: `step_name: {text}`, and the others below it"


def _mended(key: str, node: Node, wanted: list[str]) -> str | None:
    """What the value was meant to be, as YAML in one line."""
    if isinstance(node, Scalar):
        return _mended_scalar(key, node, wanted)
    if isinstance(node, Mapping):
        if key == "args" and all(isinstance(entry.value, Scalar) for entry in node):
            return f"[{', '.join(_option(node))}]"
        if "array" in wanted:
            return f"[{flow(node)}]" if "name" in node.entries else None
        parts = [node.get("name") or node.get("repository"), node.get("tag")]
        if key == "image" and all(isinstance(part, Scalar) for part in parts):
            return ":".join(part.text for part in parts if isinstance(part, Scalar))
        return None
    if key in ("envs", "labels", "annotations", "keys"):
        return pairs(node)
    if key == "bundle":
        return f"{{include: {flow(node)}}}"
    if len(node.items) == 1 and "array" not in wanted:
        item = node.items[0]
        is_right = isinstance(item, Mapping) if "object" in wanted else isinstance(item, Scalar)
        return flow(item) if is_right or (isinstance(item, Scalar) and "string" in wanted) else None
    scripts = [
        item.text for item in node.items if isinstance(item, Scalar) and item.text.endswith((".py", ".sh"))
    ]
    return scripts[0] if key == "path_to_executable" and scripts else None


def _mended_scalar(key: str, node: Scalar, wanted: list[str]) -> str | None:
    text, lower = node.text, node.text.lower()
    if "integer" in wanted and "string" not in wanted:
        return _whole_number(key, node)
    if "boolean" in wanted and lower in _TRUE + _FALSE:
        return "true" if lower in _TRUE else "false"
    if wanted == ["array"]:
        return _list(key, text)
    if "object" in wanted:
        return _object(key, node)
    return None


def _whole_number(key: str, node: Scalar) -> str | None:
    if isinstance(node.value, str) and isinstance(interpret(node.text)[0], int):
        return node.text
    if key == "port" and (match := re.fullmatch(r"[0-9]+:([0-9]+)", node.text)):
        return match[1]
    if key in _SECONDS:
        try:
            return str(parse_duration(node.text))
        except QuantityError:
            return None
    return None


def _list(key: str, text: str) -> str:
    if key not in ("command", "entrypoint", "args", "modules"):
        words = [text]
    else:
        words = ["sh", "-c", text] if key == "command" and _SHELL_SIGNS.search(text) else text.split()
    return json.dumps(words, ensure_ascii=False)


def _object(key: str, node: Scalar) -> str | None:
    text = node.text
    if key == "service":
        return f"{{port: {text}}}" if type(node.value) is int else "{}" if text.lower() in _TRUE else None
    if key in ("envs", "labels", "annotations", "keys"):
        return pairs(Sequence(node.span, [node]))
    if key == "code":
        address = f"{{git: {{url: {text}, ref: main}}}}"
        return address if "://" in text else f"{{{text}: true}}" if text in ("bundle", "image") else None
    if key == "ingress":
        return f"{{path: {text}}}" if text.startswith("/") else f"{{host: {text}}}" if "." in text else None
    form = {
        "git": "{{url: {}, ref: main}}",
        "readiness": "{{path: {}}}",
        "history": "{{success: {0}, failed: {0}}}",
        "token_secret": "{{name: {}, key: token}}",
        "params_file": "{{path: {}}}",
        "workspace": "{{size: {}}}",
        "run_as": "{{user: {}}}",
    }.get(key)
    starts = {"readiness": "/", "workspace": "[0-9]", "run_as": "[0-9]"}
    return form.format(text) if form and re.match(starts.get(key, ""), text) else None


def _nearest_form(text: str, at: Schema) -> str | None:
    """The text with the usual slips mended, if that is right."""
    whole = re.sub(r"\A\w+://", "", text.lower()).rstrip("/")
    address, path = whole.split("/")[0], f"/{text.lstrip('/')}"
    dashed = text.lower().replace("_", "-")
    for candidate in (text.lower(), whole, address, address.partition(":")[0], path, dashed):
        if candidate != text and re.search(at.get("pattern", r"\Z."), candidate):
            return f'did you mean "{candidate}"?'
    return example("", at) if at.get("examples") else None


def _range(at: Schema) -> str | None:
    least, most = at.get("minimum"), at.get("maximum")
    if least is None:
        return None
    has_most = most is not None and most < _NO_LIMIT
    return f"write a whole number{f' from {least} to {most}' if has_most else f', {least} or more'}"

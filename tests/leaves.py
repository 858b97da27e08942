"""The keys of the schema of configs, and configs that are made of its examples."""

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from automl.schemas import schema_of

Schema: TypeAlias = dict[str, Any]
Config: TypeAlias = dict[str, Any]
ABSENT = object()
STEP, STAGE = "step", "stage"
NAME = "data"  # of what the user gives a name to: an output, a volume
EXTRACT = "extract"  # a step before the others, whose outputs they may take
OF_SEVERAL_STEPS = ("step.needs", "step.inputs", "stage.needs", "artifacts")
OF_THE_COMPILER = [
    "limits.max_tasks",
    *(f"params.{name}" for name in ("type", "default", "enum", "min", "max", "description")),
]  # what decides which value a parameter has: its text is all that engines see, and the row of `params` speaks of it


OF_COMMANDS = ("contexts",)  # what only commands for runs read; no engine ever sees it


def is_of_another_target(key: str, target: str) -> bool:
    """Whether a key is written for one target alone, and not for this."""
    words = key.removeprefix(f"{STEP}.").split(".")
    return words[0] == "targets" and words[1:2] != [target]


class Leaf(NamedTuple):
    """A key that has values of its own, called as in a table (`step.service.port`), and some of them."""

    key: str
    values: tuple[Any, ...]


class Place(NamedTuple):
    """Where a key stands, and where its value ends: lines and columns from 1."""

    line: int
    column: int
    end_column: int
    value_end: tuple[int, int]


def leaves(whole: Schema) -> list[Leaf]:
    """Every key of the schema that engines may see, and that has examples or could have some. Those of a step are below `step`."""
    return [leaf for leaf in all_leaves(whole) if leaf.key.partition(".")[0] not in OF_COMMANDS]


def all_leaves(whole: Schema) -> list[Leaf]:
    """The same, and those of commands alone."""
    return [leaf for name, below in whole["properties"].items() for leaf in _leaves(below, whole, name)]


def _leaves(schema: Schema, whole: Schema, key: str) -> Iterator[Leaf]:
    schema = _resolved(schema, whole)
    properties = {} if key == "defaults" else _properties(schema, whole)  # those of a step
    if (values := _values(schema)) or not (properties or key == "stages"):
        yield Leaf(key, values)
    for name, below in properties.items():
        if f"{key}.{name}" not in OF_THE_COMPILER:
            yield from _leaves(below, whole, f"{key}.{name}")
    if key == "stages":
        for name, below in whole["$defs"]["stage"]["then"]["properties"].items():
            if name != "steps":
                yield from _leaves(below, whole, f"stage.{name}")
        for name, below in whole["$defs"]["step"]["properties"].items():
            yield from _leaves(below, whole, f"{STEP}.{name}")


def _resolved(schema: Schema, whole: Schema) -> Schema:
    if "$ref" in schema:
        return {**whole["$defs"][schema["$ref"].rpartition("/")[2]], **schema}
    return schema


def _properties(schema: Schema, whole: Schema) -> Schema:
    items = _resolved(schema.get("items", {}), whole)
    return {**schema.get("properties", {}), **items.get("properties", {}), **_behind_names(schema)}


def _behind_names(schema: Schema) -> Schema:
    """The keys that stand behind names of the user's own."""
    below = schema.get("additionalProperties")
    return below.get("properties", {}) if isinstance(below, dict) else {}


def _values(schema: Schema) -> tuple[Any, ...]:
    """Different values that a key may have. One that is always the same can only be there or not."""
    if "const" in schema:
        return (ABSENT, schema["const"])
    if schema.get("type") == "boolean":
        return (False, True)
    values: Any = schema.get("examples", schema.get("enum", []))
    return tuple(values)


def bases(whole: Schema) -> dict[str, Config]:
    """What a key is put into: the examples of `stages`, as they are and with every step a service."""
    stages = _values(whole["properties"]["stages"])
    jobs = {f"job {number}": {"stages": copy.deepcopy(value)} for number, value in enumerate(stages)}
    services = {
        f"service {number}": as_services({"stages": value}, whole) for number, value in enumerate(stages)
    }
    return jobs | services


def as_services(config: Config, whole: Schema) -> Config:
    """The same with a service of every step."""
    config = copy.deepcopy(config)
    for step in steps_of(config):
        step.setdefault("service", copy.deepcopy(_values(whole["$defs"]["service"])[0]))
    return config


def steps_of(config: Config) -> list[Any]:
    stages = config["stages"].values()
    return [step for stage in stages for step in _steps_of(stage)]


def _steps_of(stage: Any) -> list[Any]:
    steps: list[Any] = stage["steps"] if isinstance(stage, dict) else stage
    return steps


def is_service(config: Config) -> bool:
    """Whether the last step is a service."""
    return "service" in steps_of(config)[-1]


def config_with(base: Config, key: str, value: Any, whole: Schema) -> Config:
    """The base with a value at a key, and what there has to be beside it."""
    if value is ABSENT and not key.startswith(("volumes.", *OF_SEVERAL_STEPS)):
        return base
    if key == "contexts.config.steps":  # by the names that the steps of the base have
        value = {step["step_name"]: patch for step in steps_of(base) for patch in value.values()}
    config = _with_key(base, key, value, whole)
    if key == "step.volumes" or key.startswith("volumes."):
        config.setdefault("volumes", {NAME: {"claim": "claim"}})
        for step in steps_of(config):
            step.setdefault("volumes", [f"{NAME}:/data"])
    if key in ("volumes.access", "volumes.storage_class"):
        config["volumes"][NAME]["size"] = "1Gi"
    if key == "workspace.access":
        config["workspace"]["size"] = "1Gi"
    if key == "workspace.path":
        config["workspace"]["claim"] = "claim"
    if key == "artifacts.secret":
        config["artifacts"]["store"] = "s3://models"
    if key.startswith("step.sweep."):
        for step in steps_of(config):
            _add_trials(step, key)
    return _with_extract(config, base, key) if key.startswith(OF_SEVERAL_STEPS) else config


def _add_trials(step: Any, key: str) -> None:
    """What a key of a sweep needs beside it: values, and outputs to judge by."""
    if not step["sweep"].keys() & {"grid", "zip", "random"}:
        step["sweep"]["grid"] = {"lr": [0.1, 0.01, 0.001]}
    if "objective" in key:
        step["outputs"] = {"auc": "float", "loss": "float"}


def _with_extract(config: Config, base: Config, key: str) -> Config:
    """The same after a stage with another step, of which outputs can be taken."""
    first = {name: value for name, value in steps_of(base)[0].items() if name not in ("service", "step_name")}
    outputs = {} if key.endswith("needs") else {"outputs": {"rows": "int", "table": "dataset"}}
    step = {"step_name": EXTRACT, **first, **outputs}
    return {**config, "stages": {EXTRACT: [step], **config["stages"]}}


def _with_key(base: Config, key: str, value: Any, whole: Schema) -> Config:
    config = copy.deepcopy(base)
    if value is ABSENT:
        return config
    around, _, rest = key.partition(".")
    if around == STEP:
        name, *words = rest.split(".")
        for step in steps_of(config):
            step[name] = _nested(whole["$defs"]["step"]["properties"][name], words, value, whole)
    elif around == "stage":
        name, *words = rest.split(".")
        schema = whole["$defs"]["stage"]["then"]["properties"][name]
        config["stages"] = {
            stage: {
                "steps": _steps_of(steps),
                name: _nested(schema, words, value, whole),
            }
            for stage, steps in config["stages"].items()
        }
    else:
        config[around] = _nested(whole["properties"][around], rest.split(".") if rest else [], value, whole)
    return as_services(config, whole) if is_service(base) else config


def _nested(schema: Schema, words: list[str], value: Any, whole: Schema) -> Any:
    """A value in which the key at the end of the words has the value given, with what is required around it."""
    if not words:
        return copy.deepcopy(value)
    schema = _resolved(schema, whole)
    if schema.get("type") == "array":
        examples = [item for items in _values(schema) for item in items if isinstance(item, dict)]
        example = next((item for item in examples if words[0] in item), {})
        return [example | _nested(schema["items"], words, value, whole)]
    if _behind_names(schema):
        return {NAME: _nested(schema["additionalProperties"], words, value, whole)}
    name, *rest = words
    required = {each: _values(schema["properties"][each])[0] for each in schema.get("required", ())}
    return required | {name: _nested(schema["properties"][name], rest, value, whole)}


@lru_cache(maxsize=10_000)
def places(text: str) -> dict[str, list[Place]]:
    """Where the keys stand in a config, by another reader than ours; a key of a list or of steps has several places."""
    found: dict[str, list[Place]] = {}
    for key, place in _places(yaml.compose(text, yaml.CSafeLoader), ""):
        found.setdefault(key, []).append(place)
    return found


def _places(node: Any, around: str) -> Iterator[tuple[str, Place]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _places(item, STEP if around == STAGE else around)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            key = _key(around, name.value)
            if key != STAGE and not key.endswith("[]"):
                yield key, _place(name, value)
            yield from _places(value, key)


def _key(around: str, name: str) -> str:
    """What a key is called in tables, where names of the user's own are left out."""
    if around == "stages" or (around == STAGE and name == "steps"):
        return STAGE
    if _behind_names(_schema_at(around)):
        return f"{around}[]"
    return f"{around.removesuffix('[]')}.{name}".lstrip(".")


def _schema_at(key: str) -> Schema:
    try:
        return schema_of(key.replace("defaults.", "step.")) if key else {}
    except (KeyError, AttributeError):
        return {}


def _place(name: Any, value: Any) -> Place:
    start, end = name.start_mark, value.end_mark
    return Place(start.line + 1, start.column + 1, name.end_mark.column + 1, (end.line + 1, end.column + 1))


def write_files(folder: Path, whole: Schema) -> Path:
    """The files that the examples name, and one for each pattern."""
    for key, values in leaves(whole):
        if key == "step.cross_validation.indices":
            for number, value in enumerate(values):
                fold: Any = {"train": [0], "test": [1]}
                (folder / value).write_text(json.dumps({"folds": [fold] * (number + 2)}))
        is_path, is_pattern = "path" in key.rpartition(".")[2], key.startswith("code.bundle.")
        names = [value for value in values if is_path and not value.startswith("/")]
        patterns = [pattern for value in values if is_pattern for pattern in value]
        names += [
            pattern.replace("*", "some") + ("file" if pattern.endswith("/") else "") for pattern in patterns
        ]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
    return folder


def written(config: Config) -> str:
    """The config as a text of many lines."""
    return json.dumps(config, indent=1)

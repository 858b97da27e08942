"""The JSON Schemas of the config, as package data: one for the language, and one for what is a target's own."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_FOLDER = Path(__file__).parent
_inline = json.JSONEncoder(ensure_ascii=False).encode
OF_THE_RUN = "run"  # a key that no step has says so, under `x-of`


def config_schema() -> str:
    """The schema of a config as JSON text (draft 2020-12); the one source of its structure."""
    return _text(schema())


def contexts_schema() -> str:
    """The schema of a file with contexts of a user's own, as JSON text."""
    return _text(schema_of_contexts())


def _text(whole: Schema) -> str:
    return indented(whole) + "\n"


def indented(value: Any, pad: str = "\n") -> str:
    """What `json.dumps` gives with an indent of two, which then writes each sign in Python and takes half as long again."""
    inner = f"{pad}  "
    if isinstance(value, dict) and value:
        items = [f"{_inline(key)}: {indented(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(items)}{pad}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join([indented(item, inner) for item in value])}{pad}]"
    return _inline(value)


@cache
def schema() -> Schema:
    """The schema of a config, with those of the targets in it."""
    whole = _read(_FOLDER / "config.json")
    whole["$defs"] |= dict(_of_targets())
    return whole


@cache
def schema_of_contexts() -> Schema:
    """The schema of a file with contexts of a user's own."""
    return _read(_FOLDER / "contexts.json")


def _of_targets() -> Iterator[tuple[str, Schema]]:
    """The schemas of the targets' own keys: of a run, and of a step."""
    for path in sorted(path for path in (_FOLDER / "targets").iterdir() if path.suffix == ".json"):
        of_run = _read(path)
        yield from of_run.pop("$defs", {}).items()
        keys = of_run["properties"]
        of_step = {name: _removable(key) for name, key in keys.items() if key.get("x-of") != OF_THE_RUN}
        yield f"targets.{path.stem}", of_run
        yield f"step.targets.{path.stem}", of_run | {"properties": of_step}


def _removable(key: Schema) -> Schema:
    """A key of a step, of which null removes what stands there for the run."""
    if "$ref" in key:
        return key
    if "enum" in key:
        return key | {"enum": [*key["enum"], None]}
    types = key["type"] if isinstance(key["type"], list) else [key["type"]]
    return key | {"type": list(dict.fromkeys([*types, "null"]))}


def _read(path: Path) -> Schema:
    """A file; it refers to the others by where they are in the whole."""
    part: Schema = json.loads(path.read_text(encoding="utf-8"))
    return part


@cache
def schema_of(key: str) -> Schema:
    """What the schema asks of a key with those around it, `schedule.history`; those of a step are below `step`."""
    if not key:
        return schema()
    definitions = schema()["$defs"]
    below: dict[str, Schema] = {"step": definitions["step"], "stage": definitions["stage"]["then"]}
    around, _, name = key.rpartition(".")
    at = below[name] if name in below and not around else _properties(schema_of(around))[name]
    return definitions[at["$ref"].removeprefix("#/$defs/")] | at if "$ref" in at else at


def _properties(at: Schema) -> Schema:
    """The keys of an object, or those of the objects in a list, or behind keys of the user's."""
    below: Schema = at.get("items") or at.get("additionalProperties") or {}
    properties: Schema = at.get("properties") or below["properties"]
    return properties

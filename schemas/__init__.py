"""The JSON Schemas of the config, as package data."""

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def config_schema() -> str:
    """The schema of a config as JSON text (draft 2020-12); the one source of its structure."""
    return Path(__file__).with_name("config.json").read_text(encoding="utf-8")


@cache
def schema() -> Schema:
    """The schema of a config."""
    whole: Schema = json.loads(config_schema())
    return whole


@cache
def schema_of(key: str) -> Schema:
    """What the schema asks of a key with those around it, `schedule.history`; those of a step are below `step`."""
    below: dict[str, Schema] = {
        "step": schema()["$defs"]["step"],
        "stage": schema()["$defs"]["stage"]["then"],
    }
    at = schema()
    for part in filter(None, key.split(".")):
        at = below[part] if at is schema() and part in below else _properties(at)[part]
        at = schema()["$defs"][at["$ref"].removeprefix("#/$defs/")] | at if "$ref" in at else at
    return at


def _properties(at: Schema) -> Schema:
    """The keys of an object, or those of the objects in a list, or behind keys of the user's."""
    below: Schema = at.get("items") or at.get("additionalProperties") or {}
    properties: Schema = at.get("properties") or below["properties"]
    return properties

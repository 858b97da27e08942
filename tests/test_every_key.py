"""Nothing is dropped in silence: whatever is changed in a config changes the output, or is said."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.schemas import config_schema

Route = tuple[str | int, ...]

GIT = {"url": "https://example.com/a.git", "ref": "main"}
TOKEN = {"name": "token", "key": "key", "username_key": "user"}
JOB = {
    "step_name": "job",
    "path_to_executable": "a.py",
    "dependency_path": "a.txt",
    "args": ["x"],
    "envs": {"A": "1"},
    "secrets": ["one", {"name": "two", "keys": {"key": "VARIABLE"}}],
    "image_pull_secrets": ["login"],
    "cpu_request": 1,
    "memory_request": 100,
    "backoff_limit": 1,
    "timeout": 60,
    "labels": {"x": "y"},
    "annotations": {"x": "y"},
}
SERVICE = {
    "step_name": "service",
    "path_to_executable": "a.py",
    "replicas": 3,
    "min_ready_seconds": 3,
    "revision_history_limit": 3,
    "timeout": 60,
    "service": {
        "port": 80,
        "max_startup_time_seconds": 10,
        "readiness": {"path": "/health"},
        "ingress": {"host": "h.example.com", "path": "/p", "class": "c", "tls_secret": "t"},
    },
}
CONFIG: dict[str, Any] = {
    "name": "n",
    "version": "1",
    "namespace": "ns",
    "description": "d",
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "schedule": {
        "cron": "0 1 * * *",
        "timezone": "Europe/Berlin",
        "concurrency": "forbid",
        "suspend": False,
        "starting_deadline": 60,
        "history": {"success": 1, "failed": 1},
    },
    "defaults": {"envs": {"B": "2"}},
    "stages": {
        "s": [JOB, {"step_name": "image", "image": "i:1", "entrypoint": ["e"], "command": ["c"]}, SERVICE]
    },
}
CODES: dict[str, Any] = {
    "nothing": {},
    "git": {"code": {"git": {**GIT, "token_secret": TOKEN}}},
    "bundle": {"code": {"bundle": {"include": ["*.py"], "exclude": ["b.py"]}}},
}
OTHER = {
    "a.py": "b.py",
    "a.txt": "b.txt",
    "0 1 * * *": "0 2 * * *",
    "Europe/Berlin": "UTC",
    "forbid": "allow",
    "*.py": "*.txt",
}
WITHOUT_A_VALUE = {"polling_time", "wait_before_start_time"}  # Argo does it by itself, and that is said


def _leaves(value: Any, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*route, key))
    else:
        yield route, value


def _changed(config: dict[str, Any], route: Route, value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(config)
    holder = changed
    for key in route[:-1]:
        holder = holder[key]
    if isinstance(value, bool):
        holder[route[-1]] = not value
    else:
        holder[route[-1]] = value + 1 if isinstance(value, int) else OTHER.get(value, f"{value}z")
    return dict(changed)


def _compiled(config: dict[str, Any], folder: Path) -> tuple[str, list[str]]:
    target = targets.load("argo")
    assert target
    given = Input("config.yaml", json.dumps(config).encode(), folder)
    result = compile_config(given, Overrides(), target, Options(target.default_version, target.forms[0]))
    return "".join(each.text for each in result.artifacts), [each.message for each in result.diagnostics]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py", "a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_every_leaf_matters(code: dict[str, Any], folder: Path) -> None:
    config = CONFIG | code
    before = _compiled(config, folder)
    assert before[0]
    without_effect = [
        route
        for route, value in _leaves(config)
        if _compiled(_changed(config, route, value), folder) == before
    ]
    assert without_effect == []


@pytest.mark.parametrize("key", sorted(WITHOUT_A_VALUE))
def test_what_the_engine_does_by_itself_is_said(key: str, folder: Path) -> None:
    config = copy.deepcopy(CONFIG)
    config["stages"]["s"][0][key] = 5
    [message] = _compiled(config, folder)[1]
    assert message.startswith(f'"{key}" is not needed')


def test_every_key_of_the_schema_is_tried() -> None:
    tried = {key for code in CODES.values() for route, _ in _leaves(CONFIG | code) for key in route}
    assert _keys(json.loads(config_schema())) - tried == WITHOUT_A_VALUE


def _keys(schema: Any) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*(_keys(value) for value in schema.values()))

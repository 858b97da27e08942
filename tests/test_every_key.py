"""Nothing is dropped in silence, and the tables of capabilities tell the truth.

Whatever is changed in a config changes the output, or is said: for every leaf of the schema, for every target.
"""

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automl import targets
from automl.compiler.capabilities import at_version, table_of
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.source import Source
from automl.compiler.target import Capabilities, Options, Support, Target
from automl.compiler.tree.nodes import Mapping, Node, Sequence
from automl.compiler.tree.reader import decode, read
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
    "polling_time": 5,
    "wait_before_start_time": 5,
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
    "Europe/Berlin": "Europe/Paris",
    "UTC": "Europe/Paris",
    "forbid": "allow",
    "*.py": "*.txt",
}

NO_ZONE: dict[Route, Any] = {("schedule", "timezone"): "UTC"}
NO_KUBERNETES: dict[Route, Any] = {
    ("stages", "s", 0, "secrets"): None,
    ("stages", "s", 0, "image_pull_secrets"): None,
    ("stages", "s", 2): None,
    ("code", "git", "token_secret"): None,
}


class Case(NamedTuple):
    """A form of a target, its table, and what it refuses of the config: what is put in the place of it."""

    target: str
    form: str
    table: Capabilities
    refused: dict[Route, Any]


def _target(name: str) -> Target:
    target = targets.load(name)
    assert target
    return target


def _case(name: str, refused: dict[Route, Any]) -> Case:
    target = _target(name)
    return Case(name, target.forms[0], table_of(target, target.forms[0]), refused)


CASES = {
    "argo": _case("argo", {}),
    "kubeflow": _case("kubeflow", {}),
    "vertex": Case("kubeflow", "vertex", table_of(_target("kubeflow"), "vertex"), NO_KUBERNETES),
    "kubeflow-native": _case("kubeflow-native", NO_ZONE),
    "kubernetes": _case("kubernetes", {}),
}


def test_every_target_is_tried() -> None:
    assert {case.target for case in CASES.values()} == set(targets.OWN)


def _leaves(value: Any, route: Route = ()) -> Iterator[tuple[Route, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*route, key))
    else:
        yield route, value


def _with(config: dict[str, Any], route: Route, value: Any) -> dict[str, Any]:
    """The config with another value at one place; None removes what is there."""
    changed: Any = copy.deepcopy(config)
    holder = changed
    for key in route[:-1]:
        holder = holder.get(key, {}) if isinstance(holder, dict) else holder[key]
    if value is not None:
        holder[route[-1]] = value
    elif isinstance(holder, list):
        holder.pop(int(route[-1]))
    else:
        holder.pop(route[-1], None)
    return dict(changed)


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else OTHER.get(value, f"{value}z")


def _compiled(config: dict[str, Any], case: Case, folder: Path) -> tuple[str, tuple[Diagnostic, ...]]:
    return _compiled_text(json.dumps(config), case.target, case.form, folder)


@lru_cache(maxsize=2)  # one is compared with many
def _compiled_text(text: str, name: str, form: str, folder: Path) -> tuple[str, tuple[Diagnostic, ...]]:
    target = _target(name)
    given = Input("config.yaml", text.encode(), folder)
    result = compile_config(given, Overrides(), target, Options(target.default_version, form))
    return "".join(each.text for each in result.artifacts), tuple(result.diagnostics)


def _key(route: Route, table: Capabilities) -> str:
    """The row of the table that a place in a config belongs to."""
    words = [str(word) for word in route if isinstance(word, str)]
    if route[0] == "stages":
        words = ["step", *words[2:]] if len(route) > 2 else ["stages"]
    while ".".join(words) not in table:
        words.pop()
    if words == ["code", "git", "token_secret"]:
        words.append("key")
    return ".".join(words)


def _is_said(config: dict[str, Any], route: Route, code: Code, diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Whether a diagnostic of that code names the key at the end of the route, or one around it, at its place."""
    keys = {(f'"{name}"', place) for name, place in _keys_on(config, route)}
    return any(
        each.code is code and (each.message.split(" ")[0], each.span[1:]) in keys for each in diagnostics
    )


def _keys_on(config: dict[str, Any], route: Route) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The keys on a route and their places."""
    source, _ = decode("config.yaml", json.dumps(config).encode())
    node: Node | None = read(source)[0]
    for part in route:
        if isinstance(part, str):
            assert isinstance(node, Mapping)
            yield part, node.entries[part].key.span[1:]
            node = node.entries[part].value
        else:
            assert isinstance(node, Sequence)
            node = node.items[part]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py", "a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


def _config(code: str, case: Case) -> dict[str, Any]:
    """All keys, but for what the target refuses."""
    config: dict[str, Any] = CONFIG | CODES[code]
    for route, value in case.refused.items():
        config = _with(config, route, value)
    return config


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", CASES)
def test_every_leaf_does_what_the_table_says(name: str, code: str, folder: Path) -> None:
    case = CASES[name]
    config = _config(code, case)
    wrong = [route for route, value in _leaves(config) if not _is_kept(config, route, value, case, folder)]
    assert wrong == []


def _is_kept(config: dict[str, Any], route: Route, value: Any, case: Case, folder: Path) -> bool:
    """Whether the target does with one leaf of a config what its table says."""
    before, said = _compiled(config, case, folder)
    assert before, said
    changed = _with(config, route, _another(value))
    after, new = _compiled(changed, case, folder)
    is_service = route[0] == "stages" and "service" in config["stages"]["s"][route[2]]
    target = _target(case.target)
    row = at_version(case.table[_key(route, case.table)], is_service, target.default_version, target)
    assert row
    match row.support:
        case Support.NATIVE | Support.LOWERED:
            return after not in ("", before)
        case Support.PARTLY:
            return after not in ("", before) or _is_said(changed, route, Code.CANNOT_SAY, new)
        case Support.IMPLIED:
            return _is_said(config, route, Code.ENGINE_DOES_IT, said)
        case Support.LOST:
            return after == before and _is_said(config, route, Code.HINT_LOST, said)
        case Support.REFUSED:
            return False


LEAST = {"name": "n", "stages": {"s": [{"step_name": "job", "path_to_executable": "a.py"}]}}
NEEDED = {  # beside a key, by what is around it
    "schedule": ("cron",),
    "git": ("url", "ref"),
    "token_secret": ("name", "key"),
    "secrets": ("name",),
    "s": ("step_name", "path_to_executable", "image", "entrypoint", "service"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_leaf_does_so_alone(name: str, folder: Path) -> None:
    """Among all the others, one could do what another is there for."""
    case = CASES[name]
    configs = [_config(code, case) for code in CODES]
    values = {route: (config, value) for config in configs for route, value in _leaves(config)}
    wrong = []
    for route, (config, value) in values.items():
        alone, place = (
            LEAST | _alone(config, route),
            tuple(0 if isinstance(part, int) else part for part in route),
        )
        if not _is_kept(alone, place, value, case, folder):
            wrong.append(route)
    assert wrong == []


def _alone(config: Any, route: Route, around: str = "") -> Any:
    """The config with nothing but what is on the route, and what that needs."""
    if not route:
        return config
    part, rest = route[0], route[1:]
    if isinstance(part, int):
        return [_alone(config[part], rest, around)]
    needed = [key for key in NEEDED.get(around, ()) if key in config]
    return {key: {} if key == "service" else config[key] for key in needed} | {
        part: _alone(config[part], rest, part)
    }


@pytest.mark.parametrize(
    ("name", "route"), [(name, route) for name, case in CASES.items() for route in case.refused]
)
def test_what_is_refused_is_said_where_it_stands(name: str, route: Route, folder: Path) -> None:
    case = CASES[name]
    code = "git" if route[0] == "code" else "nothing"
    config = _config(
        code, case._replace(refused={key: case.refused[key] for key in case.refused.keys() - {route}})
    )
    after, said = _compiled(config, case, folder)
    errors = [each for each in said if each.code is Code.CANNOT_SAY]
    assert after == ""
    [error] = errors
    assert error.message == WHY[name, route]
    first, last = _columns(config, route)
    assert first <= error.span.column < error.span.end_column <= last


NO_KUBERNETES_TO = "cannot be said: Vertex AI has no Kubernetes to take it from"
WHY: dict[tuple[str, Route], str] = {
    ("vertex", ("stages", "s", 0, "secrets")): f'"secrets" {NO_KUBERNETES_TO}',
    ("vertex", ("stages", "s", 0, "image_pull_secrets")): (
        '"image_pull_secrets" cannot be said: Vertex AI pulls from Artifact Registry, '
        "with the rights of its service account"
    ),
    ("vertex", ("stages", "s", 2)): '"service" cannot be said: Vertex AI has no Kubernetes',
    ("vertex", ("code", "git", "token_secret")): f'"token_secret" {NO_KUBERNETES_TO}',
    ("kubeflow-native", ("schedule", "timezone")): (
        '"timezone" cannot be "Europe/Berlin": a recurring run has no time zone of its own'
    ),
}


def _columns(config: dict[str, Any], route: Route) -> tuple[int, int]:
    """Where a key, or the item of a list, and its value stand in the one line that the config is."""
    root, _ = read(Source("config.yaml", json.dumps(config)))
    node: Any = root
    start = 0
    for part in route:
        entry = node.items[part] if isinstance(part, int) else node.entries[part]
        node = entry if isinstance(part, int) else entry.value
        start = (entry if isinstance(part, int) else entry.key).span.column
    return start, node.span.end_column


def test_every_key_of_the_schema_is_tried() -> None:
    tried = {key for code in CODES.values() for route, _ in _leaves(CONFIG | code) for key in route}
    assert _property_names(json.loads(config_schema())) - {"steps"} <= tried  # the long form of a stage


def _property_names(schema: Any) -> set[str]:
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*(_property_names(value) for value in schema.values()))


EMPTY_SAYS_SOMETHING = {"step.service"}


@pytest.mark.parametrize("name", targets.OWN)
def test_the_table_has_every_leaf_of_the_schema(name: str) -> None:
    schema = json.loads(config_schema())
    leaves = set(_schema_leaves(schema, schema, ""))
    assert set(_target(name).capabilities) - leaves == {"code.git.token_secret"}
    assert leaves <= set(_target(name).capabilities)


def _schema_leaves(schema: Any, whole: Any, key: str) -> Iterator[str]:
    """The keys that may hold something else than further keys, and those of the steps under `step`."""
    schema = _resolved(schema, whole)
    if key == "stages":
        yield key
        yield from _schema_leaves(whole["$defs"]["steps"]["items"], whole, "step")
        return
    items = _resolved(schema.get("items", {}), whole)
    properties = {**schema.get("properties", {}), **items.get("properties", {})}
    for each in _resolved_all(schema.get("oneOf", ()), whole):
        properties |= each.get("properties", {})
    if key == "defaults":
        properties = {}  # those of a step
    if key in EMPTY_SAYS_SOMETHING or (
        key and key != "step" and not (properties and schema["type"] == "object")
    ):
        yield key
    for name, below in properties.items():
        yield from _schema_leaves(below, whole, f"{key}.{name}".lstrip("."))


def _resolved(schema: Any, whole: Any) -> Any:
    if "$ref" in schema:
        return schema | whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _resolved_all(schemas: Any, whole: Any) -> list[Any]:
    return [_resolved(each, whole) for each in schemas]

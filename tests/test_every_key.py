"""Nothing is dropped in silence, and the tables of capabilities tell the truth.

For every key of the schema, for jobs and services, of the project's code and of images, for every form of every target:
what changes its value changes the output, or is said where the key stands, and the table says which of them it is. The
configs are made of the examples in the schema. The second half holds the net itself: each wrong program falls into it.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from automl import targets
from automl.compiler import driver
from automl.compiler.capabilities import NATIVE, implied, lost, table_of
from automl.compiler.config.contexts import Context
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input, Overrides, analyse, contexts_of
from automl.compiler.ir import Barrier, Job, Resources, Service, Task, Workflow
from automl.compiler.project.files import Seen
from automl.compiler.source import Source
from automl.compiler.structure import schema as structure
from automl.compiler.target import (
    Artifact,
    ByKind,
    Capabilities,
    Capability,
    Emission,
    Options,
    Row,
    Support,
    Target,
)
from automl.compiler.tree.nodes import to_plain
from automl.compiler.values.units import parse_cpu, parse_memory
from automl.schemas import config_schema
from tests.leaves import (
    OF_COMMANDS,
    OF_SEVERAL_STEPS,
    OF_THE_COMPILER,
    Config,
    Leaf,
    Schema,
    all_leaves,
    bases,
    config_with,
    is_of_another_target,
    is_service,
    leaves,
    places,
    steps_of,
    write_files,
    written,
)
from tests.truth_net import SAID, Analyse, Net

SCHEMA: Schema = json.loads(config_schema())
KEYS = [leaf.key for leaf in leaves(SCHEMA)]
FORMS = [(name, form) for name in targets.OWN for form in targets.load(name).forms]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("project"), SCHEMA)


@pytest.fixture(scope="module")
def analysed(folder: Path) -> Analyse:
    """Each config is analysed once, for all targets."""
    seen = Seen()

    @lru_cache(maxsize=10_000)
    def analysed(text: str) -> tuple[Workflow | None, Sequence[Diagnostic]]:
        return analyse(Input("config.yaml", text.encode(), folder, seen=seen), Overrides())

    return analysed


class Altered:
    """A target of ours with other rows in its table, or that is given another workflow than the config's."""

    def __init__(
        self, name: str, rows: Capabilities, change: Callable[[Workflow], Workflow] | None = None
    ) -> None:
        target = _own(name)
        self.target, self.change = target, change or (lambda workflow: workflow)
        self.name, self.summary, self.forms = target.name, target.summary, target.forms
        self.versions, self.default_version = target.versions, target.default_version
        self.capabilities: Capabilities = {**table_of(target, target.forms[0]), **rows}

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        return self.target.emit(self.change(workflow), options)


@lru_cache
def _own(name: str) -> Target:
    """A target of ours that remembers what it made of a workflow, as hashes."""
    target = targets.load(name)
    assert target
    emit, memory = target.emit, {}

    def remembering(workflow: Workflow, options: Options) -> Emission:
        if (id(workflow), options) not in memory:
            artifacts, diagnostics = emit(workflow, options)
            hashed = [
                Artifact(each.path, hashlib.sha256(each.text.encode()).hexdigest()) for each in artifacts
            ]
            memory[id(workflow), options] = (workflow, Emission(tuple(hashed), diagnostics))
        return memory[id(workflow), options][1]

    target.emit = remembering  # type: ignore[method-assign]
    return target


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_every_key_does_what_its_row_says(name: str, form: str, analysed: Analyse) -> None:
    target = _own(name)
    for version in _versions(target, form, analysed):
        assert Net(SCHEMA, analysed, target, form, version).holes() == []


def _versions(target: Target, form: str, analysed: Analyse) -> Iterator[str]:
    """The default version, and the newest of those in which something else is made of the bases."""
    workflows = [analysed(written(base))[0] for base in bases(SCHEMA).values()]
    plain = targets.load(target.name)
    assert plain
    tried: list[list[str]] = []
    for version in (target.default_version, *reversed(target.versions)):
        emissions = [
            plain.emit(workflow, Options(version, form, "json")) for workflow in workflows if workflow
        ]
        texts = [artifact.text.replace(version, "") for each in emissions for artifact in each.artifacts]
        if texts not in tried:
            tried.append(texts)
            yield version


@pytest.mark.parametrize("name", targets.OWN)
def test_no_row_is_stale(name: str) -> None:
    target = _own(name)
    forms = getattr(target, "form_capabilities", {})
    assert set(forms) <= set(target.forms)
    around = {key[:end] for key in KEYS for end in range(len(key)) if key[end] == "."}
    for table in (target.capabilities, *forms.values()):
        assert set(table) <= {*KEYS, *around, "limits.max_tasks"} - {"step"}
        capabilities = [each for row in table.values() for each in _capabilities(row)]
        assert {each.since for each in capabilities} <= {None, *target.versions}


def _capabilities(row: Row) -> list[Capability]:
    kinds = [row.job, row.service] if isinstance(row, ByKind) else [row]
    return [each for each in kinds if each is not None]


def test_there_are_jobs_and_services_of_the_project_and_of_images(analysed: Analyse) -> None:
    workflows = {name: analysed(written(base))[0] for name, base in bases(SCHEMA).items()}
    tasks = {name: task for name, workflow in workflows.items() if workflow for task in workflow.tasks}
    assert {name: (type(task), task.project is not None) for name, task in tasks.items()} == {
        "job 0": (Job, True),
        "job 1": (Job, False),
        "service 0": (Service, True),
        "service 1": (Service, False),
    }


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("type", {"type": "float", "default": 1}, {"type": "int", "default": 1}),
        ("default", {"default": 0.1}, {"default": 0.2}),
        ("enum", {"default": 2, "enum": [2]}, {"default": 2, "enum": [1]}),
        ("min", {"default": 2, "min": 2}, {"default": 2, "min": 2.5}),
        ("max", {"default": 2, "max": 2}, {"default": 2, "max": 1.5}),
        ("description", {"default": 2, "description": "a"}, {"default": 2, "description": "b"}),
    ],
)
def test_a_key_of_a_parameter_changes_it_or_refuses_its_value(
    key: str, one: Config, other: Config, analysed: Analyse
) -> None:
    """What decides which value a parameter has; how far an engine shows the rest is its own matter."""
    assert f"params.{key}" in OF_THE_COMPILER
    outcomes = [
        analysed(written({"params": {"x": declared}, **bases(SCHEMA)["job 1"]})) for declared in (one, other)
    ]
    params = [workflow.params if workflow else None for workflow, _ in outcomes]
    assert params[0] is not None
    assert params[0] != params[1]
    assert (params[1] is None) == (key in ("enum", "min", "max"))
    assert {each.code for _, diagnostics in outcomes for each in diagnostics} == (
        {Code.PARAMETER} if params[1] is None else set()
    )


def _read(context: Context) -> str:
    """A context without its places."""
    version = context.target_version and context.target_version.value
    patch = json.dumps(to_plain(context.config) if context.config else None)
    return (
        repr(context._replace(target_version=None, config=None, span=Source("", "").start()))
        + f"{version}{patch}"
    )


@pytest.mark.parametrize("leaf", [leaf for leaf in all_leaves(SCHEMA) if leaf not in leaves(SCHEMA)])
def test_what_is_for_commands_alone_changes_no_output_and_is_no_matter_of_any_target(
    leaf: Leaf, analysed: Analyse, folder: Path
) -> None:
    assert leaf.values
    tried = [
        config_with(base, leaf.key, value, SCHEMA) for base in bases(SCHEMA).values() for value in leaf.values
    ]
    contexts = [contexts_of(Input("config.yaml", written(config).encode(), folder)) for config in tried]
    assert {len(of_one) for of_one, _ in contexts} == {1}
    read = {_read(context) for of_one, _ in contexts for context in of_one}
    assert len(read) >= len(leaf.values)  # that is where it makes a difference
    for name, form in FORMS:
        options = Options(_own(name).default_version, form, "json")
        for config in tried:
            without = {key: value for key, value in config.items() if key not in OF_COMMANDS}
            emissions = [_emission(analysed, written(one), name, options) for one in (config, without)]
            assert emissions[0] == emissions[1]


@pytest.mark.parametrize("leaf", [leaf for leaf in leaves(SCHEMA) if "targets" in leaf.key.split(".")])
def test_what_is_for_one_target_reaches_it_and_is_no_matter_of_any_other(
    leaf: Leaf, analysed: Analyse
) -> None:
    for base in bases(SCHEMA).values():
        texts = [written(config_with(base, leaf.key, value, SCHEMA)) for value in leaf.values]
        workflows = [analysed(text)[0] for text in texts]
        given = [
            [
                {name: options.values for name, options in one.targets.items()}
                for one in (workflow, *workflow.tasks)
            ]
            for workflow in workflows
            if workflow
        ]
        assert len(given) == len(leaf.values)
        assert all(one != another for one, another in itertools.pairwise(given))
        assert all(bool(of_run) != leaf.key.startswith("step.") for of_run, *_ in given)
        for name, form in FORMS:
            if is_of_another_target(leaf.key, name):
                options = Options(_own(name).default_version, form, "json")
                plain = _emission(analysed, written(base), name, options)
                assert [_emission(analysed, text, name, options) for text in texts] == [plain] * len(texts)


def _emission(
    analysed: Analyse, text: str, name: str, options: Options
) -> tuple[Sequence[str], Sequence[str]]:
    workflow, diagnostics = analysed(text)
    assert workflow, diagnostics
    artifacts, said = driver.emit(workflow, _own(name), options)
    return [artifact.text for artifact in artifacts], [each.message for each in (*diagnostics, *said)]


OTHER_IN_DEFAULTS = "step.image"  # the image of all steps; in one of them it is where the code of the step is


OF_PROJECTS = (
    "step.outputs.path",
    "step.params_file.path",
    "step.cross_validation.indices",
)  # refused for what is in an image
OF_JOBS = (
    "step.sweep",
    "step.cross_validation",
)  # errors in services, which do not have them of the defaults
OF_ONE_STEP = [
    key for key in KEYS if key.startswith("step.") and key not in ("step.step_name", *OF_SEVERAL_STEPS)
]


@pytest.mark.parametrize("key", OF_ONE_STEP)
def test_a_key_of_the_defaults_is_one_of_each_step_and_keeps_its_place(key: str, analysed: Analyse) -> None:
    for base in bases(SCHEMA).values():
        [*_, value] = next(leaf.values for leaf in leaves(SCHEMA) if leaf.key == key)
        config = config_with(base, key, value, SCHEMA)
        if key in OF_PROJECTS and not analysed(written(config))[0]:
            continue
        if key.startswith(OF_JOBS) and is_service(base):
            continue
        text = written(_in_defaults(config, key.split(".")[1]))
        [own], [inherited] = (_tasks(analysed, written(config)), _tasks(analysed, text))
        assert _without_places(own) == _without_places(inherited) or key == OTHER_IN_DEFAULTS
        [place] = places(text)["defaults" + key.removeprefix("step")]
        span = next(span for name, span in inherited.spans.items() if re.sub(r"\[.*?\]", "", name) == key[5:])
        assert (span.line, span.column, span.end_column) == place[:3]


def _in_defaults(config: Config, name: str) -> Config:
    config = json.loads(json.dumps(config))
    [step] = steps_of(config)
    return {"defaults": {name: step.pop(name)}} | config


def _tasks(analysed: Analyse, text: str) -> Sequence[Task]:
    workflow, diagnostics = analysed(text)
    assert workflow, diagnostics
    return workflow.tasks


def _without_places(task: Task) -> str:
    """All that a task is, but for where it was written."""
    return repr(_plain(task))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [_plain(item) for item in value]
    fields = getattr(value, "__dataclass_fields__", None) or getattr(value, "_fields", None)
    if fields is None:
        return value
    return [
        (name, _plain(getattr(value, name))) for name in fields if name not in ("span", "spans", "places")
    ]


# the net itself


def test_a_key_that_nothing_reads_falls_into_the_net(
    analysed: Analyse, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bare word is known elsewhere; what counts are the words around it."""
    schema = json.loads(config_schema())
    schema["$defs"]["schedule"]["properties"]["timeout"] = {"type": "integer"}
    assert Net(schema, analysed, _own("argo"), "workflow").holes("schedule.timeout") == [
        "schedule.timeout: the schema has no two examples"
    ]
    schema["$defs"]["schedule"]["properties"]["timeout"]["examples"] = [60, 120]
    assert Net(schema, analysed, _own("argo"), "workflow").holes("schedule.timeout") == [
        "schedule.timeout: the table has no row"
    ]
    monkeypatch.setattr(structure, "schema", lambda: schema)

    def again(text: str) -> tuple[Workflow | None, Sequence[Diagnostic]]:
        return analyse(Input("config.yaml", text.encode(), folder), Overrides())

    target = Altered("argo", {"schedule.timeout": NATIVE})
    holes = Net(schema, again, target, "workflow").holes("schedule.timeout")
    why = "another value makes no difference, and nothing is said"
    assert holes[:4] == [f"schedule.timeout in {base}: {why}" for base in bases(schema)]
    implied_ = Altered("argo", {"schedule.timeout": implied("Argo stops in time")})
    assert Net(schema, again, implied_, "workflow").holes("schedule.timeout") == []


def _of(kind: type[Job] | type[Service], in_project: bool, **fields: Any) -> Callable[[Workflow], Workflow]:
    """A change of a workflow: its tasks of a kind lose something."""

    def changed(task: Task) -> Task:
        is_one = isinstance(task, kind) and (task.project is not None) == in_project
        return task._replace(**fields) if is_one else task

    return lambda workflow: _with_tasks(workflow, changed)


def _with_tasks(workflow: Workflow, changed: Callable[[Task], Task]) -> Workflow:
    nodes = [node if isinstance(node, Barrier) else changed(node) for node in workflow.nodes]
    return workflow._replace(nodes=tuple(nodes))


DROPPED: dict[str, dict[str, Any]] = {
    "step.envs": {"variables": ()},
    "step.secrets.keys": {"secrets": ()},
    "step.image_pull_secrets": {"pull_secrets": ()},
    "step.labels": {"labels": {}},
    "step.annotations": {"annotations": {}},
    "step.cpu_request": {"resources": Resources(parse_cpu("1"), parse_memory("1Gi"))},
}


@pytest.mark.parametrize("name", ["argo", "kubernetes", "kubeflow", "kubeflow-native"])
@pytest.mark.parametrize("key", DROPPED)
def test_a_key_that_is_dropped_for_some_tasks_falls_into_the_net(
    name: str, key: str, analysed: Analyse
) -> None:
    for kind in (Job, Service):
        for in_project in (True, False):
            target = Altered(name, {}, _of(kind, in_project, **DROPPED[key]))
            base = f"{kind.__name__.lower()} {0 if in_project else 1}"
            holes = Net(SCHEMA, analysed, target, target.forms[0]).holes(key)
            assert f"{key} in {base}: another value makes no difference, and nothing is said" in holes
            assert all(hole.startswith((f"{key} in {base}:", f"{key}: no ")) for hole in holes)


def _loses_envs(*kinds: type[Job] | type[Service]) -> Callable[[Workflow], Workflow]:
    changes = [_of(kind, in_project, variables=()) for kind in kinds for in_project in (True, False)]

    def change(workflow: Workflow) -> Workflow:
        for one in changes:
            workflow = one(workflow)
        return workflow

    return change


@pytest.mark.parametrize(
    ("kinds", "row", "is_true"),
    [
        ((Job,), ByKind(job=lost("no"), service=NATIVE), True),
        ((Service,), ByKind(job=NATIVE, service=lost("no")), True),
        ((Job, Service), lost("no"), True),
        ((Job,), ByKind(job=NATIVE, service=lost("no")), False),
        ((Job,), lost("no"), False),
        ((Job,), NATIVE, False),
        ((), ByKind(job=lost("no"), service=NATIVE), False),
        ((Job,), ByKind(service=NATIVE), False),
    ],
)
def test_a_table_tells_jobs_from_services(
    kinds: tuple[Any, ...], row: Row, is_true: bool, analysed: Analyse
) -> None:
    target = Altered("kubernetes", {"step.envs": row}, _loses_envs(*kinds))
    assert (Net(SCHEMA, analysed, target, "manifests").holes("step.envs") == []) == is_true


def test_a_table_that_nobody_applies_falls_into_the_net(
    analysed: Analyse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"step.envs": lost("no")}
    target = Altered("kubernetes", rows, _loses_envs(Job, Service))
    assert Net(SCHEMA, analysed, target, "manifests").holes("step.envs") == []
    monkeypatch.setattr(driver, "unsupported", lambda *_: ())
    holes = Net(SCHEMA, analysed, target, "manifests").holes("step.envs")
    assert holes == [
        f"step.envs in {base}: AML602 does not name it where it stands" for base in bases(SCHEMA)
    ]


def _no_readiness(workflow: Workflow) -> Workflow:
    workflow = _of(Service, True, readiness_path=None)(workflow)
    return _of(Service, False, readiness_path=None)(workflow)


READINESS = "step.service.readiness.path"


def test_a_key_below_others_is_said_or_falls_into_the_net(analysed: Analyse) -> None:
    target = Altered("argo", {READINESS: lost("no")}, _no_readiness)
    assert Net(SCHEMA, analysed, target, "workflow").holes(READINESS) == []

    def with_keys_of_the_step_alone(text: str) -> tuple[Workflow | None, Sequence[Diagnostic]]:
        workflow, diagnostics = analysed(text)
        return workflow and _with_spans(
            workflow, lambda spans: {k: v for k, v in spans.items() if "." not in k}
        ), diagnostics

    def with_the_place_of_the_key_around(text: str) -> tuple[Workflow | None, Sequence[Diagnostic]]:
        workflow, diagnostics = analysed(text)
        return workflow and _with_spans(
            workflow, lambda spans: dict.fromkeys(spans, spans["service"])
        ), diagnostics

    for wrong in (with_keys_of_the_step_alone, with_the_place_of_the_key_around):
        holes = Net(SCHEMA, wrong, target, "workflow").holes(READINESS)
        assert holes == [
            f"{READINESS} in {base}: AML602 does not name it where it stands" for base in bases(SCHEMA)
        ]


def _with_spans(workflow: Workflow, change: Callable[[Any], Any]) -> Workflow:
    return _with_tasks(workflow, lambda task: task._replace(spans=change(task.spans)))


def test_a_form_without_rows_of_its_own_falls_into_the_net(analysed: Analyse) -> None:
    """Of what is refused nobody would see it: that it is refused, is all that the table does."""
    rows, others = table_of(_own("kubeflow"), "vertex"), table_of(_own("kubeflow"), "package")
    own = [
        key
        for key in rows
        if key in KEYS
        and _supports(rows[key]) == {Support.LOST} != _supports(others[key])
        and not key.startswith("schedule")
    ]
    assert len(own) > 5
    holes = [
        hole
        for key in own
        for hole in Net(
            SCHEMA, analysed, Altered("kubeflow", {}), "vertex", _first_version(others[key])
        ).holes(key)
    ]
    assert {hole.partition(" in ")[0] for hole in holes if " in " in hole} == set(own)


def _supports(row: Row) -> set[Support]:
    return {each.support for each in _capabilities(row)}


def _first_version(row: Row) -> str:
    """The first version of which the whole row is told, if that is not the default one."""
    return max((each.since for each in _capabilities(row) if each.since), default="")


@pytest.mark.parametrize("name", targets.OWN)
def test_a_row_with_another_word_falls_into_the_net(name: str, analysed: Analyse) -> None:
    """But for what is as good: native and lowered differ in words alone; some values may be none of the examples.

    Where files travel is one of a few ways: one that a target does not have takes the files away, which is an effect.
    """
    form = _own(name).forms[0]
    table = table_of(_own(name), form)
    held = []
    own = {key for key in KEYS if not is_of_another_target(key, name)}
    for key in sorted(own - {"artifacts.engine"}):
        other = lost("no") if _supports(table[key]) - SAID.keys() else NATIVE
        is_in_one_that_is_lost = any(
            key.startswith(f"{around}.") for around in table if SAID.keys() & _supports(table[around])
        )
        net = Net(SCHEMA, analysed, Altered(name, {key: other}), form, _first_version(table[key]))
        if not is_in_one_that_is_lost and not net.holes(key):
            held.append(key)
    assert held == []

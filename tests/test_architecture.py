"""The architecture, as a table of who may import whom. This file is its document.

A row is a folder with all its modules, or a module that lies beside folders. What lies in one folder may import each
other, but never in a circle. `python -m tests.house` counts the rooms and the arrows between them.
"""

import ast
from pathlib import Path

import pytest

from tests.house import (
    Folder,
    folders_of,
    functions_of,
    imports_of,
    modules_of,
    names_given_in,
    parameters_of,
)

ROOT = Path(__file__).parent.parent

MAY_IMPORT: dict[str, set[str]] = {
    # what all phases share
    "compiler": set(),  # the version
    "compiler.source": {
        "compiler.patterns",
        "compiler.records",
    },
    "compiler.suggest": set(),
    "compiler.generated": {
        "compiler.patterns",
    },
    "compiler.enumerations": set(),
    "compiler.patterns": set(),
    "compiler.records": set(),
    "compiler.diagnostics": {
        "compiler.enumerations",
        "compiler.records",
        "compiler.source",
    },
    "compiler.bundle_size": {
        "compiler.diagnostics",
        "compiler.patterns",
        "compiler.source",
    },
    "compiler.values": {
        "compiler.patterns",
        "compiler.records",
    },
    "schemas": set(),
    # the phases, in their order
    "compiler.tree": {
        "compiler.diagnostics",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
    },
    "compiler.expressions": {
        "compiler.diagnostics",
        "compiler.enumerations",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
    },
    "compiler.params": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
    },
    "compiler.structure": {
        "compiler.diagnostics",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
        "compiler.values",
        "schemas",
    },
    "compiler.config": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.records",
        "compiler.source",
        "compiler.tree",
        "compiler.values",
        "schemas",
    },
    "compiler.checks": {
        "compiler.config",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.patterns",
        "compiler.project",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
        "compiler.values",
    },
    "compiler.ir": {
        "compiler.enumerations",
        "compiler.records",
        "compiler.source",
        "compiler.values",
    },
    "compiler.project": {
        "compiler.bundle_size",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.values",
    },
    "compiler.trials": {
        "compiler.config",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.params",
        "compiler.project",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
        "compiler.values",
    },
    "compiler.lowering": {
        "compiler.config",
        "compiler.diagnostics",
        "compiler.graph",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.suggest",
        "compiler.tree",
        "compiler.trials",
        "compiler.values",
    },
    "compiler.graph": {"compiler.diagnostics", "compiler.ir"},
    "compiler.target": {
        "compiler.diagnostics",
        "compiler.enumerations",
        "compiler.ir",
        "compiler.records",
    },
    "compiler.capabilities": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.target",
    },
    "compiler.driver": {
        "compiler.capabilities",
        "compiler.checks",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.expressions",
        "compiler.ir",
        "compiler.lowering",
        "compiler.params",
        "compiler.project",
        "compiler.records",
        "compiler.source",
        "compiler.structure",
        "compiler.target",
        "compiler.tree",
        "compiler.trials",
        "compiler.values",
    },
    # what people see
    "compiler.views": {
        "compiler.bundle_size",
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.patterns",
        "compiler.project",
        "compiler.source",
        "compiler.target",
        "compiler.tree",
        "compiler.values",
    },
    # the targets: they read the IR, and no phase before it
    "targets": {"compiler.capabilities", "compiler.target"},
    "targets.sources": {"compiler.ir", "runtime.trials"},
    "targets.writers": {
        "compiler.patterns",
    },
    "targets.dag": {
        "compiler.diagnostics",
        "compiler.graph",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.values",
    },
    "targets.objects": {
        "compiler.bundle_size",
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.graph",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.target",
        "compiler.values",
        "runtime",
        "targets.writers",
    },
    "targets.argo": {
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.target",
        "compiler.values",
        "runtime",
        "runtime.outputs",
        "runtime.select_trials",
        "targets.dag",
        "targets.objects",
        "targets.sources",
        "targets.writers",
    },
    "targets.kubeflow": {
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.graph",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.target",
        "compiler.values",
        "runtime",
        "runtime.outputs",
        "targets.dag",
        "targets.objects",
        "targets.sources",
        "targets.writers",
    },
    "targets.kubernetes": {
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.graph",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.target",
        "compiler.values",
        "runtime",
        "runtime.outputs",
        "runtime.plan",
        "targets.objects",
        "targets.sources",
        "targets.writers",
    },
    "targets.local": {
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.ir",
        "compiler.target",
        "compiler.values",
        "runtime",
        "runtime.local",
        "targets.objects",
        "targets.sources",
        "targets.writers",
    },
    "targets.slurm": {
        "compiler.capabilities",
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.ir",
        "compiler.patterns",
        "compiler.records",
        "compiler.source",
        "compiler.target",
        "compiler.values",
        "runtime",
        "runtime.local",
        "targets.local",
        "targets.objects",
        "targets.writers",
    },
    # what runs in a container: each module says what it needs beside it there
    "runtime": set(),
    "runtime.start": {
        "runtime.child",
        "runtime.dependencies",
        "runtime.folders",
        "runtime.results",
        "runtime.store",
        "runtime.trial_run",
        "runtime.values",
    },
    "runtime.install_project": {"runtime.dependencies", "runtime.start"},
    "runtime.child": set(),
    "runtime.outputs": set(),
    "runtime.collect": {"runtime.outputs", "runtime.trial_results"},
    "runtime.selecting": {"runtime.outputs", "runtime.trial_results", "runtime.trials"},
    "runtime.trial_results": {"runtime.outputs"},
    "runtime.trial_run": {"runtime.results", "runtime.trial_results"},
    "runtime.metrics": set(),
    "runtime.results": {
        "runtime.child",
        "runtime.folders",
        "runtime.metrics",
        "runtime.outputs",
        "runtime.store",
        "runtime.values",
    },
    "runtime.select_trials": {"runtime.outputs", "runtime.trials"},
    "runtime.store": {"runtime.dependencies", "runtime.folders"},
    "runtime.values": {"runtime.folders", "runtime.outputs"},
    "runtime.folders": set(),
    "runtime.dependencies": {"runtime.folders"},
    "runtime.cluster": set(),
    "runtime.pack": set(),
    "runtime.recurring_run": set(),
    "runtime.gather": {"runtime.trials"},
    "runtime.selection": set(),
    "runtime.trials": {"runtime.selection"},
    "runtime.states": set(),
    "runtime.plan": {"runtime.trials"},
    "runtime.tasks": {"runtime.cluster", "runtime.plan", "runtime.states"},
    "runtime.handed_on": {"runtime.cluster", "runtime.outputs"},
    "runtime.jobs": {
        "runtime.cluster",
        "runtime.handed_on",
        "runtime.plan",
        "runtime.states",
        "runtime.tasks",
    },
    "runtime.trial_jobs": {
        "runtime.cluster",
        "runtime.jobs",
        "runtime.plan",
        "runtime.states",
        "runtime.tasks",
        "runtime.trials",
    },
    "runtime.deployments": {"runtime.cluster", "runtime.plan", "runtime.states", "runtime.tasks"},
    "runtime.watch": {"runtime.cluster", "runtime.jobs"},
    "runtime.coordinator": {
        "runtime.cluster",
        "runtime.deployments",
        "runtime.jobs",
        "runtime.plan",
        "runtime.states",
        "runtime.tasks",
        "runtime.trial_jobs",
        "runtime.watch",
    },
    # what runs on a machine
    "runtime.local": {
        "runtime.dependencies",
        "runtime.child",
        "runtime.folders",
        "runtime.outputs",
        "runtime.results",
        "runtime.selection",
        "runtime.start",
        "runtime.states",
        "runtime.trials",
        "runtime.values",
    },
    # and in the jobs of Slurm
    "runtime.slurm": {"runtime.local", "runtime.states"},
    # images that hold a project
    "images": {
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.ir",
        "compiler.project",
        "compiler.records",
        "compiler.values",
        "runs.engine",
        "runtime",
        "runtime.dependencies",
        "targets.objects",
    },
    # what a person types
    "runs": set(),
    "runs.model": set(),
    "runs.engine": {"runs.model"},
    "runs.taking": {"runs.engine"},
    "runs.connection": {"runs.engine"},
    "runs.local": {
        "runs.connection",
        "runs.engine",
        "runs.model",
        "runs.taking",
        "runtime",
        "runtime.local",
    },
    "runs.slurm": {"runs.connection", "runs.engine"},
    "cli": {
        "compiler",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.driver",
        "compiler.generated",
        "compiler.ir",
        "compiler.params",
        "compiler.patterns",
        "compiler.records",
        "compiler.project",
        "compiler.source",
        "compiler.suggest",
        "compiler.target",
        "compiler.tree",
        "compiler.views",
        "images",
        "runs.engine",
        "runs.local",
        "runs.model",
        "runs.slurm",
        "runtime.local",
        "schemas",
        "targets",
        "targets.local",
        "targets.objects",
        "targets.writers",
    },
}

MODULES = modules_of(ROOT)
NAMES = {".".join(name): path for name, path in MODULES.items()}


def _row(name: tuple[str, ...]) -> str:
    """The row of a module: its own, or that of the folder it lies in."""
    rows = [".".join(name[:length]) for length in range(len(name), 0, -1)]
    return next(row for row in rows if row in MAY_IMPORT)


def _is_folder_with_rows(row: str) -> bool:
    return any(other.startswith(f"{row}.") for other in MAY_IMPORT)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_module_has_a_row(name: str) -> None:
    row = _row(tuple(name.split(".")))
    assert row == name or not _is_folder_with_rows(row), "a module beside folders has a row of its own"


@pytest.mark.parametrize("row", sorted(MAY_IMPORT))
def test_imports_are_exactly_those_of_the_table(row: str) -> None:
    paths = [path for name, path in MODULES.items() if _row(name) == row]
    assert paths, "a row without a module is stale"
    imported = {_row(name) for path in paths for name in imports_of(path, MODULES)}
    assert imported - {row} == MAY_IMPORT[row]


def test_the_layers_stand_one_on_the_other() -> None:
    """The command line is above the targets, the targets above the compiler; what runs in a pod is by itself."""
    below = {
        "cli": "",
        "images": "cli schemas",
        "runs": "cli images compiler targets schemas",
        "targets": "cli images runs",
        "compiler": "cli images runs targets runtime",
        "schemas": "cli images runs compiler targets",
    }
    below["runtime"] = "cli images runs compiler targets schemas"
    for row, imported in MAY_IMPORT.items():
        above = set(below[row.partition(".")[0]].split())
        assert not above & {name.partition(".")[0] for name in imported}, row


@pytest.mark.parametrize(("name", "folder"), folders_of(ROOT).items())
def test_nothing_imports_in_a_circle(name: str, folder: Folder) -> None:
    assert folder.back_up == frozenset(), name


def test_imports_are_absolute_and_of_names() -> None:
    for path in NAMES.values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("automl") for alias in node.names), path


@pytest.mark.parametrize("name", sorted(NAMES))
def test_modules_and_functions_are_small(name: str) -> None:
    assert len(NAMES[name].read_text().splitlines()) <= 300
    assert [function for lines, function in functions_of(NAMES[name]) if lines > 50] == []


def test_functions_stay_small_on_the_whole() -> None:
    lengths = sorted(lines for path in NAMES.values() for lines, _ in functions_of(path))
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[int(len(lengths) * 0.95)] <= 25


IN_EVERY_MANIFEST = (
    "runtime.start",
    "runtime.dependencies",
    "runtime.recurring_run",
)  # their names change with what they do


@pytest.mark.parametrize("name", sorted(name for name in NAMES if not name.startswith("cli.commands.")))
def test_functions_take_few_parameters(name: str) -> None:
    assert [function for parameters, function in parameters_of(NAMES[name]) if parameters > 5] == []


@pytest.mark.parametrize("name", sorted(NAMES.keys() - IN_EVERY_MANIFEST))
def test_values_are_named_for_what_they_are(name: str) -> None:
    """A name that fits any value says nothing: a value is a template, a spec, diagnostics."""
    assert {"each", "found"} & {given.strip("_") for given in names_given_in(NAMES[name])} == set()


@pytest.mark.parametrize("name", sorted(name for name in NAMES if name.startswith("targets")))
def test_objects_are_named_for_what_they_are(name: str) -> None:
    vague = {"made", "mark", "notes"}
    assert vague & {given.strip("_") for given in names_given_in(NAMES[name])} == set()

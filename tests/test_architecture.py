"""The architecture, as a table of who may import whom. This file is its document."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("compiler", "targets", "schemas", "runtime")

# A module, and the modules of automl it imports. `x.*` is a package with all its modules.
MAY_IMPORT: dict[str, set[str]] = {
    # values that know nothing of each other
    "compiler": set(),
    "compiler.source": set(),
    "compiler.scalars": set(),
    "compiler.suggest": set(),
    "compiler.names": set(),
    "compiler.globs": set(),
    "compiler.gitignore": {"compiler.globs"},
    "compiler.repository": {"compiler.gitignore"},
    "compiler.never_code": {"compiler.gitignore"},
    "compiler.credentials": set(),
    "compiler.generated": set(),
    "compiler.quantity": set(),
    "compiler.cron": set(),
    "schemas": set(),
    "runtime": set(),
    "runtime.start": set(),
    "runtime.cluster": set(),
    "runtime.coordinator": set(),
    "runtime.tasks": set(),
    "runtime.pack": set(),
    "runtime.recurring_run": set(),
    # data
    "compiler.diagnostics": {"compiler.source"},
    "compiler.nodes": {"compiler.source"},
    "compiler.ir": {"compiler.source", "compiler.cron", "compiler.quantity"},
    # the phases, in their order
    "compiler.indentation": {"compiler.source", "compiler.diagnostics"},
    "compiler.expressions": {"compiler.diagnostics", "compiler.nodes"},
    "compiler.syntax_errors": {
        "compiler.elsewhere",
        "compiler.source",
        "compiler.diagnostics",
        "compiler.expressions",
        "compiler.indentation",
        "compiler.nodes",
    },
    "compiler.other_files": {"compiler.diagnostics", "compiler.nodes"},
    "compiler.budgets": {"compiler.diagnostics", "compiler.nodes"},
    "compiler.reader": {
        "compiler.budgets",
        "compiler.source",
        "compiler.diagnostics",
        "compiler.nodes",
        "compiler.scalars",
        "compiler.indentation",
        "compiler.syntax_errors",
    },
    "compiler.defaults": {"compiler.nodes"},
    "compiler.vocabulary": {"compiler.suggest"},
    "compiler.scripts": set(),
    "compiler.flow": {"compiler.credentials", "compiler.nodes", "compiler.scalars"},
    "compiler.elsewhere": {"compiler.diagnostics", "compiler.indentation", "compiler.source"},
    "compiler.ways_out": {
        "compiler.flow",
        "compiler.scripts",
        "compiler.nodes",
        "compiler.quantity",
        "compiler.scalars",
        "compiler.suggest",
    },
    "compiler.misfits": {"compiler.diagnostics", "compiler.nodes", "compiler.ways_out", "schemas"},
    "compiler.schema": {
        "compiler.source",
        "compiler.diagnostics",
        "compiler.misfits",
        "compiler.nodes",
        "compiler.scalars",
        "compiler.vocabulary",
        "compiler.ways_out",
    },
    "compiler.mended": {"compiler.diagnostics", "compiler.misfits", "compiler.nodes", "compiler.ways_out"},
    "compiler.config": {
        "compiler.source",
        "compiler.diagnostics",
        "compiler.nodes",
        "compiler.names",
        "compiler.cron",
        "compiler.quantity",
    },
    "compiler.placement": {"compiler.config"},
    "compiler.addresses": {"compiler.config"},
    "compiler.notebooks": {"compiler.config"},
    "compiler.paths": set(),
    "compiler.checks.*": {
        "compiler.credentials",
        "compiler.addresses",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.gitignore",
        "compiler.names",
        "compiler.notebooks",
        "compiler.paths",
        "compiler.placement",
        "compiler.quantity",
        "compiler.source",
        "compiler.suggest",
        "compiler.checks",
    },
    "compiler.project_files": {
        "compiler.config",
        "compiler.gitignore",
        "compiler.never_code",
        "compiler.paths",
        "compiler.repository",
    },
    "compiler.bundle": {
        "compiler.source",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.credentials",
        "compiler.generated",
        "compiler.ir",
        "compiler.never_code",
        "compiler.paths",
        "compiler.project_files",
        "compiler.repository",
    },
    "compiler.lower": {
        "compiler.addresses",
        "compiler.config",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.names",
        "compiler.notebooks",
        "compiler.placement",
        "compiler.quantity",
    },
    "compiler.target": {"compiler.diagnostics", "compiler.ir"},
    "compiler.driver": {
        "compiler.source",
        "compiler.budgets",
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.reader",
        "compiler.expressions",
        "compiler.mended",
        "compiler.nodes",
        "compiler.other_files",
        "compiler.defaults",
        "compiler.schema",
        "compiler.config",
        "compiler.paths",
        "compiler.placement",
        "compiler.project_files",
        "compiler.checks",
        "compiler.bundle",
        "compiler.lower",
        "compiler.names",
        "compiler.target",
    },
    # what people see
    "compiler.masking": {"compiler.source", "compiler.credentials"},
    "compiler.render": {"compiler.source", "compiler.diagnostics", "compiler.masking"},
    "compiler.listing": {"compiler.bundle", "compiler.render"},
    "compiler.links": {"compiler.render"},
    "compiler.output": {"compiler.generated", "compiler.links", "compiler.target"},
    "compiler.staleness": {
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.links",
        "compiler.render",
        "compiler.source",
    },
    "compiler.formats": {"compiler.diagnostics", "compiler.render", "compiler.source"},
    "compiler.terminal": {"compiler.diagnostics", "compiler.formats", "compiler.render"},
    "compiler.explain": set(),
    "compiler.inputs": {"compiler.driver", "compiler.links", "compiler.project_files", "compiler.reader"},
    "compiler.choices": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.suggest",
        "compiler.target",
        "targets",
    },
    "compiler.batch": {
        "compiler.choices",
        "compiler.diagnostics",
        "compiler.driver",
        "compiler.paths",
        "compiler.source",
        "compiler.target",
    },
    "compiler.options": {
        "compiler.choices",
        "compiler.formats",
        "compiler.target",
        "compiler.terminal",
        "targets",
    },
    "compiler.delivery": {
        "compiler.batch",
        "compiler.choices",
        "compiler.diagnostics",
        "compiler.driver",
        "compiler.options",
        "compiler.output",
        "compiler.staleness",
        "compiler.terminal",
    },
    "compiler.cli": {
        "compiler.delivery",
        "compiler",
        "compiler.batch",
        "compiler.choices",
        "compiler.diagnostics",
        "compiler.driver",
        "compiler.explain",
        "compiler.inputs",
        "compiler.listing",
        "compiler.options",
        "compiler.target",
        "compiler.terminal",
        "schemas",
        "targets",
        "targets.capabilities",
        "targets.code",
    },
    "compiler.__main__": {"compiler.cli"},
    # the targets: they read the IR, and no module of the compiler behind it
    "targets": {"compiler.target"},
    "targets.yaml_writer": set(),
    "targets.text": {"compiler.ir", "targets.yaml_writer"},
    "targets.metadata": {"compiler.ir", "compiler.names", "targets.yaml_writer"},
    "targets.manifest": {
        "compiler.diagnostics",
        "compiler.generated",
        "compiler.ir",
        "compiler.target",
        "targets.code",
        "targets.metadata",
        "targets.yaml_writer",
    },
    "targets.code": {
        "compiler.bundle",
        "compiler.diagnostics",
        "compiler.ir",
        "runtime",
        "targets.metadata",
        "targets.text",
    },
    "targets.pods": {
        "compiler.ir",
        "targets.code",
        "targets.metadata",
        "targets.text",
        "targets.yaml_writer",
    },
    "targets.services": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.names",
        "targets.code",
        "targets.metadata",
        "targets.pods",
        "targets.text",
        "targets.yaml_writer",
    },
    "targets.naming": {"compiler.names"},
    "targets.dags": {"compiler.ir", "targets.naming"},
    "targets.capabilities": {"compiler.diagnostics", "compiler.ir", "compiler.target"},
    "targets.schedules": {"compiler.ir", "targets.metadata"},
    "targets.access": {
        "compiler.ir",
        "targets.metadata",
        "targets.services",
        "targets.yaml_writer",
    },
    "targets.argo.*": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.names",
        "compiler.target",
        "runtime",
        "targets.access",
        "targets.argo",
        "targets.capabilities",
        "targets.code",
        "targets.dags",
        "targets.manifest",
        "targets.metadata",
        "targets.naming",
        "targets.pods",
        "targets.schedules",
        "targets.services",
        "targets.text",
        "targets.yaml_writer",
    },
    "targets.kubernetes.*": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.names",
        "compiler.target",
        "runtime",
        "targets.access",
        "targets.capabilities",
        "targets.code",
        "targets.kubernetes",
        "targets.manifest",
        "targets.metadata",
        "targets.pods",
        "targets.schedules",
        "targets.services",
        "targets.yaml_writer",
    },
    "targets.kubeflow.*": {
        "compiler.diagnostics",
        "compiler.ir",
        "compiler.names",
        "compiler.quantity",
        "compiler.target",
        "runtime",
        "targets.access",
        "targets.capabilities",
        "targets.code",
        "targets.dags",
        "targets.kubeflow",
        "targets.manifest",
        "targets.metadata",
        "targets.naming",
        "targets.pods",
        "targets.services",
        "targets.text",
        "targets.yaml_writer",
    },
}


def _modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


MODULES = _modules()


def _row(module: str) -> str:
    package = module if f"{module}.*" in MAY_IMPORT else module.rpartition(".")[0]
    return f"{package}.*" if f"{package}.*" in MAY_IMPORT else module


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = (node.module or "").removeprefix("automl").lstrip(".")
            if (node.module or "").split(".")[0] == "automl":
                names = {f"{module}.{alias.name}".lstrip(".") for alias in node.names}
                found |= {name if name in MODULES else module for name in names}
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("automl") for alias in node.names), (
                "write from automl… import"
            )
    return found


def _imported_rows(row: str) -> set[str]:
    imported = {name for module, path in MODULES.items() if _row(module) == row for name in _imports(path)}
    return {_row(name).removesuffix(".*") for name in imported}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_a_row(module: str) -> None:
    assert _row(module) in MAY_IMPORT


@pytest.mark.parametrize("row", sorted(MAY_IMPORT))
def test_imports_are_exactly_those_of_the_table(row: str) -> None:
    assert _imported_rows(row) == MAY_IMPORT[row]


def test_compiler_never_imports_targets_but_in_the_command_line() -> None:
    rows = {
        row for row, allowed in MAY_IMPORT.items() if row.startswith("compiler") and "targets" in str(allowed)
    }
    assert rows == {"compiler.cli", "compiler.choices", "compiler.options"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_and_functions_are_small(module: str) -> None:
    text = MODULES[module].read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name

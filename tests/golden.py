"""The golden cases: what each folder holds, and what the compiler makes of it now."""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from automl import targets
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.params.given import Given, ParamsFile
from automl.compiler.target import Options, Target
from automl.compiler.views.text import render
from automl.runtime.plan import Plan, Service
from tests.digest import digest

GOLDEN = Path(__file__).parent.parent / "golden"
MAX_LINES = 3_000  # of a file that is kept as it is
GIVEN = ("set.txt", "given.yaml")  # beside a config: what the command line gives for its parameters
DIGEST = ".digest.txt"  # ends the name of one that is kept in short
OTHER_FORMS = {
    "quickstart": ("template",),
    "cron-full": ("template",),
    "trials": ("template",),
    "notebook": ("vertex",),
}  # beside a target's first form
ALONE = {
    "local": "plan",
    "slurm": "jobs",
}  # the form that is kept instead of the first: what runs a plan is the same everywhere


def cases() -> list[str]:
    """The folders of goldens; the project of an example is in `examples/`."""
    return sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())


def manifests(name: str) -> list[Path]:
    """The expected files of a name, of which there are many; `*` stands for anything.

    A large one, which the golden test holds to its digest, is compiled anew.
    """
    large = [_whole(path) for path in GOLDEN.glob(f"*/{name}{DIGEST}")]
    found = sorted([*GOLDEN.glob(f"*/{name}"), *large], key=lambda path: (path.parent.name, path.name))
    assert len(found) >= 20, name
    return found


def _whole(path: Path) -> Path:
    return _compiled_anew(path.parent.name) / path.name.removesuffix(DIGEST)


@functools.cache
def _compiled_anew(case: str) -> Path:
    """A folder with the name of the case and all that it compiles to, until the tests are over."""
    place = Path(tempfile.mkdtemp(prefix="automl-golden-"))
    atexit.register(shutil.rmtree, place)
    folder = place / "whole" / case
    folder.mkdir(parents=True)
    for name, text in compiled(case, place).items():
        (folder / name).write_bytes(text.encode())
    return folder


def count_documents(paths: Iterable[Path]) -> int:
    """How many documents there are in files of ours."""
    return sum(path.read_text(encoding="utf-8").count("\n---\n") + 1 for path in paths)


def expected_names() -> set[str]:
    """Every name that an expected file may have."""
    names = {"diagnostics.txt"}
    for target in _targets():
        names |= {f"{target.name}.{end}" for end in ("yaml", "json", "sh", "diagnostics.txt", "notes.txt")}
        names |= {f"{target.name}.{form}.yaml" for form in target.forms[1:]}
    return names | {f"{name}{DIGEST}" for name in names if name.endswith((".yaml", ".sh"))}


def project_copy(case: str, folder: Path) -> Path:
    """The case as a user has it, without what is expected of it."""
    ignore = shutil.ignore_patterns(*expected_names(), *GIVEN)
    home = GOLDEN if (GOLDEN / case / "config.yaml").is_file() else GOLDEN.parent / "examples"
    return Path(shutil.copytree(home / case, folder / case, ignore=ignore))


def stored(case: str) -> dict[str, str]:
    paths = (GOLDEN / case / name for name in expected_names())
    return {path.name: path.read_bytes().decode() for path in paths if path.is_file()}


def kept(files: dict[str, str]) -> dict[str, str]:
    """What is kept of expected files: of a large one its digest."""
    large = {name for name, text in files.items() if text.count("\n") > MAX_LINES}
    small = {name: text for name, text in files.items() if name not in large}
    return small | {f"{name}{DIGEST}": digest(files[name]) for name in large}


def compiled(case: str, folder: Path) -> dict[str, str]:
    """The expected files of a case: a bad config has `diagnostics.txt` alone."""
    project = project_copy(case, folder)
    found: dict[str, str] = {}
    for target in _targets():
        for form in target.forms:
            if form == form_of(target) or form in OTHER_FORMS.get(case, ()):
                found |= _compiled(project, target, form)
    diagnostics = {text for name, text in found.items() if name.endswith(".diagnostics.txt")}
    if len(diagnostics) == 1 and len(found) == len(_targets()) and "[AML6" not in next(iter(diagnostics)):
        return {"diagnostics.txt": diagnostics.pop()}
    return found


def form_of(target: Target) -> str:
    """The form of a target that each case has."""
    return ALONE.get(target.name, target.forms[0])


def _compiled(project: Path, target: Target, form: str) -> dict[str, str]:
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    overrides = overrides_of(project.name)
    result = compile_config(given, overrides, target, Options(target.default_version, form))
    text = render(result.diagnostics)
    if has_errors(result.diagnostics):
        return {f"{target.name}.diagnostics.txt": text}
    middle = "" if form == form_of(target) else f".{form}"
    found = {f"{target.name}{middle}{Path(each.path).suffix}": each.text for each in result.artifacts}
    return found | ({f"{target.name}.notes.txt": text} if text else {})


def overrides_of(case: str) -> Overrides:
    """What the command line says beside the config of a case."""
    return overrides_beside(GOLDEN / case)


def overrides_beside(folder: Path) -> Overrides:
    """What the command line says for the parameters of the config in a folder: lines of `--set`, and `--params-file`."""
    assignments, file = (folder / name for name in GIVEN)
    lines = assignments.read_text(encoding="utf-8").splitlines() if assignments.is_file() else []
    values = ParamsFile(file.name, file.read_bytes()) if file.is_file() else None
    return Overrides(params=Given(tuple(lines), values))


def _targets() -> list[Target]:
    return [target for name in targets.OWN if (target := targets.load(name))]


def applied_in(path: Path) -> list[dict[str, Any]]:
    """The objects in a file that something applies when it runs: those in the words of a pod, or in a plan."""
    return list(objects_in(list(yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader))))


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """The same, in documents."""
    if isinstance(value, str) and value.startswith("{"):
        found = _json_of(value)
        if "kind" in found:
            yield found
        if "tasks" in found:
            tasks = Plan.from_json(value).tasks
            yield from (task.deployment for task in tasks if isinstance(task, Service))
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from objects_in(item)


def _json_of(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        return {}

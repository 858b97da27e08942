"""The corpus: small workflows that every engine runs, with the words of their pods as processes, and what each saw.

A folder of `tests/corpus` is a project, and in its `expected.json` stands what has to come of it on every engine:

    saw       for each step, and each of its tries, what `see` wrote down; a step that may not run is not there
    after     the steps that must have succeeded before a step begins
    failures  the steps that end the run, each with its exit status and what automl says of it; null where an engine
              says it in its own way
    trials    the steps that run many times: what their runs saw stands in no order, and some may fail
    refused   the targets that do not take it, each with a part of what they say

What the command line gives for its parameters stands in `set.txt` and `given.yaml`, as beside a golden.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from automl import targets
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, compile_config
from automl.compiler.lowering.workflow import NOTEBOOK_PACKAGES
from automl.compiler.target import Options
from tests.conformance import cache
from tests.conformance.workflows import Object
from tests.golden import GIVEN, overrides_beside
from tests.runtime import kubelet

CORPUS = Path(__file__).parent.parent / "corpus"
NAMES = sorted(path.parent.name for path in CORPUS.glob("*/expected.json"))
EXPECTED = "expected.json"
SEE = CORPUS / "see.py"
PAPERMILL = "from papermill.cli import papermill\n\npapermill()\n"
OF_OURS = "automl: "
PATH = re.compile(r"(?<![\w.])/[^\s']+")
IN_STORE = "\nartifacts: {store: s3://corpus/all, secret: store-keys}\n"  # at the end of a config
CELL = "corpus"  # of the table that the end of all tests shows


class Pod(NamedTuple):
    """A pod that has run. `after` are the steps that had succeeded when it was found."""

    step: str
    saw: Object | None
    after: frozenset[str]
    status: int
    lines: list[str]


class Trace(NamedTuple):
    """What an engine made of a workflow: its pods in the order in which they were found."""

    pods: list[Pod]
    has_succeeded: bool


def expected(name: str) -> Object:
    """What has to come of a workflow."""
    return dict(json.loads((CORPUS / name / EXPECTED).read_text(encoding="utf-8")))


def project(name: str, folder: Path) -> Path:
    """A workflow as its user has it, with the file by which its steps write down what they see."""
    shutil.copytree(CORPUS / name, folder, ignore=shutil.ignore_patterns(EXPECTED, *GIVEN))
    shutil.copy(SEE, folder / SEE.name)
    return folder


class Compiled(NamedTuple):
    """What a target makes of a workflow, or all that it says if it refuses it."""

    text: str
    refusal: str = ""


def compiled(name: str, folder: Path, target: str, more: str = "") -> Compiled:
    """What becomes of a workflow with more in its config, in a new folder."""
    found = targets.load(target)
    assert found is not None
    place = project(name, folder)
    given = Input("config.yaml", (place / "config.yaml").read_bytes() + more.encode(), place)
    overrides, options = overrides_beside(CORPUS / name), Options(found.default_version, found.forms[0])
    result = compile_config(given, overrides, found, options)
    if has_errors(result.diagnostics):
        return Compiled("", "\n".join(each.message for each in result.diagnostics))
    [artifact] = result.artifacts
    return Compiled(artifact.text)


def programs(folder: Path) -> Path:
    """A folder of programs, as the images of all steps have them: a Python that has what runs notebooks."""
    shutil.copytree(_with_papermill(), folder.parent, symlinks=True, dirs_exist_ok=True)
    for name, text in (("see", SEE.read_text(encoding="utf-8")), ("papermill", PAPERMILL)):
        (folder / name).write_text(f"#!{folder / 'python'}\n{text}", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def _with_papermill() -> Path:
    """An environment of the containers' Python."""

    def make(folder: Path) -> None:
        subprocess.run([kubelet.python(), "-m", "venv", folder], check=True)
        subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "-q", "install", *NOTEBOOK_PACKAGES], check=True
        )
        shutil.rmtree(folder / "lib64", ignore_errors=True)

    return cache.made_once("papermill", cache.digest([], str(kubelet.python()), *NOTEBOOK_PACKAGES), make)


def seen(file: Path) -> Object | None:
    """What a step has written down; None if it did not come so far."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def differences(trace: Trace, wanted: Object) -> list[str]:
    """What was not as expected, a line each."""
    found = []
    failures = wanted.get("failures", {})
    if trace.has_succeeded == bool(failures):
        found.append(f"the run has {'succeeded' if trace.has_succeeded else 'failed'}")
    trials = wanted.get("trials", [])
    found += _unlike("saw", _sorted(_by_step(trace.pods), trials), _sorted(wanted["saw"], trials))
    judged = [pod for pod in trace.pods if pod.step not in trials or not trace.has_succeeded]
    found += _unlike("failures", _failures(judged, failures), failures)
    for pod in trace.pods:
        missing = set(wanted.get("after", {}).get(pod.step, [])) - pod.after
        found += [f"{pod.step} began before {each} had succeeded" for each in sorted(missing)]
    return found


def _sorted(by_step: Mapping[str, list[Object]], steps: Collection[str]) -> dict[str, list[Object]]:
    """What tries saw, in an order that is none of time for some steps."""
    return {
        step: sorted(saw, key=lambda one: json.dumps(one, sort_keys=True)) if step in steps else saw
        for step, saw in by_step.items()
    }


def _by_step(pods: Iterable[Pod]) -> dict[str, list[Object]]:
    """What each try of a step saw."""
    found: dict[str, list[Any]] = {}
    for pod in pods:
        if pod.saw is not None:
            found.setdefault(pod.step, []).append(pod.saw)
    return found


def _failures(pods: Iterable[Pod], wanted: Mapping[str, Object | None]) -> Mapping[str, Object | None]:
    """The steps whose last try failed."""
    last = {pod.step: pod for pod in pods}
    failed = [pod for pod in last.values() if pod.status != 0]
    return {
        pod.step: {"status": pod.status, "says": said(pod.lines)}
        if wanted.get(pod.step, {}) is not None
        else None
        for pod in failed
    }


def said(lines: Iterable[str]) -> list[str]:
    """What our scripts say of a failure, without the paths of this machine."""
    return [PATH.sub("PATH", line.removeprefix(OF_OURS)) for line in lines if line.startswith(OF_OURS)]


def _unlike(what: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    return [
        f"{what} of {step}: {json.dumps(found.get(step))} and not {json.dumps(wanted.get(step))}"
        for step in sorted(found.keys() | wanted.keys())
        if found.get(step) != wanted.get(step)
    ]


def check(
    name: str,
    engine: str,
    outcome: Trace | str,
    record_property: Callable[[str, object], None],
    details: str = "",
) -> None:
    """Hold what an engine made of a workflow against what is expected; it is a cell of the table in the end.

    What stands behind the first word of the name is how it was made.
    """
    wanted = expected(name.partition(" ")[0])
    refusal = wanted.get("refused", {}).get(engine.partition(" ")[0])
    if isinstance(outcome, str):
        assert refusal is not None, outcome
        assert refusal in outcome
        verdict = "refused"
    else:
        assert refusal is None
        lines = [f"{pod.step}: {line}" for pod in outcome.pods for line in pod.lines]
        assert differences(outcome, wanted) == [], "\n".join([details, *lines])
        verdict = "same" if outcome.has_succeeded else "same failure"
    record_property(CELL, [name, engine, verdict])

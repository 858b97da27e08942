"""The corpus on this machine, by the program that `automl compile -t local` makes; images run by a real podman."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from automl.runtime.local.plan import Plan
from automl.runtime.local.record import events_of
from tests.conformance import corpus, podman
from tests.conformance.kfp_runs import open_folder
from tests.runtime import kubelet

SECONDS = 200
STATUS = re.compile(r"ended with status (\d+)")


class Case:
    """A workflow that has run, with the steps of its tasks."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.folder = name, root / name
        self.traces, self.program = self.folder / "traces", self.folder / "program.py"
        self.text, self.refusal = corpus.compiled(name, self.folder / "project", "local")
        self.lines = ""
        self.status = -1

    def run(self, programs: Path, path: str) -> None:
        """Run the program as a user does."""
        self.traces.mkdir(mode=0o777)
        self.program.write_text(self.text, encoding="utf-8")
        plan = Plan.from_json(self.text.partition('PLAN = r"""\n')[2].partition('"""')[0])
        steps = {task.name: task.step for task in plan.tasks}
        (self.traces / "steps.json").write_text(json.dumps(steps))
        words = [str(programs / "python"), str(self.program), "--jobs", "6", "--stop-services", "--no-queue"]
        variables = {**os.environ, "PATH": path, "CORPUS_TRACE": str(self.traces)}
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.lines, self.status = done.stdout + done.stderr, done.returncode

    def trace(self) -> corpus.Trace:
        """Its tries, in the order in which they began."""
        assert (self.folder / ".automl").exists(), self.lines
        [run] = [path for path in (self.folder / ".automl" / "runs").iterdir() if path.is_dir()]
        pods, succeeded, over = list[corpus.Pod](), set[str](), set[str]()
        steps = json.loads((self.traces / "steps.json").read_text())
        saw = {
            step: sorted(self.traces.glob(f"{step}.*.json"), key=os.path.getmtime) for step in steps.values()
        }
        after: dict[str, frozenset[str]] = {}
        begun = {event["task"] for event in events_of(run) if event["event"] == "task.started"}
        for event in events_of(run):
            if event.get("task", "") not in {*begun, ""}:
                continue  # a step with trials, which is over when they are
            step = steps.get(event.get("task", ""), "")
            if event["event"] == "task.started":
                after[step] = frozenset(succeeded)
            elif event["event"] in ("task.ended", "task.tried", "task.ready"):
                ended = event.get("state") == "succeeded" or event["event"] == "task.ready"
                if ended and event["task"] in over:
                    continue  # a service that is stopped in the end
                over |= {event["task"]} if ended else set()
                seen = saw[step].pop(0) if saw[step] else Path("none")
                status = 0 if ended else int((STATUS.search(event["reason"]) or ["", "1"])[1])
                succeeded |= {step} if ended else set()
                lines = (run / "tasks" / event["task"] / "log").read_text(errors="replace").splitlines()
                pods.append(corpus.Pod(step, corpus.seen(seen), after[step], status, [*dict.fromkeys(lines)]))
        return corpus.Trace(pods, self.status == 0)


@pytest.fixture(scope="module")
def cases() -> Iterator[dict[str, Case]]:
    """All workflows, which have run side by side."""
    with open_folder() as root:
        programs = corpus.programs(root / "image" / "bin")
        python = kubelet.python().resolve().parent.parent
        program = podman.installed(root, [root, python], programs, "CORPUS_TRACE")
        for tag in ("latest", "1000", "7"):
            podman.make_image(program, f"docker.io/library/busybox:{tag}")
        found = {name: Case(name, root) for name in corpus.NAMES}
        path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda case: case.refusal or case.run(programs, path), found.values()))
        yield found
        podman.kill(program)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_step_sees_what_it_should(
    name: str, cases: dict[str, Case], record_property: Callable[[str, object], None]
) -> None:
    case = cases[name]
    outcome = case.refusal or case.trace()
    corpus.check(name, "local", outcome, record_property, case.lines)

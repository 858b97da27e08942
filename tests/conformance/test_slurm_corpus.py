"""The corpus on a real Slurm, by the script that `automl compile -t slurm` makes; images run by a real podman."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from automl.runtime.local.history import SUCCEEDED
from automl.runtime.local.record import Event, events_of
from automl.runtime.slurm.known import known_of, plan_of
from tests.conformance import corpus, corpus_records, podman, slurm
from tests.conformance.kfp_runs import open_folder
from tests.runtime import kubelet

SECONDS = 600
PLAN = re.compile(r"^put plan.json <<'(\w+)'\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


class Case:
    """A workflow that has run, with the steps of its tasks."""

    def __init__(self, name: str, root: Path) -> None:
        self.name, self.home = name, root / name
        self.traces, self.script = self.home / "traces", self.home / "script.sh"
        self.text, self.refusal = corpus.compiled(name, self.home / "project", "slurm")
        self.lines = ""

    def submit(self, path: str) -> None:
        """Submit it as a user does, whose login leads to these programs."""
        self.traces.mkdir(mode=0o777)
        self.script.write_text(self.text)
        profile = f"export PATH={shlex.quote(path)} CORPUS_TRACE={shlex.quote(str(self.traces))}\n"
        (self.home / ".bash_profile").write_text(profile)
        [(_, plan)] = PLAN.findall(self.text)
        corpus_records.tell_steps(plan, self.traces)
        home = {"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home.parent / "cache")}
        done = subprocess.run(
            ["bash", "-l", self.script],
            env={**os.environ, **home, "PATH": path},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.lines = done.stdout + done.stderr

    def trace(self) -> corpus.Trace:
        """Its tries, in the order in which they began."""
        [run] = [path for path in (self.home / ".automl" / "runs").iterdir() if path.is_dir()]
        names = [task.name for task in plan_of(run).tasks]
        events: list[Event] = [event for name in names for event in events_of(run / "tasks" / name)]
        events.sort(key=lambda event: float(event["at"]))
        steps = [task for task in plan_of(run).tasks if not task.of]
        has_succeeded = all(known_of(run, step.name).state == SUCCEEDED for step in steps)
        return corpus_records.trace(run, events, self.traces, has_succeeded)


@pytest.fixture(scope="module")
def cases() -> Iterator[dict[str, Case]]:
    """All workflows, which have run side by side."""
    with open_folder() as root, open_folder() as folder, slurm.running(folder) as cluster:
        programs = corpus.programs(root / "image" / "bin")
        python = kubelet.python().resolve().parent.parent
        program = podman.installed(root, [root, python], programs, "CORPUS_TRACE")
        for tag in ("latest", "1000", "7"):
            podman.make_image(program, f"docker.io/library/busybox:{tag}")
        found = {name: Case(name, root) for name in corpus.NAMES}
        path = os.pathsep.join([str(cluster.bin), str(program.parent), str(programs), os.environ["PATH"]])
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda case: case.refusal or case.submit(path), found.values()))
        cluster.wait(SECONDS)
        yield found
        podman.kill(program)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_step_sees_what_it_should(
    name: str, cases: dict[str, Case], record_property: Callable[[str, object], None]
) -> None:
    case = cases[name]
    outcome = case.refusal or case.trace()
    corpus.check(name, "slurm", outcome, record_property, case.lines)

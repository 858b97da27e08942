"""The corpus on this machine, by the program that `automl compile -t local` makes; images run by a real podman."""

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from automl.runtime.local.record import events_of
from tests.conformance import corpus, corpus_records, podman
from tests.conformance.kfp_runs import open_folder
from tests.runtime import kubelet

SECONDS = 600


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
        corpus_records.tell_steps(self.text.partition('PLAN = r"""\n')[2].partition('"""')[0], self.traces)
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
        return corpus_records.trace(run, events_of(run), self.traces, self.status == 0)


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

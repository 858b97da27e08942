"""Containers of runs on this machine, by a real podman: none outlives its run, however that ends."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from automl.runtime.local.plan import Task
from tests.conformance import podman
from tests.conformance.kfp_runs import open_folder
from tests.runtime.local.plans import finish, history, new_run, runner

IMAGE = "docker.io/library/busybox:latest"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A podman that is found by PATH alone, with one image."""
    with open_folder() as root:
        program = podman.installed(root, [root], Path("/usr/bin"), "NOTHING")
        podman.make_image(program, IMAGE)
        monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))
        yield program
        podman.kill(program)


def listed(engine: Path) -> list[str]:
    return subprocess.run(
        [engine, "ps", "--all", "--quiet"], capture_output=True, text=True, check=True
    ).stdout.split()


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("with_guard", [False, True])
def test_a_container_ends_with_its_run(with_guard: bool, engine: Path) -> None:
    """Killed with its guard, the run leaves it until it goes on: then the name is free again."""
    text = f"[ -e {engine.parent}/go ] || {{ touch {engine.parent}/begun; exec sleep 1000; }}"
    folder = new_run(engine.parent, [Task("a", "s", "a", ["sh", "-c", text], image=IMAGE)])
    process = runner(folder, "--no-queue")
    wait_until((engine.parent / "begun").exists)
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        if with_guard and b"guard" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
    process.kill()
    if not with_guard:
        wait_until(lambda: not listed(engine))
    (engine.parent / "go").touch()
    status, said = finish(folder, "--no-queue")
    assert status == 0, said + (folder / "tasks" / "a" / "log").read_text()
    assert listed(engine) == []
    process.communicate(timeout=30)


def test_a_folder_may_have_any_name_and_a_gpu_is_a_device(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no GPU here, so podman says that it does not know this one."""
    runs = engine.parent / 'a:b, "c" d'
    words, outputs = ["sh", "-c", "echo 7 > $AUTOML_OUTPUT_N"], {"n": "int"}
    task = Task("a", "s", "a", [*words], image=IMAGE, outputs=outputs, options=["--output", "n:int"])
    folder = new_run(runs, [task])
    status, said = finish(folder, "--no-queue")
    assert status == 0, said + (folder / "tasks" / "a" / "log").read_text()
    assert history(folder).tasks["a"].values == {"n": "7"}
    monkeypatch.setenv("AUTOML_GPUS", "3")
    folder = new_run(runs, [Task("a", "s", "a", ["true"], image=IMAGE)])
    assert finish(folder, "--gpus", "1")[0] == 1
    assert "unresolvable CDI devices nvidia.com/gpu=3" in (folder / "tasks" / "a" / "log").read_text()

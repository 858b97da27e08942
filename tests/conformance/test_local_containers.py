"""Containers of runs on this machine, by a real podman: none outlives its run, however that ends."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from automl.runtime.local.plan import Mount, Task
from tests.conformance import podman
from tests.conformance.kfp_runs import open_folder
from tests.runtime.local.plans import finish, history, new_run, runner
from tests.waiting import PATIENCE, until

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


@pytest.mark.parametrize("with_guard", [False, True])
def test_a_container_ends_with_its_run(with_guard: bool, engine: Path) -> None:
    """Killed with its guard, the run leaves it until it goes on: then the name is free again."""
    text = f"[ -e {engine.parent}/go ] || {{ touch {engine.parent}/begun; exec sleep 1000; }}"
    folder = new_run(engine.parent, [Task("a", "s", "a", ["sh", "-c", text], image=IMAGE)])
    process = runner(folder, "--no-queue")
    until((engine.parent / "begun").exists)
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        if with_guard and b"guard" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
    process.kill()
    if not with_guard:
        until(lambda: not listed(engine))
    (engine.parent / "go").touch()
    status, said = finish(folder, "--no-queue")
    assert status == 0, said + (folder / "tasks" / "a" / "log").read_text()
    assert listed(engine) == []
    process.communicate(timeout=PATIENCE)


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


LOOK = "cat /s/key; cat /w/a /d/a; ls /e; touch /e/a; for f in s c; do touch /$f/x || echo kept; done"


def test_what_a_container_mounts(engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workspace is the run's, a disk stays for the next one, and what is empty is so in each try."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    secret = tmp_path / "config/automl/secrets/tls"
    secret.mkdir(mode=0o700, parents=True)
    (secret / "key").touch(mode=0o600)
    (secret / "key").write_text("key\n")
    (tmp_path / "data/automl/disks/claim").mkdir(parents=True)
    mounts = [
        Mount("/w", is_shared=True),
        Mount("/d", disk="churn--d", is_made=True),
        Mount("/e"),
        Mount("/s", is_read_only=True, secret="tls"),
        Mount("/c", is_read_only=True, disk="claim"),
    ]
    words = (
        "ls /w /d; echo w >> /w/a; echo d >> /d/a; touch /e/b; [ -e /w/again ] || { touch /w/again; exit 1; }"
    )
    tasks = [
        Task("a", "s", "a", ["sh", "-c", words], image=IMAGE, mounts=mounts, retries=1),
        Task("b", "s", "b", ["sh", "-c", LOOK], ["a"], image=IMAGE, mounts=mounts),
    ]
    for disk in ("d\nd\n", "d\nd\nd\nd\n"):
        folder = new_run(engine.parent, tasks)
        status, said = finish(folder, "--no-queue")
        log = (folder / "tasks/b/log").read_text()
        assert status == 0, said + log
        lines = [line for line in log.splitlines() if not line.startswith("touch: ")]
        assert lines == f"key\nw\nw\n{disk}kept\nkept".splitlines()

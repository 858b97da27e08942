"""What podman or docker is told; a real one is in the tests of conformance."""

import os
import shutil
import time
from itertools import pairwise
from pathlib import Path

import pytest

from automl.runtime.local import containers
from automl.runtime.local.containers import Sight
from automl.runtime.local.plan import Secret, Task
from automl.runtime.local.processes import RUN
from tests.runtime.local.plans import finish, new_run, runner
from tests.waiting import PATIENCE

ENGINE = """\
#!/bin/sh
echo "$1" >> {folder}/order
for word; do printf '%s\\n' "$word"; done >> {folder}/"$1"
case $1 in
  run) [ -e {folder}/go ] || exec sleep 1000 ;;
  ps) echo 1234 ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a podman that is found by PATH alone, and writes down what it is told."""
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(ENGINE.format(folder=program.parent))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return program.parent


def told(engine: Path, folder: Path, *options: str) -> list[str]:
    """The words with which the engine was asked to run something."""
    (engine / "go").touch()
    status, text = finish(folder, *options)
    assert status == 0, text
    return (engine / "run").read_text().splitlines()


def pairs(words: list[str], option: str) -> list[str]:
    """What stands behind an option, each time."""
    return [value for name, value in pairwise(words) if name == option]


def test_what_the_engine_is_told(engine: Path, tmp_path: Path) -> None:
    secret = tmp_path / "config" / "automl" / "secrets" / "s"
    secret.mkdir(mode=0o700, parents=True)
    (secret / "key").touch(mode=0o600)
    (secret / "key").write_text("hidden-value")
    (engine / "go").touch()
    task = Task(
        "a",
        "s",
        "a",
        ["/program", "--word"],
        image="image:1",
        pull="never",
        has_entrypoint=True,
        variables={"OWN": "a b"},
        secrets=[Secret("s", {"key": "CHOSEN"})],
    )
    folder = new_run(tmp_path, [task])
    assert finish(folder)[0] == 0
    words = (engine / "run").read_text().splitlines()
    assert words[-2:] == ["image:1", "--word"]
    assert pairs(words, "--entrypoint") == ["/program"]
    assert pairs(words, "--pull") == ["never"]
    assert pairs(words, "--label") == [f"automl.dev/run={folder.name}"]
    assert "OWN=a b" in pairs(words, "--env")
    assert "CHOSEN" in pairs(words, "--env")
    assert "hidden-value" not in "".join(words)
    tasks = folder / "tasks"
    assert pairs(words, "--mount") == [
        f"type=bind,source={tasks},destination={tasks},readonly",
        f"type=bind,source={tasks}/a,destination={tasks}/a",
    ]
    assert not {"--device", "--gpus"} & {*words}
    assert "--rm" in words
    assert pairs(words, "--network") == ["host"]
    assert pairs(words, "--stop-timeout") == ["0"]  # else it takes 10 s to remove what ignores SIGTERM
    assert pairs(words, "--security-opt") == ["label=disable"]


def test_what_a_killed_program_has_left_goes_before_anything_runs(engine: Path, tmp_path: Path) -> None:
    """Its guard may have been killed as well, and the names of its containers are taken."""
    told(engine, new_run(tmp_path, [Task("a", "s", "a", ["true"], image="image:1")]))
    assert (engine / "order").read_text().split()[:3] == ["ps", "rm", "run"]


@pytest.mark.parametrize(
    ("program", "user", "expected"),
    [
        ("podman", 0, ("--user", f"0:{os.getgid()}")),
        ("podman", 1000, ("--userns", "keep-id")),
        ("docker", 1000, ("--user", f"1000:{os.getgid()}")),
    ],
)
def test_what_a_container_leaves_belongs_to_who_runs_it(
    program: str, user: int, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setattr(containers, "engine", lambda: f"/usr/bin/{program}")
    task = Task("a", "s", "a", ["true"], image="image:1")
    words = containers.command(task, ["true"], Sight({RUN: "r"}, [], []))
    assert [pair for pair in pairwise(words) if pair[0].startswith("--user")] == [expected]


def test_the_guard_finds_the_engine_that_the_run_had(engine: Path, tmp_path: Path) -> None:
    """The containers of docker are nobody's children: only the engine ends them."""
    folder = new_run(tmp_path, [Task("a", "s", "a", ["true"], image="image:1")])
    process = runner(folder, "--no-queue")
    until = time.monotonic() + 30
    while not (engine / "run").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    (engine / "rm").unlink(missing_ok=True)  # of what is removed before the run begins
    process.kill()
    process.communicate(timeout=PATIENCE)
    while not (engine / "rm").exists():
        assert time.monotonic() < until, "the guard did not remove the container"
        time.sleep(0.02)
    assert f"label=automl.dev/run={folder.name}" in (engine / "ps").read_text()
    assert "1234" in (engine / "rm").read_text()


@pytest.mark.parametrize(
    ("program", "option", "values"),
    [
        ("podman", "--device", ["nvidia.com/gpu=2", "nvidia.com/gpu=5"]),
        ("docker", "--gpus", ['"device=2,5"']),
    ],
)
def test_a_container_has_the_gpus_of_its_run(
    program: str,
    option: str,
    values: list[str],
    engine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no GPU here: an engine of the test's own writes down how it was asked for them.

    Within, they have other numbers, so what tells them to a process would be wrong.
    """
    monkeypatch.setenv("AUTOML_GPUS", "2,5")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (engine / "podman").rename(engine / program)
    for name in ("sh", "sleep"):  # and no other engine
        (engine / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(engine))
    folder = new_run(tmp_path, [Task("a", "s", "a", ["true"], image="image:1")])
    words = told(engine, folder, "--gpus", "2")
    assert pairs(words, option) == values
    assert len({"--device", "--gpus"} & {*words}) == 1
    assert not any("VISIBLE_DEVICES" in word for word in words)


def test_a_container_has_the_amounts_of_its_task(engine: Path, tmp_path: Path) -> None:
    task = Task("a", "s", "a", ["true"], image="image:1", shm=2**30, most_cpu=1500, most_memory=10**9)
    words = told(engine, new_run(tmp_path, [task]))
    assert {"--shm-size=1073741824", "--cpus=1.5", "--memory=1000000000"} < {*words}
    plain = told(engine, new_run(tmp_path, [Task("a", "s", "a", ["true"], image="image:2")]))
    assert [word for word in plain[len(words) :] if word.startswith(("--shm", "--cpus", "--memory"))] == []


def test_containers_of_a_run_have_gpus_of_their_own(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_GPUS", "2,5")
    tasks = [Task(name, "s", name, ["true"], image="i", gpus=1) for name in "ab"]
    folder = new_run(tmp_path, [*tasks, Task("c", "s", "c", ["true"], image="i")])
    words = told(engine, folder, "--jobs", "3")
    assert sorted(pairs(words, "--device")) == ["nvidia.com/gpu=2", "nvidia.com/gpu=5"]
    assert pairs(words, "--env").count("NVIDIA_VISIBLE_DEVICES=void") == 1


def test_a_container_of_a_run_that_asks_for_no_gpu_has_none(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_GPUS", "2,5")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    task = Task("a", "s", "a", ["true"], image="image:1", variables={"CUDA_VISIBLE_DEVICES": "7"})
    words = told(engine, new_run(tmp_path, [task]))
    assert not {"--device", "--gpus"} & {*words}
    of_gpus = [value for value in pairs(words, "--env") if "VISIBLE_DEVICES" in value]
    assert of_gpus == ["NVIDIA_VISIBLE_DEVICES=void", "CUDA_VISIBLE_DEVICES=7"]  # its own will


@pytest.mark.parametrize("key", ["PATH", "HOME", "LD_PRELOAD", "XDG_RUNTIME_DIR", "DOCKER_HOST"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_no_secret_is_a_setting_of_the_engine(key: str, is_whole: bool, engine: Path, tmp_path: Path) -> None:
    secret = tmp_path / "config" / "automl" / "secrets" / "s"
    secret.mkdir(mode=0o700, parents=True)
    for name in (key, "DOCKER_PASSWORD"):
        (secret / name).touch(mode=0o600)
    keys = {} if is_whole else {"DOCKER_PASSWORD": key}
    task = Task("a", "s", "a", ["true"], image="image:1", secrets=[Secret("s", keys)])
    status, text = finish(new_run(tmp_path, [task]))
    assert (status, (engine / "run").exists()) == (2, False)
    assert [line for line in text.splitlines() if line.startswith(f"automl: a: a secret in ${key} would")]
    assert "DOCKER_PASSWORD" not in text
    other = Secret("s", {key: "OTHER"})
    own = Secret("s", {}) if is_whole else other  # what the step says itself comes before a whole secret
    task = Task("a", "s", "a", ["true"], image="image:1", secrets=[own, other], variables={key: "own"})
    variables = pairs(told(engine, new_run(tmp_path, [task])), "--env")
    assert "OTHER" in variables
    assert [word for word in variables if word.startswith(key)] == [f"{key}=own"]

"""`automl run` and `automl submit` where several runs share the machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import Project, without_times
from tests.waiting import PATIENCE, until

HINT = "the run has asked for no GPU, so its steps see none: --gpus N\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("command", ["run", "submit"])
def test_who_has_gpus_is_told_when_a_run_uses_none(command: str, project: Project) -> None:
    project.environment["AUTOML_GPUS"] = "0"
    assert HINT in project.automl(command).err
    assert HINT not in project.automl(command, "--gpus", "1").err
    assert HINT not in project.automl(command, "--no-queue").err
    assert HINT not in project.automl(command, "--quiet").err
    project.environment["CUDA_VISIBLE_DEVICES"] = "0"
    assert HINT not in project.automl(command).err


@pytest.mark.parametrize(
    "words", [("--gpus", "x"), ("--memory", "4"), ("--cpus", "1e3"), ("--priority", "top")]
)
def test_what_cannot_be_read_makes_no_run(words: tuple[str, str], project: Project) -> None:
    done = project.automl("run", *words)
    assert done.code == 2
    assert f'{words[0]}: "{words[1]}" is no' in done.err
    assert not project.runs.exists()


def test_what_the_machine_does_not_have_is_refused_with_the_status_for_that(project: Project) -> None:
    done = project.automl("run", "--gpus", "1", "-q")
    assert done.code == 2
    assert done.out.splitlines()[0].endswith(
        "failed (3 skipped): the run asks for 1 GPU, and this machine has none"
    )
    assert project.done() == []


def test_a_run_that_waits_says_so_and_is_stopped_with_all_that_wait(project: Project) -> None:
    project.environment["AUTOML_GPUS"] = "0"
    project.switch("wait", True)
    runs = project.start("run", "--gpus", "1")
    try:
        until(lambda: "train" in project.done())
        [first] = project.automl("runs", "--format", "json").out.split('"id": "')[1:]
        waits = project.automl("submit", "--gpus", "1").out.split()[0]
        reason = f"for 1 GPU, behind {first.partition(chr(34))[0]}"
        until(lambda: reason in project.automl("status", waits).out)
        assert project.automl("stop", "--queued").out == f"{waits} stopped\n"
    finally:
        project.switch("wait", False)
    out, err = runs.communicate(timeout=PATIENCE)
    assert runs.returncode == 0, (out, err)


def test_the_queue_is_listed_as_the_turns_come(project: Project) -> None:
    assert project.automl("runs", "--queued", "--format", "json").out == "[]\n"
    project.environment["AUTOML_GPUS"] = "4"
    project.switch("wait", True)
    runs = project.start("run", "--gpus", "1", "--cpus", "500m", "--memory", "1M")
    try:
        until(lambda: "train" in project.done())
        late, early = (
            project.automl("submit", "--gpus", "1", "--priority", priority).out.split()[0]
            for priority in ("L", "H")
        )
        names = [project.run_names()[0], early, late]

        def entries() -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = json.loads(
                project.automl("runs", "--queued", "--format", "json").out
            )
            return listed

        until(lambda: [entry["run"] for entry in entries()] == names)
        first, _, last = entries()
        assert (first["state"], first["cpu"], first["memory"], first["has"]) == ("running", 500, 10**6, ["4"])
        assert (first["owner"], first["folder"]) == ("somebody", str(project.runs / names[0]))
        assert (last["state"], last["priority"], last["gpus"], last["has"]) == ("waiting", "low", 1, [])
        assert last["reason"] == f"for 1 GPU, behind {names[0]}"
        elsewhere = project.folder.parent / "elsewhere"
        elsewhere.mkdir()
        here, project.folder = project.folder, elsewhere
        head, *rows = project.automl("runs", "--queued").out.splitlines()
        assert head.split() == ["RUN", "STATE", "TIME", "PRIORITY", "CPUS", "MEMORY", "GPUS", "RUNS"]
        assert without_times(rows[0]).split() == [
            *(
                names[0],
                "running",
                "0",
                "s",
                "normal",
                "0.5",
                "0.001",
                "GB",
                "1",
                "(4)",
                str(here / ".automl" / "runs"),
            )
        ]
        assert rows[2].endswith(f"for 1 GPU, behind {names[0]}")
        assert project.automl("stop", "--queued").out == ""  # those of this folder
        project.folder = here
        assert project.automl("stop", "--queued").out == f"{late} stopped\n{early} stopped\n"
        assert project.automl("runs", "--queued", "--sort", "time").code == 2
    finally:
        project.switch("wait", False)
    runs.communicate(timeout=PATIENCE)
    assert runs.returncode == 0

"""`automl run` and `automl submit` where several runs share the machine."""

from pathlib import Path

import pytest

from tests.running import Project, until

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
    out, err = runs.communicate(timeout=60)
    assert runs.returncode == 0, (out, err)

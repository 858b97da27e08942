"""The coordinator's program as it lies in its pod: all that it needs is there, and nothing else is used."""

import subprocess
from pathlib import Path

import pytest

from automl.runtime import FOR_TRIALS
from automl.runtime.plan import Plan, Step
from automl.targets.kubernetes.plan import MODULES, OF_TRIALS
from tests.by_hand import job, workflow
from tests.runtime import kubelet
from tests.runtime.coordinator_pod import Program, laid_out, program_in
from tests.runtime.imports import PACKAGE, needed_by
from tests.targets.test_references import emitted


def test_program_runs_in_a_folder_that_nobody_can_write_to(place: Path) -> None:
    program = laid_out(place, Plan("w", (Step("a", "aa", "a"),)))
    done = run(program, *program.command)
    assert (done.returncode, done.stderr) == (75, "")
    assert done.stdout[8:] == " error: this is no pod of a cluster: KUBERNETES_SERVICE_HOST is not set\n"
    assert not list(place.rglob("__pycache__"))


@pytest.mark.parametrize("module", MODULES)
def test_module_is_the_one_of_the_folder_by_the_name_that_tests_use(module: str, place: Path) -> None:
    program = laid_out(place, Plan("w", ()))
    text = f"from {PACKAGE}.{module} import __file__; print(__file__)"
    done = run(program, program.command[0], "-c", text)
    assert done.stdout == f"{program.folder}/automl/runtime/{module}.py\n", done.stderr


def test_a_plan_in_several_config_maps_is_read_as_one(place: Path) -> None:
    names = [f"step-{number:04}" for number in range(2_500)]
    steps = [job(name) for name in names]
    program = program_in(place, emitted("kubernetes", None, workflow([*steps, job("last", *names)])))
    assert program.words[3:] == ["plan.json", "plan-2.json"]
    for words, status in ((program.command, 75), (program.command[:-1], 1)):
        done = run(program, *words)
        assert done.returncode == status, done.stderr
    files = [(program.folder / name).read_text() for name in program.words[3:]]
    assert {task.name for task in Plan.from_json("".join(files)).tasks} == {*names, "last"}


def test_wrong_plan_is_one_line(place: Path) -> None:
    program = laid_out(place, Plan("w", ()))
    done = run(program, *program.command[:-1], "automl/runtime/cluster.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout[8:].startswith(" error: Expecting value: line 1 column 1")


def run(program: Program, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder of a program, as the user of a pod."""
    return subprocess.run(
        command, cwd=program.folder, env={}, capture_output=True, text=True, check=False, **kubelet.identity()
    )


def test_the_modules_in_the_pod_are_those_that_the_coordinator_needs(root: Path) -> None:
    assert needed_by("coordinator", root) == {*MODULES, *OF_TRIALS}
    assert needed_by("trial_jobs", root) - set(MODULES) == set(OF_TRIALS)


@pytest.mark.parametrize("name", ["cluster", "states", "plan"])
def test_module_that_others_use_on_its_own_needs_the_standard_library_and_trials_alone(
    root: Path, name: str
) -> None:
    assert needed_by(name, root) <= {name, *FOR_TRIALS}

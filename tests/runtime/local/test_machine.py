"""What a machine has, and what a run asks for of it."""

import argparse
import os
import re
from pathlib import Path

import pytest

from automl.runtime.local import gpus, machine
from automl.runtime.local.plan import Service, Task
from automl.runtime.local.request import add_options, share_of
from automl.runtime.local.sharing import PASSES, Share
from automl.runtime.trials import Trials

LISTED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c2a)
  MIG 1g.5gb      Device  0: (UUID: MIG-1111)
GPU 1: Tesla T4 (UUID: GPU-77aa)
GPU 10: Tesla T4
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a driver that knows some GPUs."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n[ \"$*\" = -L ] && cat << 'END'\n{LISTED}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("AUTOML_GPUS", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return program


def test_gpus_are_those_of_the_driver(driver: Path) -> None:
    assert machine.may_have_gpus()
    assert machine.gpus() == ("0", "1", "10")


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("1", ("1",)),
        ("1,0", ("0", "1")),
        ("GPU-77", ("1",)),
        ("", ()),
        ("-1", ()),
        ("10, GPU-5c2a", ("0", "10")),
    ],
)
def test_gpus_that_cuda_may_not_see_are_none(driver: Path, visible: str, gpus: tuple[str, ...]) -> None:
    assert machine.gpus({**os.environ, "CUDA_VISIBLE_DEVICES": visible}) == gpus


@pytest.mark.parametrize(
    ("model", "fitting"),
    [
        ("a100", ("0",)),
        ("NVIDIA-A100-SXM4-40GB", ("0",)),
        ("Tesla-T4", ("1", "10")),
        ("t4", ("1", "10")),
    ],
)
def test_gpus_are_chosen_by_their_model(driver: Path, model: str, fitting: tuple[str, ...]) -> None:
    asking = Task("a", "s", "a", [], gpus=1, gpu_model=model)
    assert gpus.choices([asking, task(1, 1)]) == fitting


@pytest.mark.parametrize("models", [["h100"], ["A100-SXM4"], ["a100", "t4"]])
def test_a_model_that_no_gpu_is_of_is_refused(driver: Path, models: list[str]) -> None:
    asking = [Task("a", "s", "a", [], gpus=1, gpu_model=model) for model in models]
    with pytest.raises(ValueError, match=f"of the model {models[-1]}, and this machine has "):
        gpus.choices(asking)


def test_a_run_asks_for_no_more_gpus_than_its_trials_can_use() -> None:
    trials = Trials(max_parallel=2)
    runs = [Task(f"a/{number}", "s", "a", [], gpus=1, of="a") for number in range(9)]
    tasks = [*runs, Task("a", "s", "a", [], trials=trials), Task("b", "s", "b", [], gpus=1)]
    assert (gpus.at_once(tasks), gpus.wanted(tasks, 8), gpus.wanted(tasks, 2)) == (1, 3, 2)


@pytest.mark.parametrize(("named", "numbers"), [("0", ("0",)), (" 3, 1,,3", ("3", "1")), ("", ())])
def test_a_variable_names_the_gpus(driver: Path, named: str, numbers: tuple[str, ...]) -> None:
    environment = {"AUTOML_GPUS": named, "CUDA_VISIBLE_DEVICES": "7"}
    assert machine.gpus(environment) == numbers
    assert machine.may_have_gpus(environment) == bool(numbers)


def test_a_driver_that_does_not_answer_knows_no_gpu(driver: Path) -> None:
    driver.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'; exit 9\n")
    assert machine.gpus() == ()
    driver.write_text("no program")
    assert machine.gpus() == ()


def test_a_container_has_what_it_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CONTROL_GROUP", tmp_path)
    cpu, memory = machine.cpu(), machine.memory()
    assert (cpu % 1000, memory > 2**20) == (0, True)
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("1048576\n")
    assert (machine.cpu(), machine.memory()) == (500, 2**20)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert (machine.cpu(), machine.memory()) == (cpu, memory)


def task(cpu: int, memory: int, **more: object) -> Task:
    return Task(f"t{cpu}", "s", "t", ["true"], cpu=cpu, memory=memory, **more)  # type: ignore[arg-type]


TASKS = [task(500, 10), task(1000, 5), task(200, 300), task(100, 1, service=Service(80))]


def share(*words: str) -> Share:
    """What a run of some tasks asks for on a machine with 4 processors, 400 bytes and a GPU."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=2)
    add_options(parser)
    return share_of(TASKS, parser.parse_args(words), Share(4000, 400, 1))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("", Share(1600, 311, 0)),
        ("--jobs 1", Share(1100, 301, 0)),
        ("--jobs 9", Share(1800, 316, 0)),
        ("--cpus 3", Share(3000, 311, 0)),
        ("--cpus 0.25 --gpus 1", Share(250, 311, 1)),
        ("--cpus 250m --memory 0.4k", Share(250, 400, 0)),
        ("--memory 0.25Ki", Share(1600, 256, 0)),
    ],
)
def test_a_run_asks_for_what_its_largest_tasks_need(words: str, asked: Share) -> None:
    assert share(*words.split()) == asked


def test_tasks_that_need_more_than_there_is_get_all_of_it() -> None:
    options = argparse.Namespace(jobs=9, cpus=None, memory=None, gpus=None)
    assert share_of(TASKS, options, Share(300, 20, 0)) == Share(300, 20, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cpus 5", "the run asks for 5 CPUs, and this machine has 4 CPUs"),
        ("--gpus 2", "the run asks for 2 GPUs, and this machine has 1 GPU"),
        ("--memory 1G", "the run asks for 1 GB of memory, and this machine has 4e-07 GB of memory"),
    ],
)
def test_who_asks_for_more_than_there_is_is_told(words: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        share(*words.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--cpus 1e3", '"1e3" is no number of processors; write 2, 0.5 or 500m'),
        ("--cpus=-1", '"-1" is no number of processors'),
        ("--memory 4", '"4" is no size with a unit; write 500M or 4Gi'),
        ("--memory 4m", '"4m" is no size with a unit; write 500M or 4Gi'),
        ("--gpus all", '"all" is no whole number'),
        ("--priority 5", '"5" is none of high, normal, low, H, L'),
    ],
)
def test_what_cannot_be_read_is_refused(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        share(*words.split())
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "name"), [("H", "high"), ("l", "low"), ("L", "low"), ("normal", "normal"), ("High", "high")]
)
def test_priorities_have_short_names(text: str, name: str) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    assert parser.parse_args(["--priority", text]).priority == name


def test_every_option_of_the_queue_has_a_row_in_the_page_of_runs(root: Path) -> None:
    rows = re.findall(r"^\| `(--[\w-]+)", (root / "docs" / "run.md").read_text(), re.MULTILINE)
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    options = [word for action in parser._actions for word in action.option_strings]
    assert [row for row in rows if row in options] == [
        "--cpus",
        "--memory",
        "--gpus",
        "--priority",
        "--no-queue",
    ]
    assert {*options} <= {*rows}


def test_the_numbers_in_the_page_of_runs_are_those_of_the_rule(root: Path) -> None:
    assert PASSES == 8
    assert "when eight runs that have come later" in (root / "docs" / "run.md").read_text()

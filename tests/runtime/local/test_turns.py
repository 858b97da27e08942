"""Runs that share this machine: the program that runs a plan, started several times."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.runs.engine import EngineError
from automl.runs.local.engine import Here, LocalEngine
from automl.runtime.local import queue
from automl.runtime.local.machine import cpu
from automl.runtime.local.plan import Service, Task
from automl.runtime.local.queue_file import default_path
from automl.runtime.local.record import events_of
from tests.runtime.local.plans import finish, history, new_run, runner, shell
from tests.waiting import PATIENCE, until

LOOK = 'echo "$CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER"'


@pytest.fixture(autouse=True)
def _one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AUTOML_GPUS", "0")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def ended(processes: "Sequence[subprocess.Popen[str]]") -> list[str]:
    return [process.communicate(timeout=PATIENCE)[0] for process in processes]


def log(folder: Path, task: str = "a") -> str:
    path = folder / "tasks" / task / "log"
    return path.read_text() if path.exists() else ""


def waits(folder: Path) -> bool:
    return any(event["event"] == "run.waiting" for event in events_of(folder))


def holding(tmp_path: Path, name: str = "go") -> str:
    """A script that has the GPU until a file is there, and fails if another has it."""
    return f"mkdir {tmp_path}/gpu || exit 9; {LOOK}; until [ -e {tmp_path}/{name} ]; do sleep 0.02; done; rmdir {tmp_path}/gpu"


def test_two_runs_share_one_gpu_and_never_have_it_both(tmp_path: Path) -> None:
    folders = [new_run(tmp_path, [shell("a", holding(tmp_path))]) for _ in range(2)]
    started = [runner(folder, "--gpus", "1") for folder in folders]
    until(lambda: any(log(folder) for folder in folders) and any(waits(folder) for folder in folders))
    assert [each["state"] for each in queue.listed()] == ["running", "waiting"]
    first, second = (Path(each["folder"]) for each in queue.listed())
    assert history(second).state == "waiting"
    assert history(second).reason == f"for 1 GPU, behind {first.name}"
    time.sleep(1.5)
    assert (log(first), log(second)) == ("0 PCI_BUS_ID\n", "")
    (tmp_path / "go").touch()
    said = ended(started)
    assert [process.returncode for process in started] == [0, 0], said
    assert f"waiting: for 1 GPU, behind {first.name}\n" in said[folders.index(second)]
    assert log(second) == "0 PCI_BUS_ID\n"
    assert (history(second).state, history(second).reason) == ("succeeded", "")
    assert queue.listed() == []


def test_a_run_that_was_killed_gives_its_gpu_back(tmp_path: Path) -> None:
    first = new_run(tmp_path, [shell("a", f"touch {tmp_path}/there; exec sleep 60")])
    killed = runner(first, "--gpus", "1")
    until((tmp_path / "there").exists)
    second = new_run(tmp_path, [shell("a", LOOK)])
    waiting = runner(second, "--gpus", "1")
    until(lambda: waits(second))
    killed.kill()
    killed.communicate()
    assert ended([waiting])
    assert (waiting.returncode, log(second)) == (0, "0 PCI_BUS_ID\n")


def test_a_run_that_waits_can_be_stopped(tmp_path: Path) -> None:
    runs = runner(new_run(tmp_path, [shell("a", holding(tmp_path))]), "--gpus", "1")
    until((tmp_path / "gpu").exists)
    folders = [new_run(tmp_path, [shell("a", "true")]) for _ in range(2)]
    waiting = [runner(folder, "--gpus", "1") for folder in folders]
    until(lambda: all(map(waits, folders)))
    waiting[0].send_signal(signal.SIGINT)
    assert ended(waiting[:1])
    (tmp_path / "link").symlink_to(tmp_path)
    [withdrawn] = LocalEngine(Here(tmp_path / "link")).stop_waiting()
    assert (withdrawn.id, withdrawn.state) == (folders[1].name, "stopped")
    assert ended(waiting[1:])
    assert [process.returncode for process in waiting] == [130, 130]
    assert [(history(folder).state, history(folder).started) for folder in folders] == [("stopped", None)] * 2
    assert history(folders[1]).reason == "taken out of the queue"
    assert len(queue.listed()) == 1
    (tmp_path / "go").touch()
    assert ended([runs])


def test_a_stopped_run_that_goes_on_waits_again(tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", LOOK)])
    runs = runner(new_run(tmp_path, [shell("a", holding(tmp_path))]), "--gpus", "1")
    until((tmp_path / "gpu").exists)
    waiting = runner(folder, "--gpus", "1")
    until(lambda: waits(folder))
    waiting.kill()
    waiting.communicate()
    again = runner(folder)  # it is known what the run asks for
    until(lambda: [each["pid"] for each in queue.listed()] == [runs.pid, again.pid])
    (tmp_path / "go").touch()
    assert ended([runs, again])
    assert (again.returncode, log(folder)) == (0, "0 PCI_BUS_ID\n")


def test_high_priority_comes_first(tmp_path: Path) -> None:
    runs = runner(new_run(tmp_path, [shell("a", holding(tmp_path))]), "--gpus", "1")
    until((tmp_path / "gpu").exists)
    waiting = []
    for number, priority in enumerate(["L", "normal", "H"], 2):
        folder = new_run(tmp_path, [shell("a", f"echo {priority} >> {tmp_path}/order")])
        waiting.append(runner(folder, "--gpus", "1", "--priority", priority))
        until(lambda number=number: len(queue.listed()) == number)  # type: ignore[misc]
    (tmp_path / "go").touch()
    assert ended([runs, *waiting])
    assert (tmp_path / "order").read_text().split() == ["H", "normal", "L"]


def test_runs_that_need_no_gpu_see_none_and_do_not_wait_for_one(tmp_path: Path) -> None:
    runs = runner(new_run(tmp_path, [shell("a", holding(tmp_path))]), "--gpus", "1")
    until((tmp_path / "gpu").exists)
    folder = new_run(tmp_path, [shell("a", f"{LOOK}; env | grep -c CUDA_VISIBLE_DEVICES=$")])
    status, text = finish(folder)
    assert (status, log(folder)) == (0, " PCI_BUS_ID\n1\n"), text
    assert "automl: the run has asked for no GPU, so its steps see none: --gpus N\n" in text
    (tmp_path / "go").touch()
    assert ended([runs])


@pytest.mark.parametrize(
    ("given", "seen"), [({"CUDA_VISIBLE_DEVICES": "7"}, "7 \n"), ({"AUTOML_GPUS": ""}, " \n")]
)
def test_what_cuda_may_see_is_left_alone(
    given: dict[str, str], seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    folder = new_run(tmp_path, [shell("a", LOOK)])
    assert finish(folder)[0] == 0
    assert log(folder) == seen


def test_what_does_not_fit_on_the_processors_waits(tmp_path: Path) -> None:
    all_of_them = f"{cpu()}m"
    runs = runner(new_run(tmp_path, [shell("a", holding(tmp_path))]), "--cpus", all_of_them)
    until((tmp_path / "gpu").exists)
    folder = new_run(tmp_path, [shell("a", "true", cpu=10)])
    waiting = runner(folder)
    until(lambda: waits(folder))
    assert history(folder).reason.startswith("for 0.01 CPU, behind test-")
    assert finish(new_run(tmp_path, [shell("a", "true", cpu=10)]), "--no-queue")[0] == 0
    assert finish(new_run(tmp_path, [shell("a", "true", cpu=10)]), "--cpus", "0")[0] == 0
    (tmp_path / "go").touch()
    assert ended([runs, waiting])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--gpus 2", "the run asks for 2 GPUs, and this machine has 1 GPU"),
        ("--cpus 9999", "the run asks for 9999 CPUs, and this machine has "),
        (
            "--no-queue --gpus 1",
            "--gpus needs the queue, which alone knows what GPUs are free: leave --no-queue out",
        ),
    ],
)
def test_what_can_never_be_is_refused(words: str, message: str, tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", "true")])
    status, text = finish(folder, *words.split())
    assert status == 2
    assert text.startswith(f"automl: {message}")
    assert history(folder).state == "failed"
    assert history(folder).reason.startswith(message)


@pytest.mark.parametrize("words", ["--gpus -1", "--cpus many", "--memory 4", "--priority top"])
def test_what_cannot_be_read_is_refused_in_the_usual_way(words: str, tmp_path: Path) -> None:
    status, text = finish(new_run(tmp_path, [shell("a", "true")]), *words.split())
    assert status == 2
    assert "error: argument --" in text
    assert "Traceback" not in text


def test_a_run_within_a_run_does_not_wait_for_it(tmp_path: Path) -> None:
    inner = new_run(tmp_path, [shell("a", LOOK)])
    entry = inner / "runtime" / "local" / "entry.py"
    step = shell("a", f"AUTOML_RUN_ID={inner.name} {sys.executable} {entry} runner {inner} --gpus 1")
    outer = new_run(tmp_path, [step])
    status, text = finish(outer, "--gpus", "1")
    assert (status, log(inner)) == (0, "0 PCI_BUS_ID\n"), text


def test_a_queue_that_cannot_be_used_keeps_only_those_waiting_that_want_a_gpu(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    status, text = finish(new_run(tmp_path, [shell("a", "true")]))
    assert status == 0
    assert f"automl: the run does not wait for others: {tmp_path}/state/automl/queue-" in text
    status, text = finish(new_run(tmp_path, [shell("a", "true")]), "--gpus", "1")
    assert status == 2
    assert text.startswith(f"automl: {tmp_path}/state/automl/queue-")
    assert "Traceback" not in text


def test_whoever_asks_a_queue_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(_made(default_path())) as connection:
        connection.execute("pragma user_version = 9")
    connection.close()
    with pytest.raises(
        EngineError, match=r"^the queue cannot be used: \S+/queue-\S+: a newer release of automl has made it"
    ):
        LocalEngine(Here(tmp_path)).stop_waiting()


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    return path


def test_our_queue_is_not_the_one_of_python(tmp_path: Path) -> None:
    """The program runs in a folder with a module of that name."""
    folder = new_run(tmp_path, [shell("a", "true")])
    code = "import queue, sys; sys.exit('runs' in queue.__file__ or not hasattr(queue, 'SimpleQueue'))"
    (folder / "runtime" / "local" / "probe.py").write_text(f"def main(arguments):\n    {code}\n")
    entry = folder / "runtime" / "local" / "entry.py"
    assert subprocess.run([sys.executable, str(entry), "probe"], check=False, env=os.environ).returncode == 0


def alone(folder: Path, name: str, **more: Any) -> Task:
    """A step that has its GPUs for a moment, and fails if somebody else has one of them."""
    mine = "for n in $(echo $CUDA_VISIBLE_DEVICES | tr , ' '); do"
    text = (
        f"{LOOK}; {mine} mkdir {folder}/gpu-$n || exit 9; done; sleep 0.2; {mine} rmdir {folder}/gpu-$n; done"
    )
    return shell(name, text, **more)


def gpus_of(folder: Path) -> dict[str, list[str]]:
    started = [event for event in events_of(folder) if event["event"] == "task.started"]
    return {event["task"]: event.get("gpus", []) for event in started}


def test_steps_of_a_run_have_gpus_of_their_own_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_GPUS", "2,5")
    tasks = [alone(tmp_path, f"one-{number}", gpus=1) for number in range(6)]
    tasks += [
        alone(tmp_path, "both", gpus=2),
        shell("none", LOOK),
        alone(tmp_path, "again", gpus=1, after=["both"]),
    ]
    folder = new_run(tmp_path / "runs", tasks)
    status, said = finish(folder, "--jobs", "9")
    assert status == 0, said
    assert log(folder, "none") == " PCI_BUS_ID\n"
    assert log(folder, "both") == "2,5 PCI_BUS_ID\n"
    had = gpus_of(folder)
    assert had.pop("none") == []
    assert had.pop("both") == ["2", "5"]
    assert {*map(tuple, had.values())} == {("2",), ("5",)}  # both are used
    assert all(log(folder, name) == f"{number} PCI_BUS_ID\n" for name, [number] in had.items())


def test_a_run_takes_no_more_gpus_than_its_steps_use_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_GPUS", "0,1,2")
    first = new_run(
        tmp_path / "runs", [shell("a", f"until [ -e {tmp_path}/go ]; do sleep 0.02; done", gpus=2)]
    )
    second = new_run(tmp_path / "runs", [alone(tmp_path, "a", gpus=1), alone(tmp_path, "b", gpus=1)])
    started = runner(first)
    until(lambda: gpus_of(first))
    status, said = finish(second, "--gpus", "1")
    assert status == 0, said
    assert gpus_of(second) == {"a": ["2"], "b": ["2"]}
    (tmp_path / "go").touch()
    assert ended([started])
    assert gpus_of(first) == {"a": ["0", "1"]}


@pytest.mark.parametrize(
    ("tasks", "options", "message"),
    [
        ([shell("a", ":", gpus=2)], "", "the run asks for 2 GPUs, and this machine has 1 GPU"),
        (
            [shell("a", ":", gpus=1), shell("b", ":", gpus=1, service=Service(80))],
            "",
            "the run asks for 2 GPUs, and this machine has 1 GPU",
        ),
        ([shell("a", ":", gpus=1)], "--gpus 0", "--gpus 0 is not enough: 1 are needed at a time"),
        (
            [shell("a", ":", gpus=1)],
            "--no-queue",
            "GPUs need the queue, which alone knows what GPUs are free",
        ),
    ],
)
def test_a_run_that_could_never_have_its_gpus_is_refused(
    tasks: list[Task], options: str, message: str, tmp_path: Path
) -> None:
    folder = new_run(tmp_path, tasks)
    status, said = finish(folder, *options.split())
    assert status == 2
    assert message in said
    assert gpus_of(folder) == {}


def test_a_run_that_a_step_starts_shares_the_gpus_of_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for nobody: it has the GPUs that its step sees, of those that the machine has."""
    monkeypatch.setenv("AUTOML_TASK", "outer")
    monkeypatch.setenv("AUTOML_GPUS", "7")
    folder = new_run(tmp_path / "runs", [alone(tmp_path, "a", gpus=1), alone(tmp_path, "b", gpus=1)])
    status, said = finish(folder, "--jobs", "2")
    assert status == 0, said
    assert gpus_of(folder) == {"a": ["7"], "b": ["7"]}
    refused = new_run(tmp_path / "runs", [alone(tmp_path, "a", gpus=2)])
    assert "the run needs 2 GPUs at a time, and the step that starts it has 1" in finish(refused)[1]


@pytest.mark.parametrize(("options", "priority"), [("", "low"), ("--priority H", "high")])
def test_a_run_has_the_priority_of_its_config_unless_another_is_said(
    options: str, priority: str, tmp_path: Path
) -> None:
    first = new_run(tmp_path, [shell("a", f"until [ -e {tmp_path}/go ]; do sleep 0.02; done")])
    plan = first / "plan.json"
    plan.write_text(plan.read_text().replace('"about": {}', '"about": {}, "priority": "low"'))
    started = runner(first, *options.split())
    until(lambda: queue.listed())
    assert [each["priority"] for each in queue.listed()] == [priority]
    (tmp_path / "go").touch()
    assert ended([started])
    assert started.returncode == 0

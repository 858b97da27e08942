"""What is said of runs and handed out from their records alone: nothing runs here."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local import logs as logs_module
from automl.runtime.local.create import Program, create
from automl.runtime.local.ending import stop
from automl.runtime.local.plan import Barrier, Plan, Task
from automl.runtime.local.processes import RUN, members, started_at
from automl.runtime.local.reading import Reading
from automl.runtime.local.shelf import VerbError, find, folders
from automl.runtime.local.verbs import answer
from automl.runtime.local.watching import status
from tests.waiting import PATIENCE

OUTPUTS = {"model": "model", "scores": "metrics"}


def recorded(folder: Path, *events: dict[str, Any], at: float = 10) -> None:
    """Write down that something has happened, a second after another."""
    with (folder / "events.jsonl").open("a") as file:
        for number, event in enumerate(events):
            file.write(json.dumps({"at": at + number, **event}) + "\n")


def begun(pid: int = 1, started: str = "of another boot") -> dict[str, Any]:
    return {"event": "run.started", "pid": pid, "pid_started": started}


def task(event: str, name: str, **more: Any) -> dict[str, Any]:
    return {"event": f"task.{event}", "task": name, "pid": 1, "try": 1, **more}


def ended(name: str, state: str = "succeeded", **values: str) -> dict[str, Any]:
    return task("ended", name, state=state, values=values)


RUNNING, OVER = {"event": "run.running"}, {"event": "run.ended", "state": "failed"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two tasks beside each other, then one that comes after the first, and one after both by a barrier."""
    tasks = [
        Task("a", "s", "a", ["x"], outputs=OUTPUTS),
        Task("b", "s", "b", ["x"], outputs=OUTPUTS),
        Task("c", "t", "c", ["x"], ["a"]),
        Task("d", "t", "d", ["x"], ["both"]),
    ]
    plan = Plan("test", tasks, [Barrier("both", ["a", "b"])])
    return create(Program(plan.to_json(), {}), tmp_path / "runs")


def of(run: Path, key: str) -> dict[str, Any]:
    return {task["name"]: task[key] for task in status(run)["tasks"]}


def left(run: Path, task: str, text: str = "x") -> None:
    place = run / "tasks" / task / "outputs" / "model"
    place.parent.mkdir(parents=True)
    place.write_text(text)


def test_what_waited_says_what_it_waited_for(run: Path) -> None:
    recorded(run, begun(), RUNNING, task("started", "a"), task("started", "b"))
    recorded(run, ended("b", "failed"), ended("a"), OVER, at=20)
    assert of(run, "state") == {"a": "succeeded", "b": "failed", "c": "skipped", "d": "skipped"}
    assert of(run, "reason") | {"a": "", "b": ""} == {
        "a": "",
        "b": "",
        "c": "because of b",
        "d": "because of b",
    }
    recorded(run, ended("a", "failed"), OVER, at=30)
    assert (of(run, "reason")["c"], of(run, "reason")["d"]) == ("because of a", "because of a, b")


def test_what_two_tasks_measure_has_their_names(run: Path) -> None:
    scores = ['{"auc": 1, "loss": 2}', '{"auc": 3}']
    recorded(run, begun(), RUNNING, ended("a", scores=scores[0]), ended("b", scores=scores[1]), OVER)
    assert status(run)["metrics"] == {"a.auc": 1, "loss": 2, "b.auc": 3}


def test_a_task_has_left_what_it_has_finished(run: Path) -> None:
    left(run, "a")
    left(run, "b")
    recorded(
        run, begun(), RUNNING, task("started", "a"), ended("a"), task("started", "b"), ended("b", "failed")
    )
    assert of(run, "files") == {
        "a": {"model": str(run / "tasks" / "a" / "outputs" / "model")},
        "b": {},
        "c": {},
        "d": {},
    }


def test_a_run_begins_once_and_is_as_its_last_program_has_it(run: Path) -> None:
    recorded(run, begun(), RUNNING, task("started", "a"), ended("a", "failed"), OVER)
    recorded(run, begun(os.getpid(), started_at(os.getpid())), at=20)
    assert (status(run)["state"], of(run, "state")["a"]) == ("waiting", "waiting")
    recorded(run, RUNNING, at=30)
    told = status(run)
    assert (told["state"], told["started"], told["ended"]) == ("running", 11, None)


def test_a_run_that_nobody_has_begun_is_given_a_while(run: Path) -> None:
    assert (status(run)["state"], Reading(run).has_ended()) == ("waiting", False)
    about = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**about, "created": time.time() - 60}))
    assert (status(run)["state"], Reading(run).has_ended()) == ("stopped", True)


def test_a_program_that_has_given_up_has_the_last_word(run: Path) -> None:
    recorded(run, begun(), RUNNING)
    assert status(run)["reason"] == f"its program has ended: `automl run --resume {run.name}`"
    (run / "runner.log").write_text("a: succeeded\nautoml: no space left: mend it\n")
    assert status(run)["reason"] == "no space left: mend it"


def test_a_line_that_is_not_whole_is_waited_for(run: Path) -> None:
    recorded(run, begun(os.getpid(), started_at(os.getpid())), RUNNING)
    whole = json.dumps({"at": 20, **task("started", "a")})
    with (run / "events.jsonl").open("a") as file:
        file.write('{"event": "task.started"}\nnull\n' + whole)
        file.flush()
        reading = Reading(run)
        assert reading.history.tasks["a"].state == "waiting"
        file.write("\n")
        file.flush()
        assert [event["event"] for event in reading.more()] == ["task.started"]
        assert reading.history.tasks["a"].state == "running"
        assert reading.more() == []


def answered(run: Path, *words: str) -> bytes:
    return b"".join(answer([str(run.parent), *words]))


def test_lines_of_logs_are_whole_behind_the_names_of_their_tasks(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_module, "_PIECE", 7)
    for name, text in (("a", "a line\nthat goes on and on\nand has no end"), ("c", "\n")):
        (run / "tasks" / name).mkdir(parents=True)
        (run / "tasks" / name / "log").write_text(text)
    recorded(run, begun(), OVER)
    expected = b"a | a line\na | that goes on and on\na | and has no end\nc | \n"
    assert answered(run, "logs", run.name) == answered(run, "logs", run.name, "-f") == expected
    assert answered(run, "logs", run.name, "a") == b"a line\nthat goes on and on\nand has no end"


def test_the_log_of_a_task_ends_with_it_though_the_run_goes_on(run: Path) -> None:
    recorded(run, begun(os.getpid(), started_at(os.getpid())), RUNNING, task("started", "a"), ended("a"))
    (run / "tasks" / "a").mkdir(parents=True)
    (run / "tasks" / "a" / "log").write_text("done\n")
    assert answered(run, "logs", run.name, "a", "-f") == b"done\n"


def packed(run: Path, *words: str) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(answered(run, "get", *words))) as archive:
        files = {info.name: archive.extractfile(info) for info in archive if info.isfile()}
        return {name: file.read().decode() for name, file in files.items() if file}


def test_one_output_is_named_so_that_it_is_one(run: Path) -> None:
    left(run, "a", "of a")
    left(run, "b", "of b")
    recorded(run, begun(), ended("a", scores="{}"), ended("b"), OVER)
    assert packed(run, run.name, "b.model") == {"model": "of b"}
    assert packed(run, run.name, "scores") == {"scores": "{}"}
    assert packed(run, run.name) == {"a/model": "of a", "a/scores": "{}", "b/model": "of b"}
    with pytest.raises(VerbError, match=r'several steps have left "model": a\.model, b\.model'):
        packed(run, run.name, "model")


def test_a_run_is_meant_by_its_name_before_all_else(run: Path) -> None:
    for name in (f"{run.name}-abcde", f"of-{run.name}", f".{run.name}x"):
        copy = run.with_name(name)
        copy.mkdir()
        (copy / "run.json").write_bytes((run / "run.json").read_bytes())
    (run.parent / "empty").mkdir()
    os.utime(run / "run.json", (1, 1))
    assert find(run.parent, run.name) == run
    assert [path.name for path in folders(run.parent)] == [run.name, f"{run.name}-abcde", f"of-{run.name}"]
    assert find(run.parent, "last").name == f"of-{run.name}"
    with pytest.raises(VerbError, match="there are 2 runs"):
        find(run.parent, run.name[:-1])


SLOW = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: open(sys.argv[1], "a").write("asked\\n"))
open(sys.argv[1], "a").write("ready\\n")
while True:
    time.sleep(1)
"""


def slow(trace: Path, run: Path, words: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(trace), *words], env={**os.environ, RUN: run.name}
    )
    while not trace.exists():
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("now", [False, True])
def test_a_program_is_asked_once_unless_it_is_to_end_now(now: bool, run: Path, tmp_path: Path) -> None:
    program = slow(tmp_path / "trace", run)
    recorded(run, begun(program.pid, started_at(program.pid)), RUNNING)
    stopping = subprocess.Popen(
        [sys.executable, "-c", STOP, str(run), "now" * now], env={**os.environ, "PYTHONWARNINGS": "error"}
    )
    while (tmp_path / "trace").read_text().count("asked") < 1 + now:
        time.sleep(0.01)
    time.sleep(1)  # it would be asked again and again
    program.send_signal(signal.SIGKILL)
    program.wait()
    assert stopping.wait(timeout=PATIENCE) == 0
    asked = (tmp_path / "trace").read_text().count("asked")
    assert asked >= 2 if now else asked == 1


STOP = """
import sys
from pathlib import Path
from automl.runtime.local.ending import stop
stop(Path(sys.argv[1]), bool(sys.argv[2]))
"""


def test_stopping_ends_what_a_dead_program_has_left(run: Path, tmp_path: Path) -> None:
    leftover = slow(tmp_path / "trace", run)
    recorded(run, begun(), RUNNING)
    stop(run)
    assert leftover.wait(timeout=PATIENCE) == -signal.SIGKILL
    assert [*members(run.name)] == []


def test_a_run_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    program = Program(Plan("test", []).to_json(), {"a.py": "", "a.py/b.py": ""})
    with pytest.raises(OSError, match=r"a\.py"):
        create(program, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]

"""The queue: several programs, of which some are killed, and one file, which may be anything."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.runtime.local import queue, queue_file
from automl.runtime.local.processes import RUN, started_at
from automl.runtime.local.queue import Queue, Ticket
from automl.runtime.local.queue_file import QueueFile, default_path
from automl.runtime.local.queued import Queued
from automl.runtime.local.sharing import Share
from automl.runtime.local.turn import QueueError, Withdrawn
from tests.examples import examples

CPU, MEMORY = 2000, 10**9


def ticket(run: str, pid: int = 0, **more: Any) -> Ticket:
    """One of this process, unless it is another's: for the only GPU."""
    pid = pid or os.getpid()
    wanted = Ticket(run, f"/runs/{run}", "me", Share(500, 1000, 1), pid, started_at(pid), 0.0, choices=("0",))
    return replace(wanted, **more)


def turn(path: Path, run: str, **more: Any) -> Queued:
    return Queued(Queue(QueueFile(path), CPU, MEMORY), ticket(run, **more))


def begun(*turns: Queued) -> list[str]:
    """Which of them may run, asked in this order."""
    return [each.ticket.run for each in turns if not each.waits_for()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "automl" / "queue.sqlite"


@pytest.fixture
def sleeper() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Processes that only live, until the test is over."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(**variables: str) -> "subprocess.Popen[bytes]":
        processes.append(subprocess.Popen(["sleep", "60"], env={**os.environ, **variables}))
        return processes[-1]

    yield start
    for process in processes:
        kill(process)


def kill(process: "subprocess.Popen[Any]") -> None:
    process.kill()
    process.wait()


def test_one_waits_until_the_other_leaves(path: Path) -> None:
    first, second = turn(path, "a"), turn(path, "b")
    assert first.waits_for() == ""
    assert second.waits_for() == "for 1 GPU, behind a"
    assert first.variables["CUDA_VISIBLE_DEVICES"] == "0"
    first.leave()
    assert second.waits_for() == ""
    second.leave()
    assert queue.listed(path) == []


def test_a_run_that_only_waited_leaves_no_place_behind(path: Path) -> None:
    first, second, third = turn(path, "a"), turn(path, "b"), turn(path, "c")
    assert begun(first, second, third) == ["a"]
    second.leave()
    first.leave()
    assert begun(third) == ["c"]


def test_what_a_killed_program_had_is_free(path: Path, sleeper: Callable[..., Any]) -> None:
    process = sleeper()
    other = turn(path, "a", pid=process.pid)
    mine = turn(path, "b")
    assert begun(other, mine) == ["a"]
    kill(process)
    assert queue.listed(path)[0]["run"] == "b"
    assert begun(mine) == ["b"]


def test_what_a_killed_program_has_left_running_keeps_its_gpu(
    path: Path, sleeper: Callable[..., Any]
) -> None:
    program, step = sleeper(), sleeper(**{RUN: "a-of-this-test"})
    other, mine = turn(path, "a-of-this-test", pid=program.pid), turn(path, "b")
    assert begun(other, mine) == ["a-of-this-test"]
    kill(program)
    assert begun(mine) == []
    kill(step)
    assert begun(mine) == ["b"]


def test_what_waited_in_a_killed_program_is_gone_though_processes_of_it_live(
    path: Path, sleeper: Callable[..., Any]
) -> None:
    program, _ = sleeper(), sleeper(**{RUN: "b-of-this-test"})
    turns = turn(path, "a"), turn(path, "b-of-this-test", pid=program.pid), turn(path, "c")
    assert begun(*turns) == ["a"]
    kill(program)
    turns[0].leave()
    assert begun(turns[2]) == ["c"]


def test_another_process_with_the_same_number_is_another(path: Path) -> None:
    stale = turn(path, "a", pid_started=f"0{started_at(os.getpid())}")
    stale.number = stale.queue.enter(stale.ticket)
    assert queue.listed(path) == []
    assert begun(turn(path, "b")) == ["b"]


def test_a_run_that_goes_on_has_no_second_place(path: Path, sleeper: Callable[..., Any]) -> None:
    step = sleeper(**{RUN: "again-of-this-test"})
    before = turn(path, "again-of-this-test", pid=step.pid)
    assert begun(before) == ["again-of-this-test"]
    assert begun(turn(path, "again-of-this-test")) == ["again-of-this-test"]


def test_priorities_decide_and_clocks_do_not(path: Path) -> None:
    first = turn(path, "first", since=9e9)
    others = [
        turn(path, "low", priority="low", since=-1.0),
        turn(path, "normal", since=5e9),
        turn(path, "second", since=0.0),
        turn(path, "high", priority="high", since=8e9),
    ]
    assert begun(first, *others) == ["first"]
    assert [each["run"] for each in queue.listed(path)] == ["first", "high", "normal", "second", "low"]
    order = []
    while others:
        first.leave()
        [first] = [each for each in others if not each.waits_for()]
        others.remove(first)
        order.append(first.ticket.run)
    assert order == ["high", "normal", "second", "low"]


def test_what_is_listed_can_be_read_by_programs(path: Path) -> None:
    first, second = turn(path, "a"), turn(path, "b", priority="low")
    assert begun(first, second) == ["a"]
    listed = queue.listed(path)
    mine = {"owner": "me", "pid": os.getpid(), "pid_started": started_at(os.getpid()), "since": 0.0}
    asked = {"cpu": 500, "memory": 1000, "gpus": 1}
    a = {
        "run": "a",
        "folder": "/runs/a",
        "state": "running",
        "reason": "",
        "priority": "normal",
        "has": ["0"],
    }
    b = {"run": "b", "folder": "/runs/b", "state": "waiting", "priority": "low", "has": []}
    assert listed == [{**mine, **asked, **a}, {**mine, **asked, **b, "reason": "for 1 GPU, behind a"}]


def test_what_waits_can_be_withdrawn(path: Path) -> None:
    runs, waits = turn(path, "a"), turn(path, "b")
    others = turn(path, "c", owner="you"), turn(path, "d", folder="/else/d")
    assert begun(runs, waits, *others) == ["a"]
    assert [each["run"] for each in queue.withdraw("me", Path("/runs"), path)] == ["b"]
    assert [each["run"] for each in queue.listed(path)] == ["a", "c", "d"]
    with pytest.raises(Withdrawn):
        waits.waits_for()
    waits.leave()
    assert [each["run"] for each in queue.withdraw(path=path)] == ["c", "d"]
    assert [each["run"] for each in queue.withdraw(path=path)] == []
    assert runs.waits_for() == "", "what runs is not withdrawn"


def test_a_withdrawn_run_is_in_nobodys_way(path: Path) -> None:
    runs, waits, last = turn(path, "a"), turn(path, "b"), turn(path, "c")
    assert begun(runs, waits, last) == ["a"]
    queue.withdraw(path=path, runs=Path("/runs"))
    last.leave()
    last.number = None
    runs.leave()
    assert begun(last) == ["c"]


def test_looking_makes_no_file(path: Path) -> None:
    assert queue.listed(path) == queue.withdraw(path=path) == []
    assert not path.parent.exists()


def test_names_that_are_no_text_are_kept(path: Path) -> None:
    name = os.fsdecode(b"/runs/\xff\n'\"{}")
    first = turn(path, "a", folder=name)
    assert begun(first) == ["a"]
    assert queue.listed(path)[0]["folder"] == name
    assert begun(turn(path, "b", folder=name)) == ["b"], "the same run again"


BROKEN: dict[str, Callable[[Path], Any]] = {
    "no database": lambda path: path.write_bytes(b"hello" * 1000),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "nulls": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "no JSON": lambda path: _execute(path, "update runs set ticket = 'x'"),
    "other JSON": lambda path: _execute(path, "update runs set ticket = '[1]'"),
    "less": lambda path: _execute(path, 'update runs set ticket = \'{"share": [], "choices": []}\''),
    "bytes": lambda path: _execute(path, "update runs set ticket = cast(x'ff' as text)"),
    "other columns": lambda path: _execute(path, "alter table runs rename column ticket to t"),
    "no table": lambda path: _execute(path, "drop table runs"),
}


def _execute(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_put_aside_and_made_anew(
    kind: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = turn(path, "b")
    assert begun(turn(path, "a"), waits) == ["a"]
    BROKEN[kind](path)
    broken = path.read_bytes()
    assert begun(turn(path, "c"), waits, waits) == ["c"]
    assert path.with_suffix(".broken").read_bytes() == broken
    said = f"automl: the queue was broken: {path.with_suffix('.broken')}; a new one knows no earlier runs\n"
    assert capsys.readouterr().err == said
    assert [each["run"] for each in queue.listed(path)] == ["c", "b"]


@given(data=st.data())
@settings(max_examples=examples(100), deadline=None)
def test_whatever_is_in_the_file_the_queue_works(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("queue") / "queue.sqlite"
    turn(path, "a").waits_for()
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, 300) | st.integers(0, len(content) - 1), min_size=1)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.none() | st.integers(1, len(content)))])
    with suppress(QueueError):
        turn(path, "b").waits_for()
        assert {each["run"] for each in queue.listed(path)} <= {"a", "b"}


def test_one_that_was_begun_anew_is_not_put_aside(path: Path) -> None:
    """Two programs see that a file is broken; the second comes when the first has made another."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"hello" * 1000)
    inode = path.stat().st_ino
    assert begun(turn(path, "a")) == ["a"]
    QueueFile(path)._put_aside(inode)
    assert [each["run"] for each in queue.listed(path)] == ["a"]


def test_a_run_whose_file_was_removed_gets_in_again(path: Path) -> None:
    runs, waits = turn(path, "a"), turn(path, "b")
    assert begun(runs, waits) == ["a"]
    path.unlink()
    assert begun(turn(path, "c")) == ["c"]
    assert waits.waits_for() == "for its turn"
    assert waits.waits_for() == "for 1 GPU, behind c"
    runs.leave()
    assert [each["run"] for each in queue.listed(path)] == ["c", "b"]


@pytest.fixture
def locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file that another program does not let go."""
    monkeypatch.setattr(queue_file, "PATIENCE", 0.05)
    QueueFile(path).change(lambda _: None)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("begin exclusive")
    yield path
    connection.close()


def test_a_locked_file_is_an_error_for_who_wants_a_gpu(locked: Path) -> None:
    with pytest.raises(
        QueueError, match=r"^\S*/queue.sqlite: database is locked; --no-queue does without it$"
    ):
        turn(locked, "a").waits_for()
    assert [each.name for each in locked.parent.iterdir() if "broken" in each.name] == []


def test_a_locked_file_is_a_word_for_who_wants_none(locked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert turn(locked, "a", share=Share(500)).waits_for() == ""
    assert capsys.readouterr().err.startswith("automl: the run does not wait for others: /")


def test_who_waits_already_waits_for_the_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_file, "PATIENCE", 0.05)
    runs, waits = turn(path, "a"), turn(path, "b")
    assert begun(runs, waits) == ["a"]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("begin exclusive")
    assert waits.waits_for().startswith("for the queue: ")
    runs.leave()  # says nothing
    connection.close()
    assert waits.waits_for() == "for 1 GPU, behind a"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(QueueError, match=r"queue\.sqlite: .*Not a directory"):
        turn(tmp_path / "file" / "automl" / "queue.sqlite", "a").waits_for()


def test_a_file_of_a_newer_release_is_left_alone(path: Path) -> None:
    assert begun(turn(path, "a")) == ["a"]
    _execute(path, "pragma user_version = 2")
    with pytest.raises(QueueError, match="a newer release of automl"):
        turn(path, "b").waits_for()
    assert not path.with_suffix(".broken").exists()


def test_the_file_is_one_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"queue-{os.uname().nodename}.sqlite"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "automl" / name
    for other in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", other)
        monkeypatch.setenv("HOME", "/home/somebody")
        assert default_path() == Path("/home/somebody/.local/state/automl") / name


PROGRAM = """
import os, sys, time
from pathlib import Path
from automl.runtime.local.processes import started_at
from automl.runtime.local.queue import Queue, Ticket
from automl.runtime.local.queue_file import QueueFile
from automl.runtime.local.queued import Queued
from automl.runtime.local.sharing import Share

path, run, priority, seconds = Path(sys.argv[1]), *sys.argv[2:]
me = Ticket(run, "/runs/" + run, "me", Share(500, 1, 1), os.getpid(), started_at(os.getpid()), 0.0, priority, ("0",))
turn = Queued(Queue(QueueFile(path), 2000, 10), me)
while turn.waits_for():
    time.sleep(0.01)
trace = os.open(path.with_name("trace"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(trace, f"begin {run}\\n".encode())
time.sleep(float(seconds))
os.write(trace, f"end {run}\\n".encode())
turn.leave()
"""


@pytest.mark.slow
def test_of_many_programs_one_has_the_gpu_though_some_are_killed(path: Path) -> None:
    choice = random.Random(7)
    path.parent.mkdir(parents=True)
    waiting = []
    for number in range(24):
        arguments = [str(path), f"r{number}", choice.choice(["low", "normal", "high"]), "0.05"]
        waiting.append(subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments]))
    killed: set[str] = set()
    trace = path.with_name("trace")
    end = time.monotonic() + 100
    while any(process.poll() is None for process in waiting):
        assert time.monotonic() < end, queue.listed(path)
        number = choice.randrange(len(waiting))
        if len(killed) < 10 and waiting[number].poll() is None and trace.exists():
            kill(waiting[number])
            killed.add(f"r{number}")
            with trace.open("a") as file:
                file.write(f"killed r{number}\n")
        time.sleep(0.1)
    assert _overlaps(trace.read_text().splitlines()) == []
    ended = {line.split()[1] for line in trace.read_text().splitlines() if line.startswith("end")}
    assert ended | killed == {f"r{number}" for number in range(24)}
    assert queue.listed(path) == []
    assert killed - ended, "some were killed before they had their turn or in it"


def _overlaps(lines: list[str]) -> list[str]:
    """Where one has begun while another had the GPU; one that was killed has ended just before its line."""
    problems, has = [], ""
    for number, line in enumerate(lines):
        word, run = line.split()
        if word == "begin":
            if has and f"killed {has}" not in lines[number : number + 2]:
                problems.append(f"{run} has begun while {has} ran")
            has = run
        elif run == has:
            has = ""
    return problems

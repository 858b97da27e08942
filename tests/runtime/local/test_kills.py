"""Whatever ends the program that runs a plan, and whenever: what has finished stays so, and no process is left."""

import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from automl.runtime.local.plan import Task
from automl.runtime.local.record import events_of
from tests.runtime.local.plans import history, new_run, processes_of, runner, shell
from tests.waiting import PATIENCE

RUNS, KILLS = 20, 10
LONGEST = 0.4  # seconds that a program lives at most, once it has begun, but for the last
WAYS = ("kill", "kill", "kill with its guard", "SIGTERM", "SIGINT", "two of SIGINT")
GOOD_WHILE = 30  # seconds

# It says in the trace that it begins, what it got, and what it leaves running; then it works for a moment.
STEP = """
exec 2>&1
echo "begin $AUTOML_TASK $(ps -o sid= -p $$ | tr -d ' ')" >> {trace}
setsid sleep 1000 &
env -u AUTOML_RUN_ID sleep 1000 &
echo "got $AUTOML_TASK $AUTOML_INPUT_VALUE $(cat ${{AUTOML_INPUT_FILE:-/dev/null}})" >> {trace}
sleep 0.0{pause}
[ -z "$AUTOML_OUTPUT_VALUE" ] || echo "value of $AUTOML_TASK" > "$AUTOML_OUTPUT_VALUE"
[ -z "$AUTOML_OUTPUT_FILE" ] || echo "file of $AUTOML_TASK" > "$AUTOML_OUTPUT_FILE"
echo "done $AUTOML_TASK" >> {trace}
"""


def tasks_of(trace: Path) -> list[Task]:
    """First three beside each other, then three that take what these have left, and so on; every third leaves nothing."""
    tasks: list[Task] = []
    for number in range(15):
        before = f"t{number - 3}" if number >= 3 else ""
        takes = before and (number - 3) % 3 != 2
        leaves = number % 3 != 2
        values = {
            "AUTOML_INPUT_VALUE": {"task": before, "output": "value"},
            "AUTOML_INPUT_FILE": {"task": before, "output": "file", "file": True},
        }
        tasks.append(
            shell(
                f"t{number}",
                STEP.format(trace=trace, pause=number % 5),
                [before] if before else [],
                values=values if takes else {},
                outputs={"value": "text", "file": "file"} if leaves else {},
                options=["--output", "value:text", "--output", "file:file"] if leaves else [],
            )
        )
    return tasks


def left_of(folder: Path, trace: Path) -> list[str]:
    """What lives of a run: by its name in the environment, or by the session of a task."""
    words = [line.split() for line in lines_of(trace) if line.startswith("begin")]
    return [*processes_of(folder, {line[2] for line in words if len(line) == 3})]


def lines_of(trace: Path) -> list[str]:
    return trace.read_text().splitlines() if trace.exists() else []


def finished(folder: Path) -> set[str]:
    """The tasks that are recorded as succeeded; none of them twice."""
    names = [
        event["task"] for event in events_of(folder) if event.get("state") == "succeeded" and "task" in event
    ]
    assert len(names) == len(set(names)), "something finished twice"
    return set(names)


def starts_of(folder: Path) -> int:
    """How many programs have begun to run it."""
    return len([event for event in events_of(folder) if event["event"] == "run.started"])


def end(process: "subprocess.Popen[str]", way: str) -> None:
    if way == "kill with its guard":
        for child in children_of(process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                if b"guard" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGKILL)
    if way.startswith("kill"):
        process.kill()
    else:
        for _ in range(2 if way.startswith("two") else 1):
            process.send_signal(getattr(signal, way.split()[-1]))


def children_of(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def live_and_end(folder: Path, trace: Path, chance: random.Random) -> str:
    """Go on with a run for a moment, and hold what is left of it against what it may leave; return how it was ended."""
    before, count, starts = finished(folder), len(lines_of(trace)), starts_of(folder)
    process = runner(folder, "--jobs", "3")
    while chance.random() < 0.99 and starts_of(folder) == starts and process.poll() is None:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, LONGEST))
    way = chance.choice(WAYS)
    end(process, way)
    text, _ = process.communicate(timeout=GOOD_WHILE)
    is_begun = starts_of(folder) > starts
    assert process.returncode in expected_statuses(folder, way, is_begun), f"{way}\n{text}"
    if way != "kill with its guard" and is_begun:  # else what that has left is still there
        wait_until_gone(folder, trace, f"{way}: {text}")
    begun = {line.split()[1] for line in lines_of(trace)[count:] if line.startswith("begin")}
    assert not begun & before, f"after {way} what had finished ran again"
    assert before <= finished(folder), f"after {way} something was lost"
    return way


def expected_statuses(folder: Path, way: str, is_begun: bool) -> tuple[int, ...]:
    """How the program may end. A signal that comes when all is written down, as Python ends, ends it as any program."""
    if way.startswith("kill"):
        return -9, 0
    if not is_begun:
        return 130, 0, 1, -2, -15
    is_written_down = events_of(folder)[-1]["event"] == "run.ended"
    return (130, 0, -2, -15) if is_written_down else (130, 0)


def wait_until_gone(folder: Path, trace: Path, why: str) -> None:
    until = time.monotonic() + GOOD_WHILE
    while left := left_of(folder, trace):
        assert time.monotonic() < until, (why, left)
        time.sleep(0.02)


def survive(folder: Path, trace: Path, seed: int) -> list[str]:
    """Kill a run again and again, then let it come to its end."""
    chance = random.Random(seed)
    ways = [live_and_end(folder, trace, chance) for _ in range(KILLS)]
    last = runner(folder, "--jobs", "3")
    text, _ = last.communicate(timeout=PATIENCE)
    assert last.returncode == 0, f"seed {seed}: {ways}\n{text}"
    assert finished(folder) == {f"t{number}" for number in range(15)}
    assert history(folder).state == "succeeded"
    check_what_arrived(lines_of(trace))
    wait_until_gone(folder, trace, text)
    return ways


def check_what_arrived(lines: list[str]) -> None:
    """Every try got what the task before it had left, and each task was done once at least."""
    for number in range(15):
        took = number >= 3 and (number - 3) % 3 != 2
        expected = (
            f"got t{number} value of t{number - 3} file of t{number - 3}" if took else f"got t{number}  "
        )
        assert {line for line in lines if line.startswith(f"got t{number} ")} == {expected}
        assert f"done t{number}" in lines


def test_a_run_survives_every_end(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1_000_000)
    traces = [tmp_path / f"trace-{number}" for number in range(RUNS)]
    folders = [new_run(tmp_path, tasks_of(trace)) for trace in traces]
    with ThreadPoolExecutor(4) as pool:
        seeds = range(seed, seed + RUNS)
        ways = [way for done in pool.map(survive, folders, traces, seeds) for way in done]
    assert len(ways) == RUNS * KILLS

"""The program that runs a plan, as a process."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automl.runtime.local.plan import Service, Task
from automl.runtime.local.processes import variables_of_program
from automl.runtime.local.watching import status
from tests.cli.test_cli import obey_permissions
from tests.runtime.local.plans import finish, history, new_run, processes_of, runner, shell, states
from tests.waiting import PATIENCE


def test_tasks_run_in_their_order(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    tasks = [
        shell("a", f"sleep 0.1; echo a >> {trace}"),
        shell("b", f"echo b >> {trace}", ["a"]),
        shell("c", f"echo c >> {trace}", ["b"]),
    ]
    folder = new_run(tmp_path, tasks)
    status, text = finish(folder, "--jobs", "3")
    assert status == 0, text
    assert trace.read_text() == "a\nb\nc\n"
    assert states(folder) == {"a": "succeeded", "b": "succeeded", "c": "succeeded"}
    assert history(folder).state == "succeeded"


def test_a_task_is_tried_as_often_as_it_says(tmp_path: Path) -> None:
    folder = new_run(
        tmp_path, [shell("a", f"echo a >> {tmp_path}/trace; exit 3", retries=2), shell("b", "true")]
    )
    status, text = finish(folder, "--jobs", "1")
    assert (status, (tmp_path / "trace").read_text()) == (1, "a\n" * 3), text
    task = history(folder).tasks["a"]
    assert (task.state, task.reason, task.tries) == ("failed", "ended with status 3", 3)


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (40, "signal 40")])
def test_a_signal_that_has_no_name_ends_a_task_as_any_other(tmp_path: Path, number: int, name: str) -> None:
    folder = new_run(tmp_path, [shell("a", f"kill -{number} $$"), shell("b", "true", ["a"])])
    status, text = finish(folder)
    assert status == 1, text
    assert history(folder).tasks["a"].reason == f"ended by {name}"


def test_a_task_is_tried_again_whatever_it_has_made_of_its_folders(tmp_path: Path) -> None:
    """As Go does, whose cache of modules nobody may write to."""
    left = 'for at in . "${AUTOML_OUTPUT_D%/*}"; do mkdir -p $at/d/e; touch $at/d/e/f; chmod 555 $at/d/e $at/d; done'
    text = f"{left}; echo a >> {tmp_path}/trace; [ $(wc -l < {tmp_path}/trace) = 2 ]"
    task = shell("a", text, retries=1, outputs={"d": "dataset"}, options=["--output", "d:dataset"])
    process = runner(new_run(tmp_path, [task]), preexec_fn=obey_permissions)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said


def test_the_log_says_why_there_is_no_room_for_a_task(tmp_path: Path) -> None:
    spoilt = 'cd /; rm -r "$AUTOML_WORK"; touch "$AUTOML_WORK"; exit 3'
    folder = new_run(tmp_path, [shell("a", spoilt, retries=1)])
    status, text = finish(folder)
    assert (status, history(folder).tasks["a"].reason) == (1, "ended with status 1"), text
    assert "Not a directory" in (folder / "tasks" / "a" / "log").read_text()


LOOK = "import urllib.request as u; u.urlopen('http://127.0.0.1:18437')"


def test_a_service_is_awaited_and_stopped(tmp_path: Path) -> None:
    command = ["python3", "-m", "http.server", "18437"]
    service = Task("serve", "s", "serve", [*command], project=True, service=Service(18437))
    folder = new_run(tmp_path, [service, shell("look", f'python3 -c "{LOOK}"', ["serve"])])
    status, text = finish(folder, "--stop-services", "--jobs", "2")
    assert status == 0, text
    assert "serve: is ready at http://localhost:18437/" in text
    assert states(folder) == {"serve": "succeeded", "look": "succeeded"}


def test_a_late_task_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    text = f"trap 'echo asked >> {tmp_path}/trace' TERM; setsid sleep 1000 & sleep 1000 & wait; exit 0"
    folder = new_run(tmp_path, [shell("a", text, deadline=1)])
    status, text = finish(folder)
    assert status == 1, text
    assert history(folder).tasks["a"].reason == "took longer than 1 seconds"
    assert (tmp_path / "trace").read_text() == "asked\n"
    assert not [*processes_of(folder)]


def test_what_a_task_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    """Beside another that goes on; in its group, in its session, in a session of its own, unless it hides from both."""
    begun = f"while :; do echo x >> {tmp_path}/grows-$KIND; sleep 0.01; done"
    ways = {
        "plain": "",
        "session": "setsid",
        "group": "set -m;",
        "hidden": "exec env -u AUTOML_RUN_ID -u AUTOML_TASK",
    }
    lines = [f"({way} env KIND={kind} sh -c '{begun}') &" for kind, way in ways.items()]
    wait = " ".join(f"until test -e {tmp_path}/grows-{kind}; do sleep 0.01; done;" for kind in ways)
    check = f"cat {tmp_path}/grows-* | wc -c; sleep 0.3; cat {tmp_path}/grows-* | wc -c"
    other = shell("other", f"touch {tmp_path}/other; sleep 1.5")
    leaves = shell(
        "leaves", "\n".join(["exec >/dev/null", *lines, wait, f"until test -e {tmp_path}/other; do :; done"])
    )
    folder = new_run(tmp_path, [other, leaves, shell("looks", check, ["leaves"])])
    status, text = finish(folder, "--jobs", "2")
    assert status == 0, text
    before, after = (folder / "tasks" / "looks" / "log").read_text().split()
    assert before == after


def test_what_hides_altogether_is_ended_when_nothing_else_runs(tmp_path: Path) -> None:
    hidden = f"while :; do echo x >> {tmp_path}/grows; sleep 0.01; done"
    text = f"setsid env -i PATH=$PATH sh -c '{hidden}' & until test -e {tmp_path}/grows; do sleep 0.01; done"
    looks = f"wc -c < {tmp_path}/grows; sleep 0.3; wc -c < {tmp_path}/grows"
    folder = new_run(tmp_path, [shell("a", text), shell("looks", looks, ["a"])])
    status, text = finish(folder)
    assert status == 0, text
    before, after = (folder / "tasks" / "looks" / "log").read_text().split()
    assert before == after


@pytest.mark.parametrize("torn", [b'{"at": 1, "event": "task.en', b"\0" * 4000, b"\xff\n{}\n[]\n1\n"])
def test_a_torn_end_of_the_record_is_no_part_of_it(tmp_path: Path, torn: bytes) -> None:
    trace, fails = tmp_path / "trace", tmp_path / "fails"
    fails.touch()
    tasks = [shell("a", f"echo a >> {trace}"), shell("b", f"echo b >> {trace}; test ! -e {fails}", ["a"])]
    folder = new_run(tmp_path, tasks)
    assert finish(folder)[0] == 1
    fails.unlink()
    with (folder / "events.jsonl").open("ab") as file:
        file.write(torn)
    assert states(folder) == {"a": "succeeded", "b": "failed"}
    assert finish(folder)[0] == 0
    assert trace.read_text() == "a\nb\nb\n"
    assert [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_what_is_no_event_hides_none_behind_it(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    folder = new_run(tmp_path, [shell("a", f"echo a >> {trace}")])
    (folder / "events.jsonl").write_text("broken\n")
    assert finish(folder)[0] == 0
    assert finish(folder)[0] == 0
    assert status(folder)["state"] == "succeeded"
    assert trace.read_text() == "a\n"


def test_files_that_were_taken_away_are_made_again(tmp_path: Path) -> None:
    options = ["--output", "table:file"]
    task = shell("a", 'echo x > "$AUTOML_OUTPUT_TABLE"', outputs={"table": "file"}, options=options)
    folder = new_run(tmp_path, [task])
    output = folder / "tasks" / "a" / "outputs" / "table"
    assert finish(folder)[0] == 0
    output.unlink()
    assert finish(folder)[0] == 0
    assert output.read_text() == "x\n"


WITH_GRACE = """
import sys
from automl.runtime.local import runner, tries
tries.GRACE = float(sys.argv.pop(1))
sys.exit(runner.main(sys.argv[1:]))
"""


def with_grace(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    """What runs it, and waits for so long between asking a task to end and ending it."""
    return subprocess.Popen(
        [sys.executable, "-c", WITH_GRACE, str(seconds), str(folder), "--no-queue"],
        env=variables_of_program(folder.name),
        start_new_session=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("signals", [["SIGTERM"], ["SIGINT"], ["SIGHUP"], ["SIGTERM", "SIGTERM"]])
def test_a_run_is_stopped(tmp_path: Path, signals: list[str]) -> None:
    """Asked once, tasks have time to end; asked twice, they have not."""
    ends = "exit 0" if len(signals) == 1 else "sleep 1000"
    text = f"trap 'echo asked >> {tmp_path}/trace; {ends}' TERM; echo begun >> {tmp_path}/trace; sleep 1000 & wait"
    folder = new_run(tmp_path, [shell("a", text), shell("b", "true", ["a"])])
    process = with_grace(folder, PATIENCE * 2)
    for number, name in enumerate(signals):
        while (
            len((tmp_path / "trace").read_text().split() if (tmp_path / "trace").exists() else ()) <= number
        ):
            time.sleep(0.01)
        process.send_signal(getattr(signal, name))
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert (tmp_path / "trace").read_text() == "begun\nasked\n"
    assert history(folder).state == "stopped"
    assert history(folder).tasks["a"].state == "stopped"
    assert not [*processes_of(folder)]


DEAF = "trap '' TERM; echo $$ >> {trace}; while true; do sleep 0.1; done"


def test_a_late_task_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    folder = new_run(tmp_path, [shell("a", DEAF.format(trace=trace), deadline=1)])
    process = with_grace(folder, 0.5)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    assert history(folder).tasks["a"].reason == "took longer than 1 seconds"
    assert not [*processes_of(folder)]


def test_a_task_that_does_not_listen_is_killed_when_its_run_is_stopped(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    folder = new_run(tmp_path, [shell("a", DEAF.format(trace=trace), retries=1)])
    process = with_grace(folder, 0.5)
    while not trace.exists():
        time.sleep(0.02)
    process.terminate()
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert (states(folder), len(trace.read_text().split())) == ({"a": "stopped"}, 1)  # not tried again
    assert not [*processes_of(folder)]


def test_a_task_that_was_late_may_succeed_the_next_time(tmp_path: Path) -> None:
    text = f"[ -e {tmp_path}/late ] || {{ touch {tmp_path}/late; exec sleep 1000; }}"
    folder = new_run(tmp_path, [shell("a", text, deadline=5, retries=1)])
    status, said = finish(folder)
    assert status == 0, said
    assert history(folder).tasks["a"].tries == 2


def test_a_run_goes_on_though_nobody_listens(tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", "sleep 0.3"), shell("b", "true", ["a"])])
    process = runner(folder)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert states(folder) == {"a": "succeeded", "b": "succeeded"}


def test_a_hangup_is_no_matter_if_it_is_ignored(tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", f"touch {tmp_path}/begun; sleep 0.5")])
    process = runner(folder, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said


def test_a_run_that_takes_too_long_is_stopped_and_has_failed_also_when_it_goes_on(tmp_path: Path) -> None:
    tasks = [shell("a", "true"), shell("b", "exec sleep 60", ["a"]), shell("c", "true", ["b"])]
    folder = new_run(tmp_path, tasks)
    plan = folder / "plan.json"
    plan.write_text(plan.read_text().replace('"about": {}', '"about": {}, "timeout": 4'))
    for _ in range(2):
        status, said = finish(folder)
        assert status == 1
        assert "the run took longer than 4 seconds" in said
        assert (history(folder).state, history(folder).reason) == ("failed", "took longer than 4 seconds")
        assert states(folder) == {"a": "succeeded", "b": "stopped", "c": "waiting"}
    plan.write_text(plan.read_text().replace("sleep 60", "sleep 0"))
    assert finish(folder)[0] == 0


def test_services_of_a_run_that_has_succeeded_have_no_end(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    serve = f"exec {sys.executable} -m http.server --bind 127.0.0.1 {port}"
    folder = new_run(tmp_path, [shell("a", serve, service=Service(port))])
    plan = folder / "plan.json"
    plan.write_text(plan.read_text().replace('"about": {}', '"about": {}, "timeout": 2'))
    process = runner(folder)
    time.sleep(5)
    assert process.poll() is None
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert history(folder).state == "succeeded"

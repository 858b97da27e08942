"""Runs of chosen steps, which take from earlier runs what the others have left."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.choice import Taken, chosen, from_earlier, take
from automl.runtime.local.plan import Barrier, Plan, Task
from tests.runtime.local.plans import finish, history, new_run, runner, shell, states

LEAVES: dict[str, Any] = {
    "outputs": {"table": "file", "rows": "int"},
    "options": ["--output", "table:file", "--output", "rows:int"],
}
TAKES = {
    "AUTOML_INPUT_TABLE": {"task": "extract", "output": "table", "file": True},
    "AUTOML_INPUT_ROWS": {"task": "extract", "output": "rows"},
}


def tasks_of(trace: Path, rows: int = 7, more: str = "true") -> list[Task]:
    extract = (
        f'mkdir "$AUTOML_OUTPUT_TABLE"; echo {rows} | tee "$AUTOML_OUTPUT_TABLE/part" > "$AUTOML_OUTPUT_ROWS"'
    )
    return [
        shell("extract", f"echo extract >> {trace}; {extract}; {more}", **LEAVES),
        shell("check", f"echo check >> {trace}", ["extract"]),
        shell(
            "fit",
            f'echo fit $AUTOML_INPUT_ROWS $(cat "$AUTOML_INPUT_TABLE/part") >> {trace}',
            ["check"],
            values=TAKES,
        ),
        shell("tell", f"echo tell >> {trace}", ["fit"]),
    ]


def test_a_step_alone_takes_what_the_newest_run_has(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for rows in (7, 8):
        assert finish(new_run(tmp_path, tasks_of(trace, rows)))[0] == 0
    trace.unlink()
    folder = new_run(tmp_path, tasks_of(trace))
    status, text = finish(folder, "--only", "fit")
    assert status == 0, text
    assert "fit: succeeded (1 of 1)" in text
    assert trace.read_text() == "fit 8 8\n"
    assert states(folder) == {"extract": "skipped", "check": "skipped", "fit": "succeeded", "tell": "skipped"}
    assert not [path for path in tmp_path.glob("*/tasks/check/*") if folder in path.parents]
    trace.unlink()
    third = new_run(tmp_path, tasks_of(trace))  # which takes what the second has taken
    for path in tmp_path.glob("*/run.json"):
        about = json.loads(path.read_text())
        if path.parent not in (folder, third):
            path.write_text(json.dumps({**about, "workflow": "another"}))
    assert finish(third, "--only", "fit")[0] == 0
    assert trace.read_text() == "fit 8 8\n"


def test_links_are_taken_that_lead_nowhere(tmp_path: Path) -> None:
    """As that to a checkpoint that has been removed."""
    trace = tmp_path / "trace"
    tasks = tasks_of(trace, more='cd "$AUTOML_OUTPUT_TABLE" && ln -s part last && ln -s gone first')
    assert finish(new_run(tmp_path, tasks))[0] == 0
    folder = new_run(tmp_path, tasks)
    status, text = finish(folder, "--only", "fit")
    assert status == 0, text
    taken = folder / "tasks" / "extract" / "outputs" / "table"
    assert (taken / "first").readlink() == Path("gone")
    assert (taken / "last").read_text() == "7\n"


def test_a_step_with_all_behind_it(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert finish(new_run(tmp_path, tasks_of(trace)))[0] == 0
    trace.unlink()
    assert finish(new_run(tmp_path, tasks_of(trace)), "--from", "check")[0] == 0
    assert trace.read_text() == "check\nfit 7 7\ntell\n"


def test_nothing_begins_without_what_it_takes(tmp_path: Path) -> None:
    trace, folder = tmp_path / "trace", new_run(tmp_path, tasks_of(tmp_path / "trace"))
    status, text = finish(folder, "--only", "fit", "--only", "tell")
    assert status == 2
    assert (
        text == "automl: no earlier run has what is taken from extract (rows, table); run these steps, too\n"
    )
    assert (history(folder).state, trace.exists()) == ("failed", False)
    assert finish(folder)[0] == 0, "it can be run as a whole"


def test_what_the_run_itself_has_is_taken_of_no_other(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    folder = new_run(tmp_path, tasks_of(trace, 7))
    assert finish(folder, "--only", "extract")[0] == 0
    assert finish(new_run(tmp_path, tasks_of(trace, 8)))[0] == 0
    trace.unlink()
    assert finish(folder, "--only", "fit")[0] == 0
    assert trace.read_text() == "fit 7 7\n"


def test_each_is_taken_of_the_newest_run_that_has_it(tmp_path: Path) -> None:
    sources = {f"AUTOML_INPUT_{name.upper()}": {"task": name, "output": "n"} for name in "ab"}
    for number, only in (("1", ("a", "b")), ("2", ("a",)), ("3", ("c",))):
        leaves: dict[str, Any] = {"outputs": {"n": "int"}, "options": ["--output", "n:int"]}
        tasks = [shell(name, f'echo {number} > "$AUTOML_OUTPUT_N"', **leaves) for name in "ab"]
        said = f"echo $AUTOML_INPUT_A $AUTOML_INPUT_B > {tmp_path}/seen"
        folder = new_run(tmp_path, [*tasks, shell("c", said, ["a", "b"], values=sources)])
        assert finish(folder, *(word for name in only for word in ("--only", name)))[0] == 0
    assert (tmp_path / "seen").read_text() == "2 1\n"


def test_what_is_chosen_runs_though_it_has_succeeded(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    folder = new_run(tmp_path, tasks_of(trace))
    for _ in range(2):
        assert finish(folder, "--only", "extract")[0] == 0
    assert trace.read_text() == "extract\n" * 2


def test_who_goes_on_need_not_choose_again(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    assert finish(new_run(tmp_path, tasks_of(trace)))[0] == 0
    trace.unlink()
    others, tell = tasks_of(trace)[:2], tasks_of(trace)[3]
    slow = shell("fit", f"echo slow >> {trace}; test -e {tmp_path}/done || sleep 1000", values=TAKES)
    folder = new_run(tmp_path, [*others, slow, tell])
    process = runner(folder, "--only", "fit")
    while not trace.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (tmp_path / "done").touch()
    status, text = finish(folder)
    assert status == 0, text
    assert trace.read_text() == "slow\nslow\n"


def plan() -> Plan:
    tasks = [
        Task("prepare-fit", "prepare", "fit", ["a"]),
        Task("train-fit", "train", "fit", ["a"], ["prepare"]),
        Task("tell", "train", "tell", ["a"], ["prepare"]),
        Task("end", "last", "end", ["a"], ["train"]),
    ]
    return Plan("test", tasks, [Barrier("prepare", ["prepare-fit"]), Barrier("train", ["train-fit", "tell"])])


@pytest.mark.parametrize(
    ("only", "since", "expected"),
    [
        (["tell"], "", ["tell"]),
        (["end", "prepare/fit"], "", ["prepare-fit", "end"]),
        (["train-fit"], "", ["train-fit"]),
        (["train"], "", ["train-fit", "tell"]),
        ([], "tell", ["tell", "end"]),
        ([], "prepare", ["prepare-fit", "train-fit", "tell", "end"]),
        (["prepare-fit"], "train", ["prepare-fit", "train-fit", "tell", "end"]),
    ],
)
def test_steps_have_names(only: list[str], since: str, expected: list[str]) -> None:
    assert chosen(plan(), only, since) == expected


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("fit", 'which step is "fit": prepare/fit or train/fit?'),
        ("fitt", 'there is no step "fitt"; the steps are prepare-fit, train-fit, tell, end'),
    ],
)
def test_a_name_means_one_step(word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        chosen(plan(), [word], "")


def test_only_what_was_finished_in_a_run_of_this_workflow_is_taken(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path / "trace")

    def left(rows: str, state: str, workflow: str) -> Path:
        run = new_run(tmp_path, tasks)
        about = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps({**about, "workflow": workflow}))
        (run / "tasks" / "extract" / "outputs" / "table").mkdir(parents=True)
        (run / "tasks" / "extract" / "outputs" / "table" / rows).touch()
        event = {"at": 1, "event": "task.ended", "task": "extract", "state": state, "values": {"rows": rows}}
        (run / "events.jsonl").write_text(json.dumps(event) + "\n")
        return run

    good, *_ = left("1", "succeeded", "test"), left("2", "failed", "test"), left("3", "succeeded", "other")
    folder = new_run(tmp_path, tasks)
    [taken] = from_earlier(folder, Plan("test", tasks), {"extract": {"table", "rows"}})
    assert taken == Taken("extract", good, {"rows": "1"})
    for _ in range(2):  # the program may be killed while it copies
        take(taken, folder)
        (folder / "tasks" / "extract" / "outputs" / "half").touch()
    take(taken, folder)
    assert [path.name for path in (folder / "tasks" / "extract" / "outputs").rglob("*")] == ["table", "1"]

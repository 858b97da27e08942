"""Trials on this machine, as somebody sees them who runs them, goes on with them and looks at them."""

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.record import events_of
from tests import thirty
from tests.running import Done, Project
from tests.waiting import PATIENCE, until

SWITCHES = """\
import json, os, time
_params = json.load(open(os.environ["AUTOML_PARAMS_FILE"]))
open(os.environ["TRACE"], "a").write("{lr} {depth} {fold_index}\\n".format(**_params))
while os.path.exists(os.environ["TRACE"] + ".wait") and _params["depth"] > 4:
    time.sleep(0.02)
"""


class Search(Project):
    """Thirty trials of three folds each, two of which fail in one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.config = self.folder / "automl.yaml"
        thirty.write(self.folder).joinpath("config.yaml").rename(self.config)
        (self.folder / "train.py").write_text(SWITCHES + thirty.TRAIN)

    def used(self) -> dict[str, Any]:
        """What the step behind the trials was given, the last time."""
        return thirty.said(self.automl("logs", "last", "use").out.splitlines())

    def begun(self) -> Counter[str]:
        """How often each task has begun, by the record."""
        return Counter(event["task"] for event in events_of(self.run()) if event["event"] == "task.started")

    def most_at_a_time(self) -> int:
        """How many runs of trials there were at a time, by the record."""
        running, most = 0, 0
        for event in events_of(self.run()):
            if event.get("task", "").startswith("train/"):
                running += {"task.started": 1, "task.ended": -1}[event["event"]]
                most = max(most, running)
        return most


@pytest.fixture
def search(tmp_path: Path) -> Search:
    return Search(tmp_path)


def test_thirty_trials_of_three_folds_with_two_that_fail(search: Search) -> None:
    done = search.automl("run", "--jobs", "8")
    assert done.code == 0, done.err
    assert search.used() == thirty.expected()
    assert search.most_at_a_time() == thirty.AT_A_TIME
    assert Counter(search.done()) == Counter(" ".join(map(str, run)) for run in thirty.RUNS)


def test_they_are_listed_with_the_best_first(search: Search) -> None:
    assert search.automl("run", "-q").code == 0
    lines = search.automl("runs", "last").out.splitlines()
    assert lines[:2] == ["train", "TRIAL       STATE      SCORE  lr   depth"]
    assert re.fullmatch(r"[0-9a-f]{10}  succeeded  4\.6    0\.4  9", lines[2])
    assert [line.split()[1] for line in lines[-2:]] == ["failed", "failed"]
    assert len(lines) == 32
    [step] = json.loads(search.automl("runs", "last", "--format", "json").out)
    scores = [row["score"] for row in step["trials"]]
    assert scores[:28] == sorted(scores[:28], reverse=True)
    assert scores[28:] == [None, None]
    table = search.automl("runs").out.splitlines()
    assert table[0].split() == ["RUN", "STATE", "CREATED", "TIME", "auc"]
    assert table[1].endswith("4.6")
    assert search.automl("runs", "last", "--sort", "auc").code == 2
    assert len(search.automl("status").out.splitlines()) < 20


def test_too_many_that_fail_end_the_run(search: Search) -> None:
    search.config.write_text(search.config.read_text().replace("max_failed: 2", "max_failed: 1"))
    done = search.automl("run", "--jobs", "1")
    assert done.code == 1
    assert "use" not in search.begun()
    assert len(search.done()) == 89  # the last trial but one fold: what had failed before it is one


def test_who_goes_on_runs_no_trial_twice_that_has_succeeded(search: Search) -> None:
    search.switch("wait", True)
    process = search.start("run", "--jobs", "3")
    until(lambda: len(search.done()) >= 15)
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    search.switch("wait", False)
    before = [event["task"] for event in events_of(search.run()) if event.get("state") == "succeeded"]
    assert len(before) >= 12
    assert search.automl("run", "--resume", "last", "-q").code == 0
    begun = search.begun()
    assert {begun[name] for name in before} == {1}
    assert search.used() == thirty.expected()


def test_what_failed_for_good_is_not_tried_again_by_who_goes_on(search: Search) -> None:
    (search.folder / "use.py").write_text("import sys; sys.exit(1)")
    assert search.automl("run", "-q").code == 1
    assert search.automl("run", "--resume", "last", "-q").code == 1
    assert len(search.done()) == 90


def test_a_step_alone_takes_the_trials_of_an_earlier_run(search: Search) -> None:
    assert search.automl("run", "-q").code == 0
    told = search.used()
    search.trace.unlink()
    done: Done = search.automl("run", "--only", "use", "-q")
    assert done.code == 0, done.err
    assert search.done() == []
    assert search.used() == told
    done = search.automl("run", "--only", "train", "--fresh", "-q")
    assert (done.code, len(search.done())) == (0, 90)


def test_trials_of_no_earlier_run_are_said_to_be_nowhere(search: Search) -> None:
    done = search.automl("run", "--only", "use")
    assert done.code == 2
    assert "no earlier run has what is taken from the trials of train; run these steps, too" in done.err


def test_the_logs_of_a_step_are_those_of_its_trials(search: Search) -> None:
    assert search.automl("run", "-q").code == 0
    lines = search.automl("logs", "last", "train").out.splitlines()
    assert len(lines) == 90 + 2
    last = [line for line in lines if line.endswith("too deep")]
    assert all(re.fullmatch(r"train/[0-9a-f]{10}-1 \| too deep", line) for line in last)
    name = last[0].split()[0]
    assert search.automl("logs", "last", name).out.splitlines()[1:] == ["too deep"]
    done = search.automl("logs", "last", "trian")
    assert (done.code, done.err.count("train/")) == (2, 0)
    assert "it has train, use" in done.err

"""Trials by our coordinator on a real control plane: the winner, what is collected, and how many run at a time."""

from collections.abc import Iterator

import pytest

from tests import thirty
from tests.conformance.cluster import Cluster
from tests.conformance.corpus_pods import Folders, step_of
from tests.conformance.kfp_runs import compiled, open_folder
from tests.conformance.test_corpus_on_a_cluster import Case, is_of_step, play
from tests.conformance.workflows import Object

SECONDS = 600
GROWING = """\
name: grown
stages:
  make: [{step_name: make, path_to_executable: make.py, outputs: {by: int}}]
  train:
    - step_name: train
      path_to_executable: train.py
      inputs: {by: "${{ steps.make.outputs.by }}"}
      outputs: {auc: int}
      sweep: {grid: {lr: [LRS]}, objective: {metric: auc, goal: maximize}}
  use:
    - step_name: use
      path_to_executable: use.py
      inputs: {lr: "${{ steps.train.best.params.lr }}", all: "${{ collect(steps.train.outputs.auc) }}"}
"""
PROGRAMS = {
    "make.py": 'import os; open(os.environ["AUTOML_OUTPUT_BY"], "w").write("10")',
    "train.py": "import os; auc = int(os.environ['AUTOML_PARAM_LR']) * int(os.environ['AUTOML_INPUT_BY'])\n"
    "open(os.environ['AUTOML_OUTPUT_AUC'], 'w').write(str(auc))",
    "use.py": thirty.USE,
}


class Growing:
    """A grid that is applied with ever more values."""

    def __init__(self, cluster: Cluster, folders: Folders) -> None:
        self.project, self.case = folders.project, Case(cluster, folders)
        self.project.mkdir()
        for name, text in PROGRAMS.items():
            (self.project / name).write_text(text)

    def apply(self, values: str) -> dict[str, set[str]]:
        """Run it with these values; the Jobs of each step that there are in the end."""
        (self.project / "config.yaml").write_text(GROWING.replace("LRS", values))
        self.case.apply_all(compiled(self.project, "kubernetes"))
        play(self.case.cluster, [self.case], SECONDS)
        assert self.case.trace().has_succeeded, self.case.details()
        jobs: dict[str, set[str]] = {}
        for job in filter(is_of_step, self.case.jobs().values()):
            jobs.setdefault(step_of(job), set()).add(job["metadata"]["uid"])
        return jobs

    def used(self) -> list[Object]:
        """What the last step has said, each time that it ran."""
        return [thirty.said(pod.lines) for pod in self.case.trace().pods if pod.step == "use"]


@pytest.fixture(scope="module")
def search(cluster: Cluster) -> Iterator[Case]:
    """The thirty trials, which have run."""
    with open_folder() as root:
        folders = Folders(root, "search")
        folders.project.mkdir()
        case = Case(cluster, folders)
        case.apply_all(compiled(thirty.write(folders.project), "kubernetes"))
        play(cluster, [case], SECONDS)
        yield case
        for process in case.processes:
            process.kill()


def test_the_best_and_all_of_them_arrive(search: Case) -> None:
    trace = search.trace()
    assert trace.has_succeeded, search.details()
    assert [pod.status for pod in trace.pods if pod.step == "train"].count(1) == 2
    [use] = [pod for pod in trace.pods if pod.step == "use"]
    assert thirty.said(use.lines) == thirty.expected()
    assert len(trace.pods) == len(thirty.RUNS) + 1


def test_as_many_run_at_a_time_as_may(search: Case) -> None:
    steps = {pod["metadata"]["uid"]: step_of(pod) for pod, _ in search.found.values() if is_of_step(pod)}
    spans = [search.attended.spans[uid] for uid, step in steps.items() if step == "train"]
    assert thirty.most_at_a_time(spans) == thirty.AT_A_TIME


def test_a_further_value_starts_its_trial_and_what_follows(cluster: Cluster) -> None:
    """It stands between the others, whose Jobs are the very same."""
    with open_folder() as root:
        growing = Growing(cluster, Folders(root, "grown"))
        first = growing.apply("1, 2")
        second = growing.apply("1, 3, 2")
        ran = [pod.step for pod in growing.case.trace().pods]
        assert growing.used() == [{"LR": "2", "ALL": [10, 20]}, {"LR": "3", "ALL": [10, 30, 20]}]
    assert second["make"] == first["make"]
    assert first["train"] < second["train"]
    assert (len(first["train"]), len(second["train"])) == (2, 3)
    assert not first["use"] >= second["use"]
    assert sorted(ran) == ["make", "train", "train", "train", "use", "use"]

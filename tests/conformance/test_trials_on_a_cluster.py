"""Trials by our coordinator on a real control plane: the winner, what is collected, and how many run at a time."""

from collections.abc import Iterator

import pytest

from tests import thirty
from tests.conformance.cluster import Cluster
from tests.conformance.corpus_pods import Folders, step_of
from tests.conformance.kfp_runs import compiled, open_folder
from tests.conformance.test_corpus_on_a_cluster import Case, is_of_step, play

SECONDS = 240


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

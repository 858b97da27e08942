"""The corpus by kfp.local."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import corpus
from tests.conformance.corpus_pods import STEP, Folders
from tests.conformance.kfp_runs import Job, Run, documents, open_folder, run


@pytest.fixture(scope="module")
def runs() -> dict[str, corpus.Trace | str]:
    """What each workflow came to, or why it is refused."""
    with open_folder() as root:
        outcomes: dict[str, corpus.Trace | str] = {}
        jobs: dict[str, Job] = {}
        for name in corpus.NAMES:
            folders = Folders(root, name)
            text, outcomes[name] = corpus.compiled(name, folders.project, "kubeflow")
            if text:
                package = folders.run / "package.yaml"
                package.write_text(text, encoding="utf-8")
                jobs[name] = Job(package, folders.run, folders.programs.parent, traces=folders.traces)
        done = zip(jobs.items(), run(list(jobs.values())), strict=True)
        return outcomes | {name: trace(job, made) for (name, job), made in done}


def steps_of(package: Path) -> dict[str, str]:
    """The steps for which the tasks run, by their labels; that which makes the code is for none."""
    [_, platform] = documents(package.read_text(encoding="utf-8"))
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = {name: executor["podMetadata"]["labels"] for name, executor in executors.items()}
    return {name.removeprefix("exec-"): each.get(STEP, name) for name, each in labels.items()}


def trace(job: Job, made: Run) -> corpus.Trace:
    steps, pods = steps_of(job.package), []
    for number, start in enumerate(made.starts):
        after = frozenset(
            steps[each.task] for each in made.starts[:number] if each.status == 0 and each.end <= start.start
        )
        assert job.traces
        saw = corpus.seen(job.traces / f"{start.task}.{number}.json")
        lines = [*start.output.splitlines(), *start.errors.splitlines()]
        pods.append(corpus.Pod(steps[start.task], saw, after, start.status or 0, lines))
    return corpus.Trace(pods, not made.error)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_step_sees_what_it_should(
    name: str, runs: dict[str, corpus.Trace | str], record_property: Callable[[str, object], None]
) -> None:
    corpus.check(name, "kubeflow", runs[name], record_property)

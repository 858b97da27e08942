"""The corpus by kfp.local."""

from collections.abc import Callable

import pytest

from tests.conformance import corpus
from tests.conformance.corpus_pods import Folders
from tests.conformance.kfp_runs import Job, Run, open_folder, run


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


def trace(job: Job, made: Run) -> corpus.Trace:
    pods = []
    for number, start in enumerate(made.starts):
        after = frozenset(
            each.task for each in made.starts[:number] if each.status == 0 and each.end <= start.start
        )
        assert job.traces
        saw = corpus.seen(job.traces / f"{start.task}.{number}.json")
        lines = [*start.output.splitlines(), *start.errors.splitlines()]
        pods.append(corpus.Pod(start.task, saw, after, start.status or 0, lines))
    return corpus.Trace(pods, not made.error)


@pytest.mark.parametrize("name", corpus.NAMES)
def test_every_step_sees_what_it_should(
    name: str, runs: dict[str, corpus.Trace | str], record_property: Callable[[str, object], None]
) -> None:
    corpus.check(name, "kubeflow", runs[name], record_property)

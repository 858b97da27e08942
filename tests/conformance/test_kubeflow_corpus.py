"""The corpus by kfp.local: as packages, and what a package cannot say in the form that has objects beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import corpus
from tests.conformance.corpus_pods import STEP, Folders
from tests.conformance.kfp_runs import Job, Run, documents, open_folder, package_in, run

NATIVE = ["disks"]  # a package makes no claims
CASES = [(name, "kubeflow") for name in corpus.NAMES] + [(name, "kubeflow-native") for name in NATIVE]


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, str], corpus.Trace | str]:
    """What each workflow came to, or why it is refused."""
    with open_folder() as root:
        outcomes: dict[tuple[str, str], corpus.Trace | str] = {}
        jobs: dict[tuple[str, str], Job] = {}
        for name, target in CASES:
            folders = Folders(root, f"{name}.{target}")
            text, outcomes[name, target] = corpus.compiled(name, folders.project, target)
            if text:
                package = folders.run / "package.yaml"
                package.write_text(text, encoding="utf-8")
                image = folders.programs.parent
                jobs[name, target] = Job(package, folders.run, image, traces=folders.traces)
        done = zip(jobs.items(), run(list(jobs.values())), strict=True)
        return outcomes | {case: trace(job, made) for (case, job), made in done}


def steps_of(package: Path) -> dict[str, str]:
    """The steps for which the tasks run, by their labels; that which makes the code is for none."""
    [_, platform] = package_in(documents(package.read_text(encoding="utf-8")))
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


@pytest.mark.parametrize(("name", "target"), CASES)
def test_every_step_sees_what_it_should(
    name: str,
    target: str,
    runs: dict[tuple[str, str], corpus.Trace | str],
    record_property: Callable[[str, object], None],
) -> None:
    corpus.check(name, target, runs[name, target], record_property)

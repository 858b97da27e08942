"""The corpus under Argo's own controller, of each version."""

from collections.abc import Callable, Iterator

import pytest
import yaml

from automl.targets.dag import nesting
from tests.conformance import corpus
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_executor import load_artifacts, save_artifacts, saved_parameters
from tests.conformance.argo_pods import without_executor
from tests.conformance.argo_runs import Ending, Run, play, template_of
from tests.conformance.corpus_pods import Folders, Pods, step_of
from tests.conformance.kfp_runs import open_folder
from tests.conformance.workflows import Object

SECONDS = 600
# What is handed from a DAG in a DAG to another; else only a workflow of more than 200 steps has such.
NESTED = [f"{name} in DAGs" for name in ("files", "hostile", "image-hostile", "images", "values")]
IN_STORE = [f"{name} in a store" for name in ("files", "images", "missing")]
NAMES = [*corpus.NAMES, *NESTED, *IN_STORE]


class Case(Run):
    """A workflow that runs, or has run."""

    def __init__(self, argo: Controller, name: str, folders: Folders) -> None:
        namespace = f"corpus-{name.lower().replace(' ', '-')}"
        super().__init__(argo.cluster, namespace, folders.run, lambda _, pod: self.run_main(pod))
        self.keeps = None  # there are steps that wait for one that nothing lets wait for them
        self.on_node = Pods(self, folders)
        self.bucket = folders.run.parent / "bucket"
        self.served: list[Object] = []

    def run_main(self, made: Object) -> Ending:
        pod, template = without_executor(made), template_of(made)
        folders = self.on_node.folders(pod)
        load_artifacts(template, folders, self.bucket)
        ended = self.on_node.run(pod)
        outputs, error = saved_parameters(template, folders)
        error = error or save_artifacts(template, folders, self.bucket)
        if error and ended.exit_code == 0:
            self.on_node.fail(pod, error)
        return Ending(ended.exit_code, outputs, "\n".join(ended.lines)[-2048:], error)

    def serve(self, pod: Object) -> None:
        self.on_node.run(pod)
        self.served.append(pod)
        super().serve(pod)

    def trace(self) -> corpus.Trace:
        begun = list(self.begun.values())
        steps = {each.node: step_of(each.pod) for each in begun}
        found = [(each.pod, frozenset(steps[node] for node in each.after)) for each in begun]
        found += [(pod, frozenset(steps.values())) for pod in self.served]
        return corpus.Trace([self.on_node.seen(*each) for each in found], self.verdict() == "Succeeded")


@pytest.fixture(scope="module")
def cases(argo: Controller) -> Iterator[dict[str, Case | str]]:
    """All workflows, which have run side by side, or why they are refused."""
    with open_folder() as root:
        found = {name: started(argo, name, Folders(root, name.replace(" ", "-"))) for name in NAMES}
        play(argo, [case for case in found.values() if isinstance(case, Case)], SECONDS)
        yield found


def started(argo: Controller, name: str, folders: Folders) -> Case | str:
    with pytest.MonkeyPatch.context() as patch:
        if name in NESTED:
            patch.setattr(nesting, "MAX_ITEMS", 2)
        more = corpus.IN_STORE if name in IN_STORE else ""
        text, refusal = corpus.compiled(name.partition(" ")[0], folders.project, "argo", more)
    if refusal:
        return refusal
    case = Case(argo, name, folders)
    case.submit(yaml.load_all(text, yaml.CSafeLoader))
    return case


@pytest.mark.parametrize("name", NAMES)
def test_every_step_sees_what_it_should(
    name: str, cases: dict[str, Case | str], argo: Controller, record_property: Callable[[str, object], None]
) -> None:
    case = cases[name]
    outcome = case if isinstance(case, str) else case.trace()
    details = "" if isinstance(case, str) else case.verdict()
    corpus.check(name, f"argo {argo.version}", outcome, record_property, details)

"""Pods of the corpus on a control plane: their containers are processes, and what each saw is kept."""

import time
from pathlib import Path

from tests.conformance import corpus
from tests.conformance.node import Ended, Node, container_of
from tests.conformance.workflows import Object, Place
from tests.runtime.kubelet import identity

TRACE = "CORPUS_TRACE"
STEP = "automl.dev/step"
PAUSE = 1  # second, before a pod begins: what should have waited for it, and did not, is there by then
OF_ARGO = ("init", "wait")


class Folders:
    """The folders of one workflow, which the user of the containers can look into."""

    def __init__(self, root: Path, name: str) -> None:
        self.project, self.run, self.traces = (root / name / each for each in ("project", "run", "traces"))
        self.programs = root / "bin"
        for folder in (self.run, self.traces):
            folder.mkdir(parents=True)
        self.traces.chmod(0o777)
        if not self.programs.exists():
            corpus.programs(self.programs)


class Pods:
    """Runs the pods of one workflow, and keeps what they saw and how they ended."""

    def __init__(self, place: Place, folders: Folders) -> None:
        self.node = Node(place, folders.programs, **identity())
        self.traces = folders.traces
        self.spans: dict[str, tuple[float, float]] = {}  # from when to when a pod ran, by its uid
        self._ended: dict[str, Ended] = {}

    def run(self, pod: Object) -> Ended:
        """Run the containers of a pod one after the other, until one fails; the last that ran says how it ended."""
        begun = time.monotonic()
        time.sleep(PAUSE)
        containers = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
        lines: list[str] = []
        for name in (each["name"] for each in containers if each["name"] not in OF_ARGO):
            ended = self.node.run(pod, name, **{TRACE: str(self._trace(pod))})
            lines += ended.lines
            if ended.exit_code:
                break
        self._ended[pod["metadata"]["uid"]] = ended._replace(lines=lines)
        self.spans[pod["metadata"]["uid"]] = begun, time.monotonic()
        return ended

    def fail(self, pod: Object, error: str) -> None:
        """A pod has failed although its containers have not."""
        ended = self._ended[pod["metadata"]["uid"]]
        self._ended[pod["metadata"]["uid"]] = ended._replace(exit_code=1, lines=[*ended.lines, error])

    def folders(self, pod: Object) -> dict[str, Path]:
        return self.node.folders(pod, container_of(pod))

    def seen(self, pod: Object, after: frozenset[str]) -> corpus.Pod:
        """What is known of a pod in the end."""
        ended = self._ended.get(pod["metadata"]["uid"], Ended("", -1, ["has not run"], ""))
        return corpus.Pod(
            step_of(pod), corpus.seen(self._trace(pod)), after, ended.exit_code, list(ended.lines)
        )

    def _trace(self, pod: Object) -> Path:
        return self.traces / f"{pod['metadata']['labels'].get(STEP)}.{pod['metadata']['name']}.json"


def step_of(pod: Object) -> str:
    return str(pod["metadata"]["labels"][STEP])

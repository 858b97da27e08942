"""The corpus by our coordinator on a real control plane, as a user applies it; the tests play the kubelet."""

import re
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance import corpus
from tests.conformance.cluster import Cluster
from tests.conformance.corpus_pods import Folders, Pods, step_of
from tests.conformance.kfp_runs import open_folder
from tests.conformance.node import Ended
from tests.conformance.s3 import Store
from tests.conformance.workflows import READY, Object, Place

SECONDS = 600
COMPONENT = "automl.dev/component"
IN_STORE = [f"{name} in a store" for name in ("files", "missing", "served")]
NAMES = [*corpus.NAMES, *IN_STORE]
PENDING = "/api/v1/pods?fieldSelector=status.phase=Pending"


class Case(Place):
    """A workflow that runs, or has run, in a namespace of its own."""

    def __init__(self, cluster: Cluster, folders: Folders) -> None:
        super().__init__(cluster, f"corpus-{folders.run.parent.name}", folders.run)
        self.attended = Pods(self, folders)
        self.found: dict[str, tuple[Object, frozenset[str]]] = {}
        self.succeeded: set[str] = set()
        self.problems: list[str] = []

    def apply_all(self, text: str) -> None:
        words = ("apply", "--validate=strict", "-n", self.namespace, "-f", "-")
        self.cluster.kubectl(*words, input=re.sub(r"(?m)^  namespace: .*\n", "", text))

    def give(self, store: Store) -> None:
        """Let the pods find the store, and the cluster have its keys."""
        self.attended.node.variables = store.variables
        self.ask("POST", f"/api/v1/namespaces/{self.namespace}/secrets", store.secret)

    def attend(self, pod: Object) -> None:
        """Run a pod from its beginning to its end."""
        try:
            self._attend(pod)
        except (AssertionError, OSError, LookupError, TypeError, ValueError) as error:
            self.problems.append(f"{pod['metadata']['name']}: {error!r}")

    def _attend(self, pod: Object) -> None:
        ended = self.attended.run(pod)
        if pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet":
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # `minReadySeconds` counts from it
            self.set_status(pod, phase="Running", conditions=[{**READY[0], "lastTransitionTime": now}])
        else:
            if ended.exit_code == 0 and is_of_step(pod):
                self.succeeded.add(step_of(pod))
            phase = "Failed" if ended.exit_code else "Succeeded"
            self.set_status(pod, phase=phase, **terminated(pod, ended))

    def deciding(self) -> list[Object]:
        """The Jobs that decide what becomes of the workflow: its coordinator, or all if it needs none."""
        jobs = self.ask("GET", f"{self.batch}/jobs")["items"]
        coordinators = [job for job in jobs if job["metadata"]["labels"].get(COMPONENT) == "coordinator"]
        return coordinators or list(jobs)

    def is_over(self) -> bool:
        return bool(self.problems) or all(has_ended(job) for job in self.deciding())

    def trace(self) -> corpus.Trace:
        pods = [self.attended.seen(pod, after) for pod, after in self.found.values() if is_of_step(pod)]
        succeeded = all(job["status"].get("succeeded") for job in self.deciding())
        return corpus.Trace(pods, succeeded and not self.problems)

    def details(self) -> str:
        return "\n".join([*self.problems, *(line for each in self.processes for line in each.lines)])


def has_ended(job: Object) -> bool:
    return any(each["type"] in ("Complete", "Failed") for each in job["status"].get("conditions", []))


def is_of_step(pod: Object) -> bool:
    return "automl.dev/step" in pod["metadata"]["labels"]


def terminated(pod: Object, ended: Ended) -> Object:
    """The status of the container that ended last, with its last words."""
    is_first = any(each["name"] == ended.container for each in pod["spec"].get("initContainers", []))
    status = {
        "name": ended.container,
        "state": {"terminated": {"exitCode": ended.exit_code, "message": ended.message}},
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
    }
    return {"initContainerStatuses" if is_first else "containerStatuses": [status]}


def play(cluster: Cluster, cases: Collection[Case], seconds: float = SECONDS) -> None:
    """Be the kubelet of all these until they are over."""
    end = time.monotonic() + seconds
    by_namespace = {case.namespace: case for case in cases}
    with ThreadPoolExecutor(8 * len(cases)) as threads:
        while time.monotonic() < end and not all(case.is_over() for case in cases):
            for pod in cluster.request("GET", PENDING).body["items"]:
                case = by_namespace.get(pod["metadata"]["namespace"])
                if case and pod["metadata"]["uid"] not in case.found:
                    case.found[pod["metadata"]["uid"]] = (pod, frozenset(case.succeeded))
                    threads.submit(case.attend, pod)
            time.sleep(0.3)


@pytest.fixture(scope="module")
def cases(cluster: Cluster, store: Store) -> Iterator[dict[str, Case | str]]:
    """All workflows, which have run side by side, or why they are refused."""
    with open_folder() as root:
        found = {name: started(cluster, store, name, Folders(root, name.replace(" ", "-"))) for name in NAMES}
        play(cluster, [case for case in found.values() if isinstance(case, Case)])
        yield found
        for case in found.values():
            for process in case.processes if isinstance(case, Case) else ():
                process.kill()


def started(cluster: Cluster, store: Store, name: str, folders: Folders) -> Case | str:
    more = corpus.IN_STORE if name in IN_STORE else ""
    text, refusal = corpus.compiled(name.partition(" ")[0], folders.project, "kubernetes", more)
    if refusal:
        return refusal
    case = Case(cluster, folders)
    if store.secret["metadata"]["name"] in text:
        case.give(store)
    case.apply_all(text)
    return case


@pytest.mark.parametrize("name", NAMES)
def test_every_step_sees_what_it_should(
    name: str, cases: dict[str, Case | str], record_property: Callable[[str, object], None]
) -> None:
    case = cases[name]
    outcome, details = (case, "") if isinstance(case, str) else (case.trace(), case.details())
    corpus.check(name, "kubernetes", outcome, record_property, details)

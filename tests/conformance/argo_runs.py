"""Workflows that Argo's own controller runs; the tests play the kubelet and the executor in each pod.

What a part of the engine does is played as its source has it, which is named beside it; the paths are those in
Argo's module. A pod is run by a function that a test may choose: it is given the run and the pod, may take its
time, and says how the pod ends. `succeed` is one; `run_main` of `argo_pods` starts the pod's program.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import NamedTuple

from tests.conformance.argo_controller import Controller
from tests.conformance.cluster import Cluster
from tests.conformance.workflows import MERGE, READY, Object, Place
from tests.runtime.kubelet import expanded

API = "/apis/argoproj.io/v1alpha1"
NOTE = "workflows.argoproj.io"
TEMPLATE = "ARGO_TEMPLATE"
RUNNING = f"{API}/workflows?labelSelector={NOTE}/completed!=true"
PENDING = "/api/v1/pods?fieldSelector=status.phase=Pending"
OF_DEPLOYMENTS = f"{PENDING}&labelSelector=pod-template-hash"  # DefaultDeploymentUniqueLabelKey
OVER = ("Succeeded", "Failed", "Error")
THREADS = 16


class Ending(NamedTuple):
    """How a pod ends, with the last words of its program, and the error of the executor beside it.

    An output that is not among the `outputs` is "1", unless something has failed.
    """

    exit_code: int = 0
    outputs: Mapping[str, str] = MappingProxyType({})
    message: str = ""
    error: str = ""

    @property
    def has_failed(self) -> bool:
        return bool(self.exit_code or self.error)


class Begun(NamedTuple):
    """A pod that the controller made, with the nodes whose pods had succeeded when it was found."""

    node: str  # the names of the tasks on the way to it, with the number of the try: run.train(0)
    pod: Object
    after: frozenset[str]


RunPod = Callable[["Run", Object], Ending]


def succeed(run: "Run", pod: Object) -> Ending:
    return Ending()


class Run(Place):
    """A Workflow in a namespace of its own, with the strictest Pod Security."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path, run_pod: RunPod = succeed) -> None:
        super().__init__(cluster, namespace, folder)
        self.run_pod = run_pod
        self.name = ""
        self.keeps: int | None = 0  # which of the pods that are pending is kept back
        self.begun: dict[str, Begun] = {}  # by the uid of the pod, in the order in which they were found
        self.ended: dict[str, int] = {}  # 0 for each node that has succeeded
        self.problems: list[str] = []  # what the executor in a pod has met
        self._attended: set[str] = set()
        self._tokens: dict[str, str] = {}

    def submit(self, documents: Iterable[Object]) -> None:
        """Apply all objects, and run what is among them: a Workflow, or the one that a schedule would make."""
        documents = list(documents)
        workflow = workflow_of(documents)
        for each in documents:
            if each is not workflow:
                self.create(each)
        if any(each["kind"] == "WorkflowTemplate" for each in documents):
            # The controller takes up a Workflow 10 s after it was created, but here after 0.2 s: it could
            # look for a template before it has heard of it, on a busy machine after a second still.
            time.sleep(5)
        self.create(workflow)
        self.name = workflow["metadata"]["name"]

    def create(self, wanted: Object) -> None:
        """Create an object, as JSON: in YAML, which an apply patch is, JSON has another meaning in places."""
        version = wanted["apiVersion"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        path = f"{root}/namespaces/{self.namespace}/{wanted['kind'].lower()}s?fieldValidation=Strict"
        self.ask("POST", path, wanted)

    def workflow(self) -> Object:
        return self.ask("GET", f"{API}/namespaces/{self.namespace}/workflows/{self.name}")

    def verdict(self) -> str:
        """The phase, such as "Succeeded", or all that is wrong."""
        status = self.workflow().get("status", {})
        phase, message = status.get("phase", "not begun"), status.get("message")
        if phase == "Succeeded" and not self.problems:
            return "Succeeded"
        nodes = [
            f"{each['name']}: {each['message']}"
            for each in status.get("nodes", {}).values()
            if each.get("message")
        ]
        return "\n".join([f"{phase}: {message}", *self.problems, *nodes])

    def nodes(self) -> list[str]:
        """The nodes whose pods have begun, in that order, without the name of the Workflow."""
        return [each.node.partition(".")[2] for each in self.begun.values()]

    def turn(self, workflow: Object, pods: list[Object]) -> list[Object]:
        """The pods that are to run next, among those that are pending.

        One is kept back until the controller has taken note of the end of all others: now it would make
        what has to wait for that one, if it did not wait.
        """
        mine = [pod for pod in pods if pod["metadata"]["labels"].get(f"{NOTE}/workflow") == self.name]
        after = frozenset(node for node, code in self.ended.copy().items() if code == 0)
        for pod in mine:
            self.begun.setdefault(pod["metadata"]["uid"], Begun(_node(pod), pod, after))
        waiting = [pod for pod in mine if pod["metadata"]["uid"] not in self._attended]
        is_alone = len(waiting) == 1 and self._is_settled(workflow, mine)
        if waiting and not is_alone and self.keeps is not None:
            waiting.pop(self.keeps)
        self._attended |= {pod["metadata"]["uid"] for pod in waiting}
        return waiting

    def serve(self, pod: Object) -> None:
        """Make a pod of a Deployment ready."""
        make_ready(self, pod)

    def attend(self, pod: Object) -> None:
        """Run a pod from its beginning to its end."""
        try:
            self._attend(pod)
        except (AssertionError, OSError, LookupError, TypeError, ValueError) as error:
            self.problems.append(f"{_node(pod)}: {error!r}")

    def _attend(self, pod: Object) -> None:
        ending = self.run_pod(self, pod)
        self.report(pod, ending)
        # Noted first: the controller may be faster than what follows here.
        self.ended[_node(pod)] = int(ending.has_failed)
        names = [each["name"] for each in pod["spec"]["containers"]]
        of_executor = Ending(int(bool(ending.error)), message=ending.error)
        statuses = [_status(name, ending if name == "main" else of_executor) for name in names]
        phase = "Failed" if ending.has_failed else "Succeeded"
        self.set_status(pod, phase=phase, containerStatuses=statuses)

    def report(self, pod: Object, ending: Ending) -> None:
        """What the executor writes, by the account of the pod, before the pod ends.

        cmd/argoexec/commands/wait.go has the order: InitializeOutput, ReportOutputs and FinalizeOutput of
        workflow/executor/executor.go. The object is that of createTaskResult in workflow/executor/taskresult.go.
        The controller reads it in workflow/controller/taskresult.go.
        """
        path = f"{API}/namespaces/{self.namespace}/workflowtaskresults"
        node_id = pod["metadata"]["annotations"][f"{NOTE}/node-id"]
        labels = {f"{NOTE}/workflow": self.name, f"{NOTE}/report-outputs-completed": "false"}
        meta = {"name": node_id, "labels": labels, "ownerReferences": [pod["metadata"]["ownerReferences"][0]]}
        made: Object = {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowTaskResult", "metadata": meta}
        self._as_executor(pod, "POST", path, made, "application/json")
        change: Object = {"metadata": {"labels": {f"{NOTE}/report-outputs-completed": "true"}}}
        if outputs := _outputs(pod, ending):
            change["outputs"] = outputs
        self._as_executor(pod, "PATCH", f"{path}/{node_id}", change, MERGE)

    def _as_executor(self, pod: Object, method: str, path: str, body: Object, content_type: str) -> None:
        account = pod["spec"]["serviceAccountName"]
        if account not in self._tokens:
            self._tokens[account] = self.cluster.token_for(self.namespace, account)
        answer = self.cluster.request(method, path, body, self._tokens[account], content_type)
        assert answer.status < 300, answer

    def _is_settled(self, workflow: Object, pods: Iterable[Object]) -> bool:
        """Whether what has begun to run has ended, and the controller has noted that and done what follows.

        In one operation it looks at the pods (podReconciliation in workflow/controller/operator.go), makes those
        that can start now, and then writes down the nodes.
        """
        nodes = workflow.get("status", {}).get("nodes", {}).values()
        over = {node["name"] for node in nodes if node.get("phase") in OVER}
        attended = {each.node for uid, each in self.begun.items() if uid in self._attended}
        waiting = {_node(pod) for pod in pods if pod["metadata"]["uid"] not in self._attended}
        return attended <= over and waiting <= {node["name"] for node in nodes}


def play(controller: Controller, runs: Collection[Run], seconds: float = 300) -> None:
    """Be kubelet and executor of all these runs until they are over, for so many seconds at most.

    What has become of each is its `verdict`. The pods of Deployments get ready.
    """
    is_over = Event()
    with ThreadPoolExecutor(THREADS + 1) as threads:
        serving = threads.submit(_serve, controller, runs, is_over)
        try:
            _attend(controller, runs, time.monotonic() + seconds, threads)
        finally:
            is_over.set()
        serving.result()


def _attend(controller: Controller, runs: Collection[Run], end: float, threads: ThreadPoolExecutor) -> None:
    while (began := time.monotonic()) < end and (workflows := _unfinished(controller, runs)):
        # Asked after the Workflows: what the controller made before it wrote a status is among the pods.
        pods = _by_namespace(controller.cluster.request("GET", PENDING).body["items"])
        for run in runs:
            if run.namespace in workflows:
                for pod in run.turn(workflows[run.namespace], pods[run.namespace]):
                    threads.submit(run.attend, pod)
        time.sleep(0.1 + 3 * (time.monotonic() - began))  # the API server has other things to do


def _serve(controller: Controller, runs: Collection[Run], is_over: Event) -> None:
    """Make Deployments ready, which have only as much time as a config gives them."""
    while not is_over.wait(1):
        pods = _by_namespace(controller.cluster.request("GET", OF_DEPLOYMENTS).body["items"])
        for run in runs:
            for pod in pods[run.namespace]:
                run.serve(pod)


def make_ready(run: Run, pod: Object) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # `minReadySeconds` counts from it
    run.set_status(pod, phase="Running", conditions=[{**READY[0], "lastTransitionTime": now}])


def is_of_deployment(pod: Object) -> bool:
    return bool(pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet")


def workflow_of(documents: Iterable[Object]) -> Object:
    """The Workflow among the objects, or the one that runs what is there instead.

    That of a CronWorkflow is as ConvertCronWorkflowToWorkflowWithProperties in workflow/common/convert.go has it,
    with the name that getWorkflowName in workflow/cron/operator.go gives to it.
    """
    kinds = {each["kind"]: each for each in documents}
    if "Workflow" in kinds:
        return kinds["Workflow"]
    meta: Object
    if "CronWorkflow" in kinds:
        scheduled = kinds["CronWorkflow"]
        name, labels = scheduled["metadata"]["name"], {f"{NOTE}/cron-workflow": scheduled["metadata"]["name"]}
        given = scheduled["spec"].get("workflowMetadata", {})
        meta = {"name": f"{name}-{int(time.time())}", "labels": labels | given.get("labels", {})}
        meta["annotations"] = given.get("annotations", {})
        spec = scheduled["spec"]["workflowSpec"]
    else:
        name = kinds["WorkflowTemplate"]["metadata"]["name"]
        meta = {"name": f"run-of-{name}"[:63]}
        spec = {"workflowTemplateRef": {"name": name}}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": meta, "spec": spec}


def template_of(pod: Object) -> Object:
    """The template of a pod, as its executor finds it: in a variable, in which the kubelet replaces `$(NAME)`."""
    [text] = [each["value"] for each in pod["spec"]["initContainers"][0]["env"] if each["name"] == TEMPLATE]
    return dict(json.loads(expanded(text, {})))


def _node(pod: Object) -> str:
    return str(pod["metadata"]["annotations"][f"{NOTE}/node-name"])


def _unfinished(controller: Controller, runs: Iterable[Run]) -> dict[str, Object]:
    """The Workflows of those runs that are not over, by their namespaces."""
    assert controller.is_running(), controller.log_end()
    names = {(run.namespace, run.name) for run in runs if not run.problems}
    found = controller.cluster.request("GET", RUNNING).body["items"]
    workflows = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in found}
    return {key[0]: workflows[key] for key in names & workflows.keys()}


def _by_namespace(pods: Iterable[Object]) -> defaultdict[str, list[Object]]:
    found = defaultdict[str, list[Object]](list)
    for pod in pods:
        found[pod["metadata"]["namespace"]].append(pod)
    return found


def _outputs(pod: Object, ending: Ending) -> Object:
    """All parameters and artifacts that the template declares, as SaveParameters and SaveArtifacts leave them."""
    template = template_of(pod)
    declared = template.get("outputs", {})
    parameters = declared.get("parameters", [])
    known = (
        ending.outputs
        if ending.has_failed
        else {each["name"]: each.get("value", "1") for each in parameters} | dict(ending.outputs)
    )
    values = {name: {"value": value} for name, value in known.items()}
    kinds = {
        "parameters": [{**each, **values.get(each["name"], {})} for each in parameters],
        "artifacts": []
        if ending.has_failed
        else [_kept(each, template) for each in declared.get("artifacts", [])],
    }
    return {kind: outputs for kind, outputs in kinds.items() if outputs}


def _kept(artifact: Object, template: Object) -> Object:
    """An artifact with its place; without one it is in the repository: saveArtifactFromFile in executor.go."""
    if "s3" in artifact:
        return artifact
    folder = template["archiveLocation"]["s3"]["key"]
    return {**artifact, "s3": {"key": f"{folder}/{artifact['path'].rpartition('/')[2]}"}}


def _status(container: str, ending: Ending) -> Object:
    """That of a container that has ended; the controller looks at `main` and `wait`.

    assessNodeStatus and inferFailedReason in workflow/controller/operator.go read it.
    """
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    state = {"exitCode": ending.exit_code, "startedAt": now, "finishedAt": now, "message": ending.message}
    state["reason"] = "Error" if ending.exit_code else "Completed"
    return {
        "name": container,
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": {"terminated": state},
    }

"""What the status of the Workflow that runs a pipeline has, once all of it has run: the nodes of Argo.

They are written down as Argo's controller writes them, as far as lengths go.

A step has three nodes: the pod of its driver, the DAG around its own pod, and that pod; a step that may be repeated has
one more. Its container stands once in the spec, and once in each of them: as what the driver gets, and as the patch of
a pod that it makes of it.

A run of a loop has three nodes beside those of its tasks: itself, the pod of its driver, and the DAG of its tasks. The
driver of each is told the whole task, so the list of the loop is there once for each item of it.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.records import NamedTuple
from automl.targets.kubeflow.in_argo import DAG_DRIVER, DRIVER, Run, Told, joined, parameters
from automl.targets.objects.json import go_json

_RUN, _TIME = "0" * 36, "2026-01-01T00:00:00Z"
_METADATA = "metadata-grpc-service.kubeflow.svc.cluster.local"
_ARTIFACT = (
    f"minio://mlpipeline/v2/artifacts/{_RUN}/code/{_RUN}/code with its type, name and metadata in JSON"
)
_FILES = ',"valueFrom":{"path":"/tmp/outputs/pod-spec-patch","default":"false"}'


class Node(NamedTuple):
    """One of them, as JSON."""

    id: str
    is_pod: bool
    text: str


class Nodes:
    """Those of a run, of which at most `sampled` are written down of each loop."""

    def __init__(self, run: Run, sampled: int) -> None:
        self._run, self._parts = run, run.parts
        self._sampled, self.left_out = sampled, 0
        """Nodes of loops that are not written down."""

    def all(self) -> Iterator[Node]:
        """The nodes of the status when all has run."""
        yield self._node("", ("DAG", "entrypoint"))
        given = parameters({"component": go_json(self._parts.components["comp-root"])})
        yield self._node(".root-driver", ("Pod", DAG_DRIVER), given)
        yield self._node(".root", ("DAG", "root"))
        yield from self._nodes_of("comp-root", ".root")

    def _nodes_of(self, dag: str, path: str) -> Iterator[Node]:
        """The nodes of the tasks in a DAG."""
        tasks = self._run.tasks[dag]
        after: dict[str, list[str]] = {task.name: [] for task in tasks}
        for task in tasks:
            for before in task.needs:
                after[before].append(self._id(f"{path}.{task.name}-driver"))
        for task in tasks:
            nodes = self._nodes_of_step if task.label else self._nodes_of_dag
            nodes = self._nodes_of_loop if task.items else nodes
            yield from nodes(f"{path}.{task.name}", task, after[task.name])

    def _nodes_of_dag(self, place: str, task: Told, after: Sequence[str]) -> Iterator[Node]:
        yield self._node(f"{place}-driver", ("Pod", DAG_DRIVER), parameters(self._given(task)))
        yield from self._nodes_of(task.component, place)
        yield self._node(place, ("DAG", task.name), after=after)

    def _given(self, task: Told) -> dict[str, str]:
        """What its driver gets of any task."""
        component = go_json(self._parts.components[task.component])
        return {"component": component, "task": task.text, "task-name": f'"{task.name}"'}

    def _nodes_of_loop(self, place: str, task: Told, after: Sequence[str]) -> Iterator[Node]:
        """What goes around the items, and then each of them (dag.go, iteratorTask and iterationItemTask)."""
        given, around = self._given(task), f"{place}.iteration-iterations"
        yield self._node(f"{place}.iteration-driver", ("Pod", DAG_DRIVER), parameters(given))
        items = [f"{around}({index}:{index})" for index in range(task.items)]
        yield self._node(around, ("TaskGroup", f"{task.component}-iteration"), after=[*map(self._id, items)])
        for index, item in enumerate(items[: self._sampled]):
            nodes = [*self._nodes_of_item(item, task.component, {**given, "iteration-index": f'"{index}"'})]
            yield from nodes
        self.left_out += (task.items - index - 1) * len(nodes)
        yield self._node(place, ("DAG", f"{task.component}-{task.name}-iterator"), after=after)

    def _nodes_of_item(self, place: str, loop: str, given: Mapping[str, str]) -> Iterator[Node]:
        which = parameters({"iteration-index": given["iteration-index"]})
        yield self._node(place, ("DAG", f"{loop}-iteration"), which)
        yield self._node(f"{place}.iteration-item-driver", ("Pod", DAG_DRIVER), parameters(given))
        yield self._node(f"{place}.iteration-item", ("DAG", loop))
        yield from self._nodes_of(loop, f"{place}.iteration-item")

    def _nodes_of_step(self, place: str, task: Told, after: Sequence[str]) -> Iterator[Node]:
        label, template = task.label or "", task.template
        given = self._given(task)
        given["container"] = go_json(self._parts.containers[label])
        given["kubernetes-config"] = go_json(self._parts.configs.get(label, ""))
        patch = {"pod-spec-patch": go_json(self._patch(task))}
        left = {**patch, "cached-decision": '"false"'}
        yield self._node(f"{place}-driver", ("Pod", DRIVER), parameters(given), parameters(left, _FILES))
        yield self._node(place, ("DAG", template), joined(parameters(left), task.extras))
        taken = joined(parameters(patch), task.extras)
        if task.is_retried:
            yield self._node(f"{place}.executor", ("Retry", template), taken)
            place = f"{place}(0)"
        yield self._node(f"{place}.executor", ("Pod", template), taken, after=after)

    def _patch(self, task: Told) -> str:
        """What the driver makes of a container (backend/src/v2/driver/driver.go, initPodSpecPatch)."""
        label = task.label or ""
        component = self._run.components[task.component]
        container, config = self._run.containers[label]["container"], self._run.configs.get(label, {})
        executor_input = {"outputs": {"outputFile": "/tmp/kfp_outputs/output_metadata.json"}}
        if "inputDefinitions" in component:
            executor_input["inputs"] = {"artifacts": _ARTIFACT}
        launcher = ["/kfp-launcher/launch", "--pipeline_name", self._run.name, "--run_id", _RUN]
        launcher += ["--execution_id", "1234", "--executor_input", go_json(executor_input)]
        launcher += ["--component_spec", self._parts.components[task.component]]
        launcher += ["--pod_name", "$(KFP_POD_NAME)", "--pod_uid", "$(KFP_POD_UID)", "--mlmd_server_address"]
        launcher += [_METADATA, "--mlmd_server_port", "8080", "--publish_logs", "true", "--"]
        words = [*container["command"], *container.get("args", ())]
        main = {"name": "main", "image": container["image"], "command": launcher, "args": words}
        main |= {"env": container["env"], "resources": {"requests": {"cpu": "1500m", "memory": "1500Mi"}}}
        volumes = {key: value for key, value in config.items() if key != "podMetadata"}
        return go_json({"containers": [main], "volumes": volumes})

    def _node(
        self, path: str, kind: tuple[str, str], inputs: str = "", outputs: str = "", after: Sequence[str] = ()
    ) -> Node:
        """A node (argo-workflows, workflow/controller/operator.go, initializeExecutableNode), and what comes after it."""
        run, id, (type, template) = self._run.name, self._id(path), kind
        before, _, shown = path.rpartition(".")
        children = '","'.join((id, *after))
        given = joined('{"name":"parent-dag-id","value":"12"}', inputs)
        if type == "DAG":
            rest = f'"outboundNodes":["{id}"]'
        else:
            log = f"private-artifacts/kubeflow/{run}/2026/01/01/{id}-{template}/main.log"
            rest = (
                '"hostNodeName":"ip-10-0-100-100.eu-central-1.compute.internal","taskResultSynced":true,'
                f'"outputs":{{"parameters":[{outputs}],"exitCode":"0",'
                f'"artifacts":[{{"name":"main-logs","s3":{{"key":"{log}"}}}}]}}'
            )
        text = (
            f'{{"id":"{id}","name":"{run}{path}","displayName":"{shown}","type":"{type}",'
            f'"templateName":"{template}","templateScope":"local/{run}","phase":"Succeeded",'
            f'"boundaryID":"{self._id(before)}","startedAt":"{_TIME}","finishedAt":"{_TIME}","progress":"1/1",'
            f'"resourcesDuration":{{"cpu":10,"memory":100}},"children":["{children}"],'
            f'"inputs":{{"parameters":[{given}]}},{rest}}}'
        )
        return Node(id, type == "Pod", text)

    def _id(self, path: str) -> str:
        """A name and a hash."""
        return f"{self._run.name}-{zlib.crc32(path.encode())}"

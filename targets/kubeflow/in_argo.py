"""The Workflow of Argo that runs a pipeline.

It is written down as Kubeflow's backend (2.15, backend/src/v2/compiler/argocompiler) and Argo's controller write it, as
far as lengths go. tests/conformance/test_kubeflow_sizes.py holds it against their own code.

A step has three nodes: the pod of its driver, the DAG around its own pod, and that pod; a step that may be repeated has
one more. Its container stands once in the spec, and once in each of them: as what the driver gets, and as the patch of
a pod that it makes of it.

A run of a loop has three nodes beside those of its tasks: itself, the pod of its driver, and the DAG of its tasks. The
driver of each is told the whole task, so the list of the loop is there once for each item of it.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automl.targets.kubeflow.parts import Parts
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.objects.json import go_json, size_as_text, size_in_go

_PAIR, _LABEL, _RETRIES = 3_200, 540, 900  # the two templates of executors of a kind
_HASH, _RUN, _TIME = "0" * 64, "0" * 36, "2026-01-01T00:00:00Z"
_DRIVER, _DAG_DRIVER, _EXECUTOR = "system-container-driver", "system-dag-driver", "system-container-executor"
_METADATA = "metadata-grpc-service.kubeflow.svc.cluster.local"
_ARTIFACT = (
    f"minio://mlpipeline/v2/artifacts/{_RUN}/code/{_RUN}/code with its type, name and metadata in JSON"
)
_ARGUMENT = (
    size_in_go([{"name": "", "value": 0}]) - 2
)  # what an argument has beside its name and its value; a comma
Json = dict[str, Any]


class Run:
    """One run of a pipeline."""

    def __init__(self, pipeline: Pipeline, parts: Parts, sampled: int) -> None:
        spec: Any = pipeline.spec
        platform: Any = pipeline.platform
        self._configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platform else {}
        self._containers = {
            name: executor["container"] for name, executor in spec["deploymentSpec"]["executors"].items()
        }
        self._parts = parts
        self._components: dict[str, Json] = {"comp-root": spec["root"], **spec["components"]}
        self._name = f"{spec['pipelineInfo']['name']}-x7k2p"
        self._sampled, self.left_out = sampled, 0
        """Nodes of loops that are not written down."""

    @property
    def has_loops(self) -> bool:
        """Whether a task runs for each item of a list."""
        return any(items_of(task) for _, task in self._all_tasks())

    def bytes_of_templates(self) -> int:
        """What the templates take that depend on how many labels a step has, and on whether it is repeated."""
        steps = [task for _, task in self._all_tasks() if _executor_of(self._component_of(task))]
        kinds = {(len(self._metadata(task)), "retryPolicy" in task) for task in steps}
        return sum(_PAIR + _LABEL * labels // 2 + _RETRIES * repeated for labels, repeated in kinds)

    def bytes_of_arguments(self) -> int:
        """The arguments of the Workflow: components, containers, and what only Kubernetes understands."""
        components, containers, configs = self._parts
        arguments = [(f"components-{_HASH}", component) for component in components.values()]
        arguments += [(f"implementations-{_HASH}", container) for container in containers.values()]
        arguments += [(f"kubernetes-{label}", config) for label, config in configs.items()]
        return sum(_ARGUMENT + len(name) + size_as_text(text) for name, text in arguments) + 1

    def bytes_of_tasks(self) -> int:
        """The tasks in the templates of the DAGs: two for each of ours, and for a loop two more. Each pair is a list."""
        sizes = [(size_in_go(self._pair(name, task)) - 1, task) for name, task in self._all_tasks()]
        return sum(size * (2 if items_of(task) else 1) for size, task in sizes) + 1

    def _pair(self, name: str, task: Json) -> list[Json]:
        placeholder = "{{workflow.parameters.implementations-" + _HASH + "}}"
        output = "{{tasks." + name + "-driver.outputs.parameters.cached-decision}}"
        given = {"component": placeholder, "task": go_json(task), "task-name": name}
        given["parent-dag-id"] = "{{inputs.parameters.parent-dag-id}}"
        taken = {"pod-spec-patch": output, "cached-decision": output}
        if _executor_of(self._component_of(task)):
            given |= {
                "container": placeholder,
                "kubernetes-config": "{{workflow.parameters.kubernetes-comp-" + name,
            }
        needs = " && ".join(f"{before}.Succeeded" for before in task.get("dependentTasks", ()))
        driver = {"name": f"{name}-driver", "template": _DRIVER, "depends": needs}
        runs = {"name": name, "template": self._template(name, task), "depends": f"{name}-driver.Succeeded"}
        return [
            {**driver, "arguments": {"parameters": _parameters(given)}},
            {**runs, "arguments": {"parameters": [*_parameters(taken), *self._extras(task)]}},
        ]

    def nodes(self) -> Iterator[Json]:
        """The nodes of the status when all has run."""
        yield self._node("", ("DAG", "entrypoint"), [])
        given = _parameters({"component": self._parts.components["comp-root"]})
        yield self._node(".root-driver", ("Pod", _DAG_DRIVER), given)
        yield self._node(".root", ("DAG", "root"), [])
        yield from self._nodes_of("comp-root", ".root")

    def _nodes_of(self, dag: str, path: str) -> Iterator[Json]:
        """The nodes of the tasks in a DAG."""
        tasks = self._components[dag]["dag"]["tasks"]
        after: dict[str, list[str]] = {name: [] for name in tasks}
        for name, task in tasks.items():
            for before in task.get("dependentTasks", ()):
                after[before].append(self._id(f"{path}.{name}-driver"))
        for name, task in tasks.items():
            component, place = self._component_of(task), f"{path}.{name}"
            if items_of(task):
                nodes = [*self._nodes_of_loop(place, name, task)]
            elif _executor_of(component):
                nodes = [*self._nodes_of_step(place, name, task)]
            else:
                told = self._parts.components[task["componentRef"]["name"]]
                given = _parameters({"component": told, "task": go_json(task), "task-name": name})
                nodes = [self._node(f"{place}-driver", ("Pod", _DAG_DRIVER), given)]
                nodes.append(self._node(place, ("DAG", name), []))
                yield from self._nodes_of(task["componentRef"]["name"], place)
            nodes[-1]["children"] += after[name]
            yield from nodes

    def _nodes_of_loop(self, place: str, name: str, task: Json) -> Iterator[Json]:
        """What goes around the items, and then each of them (dag.go, iteratorTask and iterationItemTask)."""
        component, items = task["componentRef"]["name"], items_of(task)
        told = {"component": self._parts.components[component], "task": go_json(task), "task-name": name}
        around = f"{place}.iteration-iterations"
        yield self._node(f"{place}.iteration-driver", ("Pod", _DAG_DRIVER), _parameters(told))
        group = self._node(around, ("TaskGroup", f"{component}-iteration"), [])
        group["children"] = [self._id(f"{around}({index}:{index})") for index in range(len(items))]
        yield group
        for index in range(min(len(items), self._sampled)):
            nodes = [*self._nodes_of_item(f"{around}({index}:{index})", component, told, str(index))]
            yield from nodes
        self.left_out += (len(items) - index - 1) * len(nodes)
        yield self._node(place, ("DAG", f"{component}-{name}-iterator"), [])

    def _nodes_of_item(self, place: str, loop: str, told: Mapping[str, str], index: str) -> Iterator[Json]:
        which = {"iteration-index": index}
        yield self._node(place, ("DAG", f"{loop}-iteration"), _parameters(which))
        given = _parameters({**told, **which})
        yield self._node(f"{place}.iteration-item-driver", ("Pod", _DAG_DRIVER), given)
        yield self._node(f"{place}.iteration-item", ("DAG", loop), [])
        yield from self._nodes_of(loop, f"{place}.iteration-item")

    def _nodes_of_step(self, place: str, name: str, task: Json) -> Iterator[Json]:
        component = self._component_of(task)
        label = component["executorLabel"]
        container, config = self._containers[label], self._configs.get(label, {})
        given = {
            "component": self._parts.components[task["componentRef"]["name"]],
            "task": go_json(task),
            "task-name": name,
        }
        given |= {
            "container": self._parts.containers[label],
            "kubernetes-config": self._parts.configs.get(label, ""),
        }
        outputs = {"pod-spec-patch": self._patch(container, config, component), "cached-decision": "false"}
        yield self._node(f"{place}-driver", ("Pod", _DRIVER), _parameters(given), _parameters(outputs))
        template, extras = self._template("", task), self._extras(task)
        yield self._node(place, ("DAG", template), [*_parameters(outputs), *extras])
        taken = [*_parameters(outputs)[:1], *extras]
        if "retryPolicy" in task:
            yield self._node(f"{place}.executor", ("Retry", template), taken)
            place = f"{place}(0)"
        yield self._node(f"{place}.executor", ("Pod", template), taken)

    def _patch(self, container: Json, config: Json, component: Json) -> str:
        """What the driver makes of a container (backend/src/v2/driver/driver.go, initPodSpecPatch)."""
        executor_input = {"outputs": {"outputFile": "/tmp/kfp_outputs/output_metadata.json"}}
        if "inputDefinitions" in component:
            executor_input["inputs"] = {"artifacts": _ARTIFACT}
        launcher = [
            "/kfp-launcher/launch",
            "--pipeline_name",
            self._name,
            "--run_id",
            _RUN,
            "--execution_id",
            "1234",
        ]
        launcher += ["--executor_input", go_json(executor_input), "--component_spec", go_json(component)]
        launcher += ["--pod_name", "$(KFP_POD_NAME)", "--pod_uid", "$(KFP_POD_UID)", "--mlmd_server_address"]
        launcher += [_METADATA, "--mlmd_server_port", "8080", "--publish_logs", "true", "--"]
        words = [*container["command"], *container.get("args", ())]
        main = {"name": "main", "image": container["image"], "command": launcher, "args": words}
        main |= {"env": container["env"], "resources": {"requests": {"cpu": "1500m", "memory": "1500Mi"}}}
        volumes = {key: value for key, value in config.items() if key != "podMetadata"}
        return go_json({"containers": [main], "volumes": volumes})

    def _node(
        self, path: str, kind: tuple[str, str], inputs: Sequence[Json], outputs: Sequence[Json] = ()
    ) -> Json:
        """A node (argo-workflows, workflow/controller/operator.go, initializeExecutableNode)."""
        name, id, (type, template) = f"{self._name}{path}", self._id(path), kind
        parent = self._id(path.rpartition(".")[0])
        node: Json = {"id": id, "name": name, "displayName": path.rpartition(".")[2], "type": type}
        node |= {"templateName": template, "templateScope": f"local/{self._name}", "phase": "Succeeded"}
        node |= {"boundaryID": parent, "startedAt": _TIME, "finishedAt": _TIME, "progress": "1/1"}
        node |= {"resourcesDuration": {"cpu": 10, "memory": 100}, "children": [id]}
        node["inputs"] = {"parameters": [{"name": "parent-dag-id", "value": "12"}, *inputs]}
        if type == "DAG":
            return node | {"outboundNodes": [id]}
        log = f"private-artifacts/kubeflow/{self._name}/2026/01/01/{id}-{template}/main.log"
        files = {"valueFrom": {"path": "/tmp/outputs/pod-spec-patch", "default": "false"}}
        left: Json = {"parameters": [output | files for output in outputs], "exitCode": "0"}
        left["artifacts"] = [{"name": "main-logs", "s3": {"key": log}}]
        node |= {"hostNodeName": "ip-10-0-100-100.eu-central-1.compute.internal", "taskResultSynced": True}
        return node | {"outputs": left}

    def _id(self, path: str) -> str:
        """A name and a hash."""
        return f"{self._name}-{zlib.crc32(path.encode())}"

    def _all_tasks(self) -> Iterator[tuple[str, Json]]:
        for component in self._components.values():
            yield from component.get("dag", {"tasks": {}})["tasks"].items()

    def _component_of(self, task: Json) -> Json:
        return self._components[task["componentRef"]["name"]]

    def _template(self, name: str, task: Json) -> str:
        repeated = "retry-" if "retryPolicy" in task else ""
        return f"metadata-0-0-{repeated}{_EXECUTOR}" if _executor_of(self._component_of(task)) else name

    def _metadata(self, task: Json) -> list[Json]:
        """Labels and annotations of the pods, each as two parameters of what runs them."""
        label = _executor_of(self._component_of(task)) or ""
        metadata = self._configs.get(label, {}).get("podMetadata", {})
        pairs = [pair for kind in metadata.values() for pair in kind.items()]
        return [{"name": "pod-metadata-label-key-1", "value": text} for pair in pairs for text in pair]

    def _extras(self, task: Json) -> list[Json]:
        policy = task.get("retryPolicy", {})
        repeated = {f"retry-{name}": str(value) for name, value in policy.items()}
        return [*self._metadata(task), *_parameters(repeated)]


def _executor_of(component: Json) -> str | None:
    label: str | None = component.get("executorLabel")
    return label


def items_of(task: Json) -> list[Json]:
    """What a task loops over."""
    iterator = task.get("parameterIterator")
    return list(json.loads(iterator["items"]["raw"])) if iterator else []


def _parameters(values: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in values.items()]

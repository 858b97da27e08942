"""The Workflow of Argo that runs a pipeline, before it starts.

It is written down as Kubeflow's backend (2.15, backend/src/v2/compiler/argocompiler) writes it, as far as lengths go;
`nodes` has what its status gets. tests/conformance/test_kubeflow_sizes.py holds both against their own code.

Texts are made of texts: what is the same in several places, and may be long, is turned into JSON once.
"""

import json
from collections.abc import Mapping
from typing import Any

from automl.compiler.records import NamedTuple
from automl.targets.kubeflow.parts import Parts
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.objects.json import go_json, size_as_text, size_in_go

_PAIR, _LABEL, _RETRIES = 3_200, 540, 900  # the two templates of executors of a kind
_HASH = "0" * 64
_PLACEHOLDER = f'"{{{{workflow.parameters.implementations-{_HASH}}}}}"'
_ARGUMENT = (
    size_in_go([{"name": "", "value": 0}]) - 2
)  # what an argument has beside its name and its value; a comma
DRIVER, DAG_DRIVER, _EXECUTOR = "system-container-driver", "system-dag-driver", "system-container-executor"
Json = dict[str, Any]


class Told(NamedTuple):
    """A task of a DAG, as it is told to those that run it."""

    name: str
    component: str
    """What it is one of."""
    label: str | None
    """Of its executor. A task that is a DAG has none."""
    needs: tuple[str, ...]
    """The names of the tasks that it waits for."""
    text: str
    """The whole task, as a text in JSON."""
    items: int
    """How many a loop runs for; 0 where it is none."""
    labels: int
    """Of its pod, and annotations."""
    is_retried: bool
    extras: str
    """The parameters that its pod gets beside its patch: labels, and how it is retried."""

    @property
    def template(self) -> str:
        """What runs it."""
        return f"metadata-0-0-{'retry-' * self.is_retried}{_EXECUTOR}" if self.label else self.name


class Run:
    """One run of a pipeline."""

    def __init__(self, pipeline: Pipeline, parts: Parts) -> None:
        spec: Any = pipeline.spec
        platform: Any = pipeline.platform
        self.name, self.parts = f"{spec['pipelineInfo']['name']}-x7k2p", parts
        self.containers: dict[str, Json] = spec["deploymentSpec"]["executors"]
        self.configs: dict[str, Json] = (
            platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platform else {}
        )
        self.components: dict[str, Json] = {"comp-root": spec["root"], **spec["components"]}
        self.tasks = {
            name: [self._told(*task) for task in component["dag"]["tasks"].items()]
            for name, component in self.components.items()
            if "dag" in component
        }
        """Of each DAG, by the name of its component."""

    def _told(self, name: str, task: Json) -> Told:
        component = task["componentRef"]["name"]
        label: str | None = self.components[component].get("executorLabel")
        kinds = self.configs.get(label or "", {}).get("podMetadata", {}).values()
        labels = [text for kind in kinds for pair in kind.items() for text in pair]
        extras = [{"name": "pod-metadata-label-key-1", "value": text} for text in labels]
        policy = task.get("retryPolicy", {}).items()
        extras += [{"name": f"retry-{what}", "value": str(value)} for what, value in policy]
        return Told(
            name,
            component,
            label,
            needs=task.get("dependentTasks", ()),
            text=go_json(go_json(task)),
            items=_items_of(task),
            labels=len(labels) // 2,
            is_retried="retryPolicy" in task,
            extras=go_json(extras)[1:-1],
        )

    @property
    def has_loops(self) -> bool:
        """Whether a task runs for each item of a list."""
        return any(task.items for tasks in self.tasks.values() for task in tasks)

    def bytes_of_templates(self) -> int:
        """What the templates take that depend on how many labels a step has, and on whether it is repeated."""
        steps = (task for tasks in self.tasks.values() for task in tasks if task.label)
        kinds = {(task.labels, task.is_retried) for task in steps}
        return sum(_PAIR + _LABEL * labels + _RETRIES * repeated for labels, repeated in kinds)

    def bytes_of_arguments(self) -> int:
        """The arguments of the Workflow: components, containers, and what only Kubernetes understands."""
        components, containers, configs = self.parts
        arguments = [(f"components-{_HASH}", component) for component in components.values()]
        arguments += [(f"implementations-{_HASH}", container) for container in containers.values()]
        arguments += [(f"kubernetes-{label}", config) for label, config in configs.items()]
        return sum(_ARGUMENT + len(name) + size_as_text(text) for name, text in arguments) + 1

    def bytes_of_tasks(self) -> int:
        """The tasks in the templates of the DAGs: two for each of ours, and for a loop two more. Each pair is a list."""
        told = (task for tasks in self.tasks.values() for task in tasks)
        return sum((len(_pair(task).encode()) - 1) * (2 if task.items else 1) for task in told) + 1


def _pair(task: Told) -> str:
    """The driver of a task and itself, as the templates have them."""
    output = f'"{{{{tasks.{task.name}-driver.outputs.parameters.cached-decision}}}}"'
    given = {"component": _PLACEHOLDER, "task": task.text, "task-name": f'"{task.name}"'}
    given["parent-dag-id"] = '"{{inputs.parameters.parent-dag-id}}"'
    if task.label:
        config = f'"{{{{workflow.parameters.kubernetes-comp-{task.name}"'
        given |= {"container": _PLACEHOLDER, "kubernetes-config": config}
    taken = parameters({"pod-spec-patch": output, "cached-decision": output})
    needs = go_json(" && ".join(f"{before}.Succeeded" for before in task.needs))
    driver = f'"name":"{task.name}-driver","template":"{DRIVER}","depends":{needs}'
    runs = f'"name":"{task.name}","template":"{task.template}","depends":"{task.name}-driver.Succeeded"'
    return (
        f'[{{{driver},"arguments":{{"parameters":[{parameters(given)}]}}}},'
        f'{{{runs},"arguments":{{"parameters":[{joined(taken, task.extras)}]}}}}]'
    )


def _items_of(task: Json) -> int:
    iterator = task.get("parameterIterator")
    return len(json.loads(iterator["items"]["raw"])) if iterator else 0


def _parameter(name: str, value: str, more: str = "") -> str:
    return f'{{"name":"{name}","value":{value}{more}}}'


def parameters(values: Mapping[str, str], more: str = "") -> str:
    """Parameters as JSON, without the brackets, of values as JSON; `more` is what each of them has besides."""
    return ",".join([_parameter(name, value, more) for name, value in values.items()])


def joined(*texts: str) -> str:
    """Parameters, some of which may be none."""
    return ",".join(filter(None, texts))

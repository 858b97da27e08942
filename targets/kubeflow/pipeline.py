"""The pipeline in Kubeflow's intermediate representation: components, executors and the DAG of tasks.

Source of every field: kubeflow/pipelines, api/v2alpha1/pipeline_spec.proto, schema version 2.1.0.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automl.compiler.ir import Bundle, Job, Task
from automl.compiler.values.dns import cut
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import Dag, Node, dags_of
from automl.targets.kubeflow import steps
from automl.targets.kubeflow.steps import Place, Step
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.service import service_objects

SCHEMA_VERSION = "2.1.0"
LONGEST_NAME = 58  # the backend makes the names of runs of it, and cuts them here
A_YEAR, AN_HOUR = "31536000s", "3600s"
_CODE: Object = {"code": {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}}
_RUN: Object = {"run": {"parameterType": "STRING"}}


class Pipeline(NamedTuple):
    """The two documents of a package; the second is empty if nothing needs it."""

    spec: Object
    platform: Object


def pipeline(objects: Objects, place: Place, files: Files) -> Pipeline:
    """The documents for one workflow. `files` are what its services mount."""
    workflow = objects.workflow
    names = TaskNames(suffixes=["-driver"])  # the backend puts a task with that name before every task
    leaves = names.take_all(task.name for task in workflow.tasks)
    found = {leaves[task.name]: _step(objects, task, place, files) for task in workflow.tasks}
    maker = None
    if any(step.takes_code for step in found.values()):
        maker = names.take("code")
        found[maker] = steps.code(objects, place, maker)
    longest_retry = A_YEAR if place.is_kubernetes else AN_HOUR
    graph = _Graph(found, dags_of(workflow.groups, leaves, names), maker, longest_retry)
    executors = {f"exec-{name}": {"container": step.container} for name, step in found.items()}
    info: Object = {"name": cut(workflow.name, LONGEST_NAME)}
    if workflow.description:
        info["description"] = workflow.description.value
    spec: Object = {
        "pipelineInfo": info,
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": "automl",
        "root": graph.root(),
        "components": graph.components(),
        "deploymentSpec": {"executors": executors},
    }
    configs = {f"exec-{name}": step.platform for name, step in found.items() if step.platform}
    platform: Object = {}
    if configs:
        platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": configs}}}}
    return Pipeline(spec, platform)


class _Graph:
    """The steps and the DAGs over them. `maker` is the task that makes the code; it is one of the root's."""

    def __init__(
        self, found: Mapping[str, Step], dags: Sequence[Dag], maker: str | None, longest_retry: str
    ) -> None:
        self._steps, self._dags, self._maker = found, dags, maker
        self._waits: Object = {
            "backoffDuration": "0s",
            "backoffFactor": 2.0,
            "backoffMaxDuration": longest_retry,  # since the first try, which may well take an hour by itself
        }
        self._take_code = {name for name, step in found.items() if step.takes_code}
        for dag in dags:
            if any(node.name in self._take_code for node in dag.nodes):
                self._take_code.add(dag.name)

    def root(self) -> Object:
        """The DAG of the whole."""
        *_, whole = self._dags
        nodes = whole.nodes
        if self._maker:
            nodes = (Node(self._maker, ()), *nodes)
        return {"dag": {"tasks": {node.name: self._task(node, self._maker) for node in nodes}}}

    def components(self) -> Object:
        """What the tasks refer to: a step, or a DAG."""
        found: Object = {f"comp-{name}": _component(name, step) for name, step in self._steps.items()}
        for dag in self._dags[:-1]:
            takes = {"inputDefinitions": {"artifacts": _CODE}} if dag.name in self._take_code else {}
            tasks = {node.name: self._task(node, None) for node in dag.nodes}
            found[f"comp-{dag.name}"] = takes | {"dag": {"tasks": tasks}}
        return found

    def _task(self, node: Node, maker: str | None) -> Object:
        """One task of a DAG; its code comes from the maker beside it, or from the input of the DAG."""
        step = self._steps.get(node.name)
        task: Object = {
            "taskInfo": {"name": step.title if step else node.name},
            "componentRef": {"name": f"comp-{node.name}"},
        }
        after = list(node.after)
        inputs: Object = {}
        if node.name in self._take_code:
            source: Object = {"componentInputArtifact": "code"}
            if maker:
                after.insert(0, maker)
                source = {"taskOutputArtifact": {"producerTask": maker, "outputArtifactKey": "code"}}
            inputs["artifacts"] = {"code": source}
        if step and step.takes_run:
            inputs["parameters"] = {"run": {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}}
        if after:
            task["dependentTasks"] = after
        if inputs:
            task["inputs"] = inputs
        if step and step.retries:
            task["retryPolicy"] = {"maxRetryCount": step.retries} | self._waits
        return task


def _component(name: str, step: Step) -> Object:
    takes: Object = {}
    if step.takes_code:
        takes["artifacts"] = _CODE
    if step.takes_run:
        takes["parameters"] = _RUN
    found: Object = {"executorLabel": f"exec-{name}"}
    if takes:
        found["inputDefinitions"] = takes
    if step.makes_code:
        found["outputDefinitions"] = {"artifacts": _CODE}
    return found


def _step(objects: Objects, task: Task, place: Place, files: Files) -> Step:
    if isinstance(task, Job):
        return steps.job(objects, task, place)
    applied = service_objects(objects, task, files)
    if task.project and not place.has_config_maps:
        applied[:0] = files.objects
        if isinstance(objects.workflow.code, Bundle):
            return steps.deploy(objects, task, place, [_without_data(each) for each in applied], True)
    return steps.deploy(objects, task, place, applied)


def _without_data(found: Object) -> Object:
    """The object; a ConfigMap gets its data from the task that makes the code."""
    return {key: value for key, value in found.items() if key not in ("data", "binaryData")}

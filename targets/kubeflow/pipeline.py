"""The pipeline in Kubeflow's intermediate representation: components, executors and the DAG of tasks.

Source of every field: kubeflow/pipelines, api/v2alpha1/pipeline_spec.proto, schema version 2.1.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.graph import only_successes
from automl.compiler.ir import Bundle, Job, Task, Workflow
from automl.compiler.values.dns import cut
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import shape_of
from automl.targets.dag.shapes import Node
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.steps import Step, code_step, deploy_step, job_step
from automl.targets.kubeflow.titles import Nested, display_name, titles_of
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.service import service_objects

SCHEMA_VERSION = "2.1.0"
LONGEST_NAME = 58  # the backend makes the names of runs of it, and cuts them here
A_YEAR, AN_HOUR = "31536000s", "3600s"
_CODE: Object = {"code": {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}}
_RUN: Object = {"run": {"parameterType": "STRING"}}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The two documents of a package; the second is empty if nothing needs it."""

    spec: Object
    platform: Object
    tasks: Mapping[str, Task] = field(default_factory=dict)
    """By the label of its executor. What makes the code has one too, and no task."""
    diagnostics: tuple[Diagnostic, ...] = ()


def pipeline(objects: Objects, backend: Backend, files: Files) -> Pipeline:
    """The documents for one workflow. `files` are what its services mount."""
    workflow = objects.workflow
    names = TaskNames(suffixes=["-driver"])  # the backend puts a task with that name before every task
    leaves = names.take_all(task.name for task in workflow.tasks)
    steps = {leaves[task.name]: _step(objects, task, backend, files) for task in workflow.tasks}
    maker = None
    if any(step.takes_code for step in steps.values()):
        maker = names.take("code")
        steps[maker] = code_step(objects, backend, maker)
    longest_retry = A_YEAR if backend.is_kubernetes else AN_HOUR
    shape = shape_of(workflow, leaves, names, by_stage=True)
    titles = titles_of(workflow, leaves, shape.dags)
    graph = _Graph(steps, Nested(shape.dags, titles), maker, longest_retry)
    tasks = {_executor(leaves[task.name]): task for task in workflow.tasks}
    diagnostics = (*shape.diagnostics, *only_successes(workflow, "Kubeflow"))
    return Pipeline(_spec(workflow, graph, steps), _platform(steps), tasks, diagnostics)


def _spec(workflow: Workflow, graph: "_Graph", steps: Mapping[str, Step]) -> Object:
    info: Object = {"name": cut(workflow.name, LONGEST_NAME)} | display_name(workflow)
    if workflow.description:
        info["description"] = workflow.description.literal
    executors: Object = {_executor(name): {"container": step.container} for name, step in steps.items()}
    return {
        "pipelineInfo": info,
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": "automl",
        "root": graph.root(),
        "components": graph.components(),
        "deploymentSpec": {"executors": executors},
    }


def _platform(steps: Mapping[str, Step]) -> Object:
    configs = {_executor(name): step.platform for name, step in steps.items() if step.platform}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": configs}}}} if configs else {}


def _executor(name: str) -> str:
    """The label of the executor of a step."""
    return f"exec-{name}"


class _Graph:
    """The steps and the DAGs over them. `maker` is the task that makes the code; it is one of the root's."""

    def __init__(
        self, steps: Mapping[str, Step], nested: Nested, maker: str | None, longest_retry: str
    ) -> None:
        self._steps, self._maker = steps, maker
        self._dags, self._titles = nested
        self._waits: Object = {
            "backoffDuration": "0s",
            "backoffFactor": 2.0,
            "backoffMaxDuration": longest_retry,  # since the first try, which may well take an hour by itself
        }
        self._take_code = {name for name, step in steps.items() if step.takes_code}
        for dag in self._dags:
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
        components: Object = {f"comp-{name}": _component(name, step) for name, step in self._steps.items()}
        for dag in self._dags[:-1]:
            takes = {"inputDefinitions": {"artifacts": _CODE}} if dag.name in self._take_code else {}
            tasks = {node.name: self._task(node, None) for node in dag.nodes}
            components[f"comp-{dag.name}"] = takes | {"dag": {"tasks": tasks}}
        return components

    def _task(self, node: Node, maker: str | None) -> Object:
        """One task of a DAG; its code comes from the maker beside it, or from the input of the DAG."""
        step = self._steps.get(node.name)
        task: Object = {
            "taskInfo": {"name": self._titles.get(node.name, node.name)},
            "componentRef": {"name": f"comp-{node.name}"},
        }
        after = [edge.node for edge in node.after]
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
    component: Object = {"executorLabel": _executor(name)}
    if takes:
        component["inputDefinitions"] = takes
    if step.makes_code:
        component["outputDefinitions"] = {"artifacts": _CODE}
    return component


def _step(objects: Objects, task: Task, backend: Backend, files: Files) -> Step:
    if isinstance(task, Job):
        return job_step(objects, task, backend)
    applied = service_objects(objects, task, files)
    if task.project and not backend.has_config_maps:
        applied[:0] = files.objects
        if isinstance(objects.workflow.code, Bundle):
            applied = [_without_data(document) for document in applied]
            return deploy_step(objects, task, backend, applied, takes_code=True)
    return deploy_step(objects, task, backend, applied)


def _without_data(document: Object) -> Object:
    """The object; a ConfigMap gets its data from the task that makes the code."""
    return {key: value for key, value in document.items() if key not in ("data", "binaryData")}

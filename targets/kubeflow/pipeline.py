"""The pipeline in Kubeflow's intermediate representation: components, executors and the DAG of tasks.

Source of every field: kubeflow/pipelines, api/v2alpha1/pipeline_spec.proto, schema version 2.1.0.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Job, Task, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.dns import cut
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import shape_of
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.collecting import collected_by, runs_of
from automl.targets.kubeflow.data import Data, data_of
from automl.targets.kubeflow.graph import Graph, executor_of
from automl.targets.kubeflow.steps import (
    Step,
    code_step,
    collecting_step,
    deploy_step,
    job_step,
    makes_map,
    selecting_step,
)
from automl.targets.kubeflow.titles import Nested, display_name, titles_of
from automl.targets.kubeflow.trials import selected_by
from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.service import service_objects

SCHEMA_VERSION = "2.1.0"
LONGEST_NAME = 58  # the backend makes the names of runs of it, and cuts them here
A_YEAR, AN_HOUR = "31536000s", "3600s"


class Pipeline(NamedTuple):
    """The two documents of a package; the second is empty if nothing needs it."""

    spec: Object
    platform: Object
    tasks: Mapping[str, Task] = MappingProxyType({})
    """By the label of its executor. What makes the code has one too, and no task."""
    diagnostics: tuple[Diagnostic, ...] = ()


def pipeline(objects: Objects, backend: Backend, files: Files) -> Pipeline:
    """The documents for one workflow. `files` are what its services mount."""
    workflow = objects.workflow
    names = TaskNames(suffixes=_beside_tasks(workflow))
    leaves = names.take_all(task.name for task in workflow.tasks)
    maker = names.take("code")
    shape = shape_of(workflow, leaves, names, by_stage=True)
    runs = runs_of(workflow, leaves, names, shape.dags)
    data = data_of(workflow, runs)
    steps = {leaf: _step(objects, task, backend, data, files) for leaf, task in data.tasks.items()}
    if any("code" in step.takes.artifacts for step in steps.values()):
        steps[maker] = code_step(objects, backend, maker)
    longest_retry = A_YEAR if backend.is_kubernetes else AN_HOUR
    titles = titles_of(workflow, leaves, shape.dags)
    graph = Graph(steps, Nested(runs.dags, titles), data, maker, longest_retry)
    tasks = {executor_of(leaf): task for leaf, task in data.tasks.items()}
    spec, platform = _spec(workflow, graph, steps), _platform(workflow, steps, backend)
    return Pipeline(spec, platform, tasks, tuple(shape.diagnostics))


def _beside_tasks(workflow: Workflow) -> list[str]:
    """How the names end that the backend makes of others: of a task before every task, and of a template for every loop."""
    return ["-driver", "-iteration"] if any(job.trials for job in workflow.jobs) else ["-driver"]


def _spec(workflow: Workflow, graph: Graph, steps: Mapping[str, Step]) -> Object:
    info: Object = {"name": cut(workflow.name, LONGEST_NAME)} | display_name(workflow)
    if workflow.description:
        info["description"] = workflow.description.literal
    executors: Object = {executor_of(name): {"container": step.container} for name, step in steps.items()}
    return {
        "pipelineInfo": info,
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": "automl",
        "root": graph.root(workflow),
        "components": graph.components(),
        "deploymentSpec": {"executors": executors},
    }


def _platform(workflow: Workflow, steps: Mapping[str, Step], backend: Backend) -> Object:
    """What is said of the run and of its steps; `pipelineConfig` only to a backend that knows all of it."""
    configs = {executor_of(name): step.platform for name, step in steps.items() if step.platform}
    kubernetes: Object = {"deploymentSpec": {"executors": configs}} if configs else {}
    if workflow.timeout is not None and backend.limits_time:
        kubernetes["pipelineConfig"] = {"activeDeadlineSeconds": workflow.timeout}
    return {"platforms": {"kubernetes": kubernetes}} if kubernetes else {}


def _step(objects: Objects, task: Task, backend: Backend, data: Data, files: Files) -> Step:
    if isinstance(task, Job):
        step = job_step if collected_by(task) is None else collecting_step
        step = step if selected_by(task) is None else selecting_step
        return step(objects, task, backend, data)
    asked = {reference.variable for reference in data.late(task)}
    applied = [_asking(document, asked) for document in service_objects(objects, task, files)]
    if task.project and not backend.has_config_maps:
        applied[:0] = files.objects
    if makes_map(objects.workflow, task, backend):
        applied = [_without_data(document) for document in applied]
    return deploy_step(objects, task, backend, data, applied)


def _asking(document: Object, variables: AbstractSet[str]) -> Object:
    """The object; what applies it gives these variables of its pods the values of the run."""
    copy: Any = document
    if document["kind"] == "Deployment":
        copy = deepcopy(document)
        for container in copy["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", ()):
                if variable["name"] in variables:
                    variable.pop("value", None)
    return dict(copy)


def _without_data(document: Object) -> Object:
    """The object; a ConfigMap gets its data from the task that makes the code."""
    return {key: value for key, value in document.items() if key not in ("data", "binaryData")}

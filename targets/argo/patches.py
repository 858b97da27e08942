"""Patches of pods: Argo merges a text into each pod, that of the Workflow, and then that of its template."""

from collections.abc import Sequence
from typing import Any

from automl.compiler.ir import Job, TargetOptions, Workflow
from automl.targets.objects.metadata import Object
from automl.targets.objects.pod_patch import patch_of
from automl.targets.objects.security import CONTAINER_SECURITY
from automl.targets.writers.yaml import write_yaml

ARGO = "argo"
_EXECUTOR: Object = {
    "initContainers": [{"name": "init", "securityContext": CONTAINER_SECURITY}],
    "containers": [{"name": "wait", "securityContext": CONTAINER_SECURITY}],
}
"""Argo leaves its own containers in a pod without what `restricted` asks of every container."""


def patch_of_all(workflow: Workflow) -> str:
    """That of the Workflow, with what the config says, if it is the same for all pods: Argo would add lists to lists."""
    patch = patch_of(workflow.options(ARGO)) if _is_for_all(workflow) else {}
    return write_yaml([_EXECUTOR | patch])


def with_patches(workflow: Workflow, templates: Sequence[Object]) -> list[Object]:
    """Templates of pods, each with its own patch, if there are several. They begin with those of the tasks."""
    if _is_for_all(workflow):
        return list(templates)
    of_run = workflow.options(ARGO)
    options = [task.options(ARGO) if isinstance(task, Job) else of_run for task in workflow.tasks]
    options += [of_run] * (len(templates) - len(options))
    return [_with(template, one) for template, one in zip(templates, options, strict=True)]


def _is_for_all(workflow: Workflow) -> bool:
    patch: Any = patch_of(workflow.options(ARGO))
    return all(patch_of(job.options(ARGO)) == patch for job in workflow.jobs)


def _with(template: Object, options: TargetOptions) -> Object:
    """A template of a pod, and not of a DAG, whose pods have this patch."""
    patch = patch_of(options)
    return template | {"podSpecPatch": write_yaml([patch])} if patch and "container" in template else template

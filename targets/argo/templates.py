"""The templates of one task: a container for a job; for a service what applies its objects and waits for it."""

from collections.abc import Mapping

from automl.compiler.ir import Git, Task, Workflow
from automl.targets.code import Files
from automl.targets.metadata import Object, task_annotations, task_labels
from automl.targets.naming import TaskNames
from automl.targets.pods import CONTAINER_SECURITY, PROJECT, container
from automl.targets.services import address, deployment, ingress, service_name
from automl.targets.yaml_writer import Value, write_yaml

GENERATION = "generation"
RUN = "{{workflow.name}}"
_EXECUTOR_PATCH = write_yaml(
    [
        {
            "initContainers": [{"name": "init", "securityContext": CONTAINER_SECURITY}],
            "containers": [{"name": "wait", "securityContext": CONTAINER_SECURITY}],
        }
    ]
)
NO_PATCH: Object = {}


def executor_patches(workflow: Workflow) -> tuple[Object, Object]:
    """What the Workflow, and what each of its jobs, needs beside the rest.

    Argo leaves its own containers in the pod of a job without what `restricted` asks of every container. A patch
    cannot stand once for the whole Workflow where services are applied: those pods have no `wait` to patch.
    """
    patch: Object = {"podSpecPatch": _EXECUTOR_PATCH}
    has_services = any(task.service for task in workflow.tasks)
    return (NO_PATCH, patch) if has_services else (patch, NO_PATCH)


def job_template(name: str, workflow: Workflow, task: Task, files: Files, patch: Object) -> Object:
    """The template of a job: one pod a try. `patch` is what its pod needs of its own."""
    meta: Object = {"labels": task_labels(task)}
    if notes := task_annotations(task):
        meta["annotations"] = notes
    found: Object = {"name": name, "metadata": meta}
    if task.project is not None and isinstance(workflow.code, Git):
        found["inputs"] = {"artifacts": [_git_artifact(workflow.code)]}
    if task.retries:
        found["retryStrategy"] = {"limit": str(task.retries), "retryPolicy": "Always"}
    if task.deadline is not None:
        found["activeDeadlineSeconds"] = task.deadline
    main = container(task, files.texts)
    del main["name"]
    found["container"] = main
    return found | patch


def _git_artifact(git: Git) -> Object:
    found: Object = {"repo": git.url, "revision": git.ref, "disableSubmodules": True}
    for field, key in (("usernameSecret", git.username_key), ("passwordSecret", git.token_key)):
        if git.token_secret and key:
            found[field] = {"name": git.token_secret, "key": key}
    return {"name": "project", "path": PROJECT, "git": found}


def service_templates(
    name: str, workflow: Workflow, task: Task, files: Files, names: TaskNames, deployer: str
) -> list[Object]:
    """The templates of a service; the first is the one to run.

    Nothing they apply is owned by the Workflow. The wait is over when the generation that was just applied has
    been seen and only its pods are there, all of them available: an old pod that still answers does not count.
    """
    assert task.service is not None
    manifests = {"deployment": deployment(workflow, task, files, RUN), "service": address(workflow, task)}
    if task.service.ingress:
        manifests["ingress"] = ingress(workflow, task, task.service.ingress)
    parts = {part: names.take(f"{name}-{part}") for part in (*manifests, "rollout")}
    applied = [_apply(parts[part], manifest, deployer) for part, manifest in manifests.items()]
    applied[0]["outputs"] = {
        "parameters": [{"name": GENERATION, "valueFrom": {"jsonPath": "{.metadata.generation}"}}]
    }
    rollout = _rollout(parts["rollout"], workflow, task, deployer)
    return [_service_dag(name, parts), *applied, rollout]


def _service_dag(name: str, parts: Mapping[str, str]) -> Object:
    tasks: list[Value] = [{"name": part, "template": parts[part]} for part in parts if part != "rollout"]
    value = f"{{{{tasks.deployment.outputs.parameters.{GENERATION}}}}}"
    tasks.append(
        {
            "name": "rollout",
            "template": parts["rollout"],
            "depends": "deployment.Succeeded",
            "arguments": {"parameters": [{"name": GENERATION, "value": value}]},
        }
    )
    return {"name": name, "dag": {"tasks": tasks}}


def _apply(name: str, manifest: Object, deployer: str) -> Object:
    return {
        "name": name,
        "serviceAccountName": deployer,
        "resource": {"action": "apply", "manifest": write_yaml([manifest])},
    }


def _rollout(name: str, workflow: Workflow, task: Task, deployer: str) -> Object:
    assert task.service is not None
    replicas = task.service.replicas
    manifest: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _identity(workflow, task),
    }
    found: Object = {
        "name": name,
        "inputs": {"parameters": [{"name": GENERATION}]},
        "serviceAccountName": deployer,
    }
    if task.deadline is not None:
        found["activeDeadlineSeconds"] = task.deadline
    found["resource"] = {
        "action": "get",
        "successCondition": ", ".join(
            [
                f"status.observedGeneration > {{{{=asInt(inputs.parameters.{GENERATION}) - 1}}}}",
                *(
                    f"status.{field} == {replicas}"
                    for field in ("replicas", "updatedReplicas", "availableReplicas")
                ),
            ]
        ),
        "manifest": write_yaml([manifest]),
    }
    return found


def _identity(workflow: Workflow, task: Task) -> Object:
    found: Object = {"name": service_name(workflow, task)}
    if workflow.namespace:
        found["namespace"] = workflow.namespace
    return found

"""The plan of a workflow for a machine: texts as they are, without the words of any cluster."""

from types import MappingProxyType
from typing import Any

from automl.compiler.ir import Bundle, Git, Job, Reference, Resources, Service, Task, Workflow
from automl.compiler.ir import Secret as SecretOf
from automl.compiler.ir import Text as UserText
from automl.compiler.values.sha256 import sha256
from automl.runtime.local import plan
from automl.targets.local.mounts import is_process, mounts
from automl.targets.objects.config_maps import archive
from automl.targets.objects.start import declared, start_arguments
from automl.targets.sources import is_taken, source_of, trials_of

_PULL = MappingProxyType({"Always": "always", "IfNotPresent": "missing", "Never": "never"})


def plan_of(workflow: Workflow) -> plan.Plan:
    """What is to be run, and in which order."""
    tasks = [_task(workflow, task) for task in workflow.tasks]
    names = {task.name for task in tasks}
    barriers = [
        plan.Barrier(node.name, [edge.node for edge in node.after])
        for node in workflow.nodes
        if node.name not in names
    ]
    params = {parameter.name: parameter.text for parameter in workflow.params}
    return plan.Plan(
        workflow.name,
        tasks,
        barriers,
        params,
        _git(workflow),
        _digest(workflow),
        _about(workflow),
        workflow.max_parallel,
        workflow.timeout,
        workflow.priority,
    )


def _git(workflow: Workflow) -> plan.Git | None:
    git = workflow.code
    if not isinstance(git, Git):
        return None
    keys = ((git.token_key, "AUTOML_GIT_TOKEN"), (git.username_key, "AUTOML_GIT_USERNAME"))
    named = {key: variable for key, variable in keys if key}
    return plan.Git(git.url, git.ref, plan.Secret(git.token_secret, named) if git.token_secret else None)


def _digest(workflow: Workflow) -> str | None:
    if not isinstance(workflow.code, Bundle):
        return None
    return sha256(archive(workflow.code.files)).hexdigest()


def _about(workflow: Workflow) -> dict[str, Any]:
    """What the record says of a run beside what is run."""
    description = workflow.description.literal if workflow.description else ""
    annotations = {name: text.literal for name, text in workflow.annotations.items()}
    said = {
        "description": description,
        "version": workflow.version,
        "labels": dict(workflow.labels),
        "annotations": annotations,
    }
    return {name: value for name, value in said.items() if value}


def _task(workflow: Workflow, task: Task) -> plan.Task:
    return plan.Task(
        name=task.name,
        stage=task.titles.stage or task.stage,
        step=task.titles.step or task.step,
        command=[_text(word) for word in task.command.words],
        after=[edge.node for edge in task.after],
        image=None if is_process(task) else task.image,
        pull=_PULL.get(task.placement.image_pull_policy or "", ""),
        has_entrypoint=task.project is None and task.command.entrypoint is not None,
        project=task.project is not None,
        dependencies=_dependencies(task),
        packages=list(task.project.packages) if task.project else [],
        options=_options(task),
        variables=_known(task) | {variable.name: _text(variable.value) for variable in task.variables},
        values={ref.variable: source_of(ref.source) for ref in task.values if is_taken(ref)},
        outputs={output.name: str(output.type) for output in task.outputs},
        secrets=[_secret(secret) for secret in task.secrets],
        mounts=[*mounts(workflow, task)],
        cpu=task.resources.cpu.amount,
        memory=task.resources.memory.amount,
        **_more_amounts(task.resources),
        about=_about_task(task),
        **_of_kind(task),
    )


def _more_amounts(resources: Resources) -> dict[str, Any]:
    """What is asked of a machine beside processors and memory; None is nothing."""
    amounts = {
        "shm": resources.shm,
        "most_cpu": resources.cpu_limit,
        "most_memory": resources.memory_limit,
    }
    gpus: dict[str, Any] = {}
    if resources.gpu:
        gpus = {"gpus": resources.gpu.number, "gpu_model": resources.gpu.model or ""}
    return {name: quantity.amount for name, quantity in amounts.items() if quantity} | gpus


def _about_task(task: Task) -> dict[str, Any]:
    annotations = {name: text.literal for name, text in task.annotations.items()}
    said = {"labels": dict(task.labels), "annotations": annotations}
    return {name: value for name, value in said.items() if value}


def _of_kind(task: Task) -> dict[str, Any]:
    if isinstance(task, Job):
        return {"retries": task.retries, "deadline": task.deadline, "trials": trials_of(task)}
    assert isinstance(task, Service)
    service = plan.Service(
        task.port,
        task.readiness_path,
        task.max_startup_seconds,
        task.rollout_deadline,
        task.min_ready_seconds,
    )
    return {"service": service}


def _text(text: UserText) -> plan.Text:
    parts: list[str | dict[str, str]] = []
    for part in text.parts:
        if isinstance(part, Reference) and part.known is None:
            parts.append({"value": part.variable})
            continue
        known = part.known or "" if isinstance(part, Reference) else part
        if parts and isinstance(parts[-1], str):
            parts[-1] += known
        else:
            parts.append(known)
    return parts[0] if len(parts) == 1 and isinstance(parts[0], str) else parts or ""


def _known(task: Task) -> dict[str, plan.Text]:
    return {ref.variable: ref.known for ref in task.values if ref.known is not None}


def _dependencies(task: Task) -> str:
    return task.project.dependencies.literal if task.project and task.project.dependencies else ""


def _options(task: Task) -> list[str]:
    """What the start script is told of parameters and outputs; the rest of it is seen to where the task runs."""
    if task.project is None:
        return [*declared(task.outputs)]
    words = [
        word if isinstance(word, str) else word.literal
        for word in start_arguments(task)[: -len(task.command.words) - 1]
    ]
    first = next(
        (n for n in range(0, len(words), 2) if words[n] not in ("--dependencies", "--package")), len(words)
    )
    return words[first:]


def _secret(secret: SecretOf) -> plan.Secret:
    return plan.Secret(secret.name, dict(secret.keys or ()))

"""The Job that makes the Jobs of the steps in their order: its plan, its rights, and itself."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import PYTHON_IMAGE, Task, Workflow
from automl.compiler.values.dns import cut, digest, with_suffix
from automl.runtime import script
from automl.targets.kubernetes.jobs import LONGEST_CRON_JOB_NAME, job_spec, template, template_name
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES, Files
from automl.targets.objects.metadata import (
    Object,
    canonical,
    hashed_name,
    metadata,
    name_of,
    of_pods,
)
from automl.targets.objects.pod import CONTAINER_SECURITY, POD_SECURITY
from automl.targets.objects.rbac import account, deploy_rules
from automl.targets.objects.schedule import rules
from automl.targets.objects.service import deployment
from automl.targets.writers.yaml import Value

PLAN = "/automl/plan"
SCRIPTS = ("coordinator.py", "tasks.py", "cluster.py")
RESTARTS = 20  # of the coordinator, when its pod is lost; it goes on where it was
STAGE = "stage/"
COMPONENT = {"automl.dev/component": "coordinator"}  # a newer run finds the older ones by it


class Coordinated(NamedTuple):
    """The rights, the plan, the templates of the steps, and the coordinator."""

    objects: list[Object]
    plan: str  # the name of its ConfigMap
    diagnostics: list[Diagnostic]


def coordinated(workflow: Workflow, files: Files) -> Coordinated:
    """What runs the tasks of a workflow in their order."""
    templates: list[Object] = []
    tasks: list[Value] = []
    marks: dict[str, str] = {}
    for group in workflow.groups:
        before = [marks[name] for name in group.after]
        entries = [_entry(workflow, task, files, before, templates) for task in group.tasks]
        marks[group.name] = digest(canonical([entry["hash"] for entry in entries]))
        tasks += [entry | {"after": [STAGE + name for name in group.after]} for entry in entries]
    stages: Object = {STAGE + group.name: [task.name for task in group.tasks] for group in workflow.groups}
    plan: Object = {"workflow": workflow.name, "repeats": workflow.schedule is not None}
    plan |= {"stages": stages, "tasks": tasks}
    config_map = _config_map(workflow, plan)
    name = with_suffix(workflow.name, "coordinator")
    rights = account(name, workflow, _rules(workflow))
    job = _runner(workflow, _job_spec(workflow, name, name_of(config_map)))
    objects = [*rights, config_map, *templates, job]
    return Coordinated(objects, name_of(config_map), _check_size(workflow, config_map))


def _check_size(workflow: Workflow, config_map: Object) -> list[Diagnostic]:
    size = len(canonical(config_map).encode())
    if size <= MAX_OBJECT_BYTES:
        return []
    message = (
        f"the plan of the {len(workflow.tasks)} steps takes {size // 1024} KiB in a ConfigMap; "
        f"the limit is {MAX_OBJECT_BYTES // 1024} KiB"
    )
    return [Diagnostic(Code.CANNOT_SAY, message, workflow.span, help="split it into several workflows")]


def _entry(
    workflow: Workflow, task: Task, files: Files, before: Sequence[str], templates: list[Object]
) -> Object:
    """What the plan says of a task. Its hash is of all that it runs, and of all that ran before it."""
    found: Object = {"name": task.name}
    if task.service:
        wanted = deployment(workflow, task, files)
        found |= {"hash": digest(canonical([wanted["spec"], *before])), "deployment": wanted}
        if task.deadline is not None:
            found["deadline"] = task.deadline
    else:
        spec = job_spec(workflow, task, files)
        mark = digest(canonical([spec, *before]))
        templates.append(template(workflow, task, spec, mark))
        found |= {"hash": mark, "template": template_name(workflow, task)}
    if task.polling_seconds is not None:
        found["poll"] = task.polling_seconds
    if task.initial_delay_seconds is not None:
        found["first_look"] = task.initial_delay_seconds
    return found


def _config_map(workflow: Workflow, plan: Object) -> Object:
    data: Object = {name: script(name) for name in SCRIPTS}
    data["plan.json"] = json.dumps(plan, indent=1, ensure_ascii=False) + "\n"
    meta = metadata(hashed_name(f"{workflow.name}-plan", data), workflow)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "immutable": True, "data": data}


def _rules(workflow: Workflow) -> list[Value]:
    """The rights of the coordinator: the templates, the Jobs it makes of them, and the Deployments it applies."""
    templates: list[Value] = [template_name(workflow, task) for task in workflow.tasks if not task.service]
    verbs: list[Value] = ["get", "list", "watch", "create", "patch", "delete"]
    rules: list[Value] = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs}]
    if templates:
        batch: Object = {"apiGroups": ["batch"], "resources": ["cronjobs"]}
        rules.append(batch | {"resourceNames": templates, "verbs": ["get"]})
    return rules + deploy_rules(workflow, only="deployments")


def _job_spec(workflow: Workflow, account_name: str, plan: str) -> Object:
    """One failed step ends the run; a coordinator that is lost is started again, and goes on."""
    failed: Object = {"containerName": "main", "operator": "In", "values": [1]}
    rules: list[Value] = [
        {"action": "FailJob", "onExitCodes": failed},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
    spec: Object = {
        "serviceAccountName": account_name,
        "restartPolicy": "Never",
        "securityContext": POD_SECURITY,
        "containers": [_container()],
        "volumes": [{"name": "plan", "configMap": {"name": plan}}],
    }
    return {
        "backoffLimit": RESTARTS,
        "podFailurePolicy": {"rules": rules},
        "template": {"metadata": of_pods(workflow), "spec": spec},
    }


def _container() -> Object:
    job = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}}
    return {
        "name": "main",
        "image": PYTHON_IMAGE,
        "command": ["python3", f"{PLAN}/coordinator.py", f"{PLAN}/plan.json"],
        "env": [{"name": "AUTOML_JOB", "valueFrom": job}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [{"name": "plan", "mountPath": PLAN, "readOnly": True}],
    }


def _runner(workflow: Workflow, spec: Object) -> Object:
    """The Job of the coordinator, once, or its CronJob, by the schedule."""
    schedule = workflow.schedule
    if schedule is None:
        meta = _labelled(metadata(hashed_name(workflow.name, spec), workflow))
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}
    meta = metadata(cut(workflow.name, LONGEST_CRON_JOB_NAME), workflow)
    time: Object = {"schedule": schedule.cron.expression, "timeZone": schedule.timezone}
    job: Object = {"metadata": _labelled(of_pods(workflow)), "spec": spec}
    spec = time | rules(schedule) | {"jobTemplate": job}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": spec}


def _labelled(meta: Object) -> Object:
    """The Job of a coordinator says so."""
    labels = meta["labels"]
    assert isinstance(labels, dict)
    return meta | {"labels": labels | COMPONENT}

"""The Job that makes the Jobs of the steps in their order: its plan, its rights, and itself."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Barrier, Service, Task, Workflow
from automl.compiler.values.dns import cut, digest, with_suffix
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import script
from automl.targets.kubernetes.jobs import LONGEST_CRON_JOB_NAME, job_spec, template, template_name
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES, Files
from automl.targets.objects.json import canonical, size_of
from automl.targets.objects.metadata import Object, Objects, hashed_name, name_of, with_labels
from automl.targets.objects.rbac import deploy_rules, service_account
from automl.targets.objects.schedule import schedule_fields
from automl.targets.objects.security import CONTAINER_SECURITY, POD_SECURITY
from automl.targets.objects.service import deployment
from automl.targets.writers.yaml import Value

PLAN = "/automl/plan"
SCRIPTS = ("coordinator.py", "tasks.py", "cluster.py")
RESTARTS = 20  # of the coordinator, when its pod is lost; it goes on where it was
COMPONENT = {"automl.dev/component": "coordinator"}  # a newer run finds the older ones by it


class Coordinated(NamedTuple):
    """The rights, the plan, the templates of the steps, and the coordinator."""

    objects: list[Object]
    plan: str  # the name of its ConfigMap
    diagnostics: list[Diagnostic]


def coordinated(objects: Objects, files: Files) -> Coordinated:
    """What runs the tasks of a workflow in their order."""
    workflow = objects.workflow
    templates: list[Object] = []
    tasks: list[Value] = []
    stages: Object = {}
    digests: dict[str, Value] = {}
    for node in workflow.nodes:
        names, before = [edge.node for edge in node.after], [digests[edge.node] for edge in node.after]
        if isinstance(node, Barrier):
            stages[node.name] = names
            digests[node.name] = digest(canonical(before))
        else:
            entry = _entry(objects, node, files, before, templates)
            digests[node.name] = entry["hash"]
            tasks.append(entry | {"after": names})
    plan: Object = {"workflow": workflow.name, "repeats": workflow.schedule is not None}
    plan |= {"stages": stages, "tasks": tasks}
    config_map = _config_map(objects, plan)
    name = with_suffix(workflow.name, "coordinator")
    rbac = service_account(objects, name, _rules(workflow))
    job = _runner(objects, _job_spec(objects, name, name_of(config_map)))
    documents = [*rbac, config_map, *templates, job]
    return Coordinated(documents, name_of(config_map), _check_size(workflow, config_map))


def _check_size(workflow: Workflow, config_map: Object) -> list[Diagnostic]:
    size = size_of(config_map)
    if size <= MAX_OBJECT_BYTES:
        return []
    message = (
        f"the plan of the {len(workflow.tasks)} steps takes {size // 1024} KiB in a ConfigMap; "
        f"the limit is {MAX_OBJECT_BYTES // 1024} KiB"
    )
    return [Diagnostic(Code.CANNOT_SAY, message, workflow.span, help="split it into several workflows")]


def _entry(
    objects: Objects, task: Task, files: Files, before: Sequence[Value], templates: list[Object]
) -> Object:
    """What the plan says of a task. Its hash is of all that it runs, and of all that ran before it."""
    entry: Object = {"name": task.name}
    if isinstance(task, Service):
        wanted = deployment(objects, task, files)
        entry |= {"hash": digest(canonical([wanted["spec"], *before])), "deployment": wanted}
        if task.rollout_deadline is not None:
            entry["deadline"] = task.rollout_deadline
    else:
        spec = job_spec(objects, task, files)
        hashed = digest(canonical([spec, *before]))
        templates.append(template(objects, task, spec, hashed))
        entry |= {"hash": hashed, "template": template_name(objects.workflow, task)}
    if task.polling_seconds is not None:
        entry["poll"] = task.polling_seconds
    if task.initial_delay_seconds is not None:
        entry["first_look"] = task.initial_delay_seconds
    return entry


def _config_map(objects: Objects, plan: Object) -> Object:
    data: Object = {name: script(name) for name in SCRIPTS}
    data["plan.json"] = json.dumps(plan, indent=1, ensure_ascii=False) + "\n"
    name = hashed_name(f"{objects.workflow.name}-plan", data)
    return objects.object("v1", "ConfigMap", name, {"immutable": True, "data": data})


def _rules(workflow: Workflow) -> list[Value]:
    """The rights of the coordinator: the templates, the Jobs it makes of them, and the Deployments it applies."""
    templates: list[Value] = [template_name(workflow, job) for job in workflow.jobs]
    verbs: list[Value] = ["get", "list", "watch", "create", "patch", "delete"]
    rules: list[Value] = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs}]
    if templates:
        batch: Object = {"apiGroups": ["batch"], "resources": ["cronjobs"]}
        rules.append(batch | {"resourceNames": templates, "verbs": ["get"]})
    return rules + deploy_rules(workflow, only="deployments")


def _job_spec(objects: Objects, account_name: str, plan: str) -> Object:
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
        "template": {"metadata": objects.template_metadata(), "spec": spec},
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


def _runner(objects: Objects, spec: Object) -> Object:
    """The Job of the coordinator, once, or its CronJob, by the schedule. The Job says that it is one."""
    name, schedule = objects.workflow.name, objects.workflow.schedule
    if schedule is None:
        metadata = with_labels(objects.metadata(hashed_name(name, spec)), COMPONENT)
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
    time: Object = {"schedule": schedule.cron.expression, "timeZone": schedule.timezone}
    job: Object = {"metadata": with_labels(objects.template_metadata(), COMPONENT), "spec": spec}
    spec = time | schedule_fields(schedule) | {"jobTemplate": job}
    return objects.object("batch/v1", "CronJob", cut(name, LONGEST_CRON_JOB_NAME), {"spec": spec})

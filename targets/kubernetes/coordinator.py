"""The Job that makes the Jobs of the steps in their order: its plan, its rights, and itself."""

from collections.abc import Sequence

from automl.compiler import ir
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Task, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.dns import cut, digest, with_suffix
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime.plan import Barrier, Plan, Service, Step
from automl.targets.kubernetes.jobs import (
    LONGEST_CRON_JOB_NAME,
    deployment_with_files,
    job_spec,
    template,
    template_name,
)
from automl.targets.kubernetes.plan import MOUNT, PLAN, check_size, part_names, planned, volume
from automl.targets.kubernetes.store import RUNS
from automl.targets.kubernetes.values import sources, values_of
from automl.targets.objects.config_maps import Files
from automl.targets.objects.container import restricted
from automl.targets.objects.json import canonical
from automl.targets.objects.metadata import Object, Objects, hashed_name, name_of, with_labels
from automl.targets.objects.pod import pull_secrets
from automl.targets.objects.pod_patch import patch_of, patched
from automl.targets.objects.rbac import deploy_rules, service_account
from automl.targets.objects.schedule import schedule_fields
from automl.targets.objects.security import POD_SECURITY
from automl.targets.objects.service import deployment
from automl.targets.sources import trials_of
from automl.targets.writers.yaml import Value

PROGRAM = "automl.runtime.coordinator"
RESTARTS = 20  # of the coordinator, when its pod is lost; it goes on where it was
COMPONENT = {"automl.dev/component": "coordinator"}  # a newer run finds the older ones by it


class Coordinated(NamedTuple):
    """The rights, the plan, the templates of the steps, and the coordinator."""

    objects: list[Object]
    plan: list[str]  # the names of its ConfigMaps
    diagnostics: list[Diagnostic]


def coordinated(objects: Objects, files: Files) -> Coordinated:
    """What runs the tasks of a workflow in their order."""
    workflow = objects.workflow
    plan, templates = _planned(objects, files)
    config_maps = planned(objects, plan)
    name = workflow.service_account or with_suffix(workflow.name, "coordinator")
    rbac = [] if workflow.service_account else service_account(objects, name, _rules(workflow))
    job = _runner(objects, _job_spec(objects, name, volume(config_maps, plan), len(config_maps)))
    documents = [*rbac, *config_maps, *templates, job]
    return Coordinated(documents, list(map(name_of, config_maps)), check_size(workflow, config_maps))


def _planned(objects: Objects, files: Files) -> tuple[Plan, list[Object]]:
    """The plan, and the templates that it names. A barrier that nothing waits for is left out of it."""
    nodes = objects.workflow.nodes
    templates: list[Object] = []
    tasks: list[Step | Service] = []
    barriers: list[Barrier] = []
    digests: dict[str, str] = {}
    for node in nodes:
        before = [digests[edge.node] for edge in node.after]
        if isinstance(node, ir.Barrier):
            barriers.append(Barrier(node.name, tuple(edge.node for edge in node.after)))
            digests[node.name] = digest(canonical([*before]))
        else:
            task = _planned_task(objects, node, files, before, templates)
            digests[node.name] = (
                digest(canonical([task.hash, _of_trials(node)])) if _of_trials(node) else task.hash
            )
            tasks.append(task)
    awaited = {edge.node for node in nodes for edge in node.after}
    kept = tuple(barrier for barrier in barriers if barrier.name in awaited)
    repeats = objects.workflow.schedule is not None
    workspace = objects.workflow.workspace.path if objects.workflow.workspace else ""
    store = objects.workflow.store.address(RUNS) if objects.workflow.store else ""
    limit, timeout = objects.workflow.max_parallel, objects.workflow.timeout
    plan = Plan(objects.workflow.name, tuple(tasks), kept, repeats, workspace, limit, store, timeout)
    return plan, templates


def _of_trials(node: ir.Node) -> list[Value]:
    """What of the trials of a step makes another of what comes after it; the step itself goes on with those that it has."""
    trials = node.trials if isinstance(node, ir.Job) else None
    if trials is None:
        return []
    return [list(axis) for axis in trials.axes] + [list(row.values) for row in trials.table] + [trials.folds]


def _planned_task(
    objects: Objects, task: Task, files: Files, before: Sequence[str], templates: list[Object]
) -> Step | Service:
    """What the plan says of a task. Its hash is of all that it runs, of where its values come from, and of what ran before."""
    poll, first_look = task.polling_seconds, task.initial_delay_seconds
    after, values = tuple(edge.node for edge in task.after), sources(task)
    before = [*before, canonical(values)] if values else before
    if isinstance(task, ir.Service):
        wanted = deployment_with_files(objects, task, deployment(objects, task, files))
        hashed, deadline = digest(canonical([wanted["spec"], *before])), task.rollout_deadline
        return Service(task.name, hashed, wanted, after, deadline, poll, first_look, values)
    spec = job_spec(objects, task, files)
    hashed = digest(canonical([spec, *before]))
    templates.append(template(objects, task, spec, hashed))
    types = {output.name: str(output.type) for output in task.outputs} if task.trials else {}
    name, outputs, trials = template_name(objects.workflow, task), tuple(values_of(task)), trials_of(task)
    return Step(task.name, hashed, name, after, poll, first_look, values, outputs, types, trials)


def _rules(workflow: Workflow) -> list[Value]:
    """The rights of the coordinator: the templates, the Jobs it makes of them, and the Deployments it applies."""
    templates: list[Value] = [template_name(workflow, job) for job in workflow.jobs]
    verbs: list[Value] = ["get", "list", "watch", "create", "patch", "delete"]
    rules: list[Value] = [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs}]
    if templates:
        batch: Object = {"apiGroups": ["batch"], "resources": ["cronjobs"]}
        rules.append(batch | {"resourceNames": templates, "verbs": ["get"]})
    if any(map(values_of, workflow.jobs)):
        rules.append({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]})
    return rules + deploy_rules(workflow, only="deployments")


def _job_spec(objects: Objects, service_account_name: str, plan: Object, parts: int) -> Object:
    """One failed step ends the run; a coordinator that is lost is started again, and goes on."""
    failed: Object = {"containerName": "main", "operator": "In", "values": [1]}
    rules: list[Value] = [
        {"action": "FailJob", "onExitCodes": failed},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
    spec: Object = {
        "serviceAccountName": service_account_name,
        "restartPolicy": "Never",
        "securityContext": POD_SECURITY,
        **_pull_secrets(objects.workflow),
        "containers": [_container(objects.workflow, parts)],
        "volumes": [plan],
    }
    return {
        "backoffLimit": RESTARTS,
        "podFailurePolicy": {"rules": rules},
        "template": objects.template(patched(spec, patch_of(objects.workflow.options(objects.target)))),
    }


def _pull_secrets(workflow: Workflow) -> Object:
    """Those of the steps, where the coordinator's image is of the same registry as theirs may be."""
    names = [name for task in workflow.tasks for name in task.pull_secrets] if workflow.image_registry else []
    return {"imagePullSecrets": pull_secrets(names)} if names else {}


def _container(workflow: Workflow, parts: int) -> Object:
    job = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}}
    start: Object = {
        "name": "main",
        "image": workflow.own_image(PYTHON_IMAGE),
        "command": ["python3", "-m", PROGRAM, *part_names(parts)],
        "workingDir": PLAN,
        "env": [{"name": "AUTOML_JOB", "valueFrom": job}],
    }
    return restricted(start, "50m", "64Mi", [MOUNT])


def _runner(objects: Objects, spec: Object) -> Object:
    """The Job of the coordinator, once, or its CronJob, by the schedule. The Job says that it is one."""
    name, schedule = objects.workflow.name, objects.workflow.schedule
    if schedule is None:
        job = objects.object("batch/v1", "Job", hashed_name(name, spec), {"spec": spec})
        return with_labels(job, COMPONENT)
    time: Object = {"schedule": schedule.cron.expression, "timeZone": schedule.timezone}
    template: Object = {"jobTemplate": with_labels(objects.template(spec), COMPONENT)}
    spec = time | schedule_fields(schedule) | template
    return objects.object("batch/v1", "CronJob", cut(name, LONGEST_CRON_JOB_NAME), {"spec": spec})

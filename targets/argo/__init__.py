"""Argo Workflows: a stream for `kubectl apply -f -`, from the service account to the Workflow."""

from automl.compiler.ir import Schedule, Task, Workflow
from automl.compiler.target import Emission, Options
from automl.compiler.values.dns import cut
from automl.targets.argo.capabilities import CAPABILITIES
from automl.targets.argo.checks import check_size, findings, has_template_tag, too_long
from automl.targets.argo.overflow import shelve, sizes_of
from automl.targets.argo.rbac import access, deployer_name, runner_name
from automl.targets.argo.templates import (
    EXECUTOR_PATCH,
    deployer,
    deployer_volume,
    job_template,
    service_template,
)
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import Dag, dags_of
from automl.targets.objects.config_maps import Files, config_maps
from automl.targets.objects.metadata import (
    Object,
    hashed_name,
    metadata,
    of_pods,
)
from automl.targets.objects.pod import POD_SECURITY, volumes
from automl.targets.objects.schedule import rules
from automl.targets.objects.stream import artifact, too_large
from automl.targets.writers.yaml import Value

LONGEST_CRON_NAME = 52  # Argo appends the time of a run to it


class Argo:
    """The target `argo`."""

    name = "argo"
    summary = "Argo Workflows: a Workflow, a CronWorkflow or a WorkflowTemplate, with what it needs"
    versions = ("3.6", "3.7", "4.0", "4.1")
    default_version = "3.7"
    forms = ("workflow", "template")
    capabilities = CAPABILITIES

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file with all objects, in the order of their creation."""
        files = config_maps(workflow, has_template_tag)
        templates = _templates(workflow, files)
        sizes = sizes_of(templates)
        found = [*findings(workflow), *files.diagnostics, *too_long(workflow, templates, sizes)]
        found += check_size(workflow, sizes)
        shelves, own = shelve(workflow, templates, sizes)
        deployers = [deployer(workflow)] if any(task.service for task in workflow.tasks) else []
        mounted = [*_volumes_of_jobs(workflow, files), *map(deployer_volume, deployers)]
        beside = [*access(workflow), *files.objects, *deployers]
        found += too_large(workflow, beside, but=[files.code])
        # A Workflow fails if the controller has not heard of its templates yet, so they come first of all.
        documents = [*shelves, *beside, *_top(workflow, options, _spec(workflow, mounted, own))]
        return Emission((artifact(workflow, self.name, options, documents),), tuple(found))


def _templates(workflow: Workflow, files: Files) -> list[Object]:
    """All templates, each after those it refers to; the last is the entrypoint."""
    names = TaskNames()
    leaves = names.take_all(task.name for task in workflow.tasks)
    templates = [
        service_template(leaves[task.name], workflow, task, files, deployer_name(workflow))
        if task.service
        else job_template(leaves[task.name], workflow, task, files)
        for task in workflow.tasks
    ]
    return templates + [_dag_template(dag) for dag in dags_of(workflow.groups, leaves, names)]


def _dag_template(dag: Dag) -> Object:
    tasks: list[Value] = []
    for node in dag.nodes:
        task: Object = {"name": node.name, "template": node.name}
        if node.after:
            task["depends"] = " && ".join(f"{before}.Succeeded" for before in node.after)
        tasks.append(task)
    return {"name": dag.name, "dag": {"tasks": tasks}}


def _jobs(workflow: Workflow) -> list[Task]:
    """The tasks that run in pods of the Workflow; what a service needs is in its Deployment."""
    return [task for task in workflow.tasks if task.service is None]


def _volumes_of_jobs(workflow: Workflow, files: Files) -> list[Value]:
    jobs = _jobs(workflow)
    return volumes(files, in_project=any(task.project for task in jobs)) if jobs else []


def _spec(workflow: Workflow, mounted: list[Value], templates: list[Object]) -> Object:
    spec: Object = {
        "entrypoint": templates[-1]["name"],
        "serviceAccountName": runner_name(workflow),
        "podMetadata": of_pods(workflow),
        "securityContext": POD_SECURITY,
        "podSpecPatch": EXECUTOR_PATCH,
    }
    if pull_secrets := dict.fromkeys(name for task in _jobs(workflow) for name in task.pull_secrets):
        spec["imagePullSecrets"] = [{"name": name} for name in pull_secrets]
    spec["volumes"] = mounted
    spec["templates"] = [templates[-1], *templates[:-1]]
    return spec


def _top(workflow: Workflow, options: Options, spec: Object) -> list[Object]:
    """What runs, or waits to be run. A template with a schedule gets a CronWorkflow that runs the template."""
    objects = []
    if options.form == "template":
        whole = {"workflowMetadata": _of_runs(workflow)} | spec
        objects.append(_object("WorkflowTemplate", workflow.name, workflow, whole))
        spec = {"workflowTemplateRef": {"name": workflow.name}}
    if workflow.schedule is not None:
        name = cut(workflow.name, LONGEST_CRON_NAME)
        objects.append(_object("CronWorkflow", name, workflow, _schedule(workflow, workflow.schedule, spec)))
    elif options.form == "workflow":
        objects.append(_object("Workflow", hashed_name(workflow.name, spec), workflow, spec))
    return objects


def _object(kind: str, name: str, workflow: Workflow, spec: Object) -> Object:
    described = {}
    if workflow.description:
        described = {"workflows.argoproj.io/description": workflow.description.value}
    meta = metadata(name, workflow, annotations=described)
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}


def _schedule(workflow: Workflow, schedule: Schedule, spec: Object) -> Object:
    found: Object = {"schedules": [schedule.cron.expression], "timezone": schedule.timezone}
    found |= rules(schedule)
    return found | {"workflowMetadata": _of_runs(workflow), "workflowSpec": spec}


def _of_runs(workflow: Workflow) -> Object:
    """The `metadata` of a Workflow that is made of another object."""
    meta = metadata(workflow.name, workflow)
    return {key: meta[key] for key in ("labels", "annotations") if key in meta}

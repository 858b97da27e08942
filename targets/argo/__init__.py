"""Argo Workflows: a stream for `kubectl apply -f -`, from the service account to the Workflow."""

from automl.compiler.ir import Schedule, Workflow
from automl.compiler.names import cut
from automl.compiler.target import Emission, Options
from automl.targets.argo.access import access, deployer_name, runner_name
from automl.targets.argo.capabilities import CAPABILITIES
from automl.targets.argo.findings import check_size, findings, has_template_tag
from automl.targets.argo.shelves import shelve, sizes_of
from automl.targets.argo.templates import executor_patches, job_template, service_templates
from automl.targets.code import Files, config_maps
from automl.targets.dags import Dag, dags_of
from automl.targets.manifest import artifact
from automl.targets.metadata import (
    Object,
    hashed_name,
    labels,
    metadata,
    workflow_annotations,
)
from automl.targets.naming import TaskNames
from automl.targets.pods import POD_SECURITY, volumes
from automl.targets.schedules import rules
from automl.targets.yaml_writer import Value

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
        found = [*findings(workflow), *files.diagnostics, *check_size(workflow, sum(sizes))]
        shelves, own = shelve(workflow, templates, sizes)
        documents = [*access(workflow), *files.objects, *shelves]
        documents += _top(workflow, options, _spec(workflow, files, own))
        return Emission((artifact(workflow, self.name, options, documents),), tuple(found))


def _templates(workflow: Workflow, files: Files) -> list[Object]:
    """All templates, each after those it refers to; the last is the entrypoint."""
    names = TaskNames()
    leaves = names.take_all(task.name for task in workflow.tasks)
    patch = executor_patches(workflow)[1]
    templates: list[Object] = []
    for task in workflow.tasks:
        name = leaves[task.name]
        if task.service is None:
            templates.append(job_template(name, workflow, task, files, patch))
        else:
            first, *rest = service_templates(name, workflow, task, files, names, deployer_name(workflow))
            templates += [*rest, first]
    return templates + [_dag_template(dag) for dag in dags_of(workflow.groups, leaves, names)]


def _dag_template(dag: Dag) -> Object:
    tasks: list[Value] = []
    for node in dag.nodes:
        task: Object = {"name": node.name, "template": node.name}
        if node.after:
            task["depends"] = " && ".join(f"{before}.Succeeded" for before in node.after)
        tasks.append(task)
    return {"name": dag.name, "dag": {"tasks": tasks}}


def _spec(workflow: Workflow, files: Files, templates: list[Object]) -> Object:
    pod: Object = {"labels": labels(workflow)}
    if workflow.annotations:
        pod["annotations"] = {key: text.value for key, text in workflow.annotations.items()}
    spec: Object = {
        "entrypoint": templates[-1]["name"],
        "serviceAccountName": runner_name(workflow),
        "podMetadata": pod,
        "securityContext": POD_SECURITY,
    }
    spec |= executor_patches(workflow)[0]
    jobs = [
        task for task in workflow.tasks if task.service is None
    ]  # what a service needs is in its Deployment
    if pull_secrets := dict.fromkeys(name for task in jobs for name in task.pull_secrets):
        spec["imagePullSecrets"] = [{"name": name} for name in pull_secrets]
    spec["volumes"] = volumes(files, in_project=any(task.project for task in jobs))
    spec["templates"] = [templates[-1], *templates[:-1]]
    return spec


def _top(workflow: Workflow, options: Options, spec: Object) -> list[Object]:
    """What runs, or waits to be run. A template with a schedule gets a CronWorkflow that runs the template."""
    objects = []
    if options.form == "template":
        objects.append(_object("WorkflowTemplate", workflow.name, workflow, spec))
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
    runs: Object = {"labels": labels(workflow)}
    if notes := workflow_annotations(workflow):
        runs["annotations"] = notes
    return found | {"workflowMetadata": runs, "workflowSpec": spec}

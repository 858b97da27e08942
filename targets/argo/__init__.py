"""Argo Workflows: a stream for `kubectl apply -f -`, from the service account to the Workflow."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Job, Schedule, Service, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.target import Emission, Options
from automl.compiler.values.dns import cut
from automl.targets.argo.capabilities import CAPABILITIES
from automl.targets.argo.checks import check_size, of_workflow, run_bytes, too_long, too_many_inputs
from automl.targets.argo.dags import dag_template
from automl.targets.argo.data import Data, data_of, is_collected
from automl.targets.argo.overflow import MAX_TEMPLATE_BYTES, sizes_of, split
from automl.targets.argo.patches import patch_of_all, with_patches
from automl.targets.argo.rbac import runner_name, service_accounts
from automl.targets.argo.swept import Swept, swept_jobs
from automl.targets.argo.templates import (
    deployer,
    deployer_volume,
    job_template,
    service_template,
)
from automl.targets.argo.trial_checks import files_of_trials, of_trials
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.dag.names import TaskNames
from automl.targets.dag.nesting import shape_of
from automl.targets.objects.checks import unused_registry
from automl.targets.objects.collecting import program
from automl.targets.objects.config_maps import Files, config_maps
from automl.targets.objects.disks import claims, disks, has_claim
from automl.targets.objects.escape import has_template_tag
from automl.targets.objects.json import canonical
from automl.targets.objects.metadata import Object, Objects, hashed_name, with_annotations
from automl.targets.objects.pod import pull_secrets
from automl.targets.objects.pod_patch import of_patches
from automl.targets.objects.schedule import schedule_fields
from automl.targets.objects.security import pod_security
from automl.targets.objects.small import is_small
from automl.targets.objects.stream import artifact, too_large
from automl.targets.objects.volumes import volumes
from automl.targets.writers.yaml import Value

PRIORITIES: Mapping[str, int] = MappingProxyType({"low": -1, "high": 1})  # 0 is that of all others
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
        if lost := tuple(files_of_trials(workflow)):
            return Emission((), lost)
        objects = Objects(workflow, self.name)
        parts = cache(lambda: _parts(objects))
        diagnostics = [*of_workflow(workflow), *of_patches(workflow, self.name)]
        if not is_small(workflow):
            diagnostics += parts().diagnostics

        def documents() -> list[Object]:
            # A Workflow fails if the controller has not heard of its templates yet, so they come first of all.
            overflow, own = split(objects, parts().templates, parts().texts)
            return [*overflow, *parts().beside, *_top(objects, options, _spec(objects, parts().mounted, own))]

        diagnostics += unused_registry(workflow, documents)
        return Emission((artifact(workflow, self.name, options, documents),), tuple(diagnostics))


class _Parts(NamedTuple):
    """What the objects are made of: the templates, with their texts as JSON, the volumes of the Workflow, and the objects
    beside it; and what of it is too large, or too many."""

    templates: list[Object]
    texts: list[str]
    mounted: list[Value]
    beside: list[Object]
    diagnostics: list[Diagnostic]


def _parts(objects: Objects) -> _Parts:
    workflow = objects.workflow
    files = config_maps(objects, has_template_tag)
    templates, programs, diagnostics = _templates(objects, files)
    texts = [canonical(template) for template in templates]
    sizes = sizes_of(texts)
    diagnostics += [*files.diagnostics, *too_long(workflow, templates, sizes)]
    diagnostics += too_many_inputs(workflow, templates)
    size = run_bytes(workflow, templates, sizes)
    if size > MAX_WORKFLOW_BYTES:
        templates = _fewer(workflow, templates)
        texts = [canonical(template) for template in templates]
        size = run_bytes(workflow, templates, sizes_of(texts))
    diagnostics += check_size(workflow, size)
    deployers = [deployer(objects)] if workflow.services else []
    mounted = [*_volumes_of_jobs(workflow, files), *map(deployer_volume, deployers)]
    is_needed = any(is_collected(workflow, job) for job in workflow.jobs)
    beside = [
        *service_accounts(objects),
        *files.objects,
        *([program(objects)] if is_needed else []),
        *programs,
        *claims(objects),
        *deployers,
    ]
    diagnostics += too_large(workflow, beside, but=[files.code])
    return _Parts(templates, texts, mounted, beside, diagnostics)


class _Templates(NamedTuple):
    """All templates, each after those it refers to; the last is the entrypoint. The ConfigMaps of those that select
    among trials, and what none of them can say."""

    all: list[Object]
    programs: list[Object]
    diagnostics: list[Diagnostic]


def _templates(objects: Objects, files: Files) -> _Templates:
    workflow = objects.workflow
    names = TaskNames()
    leaves = names.take_all(task.name for task in workflow.tasks)
    shape = shape_of(workflow, leaves, names)
    swept = swept_jobs(workflow, leaves, names)
    data = data_of(workflow, leaves, swept, shape.dags)
    templates = [
        service_template(objects, task, files, data)
        if isinstance(task, Service)
        else job_template(task, files, data)
        for task in workflow.tasks
    ]
    of_steps, programs = _of_steps_with_trials(objects, [*swept.values()], data, names) if swept else ([], [])
    templates = with_patches(workflow, templates + of_steps)
    dags = [dag_template(dag, data) for dag in shape.dags]
    diagnostics = [*shape.diagnostics, *of_trials(swept.values(), templates)]
    return _Templates(templates + dags, programs, diagnostics)


def _of_steps_with_trials(
    objects: Objects, steps: Sequence[Swept], data: Data, names: TaskNames
) -> tuple[list[Object], list[Object]]:
    """Their templates, and the ConfigMaps of what selects. What makes them is imported for those who have some."""
    from automl.targets.argo.trials import select_program, select_template, trials_templates

    templates: list[Object] = []
    programs: list[Object] = []
    for step in steps:
        if step.selector:
            programs.append(select_program(objects, step, data))
            templates.append(select_template(objects, step, programs[-1]))
        templates += trials_templates(step, data, names)
    return templates, programs


def _fewer(workflow: Workflow, templates: list[Object]) -> list[Object]:
    """The templates, of which many tasks share one, if each of these fits into an object. They begin with those of the tasks."""
    from automl.targets.argo.sharing import shared

    pairs = zip(workflow.tasks, templates, strict=False)
    fewer = shared(templates, {str(template["name"]) for task, template in pairs if isinstance(task, Job)})
    return fewer if max(sizes_of(map(canonical, fewer))) <= MAX_TEMPLATE_BYTES else templates


def _volumes_of_jobs(workflow: Workflow, files: Files) -> list[Value]:
    """Those of the Workflow; what a service needs is in its Deployment."""
    jobs = workflow.jobs
    if not jobs:
        return []
    return [*volumes(files, in_project=any(job.project for job in jobs)), *disks(workflow, jobs)]


def _spec(objects: Objects, mounted: list[Value], templates: list[Object]) -> Object:
    workflow = objects.workflow
    spec: Object = {
        "entrypoint": templates[-1]["name"],
        "serviceAccountName": runner_name(workflow),
        "podMetadata": objects.template_metadata(),
        "securityContext": pod_security(any(has_claim(workflow, job) for job in workflow.jobs)),
        "podSpecPatch": patch_of_all(workflow),
    }
    if secrets := pull_secrets(name for job in workflow.jobs for name in job.pull_secrets):
        spec["imagePullSecrets"] = secrets
    if workflow.max_parallel is not None:
        spec["parallelism"] = workflow.max_parallel
    if workflow.timeout is not None:
        spec["activeDeadlineSeconds"] = workflow.timeout
    if workflow.priority in PRIORITIES:
        spec["priority"] = PRIORITIES[workflow.priority]
    spec["volumes"] = mounted
    spec["templates"] = [templates[-1], *templates[:-1]]
    return spec


def _top(objects: Objects, options: Options, spec: Object) -> list[Object]:
    """What runs, or waits to be run. A template with a schedule gets a CronWorkflow that runs the template."""
    workflow = objects.workflow
    documents = []
    if options.form == "template":
        whole = {"workflowMetadata": objects.described_metadata()} | spec
        documents.append(_object(objects, "WorkflowTemplate", workflow.name, whole))
        spec = {"workflowTemplateRef": {"name": workflow.name}}
    if workflow.schedule is not None:
        name = cut(workflow.name, LONGEST_CRON_NAME)
        documents.append(_object(objects, "CronWorkflow", name, _schedule(objects, workflow.schedule, spec)))
    elif options.form == "workflow":
        documents.append(_object(objects, "Workflow", hashed_name(workflow.name, spec), spec))
    return documents


def _object(objects: Objects, kind: str, name: str, spec: Object) -> Object:
    """An object that Argo's own page shows the description of."""
    document = objects.object("argoproj.io/v1alpha1", kind, name, {"spec": spec})
    described = objects.workflow.description
    if described is None:
        return document
    return with_annotations(document, {"workflows.argoproj.io/description": described.literal})


def _schedule(objects: Objects, schedule: Schedule, spec: Object) -> Object:
    time: Object = {"schedules": [schedule.cron.expression], "timezone": schedule.timezone}
    runs: Object = {"workflowMetadata": objects.described_metadata(), "workflowSpec": spec}
    return time | schedule_fields(schedule) | runs

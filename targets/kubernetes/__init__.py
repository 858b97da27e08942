"""Plain Kubernetes: Jobs in their order, with nothing installed on the cluster."""

from functools import cache

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.graph import only_successes
from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.target import Emission, Options
from automl.targets.kubernetes.capabilities import CAPABILITIES
from automl.targets.kubernetes.checks import files_of_all, too_many_values
from automl.targets.kubernetes.coordinator import coordinated
from automl.targets.kubernetes.gathering import gathering_program, needs_gathering
from automl.targets.kubernetes.jobs import alone
from automl.targets.kubernetes.values import has_values, needs_program
from automl.targets.objects.checks import (
    kept_from_one_node,
    rights_of_account,
    services_without_timeout,
    unused_registry,
)
from automl.targets.objects.collecting import program
from automl.targets.objects.config_maps import config_maps
from automl.targets.objects.disks import claims
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.pod_patch import of_patches
from automl.targets.objects.resources import unknown_models
from automl.targets.objects.service import network
from automl.targets.objects.small import is_small
from automl.targets.objects.stream import artifact, too_large


class Kubernetes:
    """The target `kubernetes`."""

    name = "kubernetes"
    summary = "plain Kubernetes (also `k8s`): Jobs in their order, services and schedules, with nothing installed on the cluster"
    versions = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36")
    default_version = "1.31"
    forms = ("manifests",)
    capabilities = CAPABILITIES

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file with all objects, in the order of their creation."""
        output = cache(lambda: _output(Objects(workflow, self.name)))
        diagnostics = [*services_without_timeout(workflow), *kept_from_one_node(workflow)]
        diagnostics += [*too_many_values(workflow), *files_of_all(workflow), *unknown_models(workflow)]
        diagnostics += of_patches(workflow, self.name)
        diagnostics += only_successes(workflow, "the coordinator")
        if _needs_coordinator(workflow):
            diagnostics += rights_of_account(
                workflow, "get CronJobs, make Jobs", "docs/targets/kubernetes.md"
            )
        if not is_small(workflow):
            documents, judged, wrong = output()
            diagnostics += [*wrong, *too_large(workflow, documents, but=judged)]
        diagnostics += unused_registry(workflow, lambda: output().documents)
        text = artifact(workflow, self.name, options, lambda: output().documents)
        return Emission((text,), tuple(diagnostics))


class _Output(NamedTuple):
    """All objects, the names of those that are judged already, and what is wrong with these."""

    documents: list[Object]
    judged: list[str | None]
    diagnostics: list[Diagnostic]


def _output(objects: Objects) -> _Output:
    workflow = objects.workflow
    files = config_maps(objects)
    programs = [program(objects, workflow.store is not None)] if needs_program(workflow) else []
    if needs_gathering(workflow):
        programs.append(gathering_program(objects))
    documents = [*files.objects, *programs, *claims(objects)]
    for service in workflow.services:  # there is nothing behind the address until its turn comes
        documents += network(objects, service)
    diagnostics, judged = [*files.diagnostics], [files.code]
    if _needs_coordinator(workflow):
        coordinator = coordinated(objects, files)
        documents += coordinator.objects
        diagnostics += coordinator.diagnostics
        judged += coordinator.plan
    else:
        documents += [alone(objects, job, files) for job in workflow.jobs]
    return _Output(documents, judged, diagnostics)


def _needs_coordinator(workflow: Workflow) -> bool:
    """Whether something has to wait, or to be looked at, or comes again; Jobs alone need no coordinator.

    A schedule is that of one object, whatever its steps are called: one that a step had for itself would go on
    when the step has another name.
    """
    return (
        workflow.schedule is not None
        or workflow.max_parallel is not None
        or workflow.timeout is not None
        or bool(workflow.services)
        or has_values(workflow)
        or any(
            task.after or task.polling_seconds is not None or task.initial_delay_seconds is not None
            for task in workflow.tasks
        )
    )

"""Plain Kubernetes: Jobs in their order, with nothing installed on the cluster."""

from automl.compiler.graph import only_successes
from automl.compiler.ir import Workflow
from automl.compiler.target import Emission, Options
from automl.targets.kubernetes.capabilities import CAPABILITIES
from automl.targets.kubernetes.checks import files_of_all, too_many_values
from automl.targets.kubernetes.coordinator import coordinated
from automl.targets.kubernetes.gathering import gathering_program, needs_gathering
from automl.targets.kubernetes.jobs import alone
from automl.targets.kubernetes.values import has_values, needs_program
from automl.targets.objects.checks import kept_from_one_node, services_without_timeout, unused_registry
from automl.targets.objects.collecting import program
from automl.targets.objects.config_maps import config_maps
from automl.targets.objects.disks import claims
from automl.targets.objects.metadata import Objects
from automl.targets.objects.pod_patch import of_patches
from automl.targets.objects.resources import unknown_models
from automl.targets.objects.service import network
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
        objects = Objects(workflow, self.name)
        files = config_maps(objects)
        programs = [program(objects, workflow.store is not None)] if needs_program(workflow) else []
        if needs_gathering(workflow):
            programs.append(gathering_program(objects))
        documents = [*files.objects, *programs, *claims(objects)]
        for service in workflow.services:  # there is nothing behind the address until its turn comes
            documents += network(objects, service)
        diagnostics = [*services_without_timeout(workflow), *files.diagnostics]
        diagnostics += [*kept_from_one_node(workflow), *too_many_values(workflow), *files_of_all(workflow)]
        diagnostics += unknown_models(workflow)
        diagnostics += of_patches(workflow, self.name)
        diagnostics += only_successes(workflow, "the coordinator")
        judged = [files.code]
        if _needs_coordinator(workflow):
            coordinator = coordinated(objects, files)
            documents += coordinator.objects
            diagnostics += coordinator.diagnostics
            judged += coordinator.plan
        else:
            documents += [alone(objects, job, files) for job in workflow.jobs]
        diagnostics += too_large(workflow, documents, but=judged)
        diagnostics += unused_registry(workflow, lambda: documents)
        return Emission((artifact(workflow, self.name, options, lambda: documents),), tuple(diagnostics))


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

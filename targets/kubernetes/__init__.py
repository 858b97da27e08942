"""Plain Kubernetes: Jobs in their order, with nothing installed on the cluster."""

from collections.abc import Iterator

from automl.compiler.ir import Task, Workflow
from automl.compiler.names import with_suffix
from automl.compiler.target import Emission, Options
from automl.targets.code import Files, config_maps
from automl.targets.kubernetes.capabilities import CAPABILITIES
from automl.targets.kubernetes.coordinator import coordinated, runner
from automl.targets.kubernetes.jobs import job_spec
from automl.targets.manifest import artifact
from automl.targets.metadata import Object
from automl.targets.services import address, endless, ingress


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
        files = config_maps(workflow)
        documents = [*files.objects, *_network(workflow)]
        found = [*endless(workflow), *files.diagnostics]
        if _has_edges(workflow):
            coordinator = coordinated(workflow, files)
            documents += coordinator.objects
            found += coordinator.diagnostics
        else:
            documents += [_alone(workflow, task, files) for task in workflow.tasks]
        return Emission((artifact(workflow, self.name, options, documents),), tuple(found))


def _has_edges(workflow: Workflow) -> bool:
    """Whether something has to wait, or to be looked at; Jobs alone need no coordinator."""
    return len(workflow.groups) > 1 or any(
        task.service or task.polling_seconds is not None or task.initial_delay_seconds is not None
        for task in workflow.tasks
    )


def _alone(workflow: Workflow, task: Task, files: Files) -> Object:
    name = with_suffix(workflow.name, task.name)
    return runner(workflow, job_spec(workflow, task, files), name, task)


def _network(workflow: Workflow) -> Iterator[Object]:
    """The addresses of the services; there is nothing behind them until their turn comes."""
    for task in workflow.tasks:
        if task.service:
            yield address(workflow, task)
            if task.service.ingress:
                yield ingress(workflow, task, task.service.ingress)

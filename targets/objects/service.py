"""The objects of a service: Deployment, Service and Ingress. They live on when the run that made them ends."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Git, Ingress, Service, Task, Workflow
from automl.compiler.values.dns import member
from automl.targets.objects.config_maps import Files
from automl.targets.objects.escape import NO_TEXTS
from automl.targets.objects.metadata import Object, labels, metadata, of_pods
from automl.targets.objects.pod import POD_SECURITY, checkout_container, container, volumes
from automl.targets.writers.yaml import Value

PROBE_PERIOD_SECONDS = 5
DEFAULT_PROGRESS_SECONDS = 600  # `progressDeadlineSeconds` of a Deployment that says nothing of it


def endless(workflow: Workflow) -> Iterator[Diagnostic]:
    """The services without a deadline."""
    for task in workflow.tasks:
        if task.service is not None and task.deadline is None:
            message = (
                f'the service "{task.step}" has no `timeout`: '
                "a rollout that never gets ready keeps the run waiting"
            )
            help = "give `timeout`, for instance `timeout: 10m`"
            yield Diagnostic(Code.NO_DEADLINE, message, task.span, help)


def service_name(workflow: Workflow, task: Task) -> str:
    """The name of the objects of a service; it never changes, so that a new run updates them."""
    return member(workflow.name, task.name)


def selector(workflow: Workflow, task: Task) -> dict[str, str]:
    """The label that picks the pods of a service: the name of its objects, so that it changes with them alone.

    Kubernetes refuses another selector for a Deployment that is there.
    """
    return {"automl.dev/service": service_name(workflow, task)}


def objects(workflow: Workflow, task: Task, files: Files) -> list[Object]:
    """All that a service is made of, in the order in which to apply it."""
    assert task.service is not None
    found = [deployment(workflow, task, files), address(workflow, task)]
    if task.service.ingress:
        found.append(ingress(workflow, task, task.service.ingress))
    return found


def deployment(workflow: Workflow, task: Task, files: Files) -> Object:
    """The pods of a service, replaced one after the other.

    What applies it adds the name of the run to the pods: every run replaces them, so that they load what it made.
    """
    assert task.service is not None
    service, name = task.service, service_name(workflow, task)
    spec: Object = {
        "replicas": service.replicas,
        "minReadySeconds": service.min_ready_seconds,
        "revisionHistoryLimit": service.revision_history_limit,
    }
    if service.min_ready_seconds >= DEFAULT_PROGRESS_SECONDS:  # it has to be longer than that
        spec["progressDeadlineSeconds"] = service.min_ready_seconds + DEFAULT_PROGRESS_SECONDS
    spec["selector"] = {"matchLabels": selector(workflow, task)}
    spec["template"] = _pod_template(workflow, task, service, files)
    meta = metadata(name, workflow, task)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def _pod_template(workflow: Workflow, task: Task, service: Service, files: Files) -> Object:
    meta = of_pods(workflow, task)
    meta["labels"] = labels(workflow, task) | selector(workflow, task)
    spec: Object = {"automountServiceAccountToken": False, "securityContext": POD_SECURITY}
    if task.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in task.pull_secrets]
    if task.project and isinstance(workflow.code, Git):
        spec["initContainers"] = [checkout_container(workflow)]
    spec["containers"] = [_container(task, service)]
    spec["volumes"] = volumes(files, in_project=task.project is not None)
    return {"metadata": meta, "spec": spec}


def _container(task: Task, service: Service) -> Object:
    found = container(task, NO_TEXTS)
    found["ports"] = [{"name": "http", "containerPort": service.port}]
    probe = _probe(service)
    if service.max_startup_seconds is not None:
        failures = -(-service.max_startup_seconds // PROBE_PERIOD_SECONDS)
        found["startupProbe"] = probe | {"failureThreshold": failures}
    found["readinessProbe"] = probe
    return found


def _probe(service: Service) -> Object:
    period: Object = {"periodSeconds": PROBE_PERIOD_SECONDS}
    if service.readiness_path is None:
        return {"tcpSocket": {"port": "http"}} | period
    return {"httpGet": {"path": service.readiness_path, "port": "http"}} | period


def address(workflow: Workflow, task: Task) -> Object:
    """The Service: one address inside the cluster for all pods."""
    assert task.service is not None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(service_name(workflow, task), workflow, task),
        "spec": {
            "selector": selector(workflow, task),
            "ports": [{"name": "http", "port": task.service.port, "targetPort": "http"}],
        },
    }


def ingress(workflow: Workflow, task: Task, wanted: Ingress) -> Object:
    """The way in from outside the cluster."""
    name = service_name(workflow, task)
    backend: Object = {"service": {"name": name, "port": {"name": "http"}}}
    path: Object = {"path": wanted.path, "pathType": "Prefix", "backend": backend}
    rule: Object = {"host": wanted.host} if wanted.host else {}
    spec: Object = {"ingressClassName": wanted.class_name} if wanted.class_name else {}
    if wanted.tls_secret:
        hosts: Object = {"hosts": [wanted.host]} if wanted.host else {}
        spec["tls"] = [hosts | {"secretName": wanted.tls_secret}]
    rules: list[Value] = [rule | {"http": {"paths": [path]}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(name, workflow, task),
        "spec": spec | {"rules": rules},
    }

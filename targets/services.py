"""The objects of a service: Deployment, Service and Ingress. They live on when the run that made them ends."""

from collections.abc import Iterator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Git, Ingress, Service, Task, Workflow
from automl.compiler.names import with_suffix
from automl.targets.code import Files
from automl.targets.metadata import Object, labels, metadata, selector, task_annotations, workflow_annotations
from automl.targets.pods import POD_SECURITY, checkout_container, container, volumes
from automl.targets.yaml_writer import Value

PROBE_PERIOD_SECONDS = 5


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
    return with_suffix(workflow.name, task.name)


def deployment(workflow: Workflow, task: Task, files: Files, run: str) -> Object:
    """The pods of a service, replaced one after the other.

    `run` names the run that applies it: every run replaces the pods, so that they load what it has made. It is
    empty where what applies the object puts it in.
    """
    assert task.service is not None
    service, name = task.service, service_name(workflow, task)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(name, workflow, task),
        "spec": {
            "replicas": service.replicas,
            "minReadySeconds": service.min_ready_seconds,
            "revisionHistoryLimit": service.revision_history_limit,
            "selector": {"matchLabels": selector(workflow, task)},
            "template": _pod_template(workflow, task, service, files, run),
        },
    }


def _pod_template(workflow: Workflow, task: Task, service: Service, files: Files, run: str) -> Object:
    notes = {"automl.dev/run": run} if run else {}
    notes |= workflow_annotations(workflow) | task_annotations(task)
    meta: Object = {"labels": labels(workflow, task)}
    if notes:
        meta["annotations"] = notes
    spec: Object = {"automountServiceAccountToken": False, "securityContext": POD_SECURITY}
    if task.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in task.pull_secrets]
    if task.project and isinstance(workflow.code, Git):
        spec["initContainers"] = [checkout_container(workflow)]
    spec["containers"] = [_container(task, service, files)]
    spec["volumes"] = volumes(files, in_project=task.project is not None)
    return {"metadata": meta, "spec": spec}


def _container(task: Task, service: Service, files: Files) -> Object:
    found = container(task, files.texts)
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

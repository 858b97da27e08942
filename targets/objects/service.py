"""The objects of a service: Deployment, Service and Ingress. They live on when the run that made them ends."""

from collections.abc import Iterable, Sequence

from automl.compiler.ir import Ingress, Service, Workflow
from automl.compiler.values.dns import member
from automl.targets.objects.config_maps import Files
from automl.targets.objects.disks import node_labels
from automl.targets.objects.escape import in_json
from automl.targets.objects.metadata import Object, Objects, with_labels
from automl.targets.objects.pod import account, pod_spec
from automl.targets.objects.pod_patch import patch_of, patched
from automl.targets.objects.start import placeholders
from automl.targets.writers.yaml import Value

DEFAULT_PROGRESS_SECONDS = 600  # `progressDeadlineSeconds` of a Deployment that says nothing of it


def service_name(workflow: Workflow, service: Service) -> str:
    """The name of the objects of a service; it never changes, so that a new run updates them."""
    return member(workflow.name, service.name)


def selector(workflow: Workflow, service: Service) -> dict[str, str]:
    """The label that picks the pods of a service: the name of its objects, so that it changes with them alone.

    Kubernetes refuses another selector for a Deployment that is there.
    """
    return {"automl.dev/service": service_name(workflow, service)}


def service_objects(objects: Objects, service: Service, files: Files) -> list[Object]:
    """All that a service is made of, in the order in which to apply it."""
    return [deployment(objects, service, files), *network(objects, service)]


def deploy_arguments(
    run: Sequence[str], service: Service, options: Sequence[str], documents: Iterable[Object]
) -> list[str]:
    """What the script `cluster.py` is told: the run, until when, more options, and the objects to apply, as JSON.

    Nothing in the JSON looks like a tag or a variable: Argo, which runs Kubeflow's too, fills in tags wherever it finds
    them, and Kubernetes expands the words of every container.
    """
    deadline = [] if service.rollout_deadline is None else ["--deadline", str(service.rollout_deadline)]
    return [*run, *deadline, *options, *map(in_json, documents)]


def network(objects: Objects, service: Service) -> list[Object]:
    """The Service and, where it is reached from outside, the Ingress: what leads to the pods."""
    address = _address(objects, service)
    return [address, _ingress(objects, service, service.ingress)] if service.ingress else [address]


def deployment(objects: Objects, service: Service, files: Files) -> Object:
    """The pods of a service, replaced one after the other.

    What applies it adds the name of the run to the pods: every run replaces them, so that they load what it made.
    """
    spec: Object = {
        "replicas": service.replicas,
        "minReadySeconds": service.min_ready_seconds,
        "revisionHistoryLimit": service.revision_history_limit,
    }
    if service.min_ready_seconds >= DEFAULT_PROGRESS_SECONDS:  # it has to be longer than that
        spec["progressDeadlineSeconds"] = service.min_ready_seconds + DEFAULT_PROGRESS_SECONDS
    spec["selector"] = {"matchLabels": selector(objects.workflow, service)}
    spec["template"] = _pod_template(objects, service, files)
    name = service_name(objects.workflow, service)
    return objects.object("apps/v1", "Deployment", name, {"spec": spec}, service)


def _pod_template(objects: Objects, service: Service, files: Files) -> Object:
    spec = account(objects.workflow, service)
    labels = selector(objects.workflow, service) | node_labels(objects.workflow, service)
    spec |= pod_spec(objects.workflow, service, files, placeholders(service))
    spec = patched(spec, patch_of(service.options(objects.target)))
    return with_labels(objects.template(spec, service), labels)


def _address(objects: Objects, service: Service) -> Object:
    """One address inside the cluster for all pods."""
    spec: Object = {
        "selector": selector(objects.workflow, service),
        "ports": [{"name": "http", "port": service.port, "targetPort": "http"}],
    }
    return objects.object("v1", "Service", service_name(objects.workflow, service), {"spec": spec}, service)


def _ingress(objects: Objects, service: Service, ingress: Ingress) -> Object:
    """The way in from outside the cluster."""
    name = service_name(objects.workflow, service)
    backend: Object = {"service": {"name": name, "port": {"name": "http"}}}
    path: Object = {"path": ingress.path, "pathType": "Prefix", "backend": backend}
    rule: Object = {"host": ingress.host} if ingress.host else {}
    spec: Object = {"ingressClassName": ingress.class_name} if ingress.class_name else {}
    if ingress.tls_secret:
        hosts: Object = {"hosts": [ingress.host]} if ingress.host else {}
        spec["tls"] = [hosts | {"secretName": ingress.tls_secret}]
    rules: list[Value] = [rule | {"http": {"paths": [path]}}]
    spec |= {"rules": rules}
    return objects.object("networking.k8s.io/v1", "Ingress", name, {"spec": spec}, service)

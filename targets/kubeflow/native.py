"""The objects of an API server that keeps pipelines in Kubernetes, in the order of their creation."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir import Bundle, Schedule, Workflow
from automl.compiler.patterns import regex
from automl.compiler.values.dns import cut, with_suffix
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.kubeflow.pipeline import LONGEST_NAME, Pipeline
from automl.targets.kubeflow.titles import display_name
from automl.targets.objects.config_maps import Files
from automl.targets.objects.container import restricted
from automl.targets.objects.disks import claims
from automl.targets.objects.escape import escaped
from automl.targets.objects.metadata import Object, Objects, hashed_name, name_of
from automl.targets.objects.rbac import deploy_rules, role, service_account
from automl.targets.objects.scripts import script
from automl.targets.objects.security import POD_SECURITY
from automl.targets.writers.yaml import Value

SERVICE_ACCOUNTS = (
    "pipeline-runner",
    "default-editor",
)  # of an installation for one user, and of one for many
_TOKEN_FOLDER = "/var/run/secrets/kubeflow/pipelines"
_AUDIENCE: Object = {"path": "token", "audience": "pipelines.kubeflow.org", "expirationSeconds": 3600}
_TOKEN: Object = {  # what the API server asks for where there are many users
    "name": "token",
    "projected": {"sources": [{"serviceAccountToken": _AUDIENCE}]},
}
_REGISTER: list[Value] = [
    {"apiGroups": ["pipelines.kubeflow.org"], "resources": ["pipelines"], "verbs": ["get", "list"]},
    {"apiGroups": ["pipelines.kubeflow.org"], "resources": ["experiments"], "verbs": ["create", "list"]},
    {"apiGroups": ["pipelines.kubeflow.org"], "resources": ["jobs"], "verbs": ["create", "delete", "list"]},
]
_NO_SIDECAR = {"sidecar.istio.io/inject": "false"}  # with one the pod would never end
_STEP = regex(r"[*](?=/0*([2-9]|1[0-9]))")  # each day, `*/1`, is no restriction to anyone
MAX_CONCURRENCY: Mapping[str, str] = MappingProxyType(
    {"allow": "10", "forbid": "1"}
)  # 10 is the most it takes


def native_objects(objects: Objects, package: Pipeline, files: Files) -> list[Object]:
    """Everything for `kubectl apply`, from the disks to what registers the schedule."""
    workflow = objects.workflow
    documents = claims(objects)
    if workflow.services:
        name = with_suffix(workflow.name, "deployer")
        documents += role(objects, name, deploy_rules(workflow), SERVICE_ACCOUNTS)
    if isinstance(workflow.code, Bundle) or any(service.project for service in workflow.services):
        documents += files.objects
    name = cut(workflow.name, LONGEST_NAME)
    version = _version(objects, name, package)
    shown = _described(workflow) | display_name(workflow)
    documents += [_object(objects, "Pipeline", name, shown), version]
    if workflow.schedule:
        documents += _registration(objects, workflow.schedule, name, name_of(version))
    return documents


def _described(workflow: Workflow) -> Object:
    return {"description": workflow.description.literal} if workflow.description else {}


def _object(objects: Objects, kind: str, name: str, spec: Object) -> Object:
    return objects.object("pipelines.kubeflow.org/v2beta1", kind, name, {"spec": spec})


def _version(objects: Objects, pipeline: str, package: Pipeline) -> Object:
    """The version; its spec can never be changed, so its name carries a hash of it.

    People see the version of the config, and the hash, for it may not have been changed with the rest.
    """
    spec = _described(objects.workflow) | {"pipelineName": pipeline, "pipelineSpec": package.spec}
    if package.platform:
        spec["platformSpec"] = package.platform
    name = hashed_name(pipeline, spec)
    if objects.workflow.version:
        spec["displayName"] = f"{objects.workflow.version} ({name.rpartition('-')[2]})"
    return _object(objects, "PipelineVersion", name, spec)


def _registration(objects: Objects, schedule: Schedule, pipeline: str, version: str) -> list[Object]:
    """A Job that registers the schedule: the API server knows none that it did not make itself."""
    trigger: Object = {"cron_schedule": {"cron": six_fields(schedule)}}
    run: Object = {
        "description": f"made by automl for the pipeline {pipeline}",
        "mode": "DISABLE" if schedule.suspend else "ENABLE",
        "max_concurrency": MAX_CONCURRENCY.get(schedule.concurrency, "1"),
        "no_catchup": True,
        "trigger": trigger,
    }
    run = {"display_name": hashed_name(version, run)} | run
    wanted: Object = {"pipeline": pipeline, "version": version, "recurring_run": run}
    scheduler = with_suffix(objects.workflow.name, "scheduler")
    metadata: Object = {"labels": objects.labels() | _NO_SIDECAR, "annotations": _NO_SIDECAR}
    spec: Object = {
        "backoffLimit": 3,
        "ttlSecondsAfterFinished": 300,  # so that a schedule can come back
        "template": {"metadata": metadata, "spec": _pod(objects.workflow, scheduler, wanted)},
    }
    job = objects.object("batch/v1", "Job", hashed_name(scheduler, spec), {"spec": spec})
    return [*service_account(objects, scheduler, _REGISTER), job]


def six_fields(schedule: Schedule) -> str:
    """The cron with the seconds before it, without which Kubeflow takes the minutes for them.

    Of two day fields that are restricted a day has to fit one, and Kubeflow's robfig/cron 1.2.0 does not take `*/2`
    for a restriction, as that of Argo and Kubernetes does. So it is written as a range.
    """
    minute, hour, day, month, weekday = schedule.cron
    return " ".join(["0", minute, hour, _restricted(day, "1-31"), month, _restricted(weekday, "0-6")])


def _restricted(field: str, span: str) -> str:
    return ",".join(_STEP.sub(span, item) for item in field.split(","))


def _pod(workflow: Workflow, scheduler: str, wanted: Object) -> Object:
    start: Object = {
        "name": "main",
        "image": workflow.own_image(PYTHON_IMAGE),
        "command": ["python3", "-c", escaped(script("recurring_run.py"))],
        "args": [json.dumps(wanted, indent=2)],
        "env": [
            {"name": "KFP_ENDPOINT", "value": "http://ml-pipeline.kubeflow:8888"},
            {"name": "KFP_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "KF_PIPELINES_SA_TOKEN_PATH", "value": f"{_TOKEN_FOLDER}/token"},
        ],
    }
    mount: Object = {"name": "token", "mountPath": _TOKEN_FOLDER, "readOnly": True}
    return {
        "serviceAccountName": scheduler,
        "automountServiceAccountToken": False,
        "restartPolicy": "OnFailure",
        "securityContext": POD_SECURITY,
        "containers": [restricted(start, "100m", "100M", [mount])],
        "volumes": [_TOKEN],
    }

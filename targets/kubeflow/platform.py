"""The platform document: what only Kubernetes understands of a step. There is none for Vertex AI."""

from collections.abc import Mapping, Sequence

from automl.compiler.ir import Git, Job, Placement, Resources, Toleration
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.mounts import CLAIM, CONFIG_MAP, FOLDER, SECRET, constant, mounts
from automl.targets.objects.checkout import checkout_keys
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.placement import NO_LABELS, selector, tolerated
from automl.targets.objects.resources import SHM, model_label
from automl.targets.objects.volumes import CODE, WORK
from automl.targets.writers.yaml import Value

SECRETS = "/automl/secrets"
ANYWHERE = Placement()


def pod_platform(
    metadata: Object,
    backend: Backend,
    pull_secrets: Sequence[str] = (),
    placement: Placement = ANYWHERE,
    folders: Sequence[Value] = (),
) -> Object:
    """What every pod has: folders to write to, labels, a node, and no right to be root where that can be said."""
    if not backend.is_kubernetes:
        return {}
    pod: Object = {"emptyDirMounts": [{"volumeName": "work", "mountPath": WORK}, *folders]}
    if pull_secrets:
        pod["imagePullSecret"] = [{"secretNameParameter": constant(name)} for name in pull_secrets]
    pod["podMetadata"] = metadata
    pod |= _placed(placement)
    if backend.sets_user:
        user, group = str(backend.user), str(backend.group)
        pod["securityContext"] = {"runAsNonRoot": backend.user > 0, "runAsUser": user, "runAsGroup": group}
    return pod


def job_platform(objects: Objects, job: Job, backend: Backend, stand_ins: Mapping[str, str]) -> Object:
    """What is said of a job. A secret goes to the variable that stands in for the one it is for, if there is one."""
    if not backend.is_kubernetes:
        return {}
    workflow, platform = objects.workflow, _deadline(job.deadline)
    if config_maps := [*_code(job, backend), *mounts(workflow, job, CONFIG_MAP)]:
        platform[CONFIG_MAP] = config_maps
    if keyed := [secret for secret in job.secrets if secret.keys]:
        platform["secretAsEnv"] = [
            _secret(secret.name, [(key, stand_ins.get(name, name)) for key, name in secret.keys or ()])
            for secret in keyed
        ]
    if secrets := [*_whole_secrets(job), *mounts(workflow, job, SECRET)]:
        platform[SECRET] = secrets
    if claims := mounts(workflow, job, CLAIM):
        platform[CLAIM] = claims
    metadata = objects.template_metadata(job)
    folders = [*_shared_memory(job.resources), *mounts(workflow, job, FOLDER)]
    platform |= pod_platform(metadata, backend, job.pull_secrets, job.placement, folders)
    return platform | _placed(job.placement, model_label(job.resources))


def _shared_memory(resources: Resources) -> list[Value]:
    """A folder in memory (kubeflow/pipelines 2.15.0, backend/src/v2/driver/k8s.go: nothing reads `enabledSharedMemory`)."""
    if resources.shm is None:
        return []
    of_memory: Object = {"medium": "Memory", "sizeLimit": resources.shm.text}
    return [{"volumeName": SHM, "mountPath": "/dev/shm", **of_memory}]


def _code(job: Job, backend: Backend) -> list[Value]:
    if not (job.project and backend.code):
        return []
    return [{"configMapNameParameter": constant(backend.code), "mountPath": CODE}]


def _whole_secrets(job: Job) -> list[Value]:
    return [
        {"secretNameParameter": constant(name), "mountPath": f"{SECRETS}/{name}"}
        for name in dict.fromkeys(whole_secrets(job))
    ]


def checkout_platform(objects: Objects, git: Git, backend: Backend, deadline: int | None) -> Object:
    """What is said of the step that checks a repository out."""
    if not backend.is_kubernetes:
        return {}
    platform = _deadline(deadline)
    if git.token_secret:
        platform["secretAsEnv"] = [_secret(git.token_secret, checkout_keys(git))]
    return platform | pod_platform(objects.template_metadata(), backend)


def whole_secrets(job: Job) -> list[str]:
    """The Secrets of which every key is a variable."""
    return [secret.name for secret in job.secrets if secret.keys is None]


def _placed(placement: Placement, more: Mapping[str, str] = NO_LABELS) -> Object:
    """As on Kubernetes, but for the form of a selector, and of seconds, which protobuf writes as text."""
    pod: Object = {}
    if placement.image_pull_policy:
        pod["imagePullPolicy"] = placement.image_pull_policy
    if labels := selector(placement) | dict(more):
        pod["nodeSelector"] = {"labels": labels}
    if placement.tolerations:
        pod["tolerations"] = [_toleration(toleration) for toleration in placement.tolerations]
    return pod


def _toleration(toleration: Toleration) -> Object:
    seconds: Object = {} if toleration.seconds is None else {"tolerationSeconds": str(toleration.seconds)}
    return tolerated(toleration) | seconds


def _deadline(seconds: int | None) -> Object:
    return {} if seconds is None else {"activeDeadlineSeconds": str(seconds)}


def _secret(name: str, keys: Sequence[tuple[str, str]]) -> Object:
    """`keys` are those of the Secret, each with the variable that it is for."""
    pairs: list[Value] = [{"secretKey": key, "envVar": variable} for key, variable in keys]
    return {"secretNameParameter": constant(name), "keyToEnv": pairs}

"""The pod of a task, alike for every engine on Kubernetes, and allowed under `restricted`."""

from collections.abc import Iterable

from automl.compiler.ir import Git, Service, Task
from automl.targets.objects.config_maps import Files
from automl.targets.objects.container import container, from_secret, restricted
from automl.targets.objects.escape import NO_TEXTS, escaped
from automl.targets.objects.metadata import Object
from automl.targets.objects.security import POD_SECURITY
from automl.targets.objects.volumes import CODE, WORK, mounts, volumes
from automl.targets.writers.yaml import Value

GIT_IMAGE = (
    "docker.io/alpine/git:2.47.2@sha256:062a01ad7a0eb17cff382bc5e26086b4d710e56dfdfdf001109a49b6d9bd378c"
)


def pod_spec(task: Task, files: Files) -> Object:
    """What every pod of a task has: a Deployment's and a Job's as it is; Argo puts parts of it elsewhere."""
    texts = (
        NO_TEXTS if isinstance(task, Service) else files.texts
    )  # no engine looks into the pods of a service
    spec: Object = {"securityContext": POD_SECURITY}
    if task.pull_secrets:
        spec["imagePullSecrets"] = pull_secrets(task.pull_secrets)
    if task.project and files.git:
        spec["initContainers"] = [_checkout(files.git)]
    spec["containers"] = [container(task, texts)]
    spec["volumes"] = volumes(files, in_project=task.project is not None)
    return spec


def pull_secrets(names: Iterable[str]) -> list[Value]:
    """The Secrets with which images are pulled, each once."""
    return [{"name": name} for name in dict.fromkeys(names)]


def _checkout(git: Git) -> Object:
    """An init container that checks the project out, for pods that no engine does it for."""
    variables: list[Value] = [
        {"name": "AUTOML_WORK", "value": WORK},
        {"name": "AUTOML_GIT_URL", "value": escaped(git.url)},
        {"name": "AUTOML_GIT_REF", "value": escaped(git.ref)},
    ]
    for name, key in (("AUTOML_GIT_TOKEN", git.token_key), ("AUTOML_GIT_USERNAME", git.username_key)):
        if git.token_secret and key:
            variables.append(from_secret(name, git.token_secret, key))
    start: Object = {"name": "checkout", "image": GIT_IMAGE, "command": ["sh", f"{CODE}/checkout.sh"]}
    return restricted(start | {"env": variables}, "100m", "100M", mounts(in_project=True))

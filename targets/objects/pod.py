"""Containers and pods of a task, alike for every engine on Kubernetes, and allowed under `restricted`."""

from automl.compiler.ir import Git, Secret, Task, Text, Workflow
from automl.targets.objects.config_maps import Files
from automl.targets.objects.escape import VARIABLE_PREFIX, Texts, escaped
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

WORK = "/automl/work"
CODE = "/automl/code"
PROJECT = f"{WORK}/project"  # where the project's files are, whoever puts them there
GIT_IMAGE = (
    "docker.io/alpine/git:2.47.2@sha256:062a01ad7a0eb17cff382bc5e26086b4d710e56dfdfdf001109a49b6d9bd378c"
)
USER = 1000

POD_SECURITY: Object = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
WORK_MOUNT: Object = {"name": "work", "mountPath": WORK}
CODE_MOUNT: Object = {"name": "code", "mountPath": CODE, "readOnly": True}
MOUNTS_OF_IMAGE: list[Value] = [WORK_MOUNT]
MOUNTS_OF_PROJECT: list[Value] = [WORK_MOUNT, CODE_MOUNT]


def volumes(files: Files, in_project: bool) -> list[Value]:
    """A folder to write to and, for the tasks of a project, its code."""
    found: list[Value] = [{"name": "work", "emptyDir": {}}]
    if files.code and in_project:
        found.append({"name": "code", "configMap": {"name": files.code}})
    return found


def container(task: Task, texts: Texts) -> Object:
    """The container of a task: what runs, with which variables and resources."""
    words = _Words(texts)
    found: Object = {"name": "main", "image": task.image}
    if task.project is not None:
        found["command"] = ["python3", f"{CODE}/start.py"]
        found["args"] = _start_arguments(task, words)
    else:
        if task.command.entrypoint:
            found["command"] = words.of(task.command.entrypoint)
        if task.command.arguments:
            found["args"] = words.of(task.command.arguments)
    variables = [*_variables(task, texts), *words.variables]
    if variables:
        found["env"] = variables
    whole = [secret for secret in task.secrets if secret.keys is None]
    if whole:
        found["envFrom"] = [{"secretRef": {"name": secret.name}} for secret in whole]
    found["resources"] = {"requests": {"cpu": task.resources.cpu.text, "memory": task.resources.memory.text}}
    found["securityContext"] = CONTAINER_SECURITY
    found["volumeMounts"] = MOUNTS_OF_PROJECT if task.project else MOUNTS_OF_IMAGE
    return found


class _Words:
    """Words of a command; one that an engine would expand becomes a variable, filled from a ConfigMap."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.variables: list[Value] = []

    def of(self, words: tuple[Text, ...]) -> list[Value]:
        """The words, safe."""
        return [self.word(text) for text in words]

    def word(self, text: Text) -> str:
        """One word, safe."""
        if text.value not in self._texts.keys:
            return escaped(text.value)
        name = f"{VARIABLE_PREFIX}{len(self.variables) + 1}"
        self.variables.append(_from_texts(name, text.value, self._texts))
        return f"$({name})"


def _from_texts(name: str, value: str, texts: Texts) -> Object:
    return {
        "name": name,
        "valueFrom": {"configMapKeyRef": {"name": texts.config_map, "key": texts.keys[value]}},
    }


def _start_arguments(task: Task, words: _Words) -> list[Value]:
    assert task.project is not None
    arguments: list[Value] = []
    if task.project.dependencies:
        arguments += ["--dependencies", words.word(task.project.dependencies)]
    for package in task.project.packages:
        arguments += ["--package", package]
    return [*arguments, "--", *words.of((*(task.command.entrypoint or ()), *task.command.arguments))]


def _variables(task: Task, texts: Texts) -> list[Value]:
    found: list[Value] = []
    if task.project is None and all(variable.name != "HOME" for variable in task.variables):
        found.append({"name": "HOME", "value": WORK})
    for variable in task.variables:
        if variable.value.value in texts.keys:
            found.append(_from_texts(variable.name, variable.value.value, texts))
        elif variable.value.value:
            found.append({"name": variable.name, "value": escaped(variable.value.value)})
        else:
            found.append({"name": variable.name})  # empty; the API server keeps no empty value
    for secret in task.secrets:
        found += [_from_secret(variable, secret, key) for key, variable in secret.keys or ()]
    return found


def _from_secret(variable: str, secret: Secret, key: str) -> Object:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": key}}}


def checkout_container(workflow: Workflow) -> Object:
    """An init container that checks the project out, for pods that no engine does it for."""
    git = workflow.code
    assert isinstance(git, Git)
    variables: list[Value] = [
        {"name": "AUTOML_WORK", "value": WORK},
        {"name": "AUTOML_GIT_URL", "value": escaped(git.url)},
        {"name": "AUTOML_GIT_REF", "value": escaped(git.ref)},
    ]
    for name, key in (("AUTOML_GIT_TOKEN", git.token_key), ("AUTOML_GIT_USERNAME", git.username_key)):
        if git.token_secret and key:
            variables.append(
                {"name": name, "valueFrom": {"secretKeyRef": {"name": git.token_secret, "key": key}}}
            )
    return {
        "name": "checkout",
        "image": GIT_IMAGE,
        "command": ["sh", f"{CODE}/checkout.sh"],
        "env": variables,
        "resources": {"requests": {"cpu": "100m", "memory": "100M"}},  # a quota may ask it of every container
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": MOUNTS_OF_PROJECT,
    }

"""Containers, alike for every engine on Kubernetes: of a task, and what all have in common."""

from collections.abc import Iterable, Sequence

from automl.compiler.ir import Service, Task, Text, Variable
from automl.targets.objects.escape import VARIABLE_PREFIX, Texts, escaped, expanding, scripted
from automl.targets.objects.metadata import Object
from automl.targets.objects.resources import amounts, shm_mount
from automl.targets.objects.security import CONTAINER_SECURITY
from automl.targets.objects.start import Given, is_late, late_options, start_arguments
from automl.targets.objects.volumes import CODE, WORK, mounts
from automl.targets.writers.yaml import Value

PROBE_PERIOD_SECONDS = 5


def restricted(start: Object, cpu: str, memory: str, mounts: Sequence[Value]) -> Object:
    """A container that starts so, with no right that it does not need. A quota may ask every one for its resources."""
    return _restricted(start, {"requests": {"cpu": cpu, "memory": memory}}, mounts)


def _restricted(start: Object, resources: Object, mounts: Sequence[Value]) -> Object:
    rest: Object = {"securityContext": CONTAINER_SECURITY, "volumeMounts": mounts}
    return start | {"resources": resources} | rest


def container(task: Task, texts: Texts, given: Given, disks: Iterable[Value] = ()) -> Object:
    """The container of a task: what runs, with which variables and resources, and how a service is reached."""
    arguments = _Arguments(texts, by_script=given.by_script)
    start: Object = {"name": "main", "image": task.image}
    if task.placement.image_pull_policy:
        start["imagePullPolicy"] = task.placement.image_pull_policy
    start |= _command(task, arguments, given)
    own = _variables(task, texts, len(arguments.variables) + 1, given.by_script)
    if variables := [*given.variables, *own, *arguments.variables]:
        start["env"] = variables
    if whole := [secret for secret in task.secrets if secret.keys is None]:
        start["envFrom"] = [{"secretRef": {"name": secret.name}} for secret in whole]
    mounted = [*mounts(in_project=task.project is not None), *shm_mount(task.resources), *disks]
    main = _restricted(start, amounts(task.resources), mounted)
    return main | _reached(task) if isinstance(task, Service) else main


def _command(task: Task, arguments: "_Arguments", given: Given) -> Object:
    if task.project is not None:
        late = late_options(task) if given.by_script else ()
        words = start_arguments(task, [*given.options, *late])
        return {"command": ["python3", f"{CODE}/start.py"], "args": arguments.all(words)}
    command: Object = {}
    if task.command.entrypoint:
        command["command"] = arguments.all(task.command.entrypoint)
    if task.command.arguments:
        command["args"] = arguments.all(task.command.arguments)
    return command


class _Arguments:
    """Texts for a container. A part that an engine would expand becomes a variable, filled from a ConfigMap."""

    def __init__(self, texts: Texts, first: int = 1, by_script: bool = False) -> None:
        self._texts, self._first, self._by_script = texts, first, by_script
        self.variables: list[Value] = []

    def all(self, words: Sequence[Text | str]) -> list[Value]:
        """The words, the user's made safe."""
        return [self.safe(word) if isinstance(word, Text) else word for word in words]

    def safe(self, text: Text) -> str:
        """The text, in which Kubernetes, or the start script, expands no more than our own variables."""
        if self._by_script and is_late(text):
            return escaped(scripted(text, self._stand_in))
        return expanding(text, self._stand_in)

    def _stand_in(self, part: str) -> str | None:
        if part not in self._texts.keys:
            return None
        name = f"{VARIABLE_PREFIX}{self._first + len(self.variables)}"
        self.variables.append(_from_texts(name, part, self._texts))
        return name


def _from_texts(name: str, value: str, texts: Texts) -> Object:
    key: Object = {"name": texts.config_map, "key": texts.keys[value]}
    return {"name": name, "valueFrom": {"configMapKeyRef": key}}


def _variables(task: Task, texts: Texts, first: int, by_script: bool) -> list[Value]:
    """The variables of a task that are no matter of the script. Kubernetes expands in one those that stand before it."""
    home: list[Value] = [{"name": "HOME", "value": WORK}] if needs_home(task) else []
    values, variables = _Arguments(texts, first), list[Value]()
    for variable in (*_known(task), *task.variables):
        if by_script and is_late(variable.value):
            continue
        [part, *others] = variable.value.parts
        if not others and part in texts.keys:
            variables.append(_from_texts(variable.name, str(part), texts))
        elif value := values.safe(variable.value):
            variables.append({"name": variable.name, "value": value})
        else:
            variables.append({"name": variable.name})  # empty; the API server keeps no empty value
    variables = [*home, *values.variables, *variables]
    for secret in task.secrets:
        variables += [from_secret(variable, secret.name, key) for key, variable in secret.keys or ()]
    return variables


def _known(task: Task) -> list[Variable]:
    """The values that are known when the workflow is compiled."""
    return [
        Variable(reference.variable, Text.of(reference.known, task.span))
        for reference in task.values
        if reference.known is not None
    ]


def needs_home(task: Task) -> bool:
    """Whether HOME has to be set: that of an image is another user's. The start script of a project sets its own."""
    if task.run_as and task.run_as.image:
        return False
    return task.project is None and all(variable.name != "HOME" for variable in task.variables)


def from_secret(variable: str, secret: str, key: str) -> Object:
    """A variable with the value of a key of a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _reached(service: Service) -> Object:
    """Where a service listens, and how it is seen that it is ready."""
    probe = _probe(service)
    reached: Object = {"ports": [{"name": "http", "containerPort": service.port}]}
    if service.max_startup_seconds is not None:
        failures = -(-service.max_startup_seconds // PROBE_PERIOD_SECONDS)
        reached["startupProbe"] = probe | {"failureThreshold": failures}
    return reached | {"readinessProbe": probe}


def _probe(service: Service) -> Object:
    period: Object = {"periodSeconds": PROBE_PERIOD_SECONDS}
    if service.readiness_path is None:
        return {"tcpSocket": {"port": "http"}} | period
    return {"httpGet": {"path": service.readiness_path, "port": "http"}} | period

"""What the tasks of a pipeline run: a container, and beside it what only Kubernetes understands."""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from automl.compiler.ir import PYTHON_IMAGE, Bundle, Git, Job, Resources, Service, Task
from automl.compiler.values.units import parse_cpu, parse_memory
from automl.runtime import script
from automl.targets.kubeflow.quoting import Protected, Words, protected
from automl.targets.objects.config_maps import archive
from automl.targets.objects.container import needs_home, start_arguments
from automl.targets.objects.escape import in_json
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.pod import GIT_IMAGE
from automl.targets.objects.security import USER
from automl.targets.objects.volumes import CODE, WORK
from automl.targets.writers.yaml import Value

CODE_INPUT = "{{$.inputs.artifacts['code'].path}}"
CODE_OUTPUT = "{{$.outputs.artifacts['code'].path}}"
RUN_INPUT = "{{$.inputs.parameters['run']}}"
SECRETS = "/automl/secrets"
SMALL = Resources(parse_cpu("100m"), parse_memory("100M"))  # of what we add ourselves
SECURITY_CONTEXT_SINCE = (2, 16)


class Place(NamedTuple):
    """Where the pipeline is to run. `has_config_maps`: those of the workflow are in the cluster before it."""

    version: tuple[int, ...]
    is_kubernetes: bool = True
    has_config_maps: bool = False
    code: str | None = None  # the ConfigMap that the jobs of a bundle mount

    @property
    def sets_user(self) -> bool:
        """Whether it can be said who a pod runs as."""
        return self.is_kubernetes and self.version >= SECURITY_CONTEXT_SINCE


class Step(NamedTuple):
    """What one task of the pipeline runs, with what it takes and makes."""

    title: str
    container: Object
    platform: Object
    retries: int = 0
    takes_code: bool = False
    makes_code: bool = False
    takes_run: bool = False


def job(objects: Objects, task: Job, place: Place) -> Step:
    """The step of a job."""
    takes_code = task.project is not None and place.code is None
    ours = [("AUTOML_STEP", task.name)]  # makes the container differ from every other: see `pipeline`
    if place.sets_user and needs_home(task):
        ours.append(("HOME", WORK))
    variables = [(each.name, each.value.value) for each in task.variables]
    from_secrets = [variable for secret in task.secrets for _, variable in secret.keys or ()]
    found = protected(_words(task, place), variables, from_secrets)
    found = found._replace(variables=ours + found.variables)
    container = _container(task.image, found, task.resources, place, task.spans)
    platform = _platform(objects, task, place, found.secrets) if place.is_kubernetes else {}
    return Step(task.name, container, platform, task.retries, takes_code=takes_code)


def _words(task: Job, place: Place) -> Words:
    if task.project is None:
        return Words(task.command.entrypoint or (), task.command.arguments)
    options = []
    for name in _whole_secrets(task):
        options += ["--secrets", f"{SECRETS}/{name}"]
    if _whole_secrets(task):
        options += [f"--keep={name}" for name in ("AUTOML_STEP", *_names_of_variables(task))]
    start = f"{CODE}/start.py" if place.code else CODE_INPUT
    return Words(["python3", start], start_arguments(task, options))


def _whole_secrets(task: Job) -> list[str]:
    return [secret.name for secret in task.secrets if secret.keys is None]


def _names_of_variables(task: Job) -> list[str]:
    """Of those that the config gives values to: they come before what a whole secret has."""
    return [each.name for each in task.variables] + [
        variable for secret in task.secrets for _, variable in secret.keys or ()
    ]


def _container(
    image: str, words: Protected, resources: Resources, place: Place, written: Collection[str] = ()
) -> Object:
    """A container. `written` are the keys of the config, without which nothing is limited."""
    found: Object = {"image": image, "command": list(words.command)}
    if words.arguments:
        found["args"] = list(words.arguments)
    found["env"] = [{"name": name, "value": value} for name, value in words.variables]
    amounts = _amounts(resources, "Request" if place.is_kubernetes else "Limit")
    if not place.is_kubernetes:
        amounts = {name: amount for name, amount in amounts.items() if _key(name) in written}
    if amounts:
        found["resources"] = amounts
    return found


def _amounts(resources: Resources, what: str) -> Object:
    """The same twice: the numbers, cores and gigabytes, are for Vertex AI and for old backends."""
    cpu, memory = resources.cpu, resources.memory
    return {
        f"resourceCpu{what}": cpu.text,
        f"resourceMemory{what}": memory.text,
        f"cpu{what}": cpu.amount / 1000,
        f"memory{what}": memory.amount / 10**9,
    }


def _key(amount: str) -> str:
    """The key of the config that says an amount."""
    return "cpu_request" if "cpu" in amount.lower() else "memory_request"


def _platform(objects: Objects, task: Job, place: Place, stand_ins: Mapping[str, str]) -> Object:
    """What the platform document says of a job. A variable that has a stand-in is put there."""
    found: Object = {}
    if task.deadline is not None:
        found["activeDeadlineSeconds"] = str(task.deadline)
    if task.project and place.code:
        found["configMapAsVolume"] = [{"configMapNameParameter": _constant(place.code), "mountPath": CODE}]
    keys = [secret for secret in task.secrets if secret.keys]
    if keys:
        found["secretAsEnv"] = [
            _secret(secret.name, [(key, stand_ins.get(name, name)) for key, name in secret.keys or ()])
            for secret in keys
        ]
    if whole := dict.fromkeys(_whole_secrets(task)):
        found["secretAsVolume"] = [
            {"secretNameParameter": _constant(name), "mountPath": f"{SECRETS}/{name}"} for name in whole
        ]
    return found | _pod(objects, task, place, task.pull_secrets)


def _pod(objects: Objects, task: Task | None, place: Place, pull_secrets: Sequence[str]) -> Object:
    """What every pod has: a folder to write to, labels, and no right to be root where that can be said."""
    found: Object = {"emptyDirMounts": [{"volumeName": "work", "mountPath": WORK}]}
    if pull_secrets:
        found["imagePullSecret"] = [{"secretNameParameter": _constant(name)} for name in pull_secrets]
    found["podMetadata"] = objects.template_metadata(task)
    if place.sets_user:
        user = str(USER)
        found["securityContext"] = {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user}
    return found


def _secret(name: str, keys: Sequence[tuple[str, str]]) -> Object:
    pairs: list[Value] = [{"secretKey": key, "envVar": variable} for key, variable in keys]
    return {"secretNameParameter": _constant(name), "keyToEnv": pairs}


def _constant(value: str) -> Object:
    return {"runtimeValue": {"constant": value}}


def deploy(
    objects: Objects, task: Service, place: Place, applied: Sequence[Object], takes_code: bool = False
) -> Step:
    """The step of a service: it applies the objects and waits until the pods are replaced.

    If it takes the code, the ConfigMap of the code has no data yet: a copy of all files would stand in the pipeline.
    """
    words = ["--run", RUN_INPUT]
    if task.rollout_deadline is not None:
        words += ["--deadline", str(task.rollout_deadline)]
    if takes_code:
        words += ["--code", CODE_INPUT]
    command = ["python3", "-c", script("cluster.py")]
    arguments = [*words, *map(in_json, applied)]
    step = _made_by_us(task.name, objects, place, PYTHON_IMAGE, command, arguments, task=task)
    return step._replace(takes_run=True, takes_code=takes_code)


def code(objects: Objects, place: Place, title: str) -> Step:
    """The first step of a run: it packs the project into one program, which the steps of the project start.

    It is tried as often as that of them which is tried the most. A checkout may take as long as the longest; packing
    waits for nobody.
    """
    workflow = objects.workflow
    jobs = [job for job in workflow.jobs if job.project]
    if isinstance(workflow.code, Git):  # pods of services check the repository out themselves
        step = _timed(_checkout(objects, workflow.code, place, title), jobs, place)
    else:
        assert isinstance(workflow.code, Bundle)
        task = next(task for task in workflow.tasks if task.project)  # its image has Python and can be pulled
        packed = base64.b64encode(archive(workflow.code.files)).decode()
        command = ["python3", "-c", script("pack.py")]
        arguments = [script("start.py"), packed, CODE_OUTPUT]
        step = _made_by_us(title, objects, place, task.image, command, arguments, task.pull_secrets)
    return step._replace(makes_code=True, retries=max((job.retries for job in jobs), default=0))


def _timed(step: Step, jobs: Sequence[Job], place: Place) -> Step:
    """The step with the longest deadline of those that wait for it, if each of them has one."""
    deadlines = [job.deadline for job in jobs if job.deadline is not None]
    if not place.is_kubernetes or len(deadlines) < len(jobs):
        return step
    return step._replace(platform={"activeDeadlineSeconds": str(max(deadlines))} | step.platform)


def _checkout(objects: Objects, git: Git, place: Place, title: str) -> Step:
    command = ["sh", "-c", script("checkout.sh") + script("pack.sh")]
    arguments = ["pack.sh", script("start.py"), CODE_OUTPUT]
    variables = [("AUTOML_WORK", WORK), ("AUTOML_GIT_URL", git.url), ("AUTOML_GIT_REF", git.ref)]
    step = _made_by_us(title, objects, place, GIT_IMAGE, command, arguments, variables=variables)
    named = ((git.token_key, "AUTOML_GIT_TOKEN"), (git.username_key, "AUTOML_GIT_USERNAME"))
    keys = [(key, variable) for key, variable in named if key]
    if not git.token_secret or not place.is_kubernetes:
        return step
    return step._replace(platform={"secretAsEnv": [_secret(git.token_secret, keys)]} | step.platform)


def _made_by_us(
    title: str,
    objects: Objects,
    place: Place,
    image: str,
    command: Sequence[str],
    arguments: Sequence[str],
    pull_secrets: Sequence[str] = (),
    variables: Sequence[tuple[str, str]] = (),
    task: Task | None = None,
) -> Step:
    words = protected(Words(command, arguments), [("AUTOML_STEP", title), *variables])
    container = _container(image, words, SMALL, place)
    platform = _pod(objects, task, place, pull_secrets) if place.is_kubernetes else {}
    return Step(title, container, platform)

"""What the tasks of a pipeline run: those of the config, and one before them that makes the code."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

from automl.compiler.ir import Bundle, Git, Job, Placement, Service, Workflow
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import script
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.container import SMALL, amounts, container
from automl.targets.kubeflow.platform import (
    SECRETS,
    checkout_platform,
    job_platform,
    pod_platform,
    whole_secrets,
)
from automl.targets.kubeflow.quoting import Words, protected, unfilled
from automl.targets.objects.checkout import GIT_IMAGE, checkout_variables
from automl.targets.objects.config_maps import archive, scripts_of
from automl.targets.objects.container import needs_home
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.service import deploy_arguments
from automl.targets.objects.start import start_arguments
from automl.targets.objects.volumes import CODE, WORK

CODE_INPUT = "{{$.inputs.artifacts['code'].path}}"
CODE_OUTPUT = "{{$.outputs.artifacts['code'].path}}"
RUN_INPUT = "{{$.inputs.parameters['run']}}"


@dataclass(frozen=True, slots=True)
class Step:
    """What one task of the pipeline runs, with what it takes and makes."""

    container: Object
    platform: Object
    retries: int = 0
    takes_code: bool = False
    makes_code: bool = False
    takes_run: bool = False


def job_step(objects: Objects, job: Job, backend: Backend) -> Step:
    """The step of a job."""
    ours = [("AUTOML_STEP", job.name)]  # makes the container differ from every other: see `pipeline`
    if backend.sets_user and needs_home(job):
        ours.append(("HOME", WORK))
    variables = [(variable.name, unfilled(variable.value)) for variable in job.variables]
    runs = protected(_words(job, backend), variables, _secret_variables(job))
    runs = runs._replace(variables=ours + runs.variables)
    main = container(job.image, runs, amounts(job.resources, backend, job.spans))
    platform = job_platform(objects, job, backend, runs.secrets)
    takes_code = job.project is not None and backend.code is None
    return Step(main, platform, job.retries, takes_code=takes_code)


def _words(job: Job, backend: Backend) -> Words:
    if job.project is None:
        return Words(job.command.entrypoint or (), job.command.arguments)
    options = []
    for name in whole_secrets(job):
        options += ["--secrets", f"{SECRETS}/{name}"]
    if whole_secrets(job):  # what the config gives a value to comes before what a whole secret has
        named = ["AUTOML_STEP", *(variable.name for variable in job.variables), *_secret_variables(job)]
        options += [f"--keep={name}" for name in named]
    start = f"{CODE}/start.py" if backend.code else CODE_INPUT
    return Words(["python3", start], start_arguments(job, options))


def _secret_variables(job: Job) -> list[str]:
    """The variables that come from keys of secrets."""
    return [variable for secret in job.secrets for _, variable in secret.keys or ()]


def deploy_step(
    objects: Objects, service: Service, backend: Backend, applied: Sequence[Object], takes_code: bool = False
) -> Step:
    """The step of a service: it applies the objects and waits until the pods are replaced.

    If it takes the code, the ConfigMap of the code has no data yet: a copy of all files would stand in the pipeline.
    """
    options = ["--code", CODE_INPUT] if takes_code else []
    arguments = deploy_arguments(["--run", RUN_INPUT], service, options, applied)
    words = Words(["python3", "-c", script("cluster.py")], arguments)
    main = _program(service.name, PYTHON_IMAGE, words, backend)
    placement = replace(service.placement, image_pull_policy=None)  # which is for the image of the service
    platform = pod_platform(objects.template_metadata(service), backend, placement=placement)
    return Step(main, platform, takes_run=True, takes_code=takes_code)


def code_step(objects: Objects, backend: Backend, title: str) -> Step:
    """The first step of a run: it packs the project into one program, which the steps of the project start.

    It is tried as often as that of them which is tried the most. A checkout may take as long as the longest; packing
    waits for nobody.
    """
    scripts = _scripts(objects.workflow)
    code, jobs = objects.workflow.code, [job for job in objects.workflow.jobs if job.project]
    if isinstance(code, Git):  # pods of services check the repository out themselves
        main = _checkout(code, backend, title, scripts)
        platform = checkout_platform(objects, code, backend, _longest_deadline(jobs))
    else:
        assert isinstance(code, Bundle)
        task = next(task for task in objects.workflow.tasks if task.project)  # its image has Python
        main = _program(title, task.image, _packing(code, scripts), backend)
        pull = Placement(image_pull_policy=task.placement.image_pull_policy)
        platform = pod_platform(objects.template_metadata(), backend, task.pull_secrets, pull)
    retries = max((job.retries for job in jobs), default=0)
    return Step(main, platform, retries, makes_code=True)


def _longest_deadline(jobs: Sequence[Job]) -> int | None:
    """None if one has none."""
    deadlines = [job.deadline for job in jobs if job.deadline is not None]
    return max(deadlines) if deadlines and len(deadlines) == len(jobs) else None


def _packing(bundle: Bundle, scripts: Sequence[str]) -> Words:
    packed = base64.b64encode(archive(bundle.files)).decode()
    return Words(["python3", "-c", script("pack.py")], [CODE_OUTPUT, packed, *scripts])


def _checkout(git: Git, backend: Backend, title: str, scripts: Sequence[str]) -> Object:
    command = ["sh", "-c", script("checkout.sh") + script("pack.sh")]
    words = Words(command, ["pack.sh", CODE_OUTPUT, *scripts])
    return _program(title, GIT_IMAGE, words, backend, checkout_variables(git))


def _scripts(workflow: Workflow) -> list[str]:
    """What starts a step of the project, by names and texts; Python runs the `__main__` of a zip."""
    scripts = scripts_of(workflow)
    return ["__main__.py", scripts.pop("start.py"), *(word for pair in scripts.items() for word in pair)]


def _program(
    title: str, image: str, words: Words, backend: Backend, variables: Sequence[tuple[str, str]] = ()
) -> Object:
    """The container of a program of ours."""
    runs = protected(words, [("AUTOML_STEP", title), *variables])
    return container(image, runs, amounts(SMALL, backend))

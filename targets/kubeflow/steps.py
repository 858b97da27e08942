"""What the tasks of a pipeline run: those of the config, and one before them that makes the code."""

import base64
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from automl.compiler.ir import Bundle, Git, Job, OfRun, Placement, Service, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import collecting_script, selecting_script
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.container import SMALL, amounts, container
from automl.targets.kubeflow.data import OF_RUN, Data, made_by
from automl.targets.kubeflow.given import collecting, in_image, in_project, selecting
from automl.targets.kubeflow.interface import ARTIFACT, NOTHING, TEXT, Interface
from automl.targets.kubeflow.platform import (
    SECRETS,
    checkout_platform,
    job_platform,
    pod_platform,
    whole_secrets,
)
from automl.targets.kubeflow.quoting import Words, protected
from automl.targets.objects.checkout import GIT_IMAGE, checkout_variables
from automl.targets.objects.config_maps import archive, scripts_of
from automl.targets.objects.container import needs_home
from automl.targets.objects.disks import has_claim
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.scripts import script
from automl.targets.objects.security import user_and_group
from automl.targets.objects.service import deploy_arguments
from automl.targets.objects.volumes import CODE, WORK

CODE_INPUT = "{{$.inputs.artifacts['code'].path}}"
CODE_OUTPUT = "{{$.outputs.artifacts['code'].path}}"
RUN_INPUT = "{{$.inputs.parameters['run']}}"
RUN_ID = Interface({OF_RUN[OfRun.ID][0]: TEXT})
CODE_FILE = Interface(artifacts={"code": ARTIFACT})


class Step(NamedTuple):
    """What one task of the pipeline runs, with what it takes and makes. `constants` are inputs that the driver knows."""

    container: Object
    platform: Object
    retries: int = 0
    takes: Interface = NOTHING
    makes: Interface = NOTHING
    constants: Mapping[str, str] = MappingProxyType({})
    of_item: Sequence[str] = ()
    """Inputs that are in the item of a loop, by the same keys."""


def job_step(objects: Objects, job: Job, backend: Backend, data: Data) -> Step:
    """The step of a job. With a disk it keeps the user of its image: nothing else lets it write to a new one.

    A pod of Kubeflow has no `fsGroup`, by which a disk would be given to a group of another user's.
    """
    keeps_user = job.run_as.image if job.run_as else has_claim(objects.workflow, job)
    user, group = user_and_group(job.run_as)
    backend = backend._replace(keeps_user=keeps_user, user=user, group=group)
    ours = [("AUTOML_STEP", job.name)]  # makes the container differ from every other: see `pipeline`
    if backend.sets_user and needs_home(job):
        ours.append(("HOME", WORK))
    given = in_project(job, data, _options(job)) if job.project else in_image(job, data)
    start = f"{CODE}/start.py" if backend.code else CODE_INPUT
    words = given.words._replace(command=["python3", start]) if job.project else given.words
    runs = protected(words, given.variables, _secret_variables(job), given.files)
    runs = runs._replace(variables=ours + runs.variables)
    main = container(job.image, runs, amounts(job.resources, backend, job.spans))
    platform = job_platform(objects, job, backend, runs.secrets)
    takes = data.takes(job)
    if job.project and backend.code is None:
        takes = CODE_FILE | takes
    of_item = data.of_item(job)
    return Step(main, platform, job.retries, takes, made_by(job), data.constants(job), of_item)


def _options(job: Job) -> list[str]:
    """What the start script is told of whole secrets."""
    options = []
    for name in whole_secrets(job):
        options += ["--secrets", f"{SECRETS}/{name}"]
    if whole_secrets(job):  # what the config gives a value to comes before what a whole secret has
        ours = ["AUTOML_STEP", *(reference.variable for reference in job.values)]
        named = [*ours, *(variable.name for variable in job.variables), *_secret_variables(job)]
        options += [f"--keep={name}" for name in named]
    return options


def _secret_variables(job: Job) -> list[str]:
    """The variables that come from keys of secrets."""
    return [variable for secret in job.secrets for _, variable in secret.keys or ()]


def deploy_step(
    objects: Objects, service: Service, backend: Backend, data: Data, applied: Sequence[Object]
) -> Step:
    """The step of a service: it applies the objects and waits until the pods are replaced.

    In a package the ConfigMap of a bundle has no data yet: a copy of all files would stand in the pipeline.
    """
    takes_code = makes_map(objects.workflow, service, backend)
    options = ["--code", CODE_INPUT] if takes_code else []
    options += data.options(service)
    arguments = deploy_arguments(["--run", RUN_INPUT], service, options, applied)
    words = Words(["python3", "-c", script("cluster.py")], arguments)
    main = _program(service.name, objects.workflow.own_image(PYTHON_IMAGE), words, backend)
    placement = service.placement._replace(image_pull_policy=None)  # which is for the image of the service
    platform = pod_platform(objects.template_metadata(service), backend, placement=placement)
    takes = RUN_ID | data.takes(service)
    takes = CODE_FILE | takes if takes_code else takes
    return Step(main, platform, takes=takes, constants=dict([OF_RUN[OfRun.ID]]) | data.constants(service))


def collecting_step(objects: Objects, job: Job, backend: Backend, data: Data) -> Step:
    """The step that looks after the values that an image has left."""
    words = Words(["python3", "-c", collecting_script()], [*collecting(job, data)])
    step = _beside(objects, job, backend, data, _program(job.step, job.image, words, backend))
    return step._replace(of_item=data.of_item(job))


def selecting_step(objects: Objects, job: Job, backend: Backend, data: Data) -> Step:
    """The step that judges the trials of a job."""
    words = Words(["python3", "-c", selecting_script()], [*selecting(job, data)])
    return _beside(objects, job, backend, data, _program(job.name, job.image, words, backend))


def _beside(objects: Objects, job: Job, backend: Backend, data: Data, main: Object) -> Step:
    """A step of ours beside that of a job."""
    placement = job.placement._replace(image_pull_policy=None)  # which is for the image of the job
    platform = pod_platform(objects.template_metadata(job), backend, placement=placement)
    return Step(main, platform, job.retries, data.takes(job), made_by(job))


def makes_map(workflow: Workflow, service: Service, backend: Backend) -> bool:
    """Whether the task of a service applies the ConfigMap of a bundle, with what the code has."""
    return service.project is not None and not backend.has_config_maps and isinstance(workflow.code, Bundle)


def code_step(objects: Objects, backend: Backend, title: str) -> Step:
    """The first step of a run: it packs the project into one program, which the steps of the project start.

    It is tried as often as that of them which is tried the most. A checkout may take as long as the longest; packing
    waits for nobody.
    """
    code, jobs = objects.workflow.code, [job for job in objects.workflow.jobs if job.project]
    if isinstance(code, Git):  # pods of services check the repository out themselves
        main = _checkout(objects.workflow, code, backend, title)
        platform = checkout_platform(objects, code, backend, _longest_deadline(jobs))
    else:
        assert isinstance(code, Bundle)
        task = next(task for task in objects.workflow.tasks if task.project)  # its image has Python
        main = _program(title, task.image, _packing(code, _scripts(objects.workflow)), backend)
        pull = Placement(image_pull_policy=task.placement.image_pull_policy)
        platform = pod_platform(objects.template_metadata(), backend, task.pull_secrets, pull)
    retries = max((job.retries for job in jobs), default=0)
    return Step(main, platform, retries, makes=CODE_FILE)


def _longest_deadline(jobs: Sequence[Job]) -> int | None:
    """None if one has none."""
    deadlines = [job.deadline for job in jobs if job.deadline is not None]
    return max(deadlines) if deadlines and len(deadlines) == len(jobs) else None


def _packing(bundle: Bundle, scripts: Sequence[str]) -> Words:
    packed = base64.b64encode(archive(bundle.files)).decode()
    return Words(["python3", "-c", script("pack.py")], [CODE_OUTPUT, packed, *scripts])


def _checkout(workflow: Workflow, git: Git, backend: Backend, title: str) -> Object:
    command = ["sh", "-c", script("checkout.sh") + script("pack.sh")]
    words = Words(command, ["pack.sh", CODE_OUTPUT, *_scripts(workflow)])
    return _program(title, workflow.own_image(GIT_IMAGE), words, backend, checkout_variables(git))


def _scripts(workflow: Workflow) -> list[str]:
    """What starts a step of the project, by names and texts; Python runs the `__main__` of a zip."""
    scripts = scripts_of(workflow, for_results=True)
    return ["__main__.py", scripts.pop("start.py"), *(word for pair in scripts.items() for word in pair)]


def _program(
    title: str, image: str, words: Words, backend: Backend, variables: Sequence[tuple[str, str]] = ()
) -> Object:
    """The container of a program of ours."""
    runs = protected(words, [("AUTOML_STEP", title), *variables])
    return container(image, runs, amounts(SMALL, backend))

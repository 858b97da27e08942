"""From the typed config to the workflow it means: names, commands and order are worked out here."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from automl.compiler import ir
from automl.compiler.config.code import CodeConfig
from automl.compiler.config.code_source import uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.ingress_paths import ingress_of, shares_root
from automl.compiler.config.notebooks import names_kernel, runs_notebook
from automl.compiler.config.step import ServiceConfig, StepConfig
from automl.compiler.diagnostics import Diagnostic, has_errors
from automl.compiler.lowering.disks import Disks, mount_of
from automl.compiler.lowering.edges import Graph
from automl.compiler.lowering.options import OptionsOfTargets
from automl.compiler.lowering.references import with_values
from automl.compiler.lowering.steps import StepAt, Steps
from automl.compiler.lowering.tracking import Tracking
from automl.compiler.lowering.trials import AllTrials
from automl.compiler.lowering.values import Values
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Pair
from automl.compiler.values.dns import dns_label
from automl.compiler.values.images import PYTHON_IMAGE, mirrored

T = TypeVar("T")

PRIORITIES = MappingProxyType({"L": "low", "H": "high"})
PARAMS_OF_PROJECT = "../params.json"  # beside the folder of the project
NOTEBOOK_PACKAGES = ("papermill>=2.6,<3", "ipykernel>=6.29,<8")


def lower(
    config: Config, bundle: ir.Bundle | None, origin: str
) -> tuple[ir.Workflow | None, list[Diagnostic]]:
    """The workflow of a config without errors in itself; none if its steps do not fit together.

    `origin` is the file name of the config.
    """
    assert config.name is not None, "the driver gives every config a name"
    steps = Steps(config)
    trials = AllTrials(config, steps)
    values = Values(steps, config.params, trials)
    disks = Disks(config)
    options = OptionsOfTargets(config.targets)
    scope = _Scope(
        config.code,
        values,
        trials,
        disks,
        options,
        Tracking(config.tracking, dns_label(config.name.value)),
        mirrored(PYTHON_IMAGE, _value(config.image_registry)),
        shares_root(config),
    )
    shared = {at.task: _shared(scope, at) for at in steps.all}
    graph = Graph(config, steps, values.taken)
    nodes = graph.nodes(lambda at, after: _task(scope, at, shared[at.task]._replace(after=after)))
    diagnostics = [*steps.renamed, *trials.diagnostics, *values.diagnostics]
    diagnostics += [*disks.diagnostics, *graph.diagnostics]
    if has_errors(diagnostics):
        return None, diagnostics
    git = config.code.git if config.code else None
    workflow = ir.Workflow(
        name=dns_label(config.name.value),
        **_of_the_run(config),
        code=git or bundle,
        nodes=tuple(nodes),
        origin=origin,
        span=config.span,
        spans=config.spans,
        files=tuple(_files(config)),
        title=config.name.value,
        workspace=disks.workspace(shared.values()),
        store=disks.store,
        by_engine=disks.by_engine,
        volumes=config.volumes,
        params=config.params,
        targets=options.of_run,
    )
    return workflow, diagnostics


def _of_the_run(config: Config) -> dict[str, Any]:
    """What is said once for the whole run, and means what is written."""
    return {
        "namespace": _value(config.namespace),
        "version": _value(config.version),
        "description": _text(config.description) if config.description else None,
        "labels": _plain(config.labels),
        "annotations": _texts(config.annotations),
        "service_account": _value(config.service_account),
        "image_registry": _value(config.image_registry),
        "schedule": config.schedule,
        "max_parallel": config.max_parallel,
        "timeout": config.timeout,
        "priority": PRIORITIES.get(config.priority, config.priority),
    }


def _files(config: Config) -> Iterator[str]:
    for step in config.steps:
        yield from (path.value for path in step.files)


class _Scope(NamedTuple):
    """What a step means depends on these, too."""

    code: CodeConfig | None
    values: Values
    trials: AllTrials
    disks: Disks
    options: OptionsOfTargets
    tracking: Tracking
    python: str
    root_is_shared: bool


def _task(scope: _Scope, at: StepAt, shared: ir.BaseTask) -> ir.Task:
    """The task of a step, with the fields that all have."""
    step = at.step
    if step.service:
        return _service(shared, step, step.service, scope.root_is_shared)
    trials = scope.trials.of(at.task)
    return shared._as(ir.Job, retries=step.backoff_limit, deadline=step.timeout, trials=trials)


def _shared(scope: _Scope, at: StepAt) -> ir.BaseTask:
    """What a job and a service share; it does not know yet what it comes after."""
    shared = with_values(_alone(scope, at))
    return shared._replace(uses_workspace=True) if scope.disks.are_used_by(shared) else shared


def _alone(scope: _Scope, at: StepAt) -> ir.BaseTask:
    step, in_project = at.step, uses_project(at.step, scope.code)
    texts = _Texts(scope.values, at)
    filled, inputs = scope.values.inputs(at)
    variables = [ir.Variable(pair.key.value, texts.of(pair.value)) for pair in step.envs]
    return ir.BaseTask(
        name=at.task,
        stage=at.stage.name.label,
        step=step.name.label,
        titles=ir.Titles(at.stage.name.written, step.name.written),
        after=(),
        image=step.image.value if step.image else scope.python,
        command=_project_command(step, texts) if in_project else _image_command(step, texts),
        project=_project(step) if in_project else None,
        variables=(*inputs, *scope.tracking.variables(at, scope.trials.of(at.task)), *variables),
        secrets=(*step.secrets, *scope.tracking.secrets(at)),
        pull_secrets=tuple(name.value for name in step.image_pull_secrets),
        resources=step.resources,
        placement=step.placement,
        polling_seconds=step.polling_time,
        initial_delay_seconds=step.wait_before_start_time,
        labels=_plain(step.labels),
        annotations=_texts(step.annotations),
        span=step.name.span,
        spans=step.spans,
        values=(*scope.values.given(at), *filled),
        outputs=() if step.service else step.outputs,
        mounts=tuple(mount_of(word) for word in step.volumes),
        service_account=_value(step.service_account),
        run_as=step.run_as,
        targets=scope.options.of_step(step.targets),
    )


class _Texts(NamedTuple):
    """The texts of a step, with the values in them."""

    values: Values
    at: StepAt

    def of(self, located: Located[str]) -> ir.Text:
        """One text."""
        return self.values.text(located, self.at)

    def all(self, words: Sequence[Located[str]]) -> tuple[ir.Text, ...]:
        """One text after the other."""
        return tuple([self.of(word) for word in words])


def _project_command(step: StepConfig, texts: _Texts) -> ir.Command:
    """In the project's folder: the command, or the script with what runs it."""
    arguments = texts.all(step.args)
    if step.command or step.entrypoint:
        words = (*(step.entrypoint or ()), *(step.command or ()))
        return ir.Command(tuple(_text(word) for word in words), arguments)
    assert step.path is not None, "a step in the project has a script or a command"
    script = _interpreter(step, step.path, in_project=True)
    if runs_notebook(step) and texts.values.given(texts.at):
        script += tuple(ir.Text.of(word, step.path.span) for word in ("-f", PARAMS_OF_PROJECT))
    return ir.Command(script, arguments)


def _image_command(step: StepConfig, texts: _Texts) -> ir.Command:
    """In an image of its own: Docker's ENTRYPOINT and CMD, or the script."""
    arguments = texts.all(step.args)
    if step.path and not (step.command or step.entrypoint):
        return ir.Command(_interpreter(step, step.path, in_project=False), arguments)
    entrypoint = tuple(_text(word) for word in step.entrypoint) if step.entrypoint else None
    return ir.Command(entrypoint, tuple(_text(word) for word in step.command or ()) + arguments)


def _interpreter(step: StepConfig, path: Located[str], in_project: bool) -> tuple[ir.Text, ...]:
    """The words that run a script. The notebook that papermill writes stays where the task can write."""
    words: tuple[str, ...]
    suffix, stem = _suffix_and_stem(path.value)
    if suffix == ".ipynb":
        output = _executed(path.value) if in_project else f"/tmp/{stem}.output.ipynb"
        files = (_as_template(_as_file(name)) for name in (path.value, str(output)))
        words = ("papermill", "--log-output", "--no-progress-bar", *_kernel(step), *files)
    else:
        words = ("bash" if suffix == ".sh" else "python", _as_file(path.value))
    return tuple([ir.Text.of(word, path.span) for word in words])


@lru_cache(maxsize=1000)
def _suffix_and_stem(path: str) -> tuple[str, str]:
    """What a script's path ends in, and what its name is without that; many steps have one script."""
    script = PurePosixPath(path)
    return script.suffix, script.stem


def _as_file(path: str) -> str:
    """A path that no program takes for an option."""
    return f"./{path}" if path.startswith("-") else path


def _as_template(path: str) -> str:
    """A path in which papermill fills in nothing: it takes braces for places of parameters."""
    return path.replace("{", "{{").replace("}", "}}")


def _kernel(step: StepConfig) -> tuple[str, ...]:
    """Python's kernel, not the one of the machine where the notebook was written, unless `args` name one."""
    return () if names_kernel(step) else ("--kernel", "python3", "--language", "python")


def _project(step: StepConfig) -> ir.Project:
    file = step.dependencies
    dependencies = ir.Text.of(_as_file(file.value), file.span) if file else None
    params_file = _value(step.params_file)
    if not (step.path and runs_notebook(step)):
        return ir.Project(dependencies, params_file=params_file)
    return ir.Project(dependencies, NOTEBOOK_PACKAGES, params_file, str(_executed(step.path.value)))


def _executed(notebook: str) -> PurePosixPath:
    """The notebook that papermill writes."""
    return PurePosixPath(notebook).with_suffix(".output.ipynb")


def _service(
    shared: ir.BaseTask, step: StepConfig, service: ServiceConfig, root_is_shared: bool
) -> ir.Service:
    return shared._as(
        ir.Service,
        port=service.port,
        replicas=step.replicas.value,
        min_ready_seconds=step.min_ready_seconds,
        revision_history_limit=step.revision_history_limit,
        max_startup_seconds=service.max_startup_seconds,
        readiness_path=_value(service.readiness_path),
        ingress=ingress_of(step, root_is_shared),
        rollout_deadline=step.timeout,
    )


def _text(located: Located[str]) -> ir.Text:
    return ir.Text.of(located.value, located.span)


def _texts(pairs: tuple[Pair, ...]) -> dict[str, ir.Text]:
    return {pair.key.value: _text(pair.value) for pair in pairs}


def _plain(pairs: tuple[Pair, ...]) -> dict[str, str]:
    return {pair.key.value: pair.value.value for pair in pairs}


def _value(located: Located[T] | None) -> T | None:
    return None if located is None else located.value

"""What tasks hand to each other in Kubeflow: values as parameters, files as artifacts, through the DAGs of the stages.

A value goes through the arguments of the driver of the task that takes it, and through those of its pod (kubeflow/pipelines
2.15.0, backend/src/v2/driver/driver.go, initPodSpecPatch: `--executor_input`), where Kubernetes expands it. So the start
script writes what is handed on in a code that has nothing to expand, and so does what looks after the values of an image.
What goes to an image, or what somebody types when a run is started, is in no code.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from automl.compiler.ir import (
    Job,
    OfFold,
    OfRun,
    OfTrial,
    Output,
    OutputOf,
    Parameter,
    Reference,
    Source,
    Task,
    Type,
    Workflow,
)
from automl.compiler.records import NamedTuple
from automl.targets.dag.routes import Handed, Origin, Routes, routes_of
from automl.targets.kubeflow.collecting import Runs
from automl.targets.kubeflow.interface import ARTIFACT, LIST, LIST_OF, STRUCT, TEXT, Interface, kind_of
from automl.targets.kubeflow.parameters import OURS, keys_of, kind_of_parameter
from automl.targets.kubeflow.quoting import Filled
from automl.targets.kubeflow.trials import RESULT, Loop, Taken, selected_by

_NOTEBOOK = "notebook"
OF_RUN: Mapping[OfRun, tuple[str, str]] = MappingProxyType(
    {
        OfRun.ID: ("run", "{{$.pipeline_job_uuid}}"),
        OfRun.NAME: ("run_name", "{{$.pipeline_job_name}}"),
        OfRun.TAG: ("run", "{{$.pipeline_job_uuid}}"),  # people call a run as they like, with quotes perhaps
    }
)
"""The inputs for them, and what the driver takes for their values. That of a trial comes with its item."""


class Data(NamedTuple):
    """How what a run is started with, and what tasks leave, gets to the tasks that take it.

    `parameters` are those that a run may set, each with its key; `names` the keys of what is handed on, by those of the
    routes; `kinds` the types of all keys. `plain` is what goes to an image, which cannot decode it.
    """

    runs: Runs
    tasks: Mapping[str, Task]  # by their nodes
    routes: Routes
    parameters: Mapping[str, str]
    names: Mapping[str, str]
    kinds: Interface
    plain: frozenset[Handed]
    loops: Mapping[str, Loop]  # by the nodes that they run

    def is_late(self, reference: Reference) -> bool:
        """Whether a value is known in a run only."""
        source = reference.source
        return source.name in self.parameters if isinstance(source, Parameter) else reference.known is None

    def late(self, task: Task) -> list[Reference]:
        """The values that a task is given in a run."""
        return [reference for reference in task.values if self.is_late(reference)]

    def known(self, task: Task) -> list[tuple[str, str]]:
        """The other values, with their variables."""
        values = [reference for reference in task.values if not self.is_late(reference)]
        return [(reference.variable, str(reference.known)) for reference in values]

    def filled(self, task: Task, reference: Reference) -> Filled:
        """What the launcher makes the value of; that of a file is its path."""
        source, key = reference.source, self._key(task, reference)
        if isinstance(source, Taken) and source.type.is_file:
            return Filled(f"{{{{$.inputs.artifacts['{key}'].path}}}}")
        return Filled(f"{{{{$.inputs.parameters['{key}']}}}}")

    def options(self, task: Task) -> Iterator[str]:
        """What tells a script the values of a run."""
        for reference in self.late(task):
            source = reference.source
            yield "--value" if self._is_encoded(source) else "--plain"
            yield f"{reference.variable}={self.filled(task, reference).placeholder}"

    def _is_encoded(self, source: Source) -> bool:
        if isinstance(source, Taken):
            return not source.type.is_file and self.runs.handed(source) not in self.plain
        return isinstance(source, OfTrial)

    def is_plain(self, job: Job, output: Output) -> bool:
        """Whether an output goes to what cannot decode it."""
        return Handed(self.runs.leaves[job.name], output.name) in self.plain

    def takes(self, task: Task) -> Interface:
        """What the component of a task takes."""
        keys = [self._key(task, reference) for reference in self.late(task)]
        loop = self.loop(task)
        return self.kinds.of([*keys, *([loop.trial] if loop else [])])

    def taken_by_dag(self, dag: str) -> Interface:
        """What the component of a DAG takes: every task has all parameters."""
        handed = [self.names[key] for key in self.routes.dags[dag].inputs]
        loop = self.runs.loops.get(dag)
        return self.kinds.of([*([loop.item] if loop else []), *self.parameters.values(), *handed])

    def loop(self, task: Task) -> Loop | None:
        """The loop that a task is run by."""
        return self.loops.get(self.runs.leaves[task.name])

    def of_item(self, task: Task) -> list[str]:
        """What a task in a loop takes of its item, by the keys of both."""
        loop = self.loop(task)
        takes = self.takes(task).parameters if loop else {}
        return [key for key in loop.keys if key in takes] if loop else []

    def made_by_dag(self, dag: str) -> dict[str, Origin]:
        """What the component of a DAG makes, by its keys, and of which of its tasks."""
        outputs = self.routes.dags[dag].outputs
        return {self.names[key]: self._origin(key, origin) for key, origin in outputs.items()}

    def given(self, dag: str, node: str) -> dict[str, Origin]:
        """What a node of a DAG is given of others, by its keys."""
        arguments = self.routes.dags[dag].arguments.get(node, {})
        return {self.names[key]: self._origin(key, origin) for key, origin in arguments.items()}

    def constants(self, task: Task) -> dict[str, str]:
        """What a task is given that the driver knows, by its keys."""
        sources = [reference.source for reference in task.values]
        told = (source for source in sources if isinstance(source, OfRun))
        of_run = dict(OF_RUN[source] for source in told if source is not OfRun.TRIAL)
        loop = self.loop(task) if OfFold.COUNT in sources else None
        return of_run | (loop.constants() if loop else {})

    def _origin(self, key: str, origin: Origin) -> Origin:
        """The same by the keys of the components."""
        task = self.tasks.get(origin.node or "")
        if isinstance(task, Job):
            return Origin(origin.node, keys_of_outputs(task)[origin.key])
        return Origin(origin.node, self.names[key])

    def _key(self, task: Task, reference: Reference) -> str:
        source = reference.source
        if isinstance(source, Taken):
            return self.names[self.routes.keys[self.runs.handed(source)]]
        if isinstance(source, OfTrial | OfFold):
            loop = self.loop(task)
            assert loop
            return loop.key(source)
        if source is OfRun.TRIAL:
            loop = self.loop(task)
            assert loop
            return loop.trial
        if isinstance(source, OfRun):
            return OF_RUN[source][0]
        assert isinstance(source, Parameter)
        return self.parameters[source.name]


def data_of(workflow: Workflow, runs: Runs) -> Data:
    """The ways through the DAGs of a workflow."""
    tasks = {runs.leaves[task.name]: task for task in runs.tasks}
    takes = {leaf: [runs.handed(source) for source in taken_by(task)] for leaf, task in tasks.items()}
    routes, parameters = routes_of(runs.dags, takes), keys_of(workflow)
    names = _names(routes, [*parameters.values(), *_of_loops(runs)])
    by_images = (source for job in workflow.jobs if not job.project for source in taken_by(job))
    plain = frozenset(runs.handed(source) for source in by_images if not source.type.is_file)
    kinds = _kinds(workflow, runs, routes, names)
    return Data(runs, tasks, routes, parameters, names, kinds, plain, runs.jobs)


def keys_of_outputs(job: Job) -> dict[str, str]:
    """The outputs of a component, by the names of those of its job. The text of metrics stands beside an artifact of them."""
    keys = {output.name: _shown(output) for output in job.outputs}
    for output in job.outputs:
        while _is_shown(job, output) and keys[output.name] in (_shown(other) for other in job.outputs):
            keys[output.name] += "_text"
    while RESULT in keys and keys[RESULT] in (_shown(other) for other in job.outputs[:-1]):
        keys[RESULT] += "_"
    return keys


def handed_on(job: Job) -> list[Output]:
    """The outputs that leave a task. The values of a run of a trial are all in one, its result."""
    if job.trials is None or selected_by(job) is not None:
        return list(job.outputs)
    return [output for output in job.outputs if output.type.is_file or output.name == RESULT]


def made_by(job: Job) -> Interface:
    """What the component of a job makes. An image has no script that could say to Kubeflow which numbers to show."""
    keys = keys_of_outputs(job)
    files = {keys[output.name]: kind_of(output.type) for output in job.outputs if output.type.is_file}
    files |= {_shown(output): kind_of(output.type) for output in job.outputs if _is_shown(job, output)}
    if notebook := notebook_of(job):
        files[notebook] = ARTIFACT
    values = {keys[output.name]: TEXT for output in handed_on(job) if not output.type.is_file}
    return Interface(values, files)


def shows_metrics(job: Job) -> bool:
    """Whether numbers of a job are shown by Kubeflow."""
    return any(_is_shown(job, output) for output in job.outputs)


def notebook_of(job: Job) -> str | None:
    """The key of the notebook with what its cells have put out, where a job has run one."""
    is_named = any(_shown(output) == _NOTEBOOK for output in job.outputs)
    return _NOTEBOOK if job.project and job.project.notebook and not is_named else None


def _is_shown(job: Job, output: Output) -> bool:
    return output.type is Type.METRICS and job.project is not None


def _shown(output: Output) -> str:
    return output.name.lower().replace("-", "_").replace(":", "_").removeprefix("/")


def taken_by(task: Task) -> list[Taken]:
    """What a task takes of others."""
    return [source for source in (reference.source for reference in task.values) if isinstance(source, Taken)]


def _of_loops(runs: Runs) -> Iterator[str]:
    """The inputs that are there for loops."""
    for loop in runs.loops.values():
        yield from (loop.item, loop.trial, *loop.sources)


def _names(routes: Routes, others: Collection[str]) -> dict[str, str]:
    """The keys of what is handed on: those of the routes, but where another input has one."""
    taken = {*OURS, *others}
    names = {}
    for key in routes.handed:
        names[key] = key
        while names[key] in taken or (names[key] != key and names[key] in routes.handed):
            names[key] += "_"
    return names


def _kinds(workflow: Workflow, runs: Runs, routes: Routes, names: Mapping[str, str]) -> Interface:
    keys = keys_of(workflow)
    values = {key: TEXT for key, _ in OF_RUN.values()}
    values |= {keys[one.name]: kind_of_parameter(one) for one in workflow.params if one.name in keys}
    files: dict[str, str] = {}
    for loop in runs.loops.values():
        values |= {loop.item: STRUCT, **dict.fromkeys([loop.trial, *loop.sources], TEXT)}
    taken = [(task, source) for task in runs.tasks for source in taken_by(task)]
    for task, source in taken:
        key = names[routes.keys[runs.handed(source)]]
        if source.type.is_file:
            files[key] = kind_of(source.type) + (LIST_OF if selected_by(task) else "")
        else:
            values[key] = LIST if isinstance(source, OutputOf) and source.output == RESULT else TEXT
    return Interface(values, files)

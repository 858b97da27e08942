"""What tasks hand to each other in Argo: values as parameters, files as artifacts or by paths of the workspace.

Argo puts the parameters into the template as JSON and then looks at what it has become (SubstituteParams in
workflow/common/util.go; seen with 3.7.18 and 4.0.7): the value `{{=1+1}}` arrives as `2`, `{{workflow.name}}` as the
name, and a control character ends the run; Kubernetes makes `$` of `$$`. So the start script writes what Argo collects
in a code that has none of these, and what is written so arrives as it is, of any length and in any characters.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeGuard

from automl.compiler.ir import (
    BestOutput,
    Collected,
    Job,
    OfFold,
    OfRun,
    OfTrial,
    Output,
    OutputOf,
    Reference,
    Source,
    Task,
    Workflow,
)
from automl.compiler.records import NamedTuple
from automl.targets.argo.artifacts import artifact, kept
from automl.targets.argo.swept import Selected, Swept, handed_as, is_gathered, tag
from automl.targets.dag.routes import Handed, Origin, Routes, routes_of
from automl.targets.dag.shapes import Dag
from automl.targets.objects.escape import has_template_tag
from automl.targets.objects.metadata import Object
from automl.targets.objects.start import Given
from automl.targets.objects.volumes import WORK
from automl.targets.writers.yaml import Value

RUN = "{{workflow.uid}}"  # the name is the same again when a Workflow is deleted and applied again; this never is
INPUTS = "/automl/inputs"
_NOTEBOOK = "notebook"  # an output of every step that runs one
_NAME = "{{workflow.name}}"
_OF_RUN = MappingProxyType({OfRun.ID: RUN, OfRun.NAME: _NAME, OfRun.TAG: _NAME})


class Data(NamedTuple):
    """How what the tasks of a workflow leave gets to those that take it."""

    workflow: Workflow
    leaves: Mapping[str, str]
    swept: Mapping[str, Swept]  # by the names of the tasks
    routes: Routes
    artifacts: frozenset[str]  # the keys of what is no value
    taken_plain: frozenset[
        tuple[str, str]
    ]  # the outputs, by task and name, that go to what cannot decode them

    def given(self, task: Task) -> Given:
        """What Argo gives a job in a run, and how."""
        if task.project:
            return Given(options=[*self.options(task), *self.left(task)], by_script=True)
        filled = [(reference.variable, self._text(reference, task)) for reference in _late(task)]
        if not is_collected(self.workflow, task):
            filled += [(output.variable, self._place(task, output)) for output in task.outputs]
        return Given([{"name": name, "value": value} for name, value in filled])

    def options(self, task: Task) -> Iterator[str]:
        """What tells a script the values of a run."""
        for reference in _late(task):
            yield "--value" if self._is_encoded(reference) else "--plain"
            yield f"{reference.variable}={self._text(reference, task)}"

    def inputs(self, task: Task) -> Object:
        """What the template of a task takes, and what it is told of the trial that it is."""
        swept = self.swept.get(task.name)
        keys = [*(swept.inputs if swept else ()), *self.taken(task)]
        entries: dict[str, Object] = {
            key: {"path": f"{INPUTS}/{key}"} if key in self.artifacts else {} for key in keys
        }
        inputs: dict[str, Any] = self.by_kind(entries)
        files = [*inputs.get("artifacts", ()), *self._of_best(task)]
        return inputs | {"artifacts": files} if files else inputs

    def outputs(self, job: Job) -> Object:
        """What Argo collects when a job has ended, or a run of one."""
        swept = self.swept.get(job.name)
        values: list[Value] = swept.left() if swept else []
        files: list[Value] = []
        for output in job.outputs:
            place = self._place(job, output)
            if not output.type.is_file:
                if not swept or output in swept.judged:
                    values.append({"name": output.name, "valueFrom": {"path": place}})
            elif by_artifacts(self.workflow):
                files.append(self._artifact(job, output.name, place))
        return _both(values, [*files, *self._notebook(job)])

    def by_kind(self, entries: Mapping[str, Object]) -> Object:
        """Parameters and artifacts, by their keys, each kind for itself."""
        named: list[tuple[str, Value]] = [(key, {"name": key} | entry) for key, entry in entries.items()]
        values = [entry for key, entry in named if key not in self.artifacts]
        return _both(values, [entry for key, entry in named if key in self.artifacts])

    def tag(self, key: str, origin: Origin) -> str:
        """What stands for something in a DAG."""
        kind = "artifacts" if key in self.artifacts else "parameters"
        owner = "inputs" if origin.node is None else f"tasks.{origin.node}.outputs"
        return f"{{{{{owner}.{kind}.{origin.key}}}}}"

    def taken(self, task: Task) -> dict[str, None]:
        """The keys of what a task takes of others."""
        taken = (_handed(source, self.leaves) for source in taken_by(self.workflow, task))
        return dict.fromkeys(self.routes.keys[handed] for handed in taken)

    def left(self, task: Task) -> Iterator[str]:
        """What tells the start script where to put what the command leaves."""
        swept = self.swept.get(task.name)
        for output in task.outputs:
            if swept and not output.type.is_file and output not in swept.judged:
                continue  # it has to be there, and nobody looks at it
            yield from ("--to", f"{output.name}={self._place(task, output)}")
            if not swept and (task.name, output.name) in self.taken_plain:
                yield from ("--unencoded", output.name)

    def _place(self, task: Task, output: Output) -> str:
        """Where an output is when a task has ended: on the workspace, or where Argo collects it."""
        if output.type.is_file and not by_artifacts(self.workflow):
            return f"{task_folder(self.workflow, self._folder(task))}/{output.name}"
        return f"{WORK}/output.{output.name}"

    def _folder(self, task: Task) -> str:
        """The name of a task, and of the run of it that is meant."""
        swept = self.swept.get(task.name)
        return f"{task.name}/{swept.run}" if swept else task.name

    def _text(self, reference: Reference, task: Task) -> str:
        """The value of a run, or the path of a file, in a template."""
        source = reference.source
        match source:
            case OfRun.TRIAL:
                return self.swept[task.name].run
            case OfRun():
                return _OF_RUN[source]
            case OfTrial() | OfFold():
                return self.swept[task.name].text(source)
            case BestOutput() if source.type.is_file and self.workflow.store:
                return f"{INPUTS}/{self._key_of_best(source)}"
            case BestOutput() if source.type.is_file:
                best = tag(self.routes.keys[_handed(source, self.leaves)])
                return f"{task_folder(self.workflow, source.task)}/{best}/{source.output}"
            case Collected() if source.type.is_file:
                from automl.runtime.select_trials import ALL

                return f"{task_folder(self.workflow, source.task)}/{ALL}/{source.output}"
        assert isinstance(source, OutputOf | Selected)
        if isinstance(source, OutputOf) and not is_routed(source, self.workflow):
            return f"{task_folder(self.workflow, source.task)}/{source.output}"
        key = self.routes.keys[_handed(source, self.leaves)]
        return f"{INPUTS}/{key}" if source.type.is_file else tag(key)

    def _is_encoded(self, reference: Reference) -> bool:
        """Whether it is a value that a start script has written in its code."""
        source = reference.source
        if isinstance(source, OfTrial):
            return True
        if not isinstance(source, OutputOf | Selected) or source.type.is_file:
            return False
        return (source.task, _name(source)) not in self.taken_plain

    def _artifact(self, job: Job, name: str, path: str) -> Object:
        return artifact(self.workflow, name, path, f"runs/{RUN}/{self._folder(job)}/{name}")

    def _of_best(self, task: Task) -> Iterator[Object]:
        """The artifacts of the best runs that a task takes from the store, where they have the names of the runs."""
        for source in dict.fromkeys(reference.source for reference in task.values):
            if isinstance(source, BestOutput) and source.type.is_file and self.workflow.store:
                key, best = self._key_of_best(source), tag(self.routes.keys[_handed(source, self.leaves)])
                place = kept(self.workflow.store, f"runs/{RUN}/{source.task}/{best}/{source.output}")
                yield {"name": key, "path": f"{INPUTS}/{key}"} | place

    def _key_of_best(self, source: BestOutput) -> str:
        """The name of such an artifact, with a dash, which none of the others has."""
        return f"{self.routes.keys[_handed(source, self.leaves)]}-{source.output}"

    def _notebook(self, job: Job) -> Iterator[Object]:
        """The notebook with what its cells have put out, which Argo shows; of a path with a tag it would make another."""
        path = job.project.notebook if job.project else None
        is_named = any(output.name == _NOTEBOOK for output in job.outputs)
        if by_artifacts(self.workflow) and path and not is_named and not has_template_tag(path):
            yield self._artifact(job, _NOTEBOOK, f"{WORK}/project/{path}")


def data_of(
    workflow: Workflow, leaves: Mapping[str, str], swept: Mapping[str, Swept], dags: Sequence[Dag]
) -> Data:
    """The ways through the DAGs of a workflow. `leaves`: name of a task to its node."""
    taken = {task.name: list(taken_by(workflow, task)) for task in workflow.tasks}
    takes = {leaves[name]: [_handed(one, leaves) for one in sources] for name, sources in taken.items()}
    routes = routes_of(dags, takes)
    all_taken = [source for sources in taken.values() for source in sources]
    artifacts = (routes.keys[_handed(source, leaves)] for source in all_taken if _is_artifact(source))
    by_images = (source for job in workflow.jobs if not job.project for source in taken[job.name])
    plain = frozenset((source.task, _name(source)) for source in by_images if not source.type.is_file)
    return Data(workflow, leaves, swept, routes, frozenset(artifacts), plain)


def by_artifacts(workflow: Workflow) -> bool:
    """Whether files travel as artifacts of Argo; else they are on the workspace."""
    return workflow.by_engine or workflow.store is not None


def is_collected(workflow: Workflow, task: Task) -> bool:
    """Whether an image leaves what Argo would not look at: files on the workspace, and values, which it would change."""
    return task.project is None and not all(
        output.type.is_file and by_artifacts(workflow) for output in task.outputs
    )


def taken_by(workflow: Workflow, task: Task) -> Iterator[OutputOf | Selected]:
    """What a task takes of others by Argo itself."""
    sources = (reference.source for reference in task.values)
    for source in sources:
        if is_routed(source, workflow):
            yield source


def is_routed(source: Source, workflow: Workflow) -> TypeGuard[OutputOf | Selected]:
    """Whether something goes through Argo: all do but the files on the workspace. Of the best run its name does."""
    if isinstance(source, OutputOf):
        return not source.type.is_file or by_artifacts(workflow)
    return isinstance(source, Selected) and not is_gathered(source)


def task_folder(workflow: Workflow, task: str) -> str:
    """Where the files of a task are on the workspace."""
    assert workflow.workspace
    return f"{workflow.workspace.path}/runs/{RUN}/{task}"


def _is_artifact(source: OutputOf | Selected) -> bool:
    return isinstance(source, OutputOf) and source.type.is_file


def _late(task: Task) -> list[Reference]:
    return [reference for reference in task.values if reference.known is None]


def _name(source: OutputOf | Selected) -> str:
    """The name under which the node of a task hands something on."""
    return source.output if isinstance(source, OutputOf) else handed_as(source)


def _handed(source: OutputOf | Selected, leaves: Mapping[str, str]) -> Handed:
    return Handed(leaves[source.task], _name(source))


def _both(parameters: list[Value], artifacts: list[Value]) -> Object:
    kinds: dict[str, Value] = {"parameters": parameters, "artifacts": artifacts}
    return {kind: entries for kind, entries in kinds.items() if entries}

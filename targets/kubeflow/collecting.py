"""A job that runs an image by itself and leaves values: another task behind it looks after them.

A value goes to the task that takes it as text in the arguments of pods, where Argo and Kubernetes look for something of
theirs (kubeflow/pipelines 2.15.0, backend/src/v2/driver/driver.go, initPodSpecPatch: `"--executor_input"`; from 2.17.0
on in the words of the step themselves, resolveContainerArgs). An image writes no code that has nothing of it, and
Kubeflow looks at no value. So the image leaves each as an artifact, which arrives byte for byte; the task behind it looks
whether it is of its type, and makes the parameter of it, in the code. Who comes after the job comes after that task.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from automl.compiler.ir import Command, Edge, Job, Output, OutputOf, Reference, Task, Type, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.dag.names import TaskNames
from automl.targets.dag.routes import Handed
from automl.targets.dag.shapes import Dag, Node
from automl.targets.kubeflow.trials import (
    RESULT,
    Loop,
    Taken,
    loop_of,
    selected,
    selection_name,
    selection_of,
)

_BEHIND = "/outputs"  # in the name of no task else: it is no part of a DNS label


class Runs(NamedTuple):
    """What runs for the tasks of a workflow: all of them, each with its node, and the DAGs over the nodes.

    Some of the DAGs are loops, which stand before all others.
    """

    tasks: Sequence[Task]
    leaves: Mapping[str, str]
    dags: Sequence[Dag]
    loops: Mapping[str, Loop]

    @property
    def jobs(self) -> dict[str, Loop]:
        """The loops by the nodes that they run."""
        return {
            node.name: self.loops[dag.name]
            for dag in self.dags
            if dag.name in self.loops
            for node in dag.nodes
        }

    def handed(self, source: Taken) -> Handed:
        """The node that leaves something, and the output of it."""
        if not isinstance(source, OutputOf):
            return Handed(self.leaves[selection_name(source.task)], selected(source))
        behind = source.task + _BEHIND
        is_behind = behind in self.leaves and not source.type.is_file
        return Handed(self.leaves[behind if is_behind else source.task], source.output)


class _Nodes(NamedTuple):
    """The nodes that are there for a task beside its own, by the nodes of the tasks."""

    trials: Mapping[str, str]
    behind: Mapping[str, str]
    selections: Mapping[str, str]

    def runner(self, leaf: str) -> str:
        """What runs the task itself."""
        return self.trials.get(leaf, leaf)

    def end(self, leaf: str) -> str:
        """What has ended when the task has."""
        if leaf in self.trials:
            return self.selections.get(leaf, leaf)
        return self.behind.get(leaf, leaf)

    def of(self, node: Node) -> Iterator[Node]:
        """The node, after the ends of those that it comes after, and those behind it."""
        after = tuple(edge._replace(node=self.end(edge.node)) for edge in node.after)
        yield Node(node.name, after)
        if node.name in self.selections:
            yield Node(self.selections[node.name], (Edge(node.name),))
        elif node.name not in self.trials:
            yield from self._collector(node.name, node.name)

    def loops(self) -> Iterator[Dag]:
        """What is done for each run of the tasks with trials."""
        for leaf, trial in self.trials.items():
            yield Dag(leaf, (Node(trial, ()), *self._collector(leaf, trial)))

    def _collector(self, leaf: str, runner: str) -> Iterator[Node]:
        if leaf in self.behind:
            yield Node(self.behind[leaf], (Edge(runner),))


def runs_of(workflow: Workflow, leaves: Mapping[str, str], names: TaskNames, dags: Sequence[Dag]) -> Runs:
    """The tasks of a workflow, with the loops over trials, and what judges them, and behind each image that leaves values
    the one that looks after them."""
    swept = [job for job in workflow.jobs if job.trials]
    trials = {leaves[job.name]: names.take(f"{leaves[job.name]}-trial") for job in swept}
    selections = {job.name: selection for job in swept if (selection := selection_of(workflow, job))}
    selecting = {leaves[job]: names.take(f"{leaves[job]}-selection") for job in selections}
    behind = {
        leaves[job.name]: names.take(f"{trials.get(leaves[job.name], leaves[job.name])}-outputs")
        for job in workflow.jobs
        if job.project is None
        and (job.name in selections or any(not output.type.is_file for output in job.outputs))
    }
    nodes = _Nodes(trials, behind, selecting)
    tasks: list[Task] = []
    for task in workflow.tasks:
        tasks += _runs(workflow, task, leaves[task.name] in behind, task.name in selections)
    tasks += selections.values()
    all_leaves = {name: nodes.runner(leaf) for name, leaf in leaves.items()}
    all_leaves |= {name + _BEHIND: behind[leaf] for name, leaf in leaves.items() if leaf in behind}
    all_leaves |= {selection.name: selecting[leaves[name]] for name, selection in selections.items()}
    nested = [Dag(dag.name, tuple(chain(*map(nodes.of, dag.nodes)))) for dag in dags]
    loops = {leaves[job.name]: loop_of(workflow, job) for job in swept}
    return Runs(tasks, all_leaves, [*nodes.loops(), *nested], loops)


def collected_by(task: Task) -> str | None:
    """The name of the job whose values a task looks after; None if it is one of the workflow."""
    return task.name.removesuffix(_BEHIND) if task.name.endswith(_BEHIND) else None


def _runs(workflow: Workflow, task: Task, is_collected: bool, is_judged: bool) -> Iterator[Task]:
    if not isinstance(task, Job):
        yield task
        return
    result = (Output(RESULT, Type.JSON, None, task.span),) if is_judged else ()
    if not is_collected:
        yield task._replace(outputs=(*task.outputs, *result))
        return
    values = tuple(output for output in task.outputs if not output.type.is_file)
    yield task._replace(outputs=tuple(map(_as_file, task.outputs)))
    yield task._replace(
        name=task.name + _BEHIND,
        image=workflow.own_image(PYTHON_IMAGE),
        command=Command(None, ()),
        variables=(),
        mounts=(),
        uses_workspace=False,
        values=tuple(
            Reference(output.variable, OutputOf(task.name, output.name, Type.FILE)) for output in values
        ),
        outputs=(*values, *result),
    )


def _as_file(output: Output) -> Output:
    return output if output.type.is_file else output._replace(type=Type.FILE)

"""A job that runs an image by itself and leaves values: another task behind it looks after them.

A value goes to the task that takes it as text in the arguments of pods, where Argo and Kubernetes look for something of
theirs (kubeflow/pipelines 2.15.0, backend/src/v2/driver/driver.go, initPodSpecPatch: `"--executor_input"`; from 2.17.0
on in the words of the step themselves, resolveContainerArgs). An image writes no code that has nothing of it, and
Kubeflow looks at no value. So the image leaves each as an artifact, which arrives byte for byte; the task behind it looks
whether it is of its type, and makes the parameter of it, in the code. Who comes after the job comes after that task.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from automl.compiler.ir import Command, Edge, Job, Output, OutputOf, Reference, Task, Type, Workflow
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.dag.names import TaskNames
from automl.targets.dag.shapes import Dag, Node

_BEHIND = "/outputs"  # in the name of no task else: it is no part of a DNS label


class Runs(NamedTuple):
    """What runs for the tasks of a workflow: all of them, each with its node, and the DAGs over the nodes."""

    tasks: Sequence[Task]
    leaves: Mapping[str, str]
    dags: Sequence[Dag]

    def leaf_of(self, source: OutputOf) -> str:
        """The node that leaves something."""
        behind = source.task + _BEHIND
        return self.leaves[behind if behind in self.leaves and not source.type.is_file else source.task]


def runs_of(workflow: Workflow, leaves: Mapping[str, str], names: TaskNames, dags: Sequence[Dag]) -> Runs:
    """The tasks of a workflow, and behind each image that leaves values the one that looks after them."""
    behind = {
        leaves[job.name]: names.take(f"{leaves[job.name]}-outputs")
        for job in workflow.jobs
        if job.project is None and any(not output.type.is_file for output in job.outputs)
    }
    tasks = [run for task in workflow.tasks for run in _runs(task, leaves[task.name] in behind)]
    of_collectors = {
        task.name: behind[leaves[name]] for task in tasks if (name := collected_by(task)) is not None
    }
    nested = [Dag(dag.name, tuple(chain(*(_nodes(node, behind) for node in dag.nodes)))) for dag in dags]
    return Runs(tasks, {**leaves, **of_collectors}, nested)


def collected_by(task: Task) -> str | None:
    """The name of the job whose values a task looks after; None if it is one of the workflow."""
    return task.name.removesuffix(_BEHIND) if task.name.endswith(_BEHIND) else None


def _runs(task: Task, is_collected: bool) -> Iterator[Task]:
    if not isinstance(task, Job) or not is_collected:
        yield task
        return
    values = tuple(output for output in task.outputs if not output.type.is_file)
    yield replace(task, outputs=tuple(map(_as_file, task.outputs)))
    yield replace(
        task,
        name=task.name + _BEHIND,
        image=PYTHON_IMAGE,
        command=Command(None, ()),
        variables=(),
        mounts=(),
        uses_workspace=False,
        values=tuple(
            Reference(output.variable, OutputOf(task.name, output.name, Type.FILE)) for output in values
        ),
        outputs=values,
    )


def _as_file(output: Output) -> Output:
    return output if output.type.is_file else output._replace(type=Type.FILE)


def _nodes(node: Node, behind: Mapping[str, str]) -> Iterator[Node]:
    """The node, after what looks after the values of those that it comes after, and the one behind it."""
    yield Node(node.name, tuple(edge._replace(node=behind.get(edge.node, edge.node)) for edge in node.after))
    if node.name in behind:
        yield Node(behind[node.name], (Edge(node.name),))

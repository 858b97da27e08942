"""What people see of a pipeline: the names of the workflow, its stages and its steps as they were written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple
from automl.targets.dag.shapes import Dag
from automl.targets.kubeflow.quoting import is_broken, is_unsafe
from automl.targets.objects.metadata import Object


class Nested(NamedTuple):
    """DAGs, of which the last is the whole, and the titles of their nodes."""

    dags: Sequence[Dag]
    titles: Mapping[str, str]


def display_name(workflow: Workflow) -> Object:
    """The field for the name of the workflow as it was written, where that is another than its name."""
    title = workflow.title
    return {"displayName": title} if title not in ("", workflow.name) else {}


def titles_of(workflow: Workflow, leaves: Mapping[str, str], dags: Sequence[Dag]) -> dict[str, str]:
    """The title of each node: no two tasks have the same, nor two DAGs.

    The backend hands a title on in an argument of its driver, so one that would change on the way is not taken.
    """
    counts = Counter(task.titles.step for task in workflow.tasks)
    titles = {}
    for task in workflow.tasks:
        title = task.titles.step
        titles[leaves[task.name]] = title if counts[title] == 1 and _is_safe(title) else task.name
    taken: set[str] = set()
    for name, title in _of_stages(workflow, leaves, dags):
        titles[name] = title if title not in taken and _is_safe(title) else name
        taken.add(title)
    return titles


def _is_safe(title: str) -> bool:
    return title.strip() != "" and not is_unsafe(title) and not is_broken(title)


def _of_stages(
    workflow: Workflow, leaves: Mapping[str, str], dags: Sequence[Dag]
) -> Iterator[tuple[str, str]]:
    """The DAGs that run steps of one stage and nothing else, but for their parts, each with the name of the stage."""
    stages = {leaves[task.name]: task.titles.stage for task in workflow.tasks}
    parts: set[str] = set()
    for dag in dags[:-1]:
        inside = {stages[node.name] for node in dag.nodes}
        stages[dag.name] = inside.pop() if len(inside) == 1 else ""
        parts.update(node.name for node in dag.nodes if stages[dag.name])
    for dag in dags[:-1]:
        if stages[dag.name] and dag.name not in parts:
            yield dag.name, stages[dag.name]

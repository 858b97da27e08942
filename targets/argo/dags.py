"""The template of a DAG: its tasks, and what each waits for."""

from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir import On
from automl.targets.dag.shapes import Dag
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

_DEPENDS: Mapping[On, str] = MappingProxyType(
    {
        On.SUCCEEDED: "{0}.Succeeded",
        On.FAILED: "({0}.Failed || {0}.Errored)",
        On.ENDED: "({0}.Succeeded || {0}.Failed || {0}.Errored)",
    }
)


def dag_template(dag: Dag) -> Object:
    """The template of a DAG, whose tasks run the templates of their names."""
    tasks: list[Value] = []
    for node in dag.nodes:
        task: Object = {"name": node.name, "template": node.name}
        if node.after:
            task["depends"] = " && ".join(_DEPENDS[edge.on].format(edge.node) for edge in node.after)
        tasks.append(task)
    return {"name": dag.name, "dag": {"tasks": tasks}}

"""The template of a DAG: its tasks, and what each waits for."""

from collections.abc import Mapping
from types import MappingProxyType

from automl.compiler.ir import On
from automl.targets.argo.data import Data
from automl.targets.dag.routes import Origin
from automl.targets.dag.shapes import Dag, Node
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

_DEPENDS: Mapping[On, str] = MappingProxyType(
    {
        On.SUCCEEDED: "{0}.Succeeded",
        On.FAILED: "({0}.Failed || {0}.Errored)",
        On.ENDED: "({0}.Succeeded || {0}.Failed || {0}.Errored)",
    }
)


def dag_template(dag: Dag, data: Data) -> Object:
    """The template of a DAG, whose tasks run the templates of their names."""
    route = data.routes.dags[dag.name]
    tasks = [_task(node, arguments(route.arguments.get(node.name, {}), data)) for node in dag.nodes]
    template: Object = {"name": dag.name}
    if route.inputs:
        template["inputs"] = data.by_kind({key: {} for key in route.inputs})
    if route.outputs:
        template["outputs"] = _outputs(route.outputs, data)
    return template | {"dag": {"tasks": tasks}}


def _task(node: Node, given: Object) -> Value:
    task: Object = {"name": node.name, "template": node.name}
    if node.after:
        task["depends"] = " && ".join(_DEPENDS[edge.on].format(edge.node) for edge in node.after)
    return task | {"arguments": given} if given else task


def arguments(origins: Mapping[str, Origin], data: Data) -> Object:
    """What a task of a DAG is given."""
    tags = {key: data.tag(key, origin) for key, origin in origins.items()}
    return data.by_kind(
        {key: {"from" if key in data.artifacts else "value": tag} for key, tag in tags.items()}
    )


def _outputs(origins: Mapping[str, Origin], data: Data) -> Object:
    """What a DAG hands on."""
    tags = {key: data.tag(key, origin) for key, origin in origins.items()}
    return data.by_kind(
        {
            key: {"from": tag} if key in data.artifacts else {"valueFrom": {"parameter": tag}}
            for key, tag in tags.items()
        }
    )

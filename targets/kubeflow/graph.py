"""The components of a pipeline: its steps, and the DAGs of tasks over them."""

from collections.abc import Mapping

from automl.compiler.ir import Workflow
from automl.targets.dag.routes import Origin
from automl.targets.dag.shapes import Dag, Node
from automl.targets.kubeflow.data import Data
from automl.targets.kubeflow.interface import Interface
from automl.targets.kubeflow.parameters import definitions
from automl.targets.kubeflow.steps import CODE_FILE, Step
from automl.targets.kubeflow.titles import Nested
from automl.targets.objects.metadata import Object


def executor_of(name: str) -> str:
    """The label of the executor of a step."""
    return f"exec-{name}"


class Graph:
    """The steps and the DAGs over them. `maker` is the task that makes the code, where one takes it; it is one of the root's."""

    def __init__(
        self, steps: Mapping[str, Step], nested: Nested, data: Data, maker: str, longest_retry: str
    ) -> None:
        self._steps, self._data, self._maker = steps, data, maker
        self._dags, self._titles = nested
        self._waits: Object = {
            "backoffDuration": "0s",
            "backoffFactor": 2.0,
            "backoffMaxDuration": longest_retry,  # since the first try, which may well take an hour by itself
        }
        self._take_code = {name for name, step in steps.items() if "code" in step.takes.artifacts}
        for dag in self._dags:
            if any(node.name in self._take_code for node in dag.nodes):
                self._take_code.add(dag.name)

    def root(self, workflow: Workflow) -> Object:
        """The DAG of the whole, with what a run may set."""
        *_, whole = self._dags
        tasks: Object = {}
        if self._maker in self._steps:
            tasks[self._maker] = self._task(Node(self._maker, ()), {}, [])
        tasks |= {node.name: self._task_of(whole, node) for node in whole.nodes}
        asked = definitions(workflow, self._data.parameters)
        takes: Object = {"inputDefinitions": {"parameters": asked}} if asked else {}
        return takes | {"dag": {"tasks": tasks}}

    def components(self) -> Object:
        """What the tasks refer to: a step, or a DAG."""
        components: Object = {f"comp-{name}": _component(name, step) for name, step in self._steps.items()}
        for dag in self._dags[:-1]:
            takes = self._data.taken_by_dag(dag.name)
            takes = CODE_FILE | takes if dag.name in self._take_code else takes
            outputs = self._data.made_by_dag(dag.name)
            tasks: Object = {"tasks": {node.name: self._task_of(dag, node) for node in dag.nodes}}
            if outputs:
                tasks["outputs"] = self._selectors(outputs)
            components[f"comp-{dag.name}"] = _defined(takes, self._data.kinds.of(outputs)) | {"dag": tasks}
        return components

    def _selectors(self, outputs: Mapping[str, Origin]) -> Object:
        """Where the outputs of a DAG come from."""
        kinds: dict[str, Object] = {}
        for key, (node, of_node) in outputs.items():
            if key in self._data.kinds.artifacts:
                selector: Object = {"producerSubtask": node, "outputArtifactKey": of_node}
                kinds.setdefault("artifacts", {})[key] = {"artifactSelectors": [selector]}
            else:
                of: Object = {"producerSubtask": node, "outputParameterKey": of_node}
                kinds.setdefault("parameters", {})[key] = {"valueFromParameter": of}
        return {**kinds}

    def _task_of(self, dag: Dag, node: Node) -> Object:
        """One task of a DAG; its code comes from the maker beside it, or from the input of the DAG."""
        inputs: dict[str, Object] = {}
        after = [edge.node for edge in node.after]
        if node.name in self._take_code:
            source = Origin(None, "code")
            if dag is self._dags[-1]:
                after.insert(0, self._maker)
                source = Origin(self._maker, "code")
            inputs["artifacts"] = {"code": _source("Artifact", source)}
        for key, origin in self._data.given(dag.name, node.name).items():
            kind = "Artifact" if key in self._data.kinds.artifacts else "Parameter"
            inputs.setdefault(f"{kind.lower()}s", {})[key] = _source(kind, origin)
        step = self._steps.get(node.name)
        known: Object = {key: {"componentInputParameter": key} for key in self._data.parameters.values()}
        if step:
            known |= {key: {"runtimeValue": {"constant": text}} for key, text in step.constants.items()}
            known |= {key: self._of_item(node.name, key) for key in step.of_item}
        if known:
            inputs["parameters"] = known | inputs.get("parameters", {})
        return self._task(node, inputs, after)

    def _of_item(self, node: str, key: str) -> Object:
        """A value of the item of the loop that a node is in."""
        item = self._data.loops[node].item
        return {
            "componentInputParameter": item,
            "parameterExpressionSelector": f'parseJson(string_value)["{key}"]',
        }

    def _task(self, node: Node, inputs: Mapping[str, Object], after: list[str]) -> Object:
        task: Object = {
            "taskInfo": {"name": self._titles.get(node.name, node.name)},
            "componentRef": {"name": f"comp-{node.name}"},
        }
        if after:
            task["dependentTasks"] = after
        if inputs:
            task["inputs"] = inputs
        if loop := self._data.runs.loops.get(node.name):
            task["parameterIterator"] = {"items": {"raw": loop.items()}, "itemInput": loop.item}
            if loop.max_parallel:
                task["iteratorPolicy"] = {"parallelismLimit": loop.max_parallel}
        step = self._steps.get(node.name)
        if step and step.retries:
            task["retryPolicy"] = {"maxRetryCount": step.retries} | self._waits
        return task


def _source(kind: str, origin: Origin) -> Object:
    """Where an input of a task comes from: the input of its DAG, or an output beside it."""
    if origin.node is None:
        return {f"componentInput{kind}": origin.key}
    return {f"taskOutput{kind}": {"producerTask": origin.node, f"output{kind}Key": origin.key}}


def _component(name: str, step: Step) -> Object:
    return {"executorLabel": executor_of(name)} | _defined(step.takes, step.makes)


def _defined(takes: Interface, makes: Interface) -> Object:
    inputs, outputs = takes.as_object(), makes.as_object()
    defined: Object = {"inputDefinitions": inputs} if inputs else {}
    return defined | ({"outputDefinitions": outputs} if outputs else {})

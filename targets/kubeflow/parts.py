"""The parts of a pipeline as texts, in which Kubeflow's backend hands them on."""

from typing import Any

from automl.compiler.records import NamedTuple
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.objects.json import go_json


class Parts(NamedTuple):
    """JSON in Go's manner: of the components, the root among them, and by the labels of the executors, of their containers,
    and of what only Kubernetes understands of them, where there is any."""

    components: dict[str, str]
    containers: dict[str, str]
    configs: dict[str, str]


def parts_of(pipeline: Pipeline) -> Parts:
    """Those of a pipeline."""
    spec: Any = pipeline.spec
    platform: Any = pipeline.platform
    components = {"comp-root": spec["root"], **spec["components"]}
    executors = spec["deploymentSpec"]["executors"]
    configs = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platform else {}
    return Parts(
        {name: go_json(component) for name, component in components.items()},
        {label: go_json(executor["container"]) for label, executor in executors.items()},
        {label: go_json(config) for label, config in configs.items()},
    )

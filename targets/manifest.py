"""Objects of Kubernetes as the one file that `kubectl apply -f -` reads."""

from collections.abc import Sequence

from automl.compiler.bundle import GENERATED_BY
from automl.compiler.ir import Workflow
from automl.compiler.target import Artifact, Options
from automl.targets.metadata import Object
from automl.targets.yaml_writer import write_json, write_yaml


def stream(workflow: Workflow, target: str, options: Options, documents: Sequence[Object]) -> Artifact:
    """Documents that are no objects of Kubernetes: as JSON, too, one after the other."""
    if options.format == "json" and len(documents) > 1:
        text = "---\n".join(write_json([document]) for document in documents)
        return Artifact(f"{workflow.name}.{target}.json", text)
    return artifact(workflow, target, options, documents)


def artifact(workflow: Workflow, target: str, options: Options, documents: Sequence[Object]) -> Artifact:
    """The documents in the format that is asked for."""
    path = f"{workflow.name}.{target}.{options.format}"
    if options.format == "json":
        return Artifact(path, write_json(documents))
    made_by = GENERATED_BY.decode().removeprefix("# ")
    header = f"{made_by}from {workflow.origin} for {target} {options.version}. Do not edit."
    return Artifact(path, write_yaml(documents, header))

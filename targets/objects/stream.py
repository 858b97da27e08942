"""Objects of Kubernetes as the one file that `kubectl apply -f -` reads."""

from collections.abc import Callable, Container, Iterator, Sequence
from typing import TypeAlias

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.generated import header
from automl.compiler.ir import Workflow
from automl.compiler.target import Artifact, Options
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES
from automl.targets.objects.json import size_of
from automl.targets.objects.metadata import STAGE, STEP, Object, labels_of, name_of
from automl.targets.writers.yaml import write_json, yaml_pieces

Documents: TypeAlias = Callable[[], Sequence[Object]]
"""What makes the documents of a file."""


def stream(workflow: Workflow, target: str, options: Options, documents: Documents) -> Artifact:
    """Documents that are no objects of Kubernetes: as JSON, too, one after the other."""
    if options.format == "json":
        path = f"{workflow.name}.{target}.json"
        return Artifact(path, lambda: "---\n".join(write_json([document]) for document in documents()))
    return artifact(workflow, target, options, documents)


def artifact(workflow: Workflow, target: str, options: Options, documents: Documents) -> Artifact:
    """The documents in the format that is asked for, made and written when somebody asks for the text."""
    path = f"{workflow.name}.{target}.{options.format}"
    if options.format == "json":
        return Artifact(path, lambda: write_json(documents()))
    return Artifact(path, lambda: yaml_pieces(documents(), header(workflow.origin, target, options.version)))


def too_large(
    workflow: Workflow, documents: Sequence[Object], but: Container[str | None] = ()
) -> Iterator[Diagnostic]:
    """The objects that `kubectl apply` cannot keep a copy of. `but`: names of those that are judged elsewhere."""
    places = {(task.stage, task.step): task.span for task in workflow.tasks}
    for document in documents:
        size = 0 if name_of(document) in but else size_of(document)
        if size > MAX_OBJECT_BYTES:
            message = (
                f'the {document["kind"]} "{name_of(document)}" takes {size // 1024} KiB; '
                f"`kubectl apply` takes {MAX_OBJECT_BYTES // 1024} KiB"
            )
            labels = labels_of(document)
            span = places.get((str(labels.get(STAGE)), str(labels.get(STEP))), workflow.span)
            yield Diagnostic(Code.CANNOT_SAY, message, span, "put what is long into a file of the project")

"""Names, labels and annotations of the objects that Kubernetes keeps."""

import json
from collections.abc import Mapping

from automl.compiler.ir import Task, Workflow
from automl.compiler.values.dns import LONGEST, digest, label_value, with_suffix
from automl.targets.writers.yaml import Value

Object = dict[str, Value]

STAGE, STEP = "automl.dev/stage", "automl.dev/step"

_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def metadata(
    name: str, workflow: Workflow, task: Task | None = None, annotations: Mapping[str, str] | None = None
) -> Object:
    """The `metadata` of a namespaced object that belongs to a workflow, or to one task of it."""
    found: Object = {"name": name}
    if workflow.namespace:
        found["namespace"] = workflow.namespace
    found["labels"] = labels(workflow, task)
    described = {"automl.dev/description": workflow.description.value} if workflow.description else {}
    notes = described | user_annotations(workflow, task) | dict(annotations or {})
    if notes:
        found["annotations"] = notes
    return found


def of_pods(workflow: Workflow, task: Task | None = None) -> Object:
    """The `metadata` of what is made of a template. The description is left out: it changes nothing that runs."""
    found: Object = {"labels": labels(workflow, task)}
    if notes := user_annotations(workflow, task):
        found["annotations"] = notes
    return found


def name_of(found: Object) -> str:
    """The name of an object that has its `metadata`."""
    meta = found["metadata"]
    assert isinstance(meta, dict)
    return str(meta["name"])


def labels_of(found: Object) -> dict[str, str]:
    """The labels of an object that has its `metadata`."""
    meta = found["metadata"]
    assert isinstance(meta, dict)
    return dict(meta["labels"])


def labels(workflow: Workflow, task: Task | None = None) -> dict[str, str]:
    """The labels of an object: never empty, the same in every compilation, the user's own last."""
    found = {
        "app.kubernetes.io/name": workflow.name,
        "app.kubernetes.io/managed-by": "automl",
        "automl.dev/workflow": workflow.name,
    }
    if workflow.version and (version := label_value(workflow.version)):
        found["automl.dev/version"] = version
    return found | dict(workflow.labels) | (task_labels(task) if task else {})


def task_labels(task: Task) -> dict[str, str]:
    """What tells the objects of one task from those of another."""
    return {STAGE: task.stage, STEP: task.step} | dict(task.labels)


def user_annotations(workflow: Workflow | None, task: Task | None = None) -> dict[str, str]:
    """The user's annotations, of the workflow and of the step."""
    texts = {**(workflow.annotations if workflow else {}), **(task.annotations if task else {})}
    return {key: text.value for key, text in texts.items()}


def canonical(value: Value) -> str:
    """JSON without blanks, the same on every machine; for hashes and for sizes."""
    return _ENCODER.encode(value)


def hashed_name(name: str, value: Value, longest: int = LONGEST) -> str:
    """`name-hash`, for an object that is made once and never changed."""
    return with_suffix(name, digest(canonical(value)), longest)

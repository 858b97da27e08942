"""Names, labels and annotations of the objects that Kubernetes keeps."""

from collections.abc import Mapping

from automl.compiler.ir import Task, Text, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.dns import LONGEST, digest, label_value, with_suffix
from automl.targets.objects.json import canonical
from automl.targets.writers.yaml import Value

Object = dict[str, Value]

STAGE, STEP = "automl.dev/stage", "automl.dev/step"
QUEUE = "kueue.x-k8s.io/queue-name"
"""Kueue holds back what has this label until there is room: a Job, or pods if it looks after these
(https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods). It leaves the pods of a Job to the Job."""


class Objects(NamedTuple):
    """Makes the objects of one workflow: each has its namespace, its labels and the user's annotations."""

    workflow: Workflow
    target: str = ""  # whose options count

    def object(self, api: str, kind: str, name: str, body: Object, task: Task | None = None) -> Object:
        """An object of the workflow, or of one task of it; `body` is what it has beside its `metadata`."""
        head: Object = {"apiVersion": api, "kind": kind, "metadata": self.metadata(name, task)}
        return head | body

    def metadata(self, name: str, task: Task | None = None) -> Object:
        """The `metadata` of an object in the namespace of the workflow."""
        namespace: Object = {"namespace": self.workflow.namespace} if self.workflow.namespace else {}
        return {"name": name} | namespace | self.described_metadata(task)

    def described_metadata(self, task: Task | None = None) -> Object:
        """The `metadata` without a name, with the description of the workflow."""
        described = self.workflow.description
        annotations = {"automl.dev/description": described.literal} if described else {}
        return _metadata(self.labels(task), annotations | self.annotations(task))

    def template(self, spec: Object, task: Task | None = None) -> Object:
        """A template in an object, of which pods or Jobs are made."""
        return {"metadata": self.template_metadata(task), "spec": spec}

    def template_metadata(self, task: Task | None = None) -> Object:
        """The `metadata` of what is made of a template. A description is left out: it changes nothing that runs."""
        return _metadata(self.labels(task), self.annotations(task))

    def labels(self, task: Task | None = None) -> dict[str, str]:
        """The labels of an object: never empty, the same in every compilation, the user's own last."""
        workflow = self.workflow
        labels = {
            "app.kubernetes.io/name": workflow.name,
            "app.kubernetes.io/managed-by": "automl",
            "automl.dev/workflow": workflow.name,
        }
        if workflow.version and (version := label_value(workflow.version)):
            labels["automl.dev/version"] = version
        return labels | dict(workflow.labels) | (_labels_of(task) if task else {})

    def annotations(self, task: Task | None = None) -> dict[str, str]:
        """The user's annotations, of the workflow and of the step."""
        return _values(self.workflow.annotations) | (_values(task.annotations) if task else {})


def step_metadata(task: Task) -> Object:
    """What the pods of a step have in their `metadata` beside what all pods of the workflow have."""
    return _metadata(_labels_of(task), _values(task.annotations))


def _metadata(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Object:
    return {"labels": labels, "annotations": annotations} if annotations else {"labels": labels}


def _labels_of(task: Task) -> dict[str, str]:
    """What tells the objects of one task from those of another."""
    queue = {QUEUE: task.placement.queue} if task.placement.queue else {}
    return {STAGE: task.stage, STEP: task.step} | queue | dict(task.labels)


def _values(annotations: Mapping[str, Text]) -> dict[str, str]:
    return {key: text.literal for key, text in annotations.items()}


def with_labels(document: Object, labels: Mapping[str, str]) -> Object:
    """The object, or the template in one, with more labels."""
    metadata = _mapping(document["metadata"])
    return document | {"metadata": metadata | {"labels": _mapping(metadata["labels"]) | dict(labels)}}


def with_annotations(document: Object, annotations: Mapping[str, str]) -> Object:
    """The object, or the template in one, with more annotations."""
    metadata = _mapping(document["metadata"])
    annotated = _mapping(metadata.get("annotations", {})) | dict(annotations)
    return document | {"metadata": metadata | {"annotations": annotated}}


def name_of(document: Object) -> str:
    """The name of an object."""
    return str(_mapping(document["metadata"])["name"])


def labels_of(document: Object) -> Object:
    """The labels of an object."""
    return _mapping(_mapping(document["metadata"])["labels"])


def _mapping(value: Value) -> Object:
    assert isinstance(value, dict)
    return value


def hashed_name(name: str, value: Value, longest: int = LONGEST) -> str:
    """`name-hash`, for an object that is made once and never changed."""
    return with_suffix(name, digest(canonical(value)), longest)

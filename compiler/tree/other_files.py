"""Files of other tools: one of them is taken for what it is, instead of every key in it for a mistake."""

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import steps_of

_ARGO = ("Workflow", "CronWorkflow", "WorkflowTemplate", "ClusterWorkflowTemplate")
_BY_KEYS = (  # the keys that all of them have, and no config
    (("on", "jobs"), "a workflow of GitHub Actions"),
    (("pipelineInfo", "root"), "a compiled pipeline of Kubeflow"),
    (("deploymentSpec", "components"), "a compiled pipeline of Kubeflow"),
    (("channels", "dependencies"), "an environment of conda"),
    (("entry_points", "name"), "an MLproject of MLflow"),
    (("repos",), "a config of pre-commit"),
    (("workflows", "jobs"), "a config of CircleCI"),
)


def recognise(root: Mapping) -> Diagnostic | None:
    """What the file is, if it is surely that of another tool."""
    what = _what(root)
    if what is None:
        return None
    place = next(iter(root)).key.span
    help = "a config of automl has its stages by name under `stages:`, each a list of steps"
    return Diagnostic(Code.NOT_A_CONFIG, f"this is {what}, no config of automl", place, help=help)


def _what(root: Mapping) -> str | None:
    keys, stages = root.entries.keys(), root.get("stages")
    if isinstance(stages, Mapping) and any(steps_of(entry.value) for entry in stages):
        return None
    if {"apiVersion", "kind"} <= keys:
        return _kubernetes_object(root)
    if isinstance(stages, Mapping) and any(_has(entry.value, "cmd") for entry in stages):
        return "a dvc.yaml"
    has_jobs = any(_has(entry.value, "script") for entry in root)
    if has_jobs and (isinstance(stages, Sequence) or any(_has(entry.value, "stage") for entry in root)):
        return "a pipeline of GitLab"
    services = root.get("services")
    if (
        stages is None
        and isinstance(services, Mapping)
        and any(_is_compose(entry.value) for entry in services)
    ):
        return "a file of Docker Compose"
    return next((what for known, what in _BY_KEYS if stages is None and keys >= set(known)), None)


def _kubernetes_object(root: Mapping) -> str:
    kind, version = root.get("kind"), root.get("apiVersion")
    name = kind.text if isinstance(kind, Scalar) else ""
    group = version.text if isinstance(version, Scalar) else ""
    if group.startswith("argoproj.io/") and name in _ARGO:
        return f"an Argo {name}"
    return f'an object of Kubernetes of the kind "{name}"'


def _is_compose(node: Node) -> bool:
    return _has(node, "image") or _has(node, "build")


def _has(node: Node, key: str) -> bool:
    return isinstance(node, Mapping) and key in node.entries

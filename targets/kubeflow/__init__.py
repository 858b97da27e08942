"""Kubeflow Pipelines: a pipeline package, or the objects of an API server that keeps pipelines in Kubernetes."""

from automl.compiler.ir import Bundle, Workflow
from automl.compiler.target import Emission, Options
from automl.targets.code import config_maps
from automl.targets.kubeflow.native import objects
from automl.targets.kubeflow.pipeline import pipeline
from automl.targets.kubeflow.steps import Place
from automl.targets.manifest import artifact

VERSIONS = ("2.14", "2.15", "2.16", "2.17")
DEFAULT_VERSION = "2.15"


class Kubeflow:
    """The target `kubeflow`."""

    name = "kubeflow"
    summary = "Kubeflow Pipelines: a pipeline package for the UI, the REST API and the SDK, or for Vertex AI"
    versions = VERSIONS
    default_version = DEFAULT_VERSION
    forms = ("package", "vertex")

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file: the pipeline and, but for Vertex AI, what it needs of Kubernetes."""
        place = Place(_numbers(options.version), is_kubernetes=options.form != "vertex")
        made = pipeline(workflow, place, config_maps(workflow, _is_never_unsafe))
        documents = [made.spec, made.platform] if made.platform else [made.spec]
        return Emission((artifact(workflow, self.name, options, documents),), ())


class KubeflowNative:
    """The target `kubeflow-native`."""

    name = "kubeflow-native"
    summary = (
        "Kubeflow Pipelines that keep pipelines in Kubernetes: a Pipeline, its version, and what they need"
    )
    versions = VERSIONS
    default_version = DEFAULT_VERSION
    forms = ("manifests",)

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file with all objects, in the order of their creation."""
        files = config_maps(workflow, _is_never_unsafe)
        code = files.code if isinstance(workflow.code, Bundle) else None
        place = Place(_numbers(options.version), has_config_maps=True, code=code)
        documents = objects(workflow, pipeline(workflow, place, files), files)
        return Emission((artifact(workflow, self.name, options, documents),), files.diagnostics)


def _is_never_unsafe(_: str) -> bool:
    """No text needs a ConfigMap: see `words`."""
    return False


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

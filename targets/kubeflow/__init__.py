"""Kubeflow Pipelines: a pipeline package, or the objects of an API server that keeps pipelines in Kubernetes."""

from types import MappingProxyType

from automl.compiler.ir import Bundle, Workflow
from automl.compiler.target import Emission, Options
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.capabilities import NATIVE_API, PACKAGE, VERTEX
from automl.targets.kubeflow.checks import (
    of_pipeline,
    of_rights,
    of_schedule,
    of_sizes,
    of_version_object,
)
from automl.targets.kubeflow.disks import of_disks
from automl.targets.kubeflow.mounts import without_unwritten_workspace
from automl.targets.kubeflow.native import native_objects
from automl.targets.kubeflow.pipeline import pipeline
from automl.targets.kubeflow.vertex import of_vertex
from automl.targets.objects.checks import unused_registry
from automl.targets.objects.config_maps import config_maps
from automl.targets.objects.metadata import Objects
from automl.targets.objects.stream import artifact, stream

VERSIONS = ("2.14", "2.15", "2.16", "2.17")
DEFAULT_VERSION = "2.15"


class Kubeflow:
    """The target `kubeflow`."""

    name = "kubeflow"
    summary = "Kubeflow Pipelines: a pipeline package for the UI, the REST API and the SDK, or for Vertex AI"
    versions = VERSIONS
    default_version = DEFAULT_VERSION
    forms = ("package", "vertex")
    capabilities = PACKAGE
    form_capabilities = MappingProxyType({"vertex": VERTEX})

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file: the pipeline and, but for Vertex AI, what it needs of Kubernetes."""
        workflow, is_kubernetes = without_unwritten_workspace(workflow), options.form != "vertex"
        backend = Backend(_numbers(options.version), is_kubernetes)
        anywhere = Objects(workflow._replace(namespace=None))  # what tasks apply goes where their pods are
        package = pipeline(anywhere, backend, config_maps(anywhere, for_results=True))
        documents = [package.spec, package.platform] if package.platform else [package.spec]
        diagnostics = [*package.diagnostics, *of_pipeline(workflow, is_kubernetes)]
        diagnostics += of_sizes(workflow, package, is_kubernetes)
        if is_kubernetes:
            diagnostics += [*of_rights(workflow), *of_disks(workflow, makes_claims=False)]
        else:
            diagnostics += of_vertex(workflow)
        diagnostics += unused_registry(workflow, lambda: documents)
        return Emission((stream(workflow, self.name, options, documents),), tuple(diagnostics))


class KubeflowNative:
    """The target `kubeflow-native`."""

    name = "kubeflow-native"
    summary = (
        "Kubeflow Pipelines that keep pipelines in Kubernetes: a Pipeline, its version, and what they need"
    )
    versions = VERSIONS
    default_version = DEFAULT_VERSION
    forms = ("manifests",)
    capabilities = NATIVE_API

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One file with all objects, in the order of their creation."""
        workflow = without_unwritten_workspace(workflow)
        objects = Objects(workflow)
        files = config_maps(objects, for_results=True)
        code = files.code if isinstance(workflow.code, Bundle) else None
        backend = Backend(_numbers(options.version), has_config_maps=True, code=code)
        package = pipeline(objects, backend, files)
        documents = native_objects(objects, package, files)
        diagnostics = [
            *package.diagnostics,
            *of_pipeline(workflow),
            *of_schedule(workflow),
            *of_disks(workflow, makes_claims=True),
            *of_sizes(workflow, package),
        ]
        diagnostics += [*files.diagnostics, *of_version_object(workflow, documents)]
        diagnostics += unused_registry(workflow, lambda: documents)
        return Emission((artifact(workflow, self.name, options, lambda: documents),), tuple(diagnostics))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

"""Kubeflow Pipelines: a pipeline package, or the objects of an API server that keeps pipelines in Kubernetes."""

from functools import cache
from types import MappingProxyType

from automl.compiler.graph import only_successes
from automl.compiler.ir import Bundle, Workflow
from automl.compiler.records import NamedTuple
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
from automl.targets.kubeflow.pipeline import Pipeline, pipeline
from automl.targets.kubeflow.vertex import of_vertex
from automl.targets.objects.checks import unused_registry
from automl.targets.objects.config_maps import Files, config_maps
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.small import is_small
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
        package = cache(lambda: _package(workflow, Backend(_numbers(options.version), is_kubernetes)))
        diagnostics = [*only_successes(workflow, "Kubeflow"), *of_pipeline(workflow, is_kubernetes)]
        if not is_small(workflow):
            diagnostics += [*package().diagnostics, *of_sizes(workflow, package(), is_kubernetes)]
        if is_kubernetes:
            diagnostics += [*of_rights(workflow), *of_disks(workflow, makes_claims=False)]
        else:
            diagnostics += of_vertex(workflow)

        def documents() -> list[Object]:
            return [document for document in (package().spec, package().platform) if document]

        diagnostics += unused_registry(workflow, documents)
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
        manifests = cache(lambda: _manifests(workflow, _numbers(options.version)))
        diagnostics = [
            *only_successes(workflow, "Kubeflow"),
            *of_pipeline(workflow),
            *of_schedule(workflow),
            *of_disks(workflow, makes_claims=True),
        ]
        if not is_small(workflow):
            files, package, documents = manifests()
            diagnostics += [*files.diagnostics, *package.diagnostics, *of_sizes(workflow, package)]
            diagnostics += of_version_object(workflow, documents)
        diagnostics += unused_registry(workflow, lambda: manifests().documents)
        text = artifact(workflow, self.name, options, lambda: manifests().documents)
        return Emission((text,), tuple(diagnostics))


def _package(workflow: Workflow, backend: Backend) -> Pipeline:
    anywhere = Objects(workflow._replace(namespace=None))  # what tasks apply goes where their pods are
    return pipeline(anywhere, backend, config_maps(anywhere, for_results=True))


class _Manifests(NamedTuple):
    """All objects, and what they were made of."""

    files: Files
    package: Pipeline
    documents: list[Object]


def _manifests(workflow: Workflow, version: tuple[int, ...]) -> _Manifests:
    objects = Objects(workflow)
    files = config_maps(objects, for_results=True)
    code = files.code if isinstance(workflow.code, Bundle) else None
    package = pipeline(objects, Backend(version, has_config_maps=True, code=code), files)
    return _Manifests(files, package, native_objects(objects, package, files))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))

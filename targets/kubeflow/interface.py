"""What a component takes and makes, in Kubeflow's intermediate representation."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from automl.compiler.ir import Type
from automl.compiler.records import NamedTuple
from automl.targets.objects.metadata import Object

ARTIFACT, METRICS = "system.Artifact", "system.Metrics"
TEXT, LIST, STRUCT = "STRING", "LIST", "STRUCT"
LIST_OF = "[]"  # behind the type of an artifact of which there are many
_KINDS = {Type.MODEL: "system.Model", Type.DATASET: "system.Dataset", Type.METRICS: METRICS}


class Interface(NamedTuple):
    """Parameters and artifacts, by their keys, each with its type."""

    parameters: Mapping[str, str] = MappingProxyType({})
    artifacts: Mapping[str, str] = MappingProxyType({})

    def __or__(self, other: "Interface") -> "Interface":
        """Those of both."""
        return Interface({**self.parameters, **other.parameters}, {**self.artifacts, **other.artifacts})

    def of(self, keys: Iterable[str]) -> "Interface":
        """Of these keys."""
        keys = list(keys)
        parameters = {key: self.parameters[key] for key in keys if key in self.parameters}
        return Interface(parameters, {key: self.artifacts[key] for key in keys if key in self.artifacts})

    def as_object(self) -> Object:
        """The definitions; empty if there is nothing."""
        definitions: Object = {}
        if self.artifacts:
            definitions["artifacts"] = {key: _artifact(kind) for key, kind in self.artifacts.items()}
        if self.parameters:
            definitions["parameters"] = {
                key: {"parameterType": kind} for key, kind in self.parameters.items()
            }
        return definitions


def _artifact(kind: str) -> Object:
    title = kind.removesuffix(LIST_OF)
    artifact: Object = {"artifactType": {"schemaTitle": title, "schemaVersion": "0.0.1"}}
    return artifact if title == kind else artifact | {"isArtifactList": True}


NOTHING = Interface()


def kind_of(type: Type) -> str:
    """The type of the artifact for an output."""
    return _KINDS.get(type, ARTIFACT)

"""JSON Schemas for kubeconform: Argo's from the CRDs in its Go module, Kubernetes' from a Python package."""

import importlib.metadata
import importlib.util
import json
from pathlib import Path
from typing import Any

import yaml

from tests.conformance import cache, golang

KINDS = ("workflows", "cronworkflows", "workflowtemplates", "clusterworkflowtemplates")
KUBEFLOW = Path(__file__).with_name("kubeflow_crds.yaml")
ARGO_MODULE = r"github\.com/argoproj/argo-workflows/v\d+"


def argo(modfile: str) -> Path:
    """The folder of the schemas of one version of Argo, laid out as {group}/{kind}_{version}.json."""

    def make(folder: Path) -> None:
        definitions = argo_definitions(modfile)
        for kind in KINDS:
            text = (definitions / f"argoproj.io_{kind}.yaml").read_text(encoding="utf-8")
            _write_definition(yaml.load(text, yaml.CSafeLoader), folder)

    _, version = golang.required_version(modfile, ARGO_MODULE)
    return cache.made_once("argo-schemas", cache.digest([Path(__file__)], version), make)


def argo_definitions(modfile: str) -> Path:
    """The folder of the full CRDs of one version of Argo."""
    module, _ = golang.required_version(modfile, ARGO_MODULE)
    return golang.module_folder(modfile, module) / "manifests" / "base" / "crds" / "full"


def kubeflow() -> Path:
    """The folder of the schemas of the objects in which Kubeflow keeps pipelines."""

    def make(folder: Path) -> None:
        for definition in yaml.load_all(KUBEFLOW.read_text(encoding="utf-8"), yaml.CSafeLoader):
            _write_definition(definition, folder)

    return cache.made_once("kubeflow-schemas", cache.digest([Path(__file__), KUBEFLOW]), make)


def _write_definition(definition: dict[str, Any], folder: Path) -> None:
    spec = definition["spec"]
    (folder / spec["group"]).mkdir(exist_ok=True)
    for version in spec["versions"]:
        schema = _closed(version["schema"]["openAPIV3Schema"])
        name = f"{spec['names']['kind'].lower()}_{version['name']}.json"
        (folder / spec["group"] / name).write_text(json.dumps(schema), encoding="utf-8")


def _closed(schema: Any) -> Any:
    """A schema of a CRD with the meaning that the API server gives to it.

    The API server prunes a field that `properties` does not have; a test must hear of it.
    """
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        key: _closed(value) for key, value in schema.items() if key not in ("description", "properties")
    }
    if _is_int_or_string(schema):
        closed.pop("type", None)
        closed["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "properties" in schema:
        # A level of its own: what is a word of the schema above may be the name of a field here.
        closed["properties"] = {name: _closed(one) for name, one in schema["properties"].items()}
        if not {"additionalProperties", "x-kubernetes-preserve-unknown-fields"} & schema.keys():
            closed["additionalProperties"] = False
    return closed


def _is_int_or_string(schema: dict[str, Any]) -> bool:
    return schema.get("x-kubernetes-int-or-string") is True or schema.get("format") == "int-or-string"


def kubernetes(version: str) -> Path:
    """The folder of the schemas of one version of Kubernetes, such as "1.31", as {kind}-{group}-{version}.json.

    The package's files refer to each other by addresses on a web site, which kubeconform would ask.
    """
    found = importlib.util.find_spec("kubernetes_validate")
    assert found
    assert found.submodule_search_locations
    source = (
        Path(found.submodule_search_locations[0]) / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    )
    assert source.is_dir(), f"the package kubernetes-validate has no schemas of Kubernetes {version}"

    def make(folder: Path) -> None:
        for file in source.glob("*.json"):
            schema = json.loads(file.read_text(encoding="utf-8"))
            schema.pop("$id", None)
            text = json.dumps(schema).replace('"/api/_definitions.json#', '"_definitions.json#')
            (folder / file.name).write_text(text, encoding="utf-8")

    key = cache.digest([Path(__file__)], version, importlib.metadata.version("kubernetes-validate"))
    return cache.made_once("kubernetes-schemas", key, make)

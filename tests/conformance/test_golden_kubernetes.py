"""Every golden of plain Kubernetes by the schemas of all versions."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from automl.targets.kubernetes import Kubernetes
from tests.conformance import tools
from tests.golden import applied_in, count_documents, manifests

VERSIONS = (*Kubernetes.versions, "1.37")  # the newest that there are schemas of
MANIFESTS = manifests("kubernetes.yaml")


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_accept_every_golden(version: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_kubeflow_objects(version, MANIFESTS)
    assert {str(path): found for path, found in verdict.errors.items() if found} == {}
    assert verdict.objects == count_documents(MANIFESTS)
    report(f"kubeconform (Kubernetes {version}) accepts {verdict.objects} objects")


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_schemas_accept_what_the_coordinator_applies(version: str, tmp_path: Path) -> None:
    applied = [found for path in MANIFESTS for found in applied_in(path)]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(applied))]
    for path, found in zip(paths, applied, strict=True):
        path.write_text(json.dumps(found, ensure_ascii=False))
    verdict = tools.judge_kubeflow_objects(version, paths)
    assert {str(path): found for path, found in verdict.errors.items() if found} == {}
    assert verdict.objects == len(applied) >= 8

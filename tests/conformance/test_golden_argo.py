"""Every Argo golden by the code of Argo itself and by the schemas of its CRDs and of Kubernetes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import tools
from tests.golden import GOLDEN

MANIFESTS = sorted(GOLDEN.glob("*/argo*.yaml"))
KUBERNETES = ("1.29", "1.36")


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_argo_accepts_every_golden(version: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_argo(version, MANIFESTS)
    assert _wrong(verdict.errors) == {}
    report(f"Argo {version}'s own validator accepts {len(MANIFESTS)} goldens with {verdict.objects} objects")


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_schemas_accept_every_golden(version: str, kubernetes: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_schemas(version, kubernetes, MANIFESTS)
    assert _wrong(verdict.errors) == {}
    report(f"kubeconform (Argo {version}, Kubernetes {kubernetes}) accepts {verdict.objects} objects")


def test_goldens_are_many() -> None:
    assert len(MANIFESTS) >= 20


def _wrong(errors: dict[Path, list[str]]) -> dict[str, list[str]]:
    return {f"{path.parent.name}/{path.name}": found for path, found in errors.items() if found}

"""Every Argo golden by the code of Argo itself and by the schemas of its CRDs and of Kubernetes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

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


@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_schemas_accept_what_the_templates_apply(
    kubernetes: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    applied = [
        text for path in MANIFESTS for text in _applied(yaml.load_all(path.read_text(), yaml.CSafeLoader))
    ]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(applied))]
    for path, text in zip(paths, applied, strict=True):
        path.write_text(text)
    verdict = tools.judge_schemas("4.0", kubernetes, paths)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == len(applied) >= 16
    report(f"kubeconform (Kubernetes {kubernetes}) accepts {verdict.objects} objects that templates apply")


def _applied(value: Any) -> Iterator[str]:
    """The manifests of all `resource` templates that apply one."""
    if isinstance(value, dict) and value.get("action") == "apply":
        yield value["manifest"]
    elif not isinstance(value, str | int | None):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _applied(item)


def _wrong(errors: dict[Path, list[str]]) -> dict[str, list[str]]:
    return {f"{path.parent.name}/{path.name}": found for path, found in errors.items() if found}

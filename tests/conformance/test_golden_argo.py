"""Every Argo golden by the code of Argo itself and by the schemas of its CRDs and of Kubernetes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import tools
from tests.conformance.argo_judge import compiled
from tests.golden import applied_in, count_documents, manifests
from tests.targets.test_naming import WORDS

MANIFESTS = manifests("argo*.yaml")
KUBERNETES = ("1.29", "1.36")


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_argo_accepts_every_golden(version: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_argo(version, MANIFESTS)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == count_documents(MANIFESTS)
    report(f"Argo {version}'s own validator accepts {len(MANIFESTS)} goldens with {verdict.objects} objects")


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_schemas_accept_every_golden(version: str, kubernetes: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_schemas(version, kubernetes, MANIFESTS)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == count_documents(MANIFESTS)
    report(f"kubeconform (Argo {version}, Kubernetes {kubernetes}) accepts {verdict.objects} objects")


@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_schemas_accept_what_the_pods_apply(
    kubernetes: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    applied = [found for path in MANIFESTS for found in applied_in(path)]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(applied))]
    for path, found in zip(paths, applied, strict=True):
        path.write_text(json.dumps(found, ensure_ascii=False))
    verdict = tools.judge_schemas("4.0", kubernetes, paths)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == len(applied) >= 16
    report(f"kubeconform (Kubernetes {kubernetes}) accepts {verdict.objects} objects that pods apply")


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_argo_evaluates_what_comes_after_any_word(version: str, tmp_path: Path) -> None:
    """The judge evaluates `depends` as the controller does; each word alone would be too much for it."""
    runs = {"image": "i", "entrypoint": ["run"]}
    stages = {"a": [{"step_name": word, **runs} for word in WORDS], "b": [{"step_name": "last", **runs}]}
    path = tmp_path / "argo.yaml"
    path.write_text(compiled(json.dumps({"name": "w", "stages": stages}), tmp_path))
    wrong = [path.with_name(f"{word}.yaml") for word in WORDS]
    for each in wrong:
        text = path.read_text().replace(f": step-{each.stem}\n", f': "{each.stem}"\n')
        each.write_text(text.replace(f"step-{each.stem}.", f"{each.stem}."))
    errors = tools.lint_argo(version, [path, *wrong])
    assert errors.pop(path) == []
    for each, [error] in errors.items():
        assert 'task "last": depends cannot be evaluated' in error, each.stem


def _wrong(errors: dict[Path, list[str]]) -> dict[str, list[str]]:
    return {f"{path.parent.name}/{path.name}": found for path, found in errors.items() if found}

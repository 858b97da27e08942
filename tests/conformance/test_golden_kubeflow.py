"""Every golden of Kubeflow by the backend's own compiler, and by the schemas of the objects."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES
from tests.conformance import tools
from tests.conformance.cluster import Cluster, until
from tests.conformance.kubeflow_judge import judge_kubeflow
from tests.conformance.schemas import KUBEFLOW
from tests.golden import applied_in, count_documents, manifests
from tests.targets.nasty import NASTY

PACKAGES = [path for path in manifests("kubeflow*.yaml") if path.name != "kubeflow-native.yaml"]
MANIFESTS = manifests("kubeflow-native.yaml")
KUBERNETES = ("1.29", "1.36")


def _documents(path: Path) -> list[Any]:
    return list(yaml.load_all(path.read_text(), yaml.CSafeLoader))


def test_the_backend_compiles_every_package(report: Callable[[str], None]) -> None:
    assert _wrong(judge_kubeflow(PACKAGES)) == {}
    report(f"Kubeflow's own compiler, and Argo's validator behind it, accept {len(PACKAGES)} packages")


def test_the_backend_compiles_every_version(tmp_path: Path, report: Callable[[str], None]) -> None:
    """The pipeline in each PipelineVersion, as the API server takes it out of there."""
    paths = [tmp_path / f"{path.parent.name}.yaml" for path in MANIFESTS]
    for path, manifest in zip(paths, MANIFESTS, strict=True):
        [spec] = [each["spec"] for each in _documents(manifest) if each["kind"] == "PipelineVersion"]
        parts = [spec["pipelineSpec"], *([spec["platformSpec"]] if "platformSpec" in spec else [])]
        path.write_text("\n---\n".join(json.dumps(part, ensure_ascii=False) for part in parts))
    assert _wrong(judge_kubeflow(paths)) == {}
    report(f"Kubeflow's own compiler, and Argo's validator behind it, accept {len(paths)} PipelineVersions")


@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_schemas_accept_every_object(kubernetes: str, report: Callable[[str], None]) -> None:
    verdict = tools.judge_kubeflow_objects(kubernetes, MANIFESTS)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == count_documents(MANIFESTS)
    report(f"kubeconform (Kubeflow, Kubernetes {kubernetes}) accepts {verdict.objects} objects")


@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_schemas_accept_what_the_tasks_apply(
    kubernetes: str, tmp_path: Path, report: Callable[[str], None]
) -> None:
    applied = [found for path in PACKAGES for found in applied_in(path)]
    paths = [tmp_path / f"{number}.yaml" for number in range(len(applied))]
    for path, found in zip(paths, applied, strict=True):
        path.write_text(json.dumps(found, ensure_ascii=False))
    verdict = tools.judge_kubeflow_objects(kubernetes, paths)
    assert _wrong(verdict.errors) == {}
    assert verdict.objects == len(applied) >= 16
    report(f"kubeconform (Kubernetes {kubernetes}) accepts {verdict.objects} objects that tasks apply")


def test_what_a_package_applies_goes_where_its_pods_are() -> None:
    """A package may be uploaded to any namespace, so its objects name none."""
    applied = [found for path in PACKAGES for found in applied_in(path)]
    assert len(applied) >= 16
    assert [each for each in applied if "namespace" in each["metadata"]] == []


REFUSED = {
    "image-only/kubeflow": "an image is not started by its own entrypoint",
    "image-only/kubeflow-native": "the same",
    "command-line/kubeflow": "an image is not started by its own entrypoint",
    "command-line/kubeflow-native": "the same",
    "private-image/kubeflow": "the job of an image takes a whole Secret",
    "private-image/kubeflow-native": "the same",
    "artifacts-in-a-store/kubeflow": "it has a store of its own",
    "artifacts-in-a-store/kubeflow-native": "the same",
    "disks/kubeflow": "a job may write to what it mounts, and goes to any node",
    "disks/kubeflow-native": "the same",
    "disks-of-a-workflow/kubeflow": "a package holds no claims",
    "quickstart/kubeflow": "a service takes no file",
    "quickstart/kubeflow-native": "the same",
    "values/kubeflow": "a service takes no file",
    "values/kubeflow-native": "the same",
    "trials-of-images/kubeflow": "it has no limit of tasks at a time",
    "trials-of-images/kubeflow-native": "the same",
    "searches/kubeflow": "a file of an image's trial is nowhere for who gathers them",
    "searches/kubeflow-native": "the same",
    "accounts/kubeflow": "all pods of a run have one account",
    "accounts/kubeflow-native": "the same",
    "run-timeout/kubeflow": "it has a time for a run since 2.17",
    "run-timeout/kubeflow-native": "the same",
    "slurm-options/kubeflow": "an image is not started by its own entrypoint",
    "slurm-options/kubeflow-native": "the same",
    "cron-full/kubeflow-native": "a recurring run has no time zone of its own",
    "cron-stages/kubeflow-native": "a recurring run never stops a run",
}


def test_what_argo_can_say_kubeflow_can_or_there_is_a_reason() -> None:
    for_argo = {path.parent.name for path in manifests("argo.yaml")}
    found = {
        f"{case}/{target}"
        for target in ("kubeflow", "kubeflow-native")
        for case in for_argo - {path.parent.name for path in manifests(f"{target}.yaml")}
    }
    assert found == REFUSED.keys()


@pytest.fixture(scope="module")
def kubeflow(cluster: Cluster) -> Cluster:
    """A cluster that knows the objects."""
    cluster.kubectl("apply", "-f", str(KUBEFLOW))
    names = ("pipelines.pipelines.kubeflow.org", "pipelineversions.pipelines.kubeflow.org")
    wait = ("wait", "--for=condition=Established", "crd", *names)  # it gives up on one without conditions
    until(lambda: cluster.kubectl(*wait, check=False).returncode == 0, "Kubeflow's kinds")
    return cluster


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_applying_again_changes_nothing(manifest: Path, kubeflow: Cluster) -> None:
    namespace = f"kubeflow-{manifest.parent.name}"
    kubeflow.create_namespace(namespace)
    text = re.sub("( namespace: )[a-z-]+", rf"\g<1>{namespace}", manifest.read_text())
    flags = ("--server-side",) if len(text) > MAX_OBJECT_BYTES else ()
    words = ("apply", "--validate=strict", *flags, "-n", namespace, "-f", "-")
    first, second = (_last_words(kubeflow.kubectl(*words, input=text).stdout) for _ in range(2))
    assert first == ({"serverside-applied"} if flags else {"created"})
    assert second == ({"serverside-applied"} if flags else {"unchanged"})


def _last_words(text: str) -> set[str]:
    return {line.rpartition(" ")[2] for line in text.splitlines()}


def _wrong(errors: dict[Path, list[str]]) -> dict[str, list[str]]:
    return {f"{path.parent.name}/{path.name}": found for path, found in errors.items() if found}


def test_the_backend_takes_any_text(tmp_path: Path) -> None:
    """Argo puts the containers into JSON in a way of its own, which not every character survives."""
    texts = [text for text in (*NASTY, "\U0001f680", "\U0001fae8") if is_allowed(text)]
    step: dict[str, Any] = {"step_name": "job", "image": "i", "entrypoint": ["run"], "args": texts}
    service = {**step, "step_name": "api", "timeout": 60, "service": {}}
    step["envs"] = {f"A{number}": text for number, text in enumerate(texts)}
    config = json.dumps({"name": "nasty", "stages": {"s": [step, service]}}, ensure_ascii=False)
    config = re.sub("[\x7f-\uffff]", lambda match: json.dumps(match[0])[1:-1], config).replace(
        "\x7f", "\\u007f"
    )
    target = targets.load("kubeflow")
    assert target
    options = Options("2.17", "package")
    result = compile_config(Input("config.yaml", config.encode(), tmp_path), Overrides(), target, options)
    assert result.artifacts, result.diagnostics
    path = tmp_path / "package.yaml"
    path.write_text(result.artifacts[0].text)
    assert judge_kubeflow([path]) == {path: []}
    assert len(texts) > 200


def is_allowed(text: str) -> bool:
    """Whether a variable may hold the text."""
    return "\0" not in text

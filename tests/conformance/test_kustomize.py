"""What `docs/platform.md` says of kustomize, by kubectl's own."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance.cluster import program
from tests.test_docs import AUTOML, ROOT

CONFIG = """\
name: churn
stages:
  train:
    - step_name: train
      path_to_executable: train.py
  serve:
    - step_name: api
      path_to_executable: train.py
      timeout: 5m
      service: {ingress: true}
"""
TARGETS = ("argo", "kubernetes")


def compiled(folder: Path, target: str, *words: str) -> str:
    command = [str(AUTOML), "compile", "-q", "config.yaml", "-t", target, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def kustomized(folder: Path, manifest: str, settings: str) -> list[Any]:
    """The objects that kustomize makes of a manifest."""
    place = folder.with_name("overlay")
    place.mkdir(exist_ok=True)
    (place / "churn.argo.yaml").write_text(manifest)
    (place / "kustomization.yaml").write_text(settings)
    command = [str(program()), "kubectl", "kustomize", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return objects(done.stdout)


def objects(text: str) -> list[Any]:
    found = [each for each in yaml.safe_load_all(text) if each]
    return sorted(found, key=lambda each: (each["kind"], each["metadata"]["name"]))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "train.py").touch()
    return folder


def settings_of_the_page() -> str:
    page = (ROOT / "docs" / "platform.md").read_text()
    [block] = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", page, re.DOTALL)
    return str(block).replace("manifests/", "")


@pytest.mark.parametrize("target", TARGETS)
def test_a_namespace_by_kustomize_is_that_of_the_option(target: str, project: Path) -> None:
    made = kustomized(project, compiled(project, target), settings_of_the_page())
    for each in made:
        assert each["metadata"]["labels"].pop("team") == "churn"
        assert each["metadata"]["namespace"] == "ml-team"
    assert without_hashes(made) == without_hashes(objects(compiled(project, target, "-n", "ml-team")))


def without_hashes(value: Any) -> Any:
    """The same without hashes, and without the namespace in the texts of objects that a pod applies in its own."""
    if isinstance(value, dict):
        return {key: without_hashes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_hashes(item) for item in value]
    if isinstance(value, str):
        return re.sub(r'-[0-9a-f]{8}\b|\s*"namespace": "ml-team",?', "", value)
    return value


@pytest.mark.parametrize("target", TARGETS)
def test_a_prefix_by_kustomize_does_not_reach_every_name(target: str, project: Path) -> None:
    made = kustomized(project, compiled(project, target), "namePrefix: dev-\nresources: [churn.argo.yaml]\n")
    names = {each["metadata"]["name"] for each in made}
    assert all(name.startswith("dev-churn") for name in names)
    assert re.search(r"(?<!dev-)\bchurn-(code|plan|runner|deploy)", yaml.safe_dump(made))


def test_images_by_kustomize_do_not_reach_a_workflow(project: Path) -> None:
    settings = (
        "images: [{name: docker.io/library/python, newName: mirror/python}]\nresources: [churn.argo.yaml]\n"
    )
    made = kustomized(project, compiled(project, "argo"), settings)
    assert "docker.io/library/python" in yaml.safe_dump(made)

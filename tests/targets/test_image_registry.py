"""With `image_registry`, no image is from elsewhere but those of the user's own."""

import re
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets.objects.checkout import GIT_IMAGE

CONFIG = Path(__file__).parents[2] / "golden" / "image-registry" / "config.yaml"
ON_KUBERNETES = ("argo", "kubernetes", "kubeflow", "kubeflow-native")
FORMS = [(name, form) for name in ON_KUBERNETES for form in targets.load(name).forms]  # type: ignore[union-attr]
IMAGE = re.compile(r'"?\bimage\\*"?: ?\\*"?([^\s"\\]+)')


def test_every_image_of_our_own_is_asked_of_the_workflow() -> None:
    """Whatever comes later: nothing but `own_image` is given one."""
    for path in sorted(Path(targets.__path__[0]).rglob("*.py")):
        used = [line for line in path.read_text().splitlines() if re.search("(PYTHON|GIT)_IMAGE", line)]
        rest = [line for line in used if "import" not in line and not line.startswith("GIT_IMAGE = ")]
        assert [line for line in rest if "own_image(" not in line] == [], path


STORE = "artifacts: {store: 's3://runs'}\n"


@pytest.mark.parametrize(
    ("name", "form", "more"),
    [
        *((*form, "") for form in FORMS),
        *((*form, STORE) for form in FORMS if form[0] in ("argo", "kubernetes")),
    ],
)
def test_all_images_are_of_the_registry_or_the_users_own(name: str, form: str, more: str) -> None:
    target = targets.load(name)
    assert target
    text = more + CONFIG.read_text()
    if form == "vertex":  # it has neither
        text = text.replace("  image_pull_secrets: [registry-login]", "  cpu_request: 1")
        text = text.replace("      service: {port: 8080}\n", "")
    given = Input("config.yaml", text.encode(), CONFIG.parent)
    result = compile_config(given, Overrides(), target, Options(target.default_version, form))
    assert result.artifacts, result.diagnostics
    output = "".join(artifact.text for artifact in result.artifacts)
    images = set(IMAGE.findall(output))
    assert f"registry.corp/mirror/{GIT_IMAGE.removeprefix('docker.io/')}" in images
    own = {image for image in images if image.startswith("registry.corp/mirror/")}
    assert len(own) == 2
    assert images - own == {"quay.io/acme/train:1.4"}
    assert "docker.io" not in output

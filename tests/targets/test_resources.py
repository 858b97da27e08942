"""What steps need of a machine, on every engine; the goldens have how it is written."""

from pathlib import Path

import pytest

from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets import load

CLUSTERS = ["argo", "kubernetes", "kubeflow", "kubeflow-native"]
CONFIG = """\
name: r
code: {{image: true}}
stages:
  s:
    - step_name: s
      image: i
      entrypoint: [i]
      node_selector: {{nvidia.com/gpu.product: Tesla-T4}}
      resources: {resources}
"""


def compiled(name: str, resources: str, tmp_path: Path) -> tuple[str, list[str]]:
    """The output, and what is an error."""
    target = load(name)
    assert target
    given = Input("config.yaml", CONFIG.format(resources=resources).encode(), tmp_path)
    options = Options(target.default_version, target.forms[0])
    artifacts, diagnostics, *_ = compile_config(given, Overrides(), target, options)
    said = [each.message for each in diagnostics if each.code in (Code.CANNOT_SAY, Code.MOUNT)]
    return "".join(artifact.text for artifact in artifacts), said


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize(
    ("gpu", "message"),
    [
        ("{model: a100}", "no node has GPUs that are labelled"),
        ("{model: MI-300, resource: amd.com/gpu}", "it is no GPU of NVIDIA's"),
        ("{model: Tesla-V100-SXM2-16GB}", "contradict each other"),
    ],
)
def test_a_model_for_which_no_pod_would_find_a_node_is_refused(
    name: str, gpu: str, message: str, tmp_path: Path
) -> None:
    text, [said] = compiled(name, f"{{gpu: {gpu}}}", tmp_path)
    assert message in said
    assert text == ""


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_model_is_a_label_of_the_nodes(name: str, tmp_path: Path) -> None:
    plain, _ = compiled(name, "{gpu: 1}", tmp_path)
    text, said = compiled(name, "{gpu: {model: Tesla-T4, resource: nvidia.com/mig-1g.5gb}}", tmp_path)
    assert said == []
    assert (
        text.count("nvidia.com/gpu.product: Tesla-T4") == plain.count("nvidia.com/gpu.product: Tesla-T4") > 0
    )
    assert "nvidia.com/mig-1g.5gb" in text


def test_a_gpu_of_another_vendor_is_none_that_a_machine_hands_out(tmp_path: Path) -> None:
    assert len(compiled("local", "{gpu: {resource: amd.com/gpu}}", tmp_path)[1]) == 1
    assert compiled("local", "{gpu: {resource: nvidia.com/gpu}}", tmp_path)[1] == []


def test_slurm_is_asked_for_gpus_by_their_type(tmp_path: Path) -> None:
    assert "--gres=gpu:2 " in compiled("slurm", "{gpu: 2}", tmp_path)[0]
    assert "--gres=gpu:a100:1 " in compiled("slurm", "{gpu: {model: a100}}", tmp_path)[0]

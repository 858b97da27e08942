"""The judge of Kubeflow packages is judged: what is good passes, and each thing that it is there for is refused."""

from pathlib import Path

import pytest

from tests.conformance.kubeflow_judge import judge_kubeflow

PIPELINE = """\
pipelineInfo:
  name: train
schemaVersion: "2.1.0"
sdkVersion: by-hand
root:
  inputDefinitions:
    parameters:
      rate: {parameterType: NUMBER_DOUBLE, defaultValue: 0.1}
  dag:
    tasks:
      fit:
        taskInfo: {name: fit}
        componentRef: {name: comp-fit}
        inputs:
          parameters:
            rate: {componentInputParameter: rate}
        retryPolicy: {maxRetryCount: 2, backoffDuration: 60s}
      report:
        taskInfo: {name: report}
        componentRef: {name: comp-report}
        dependentTasks: [fit]
components:
  comp-fit:
    executorLabel: exec-fit
    inputDefinitions:
      parameters:
        rate: {parameterType: NUMBER_DOUBLE}
  comp-report:
    executorLabel: exec-report
deploymentSpec:
  executors:
    exec-fit:
      container:
        image: python
        command: [python, fit.py]
        resources: {resourceCpuLimit: 500m}
    exec-report:
      container:
        image: python
        command: [python, report.py]
"""

PLATFORM = """\
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        exec-fit:
          activeDeadlineSeconds: "600"
          podMetadata:
            labels: {team: ml}
          secretAsEnv:
          - secretNameParameter: {runtimeValue: {constant: store}}
            keyToEnv: [{secretKey: key, envVar: KEY}]
    pipelineConfig:
      resourceTtlOnCompletion: 3600
"""

BAD = {
    "unknown field": ("sdkVersion:", "sdkVersoin:", 'unknown field "sdkVersoin"'),
    "unknown field of a task": ("dependentTasks:", "needs:", 'unknown field "needs"'),
    "unknown field of a container": ("resources: {", "ports: {", 'unknown field "ports"'),
    "unknown type": ("NUMBER_DOUBLE, d", "DOUBLE, d", "parameterType"),
    "not a duration": ("60s", "1m", 'invalid google.protobuf.Duration value "1m"'),
    "the same key twice": ("sdkVersion:", "schemaVersion:", '"schemaVersion" already defined'),
    "old schema": ('"2.1.0"', '"2.0.0"', 'schemaVersion is "2.0.0"'),
    "schema as a number": ('"2.1.0"', "2.1", "invalid value for string field schemaVersion: 2.1"),
    "bad name": ("name: train", "name: My_Pipeline", '"My_Pipeline" cannot be the name'),
    "no name": ("  name: train", "  displayName: train", '"" cannot be the name'),
    "missing component": ("name: comp-report}", "name: nowhere}", 'cannot find component ref name="nowhere"'),
    "missing executor": ("executorLabel: exec-report", "executorLabel: nowhere", 'label="nowhere"'),
    "dangling dependency": ("dependentTasks: [fit]", "dependentTasks: [nobody]", "invalid dependency nobody"),
    "cycle": ("dependentTasks: [fit]", "dependentTasks: [report]", "graph with cycle"),
    "underscore in a name": ("      report:\n", "      my_report:\n", "invalid dependency"),
    "long name": ("      report:\n", f"      {'r' * 122}:\n", "must be no more than 128 characters"),
    "equal containers": (
        "executorLabel: exec-report",
        "executorLabel: exec-fit",
        '"comp-report" gets the interface of "comp-fit"',
    ),
    "unknown field of the platform": ("platforms:", "other: {}\nplatforms:", 'unknown field "other"'),
    "unknown executor": ("        exec-fit:\n", "        exec-x:\n", 'there is no executor "exec-x"'),
    "type of a field of an executor": ('"600"', "soon", "activeDeadlineSeconds"),
    "placeholder that nothing fills": (
        "team: ml",
        "team: '{{inputs.parameters.x}}'",
        "failed to resolve {{inputs.parameters.x}}",
    ),
}

HEAD = "pipelineInfo: {name: train}\nschemaVersion: '2.1.0'\ndeploymentSpec: {}\n"

NO_PACKAGE = {
    "nothing": ("", "no pipeline document"),
    "a platform alone": (PLATFORM, "no pipeline document"),
    "a list": ("- train\n", "cannot unmarshal !!seq"),
    "no YAML": ("a: [\n", "did not find expected"),
    "two pipelines": (f"{PIPELINE}---\n{PIPELINE}", "two pipeline documents"),
    "two platforms": (f"{PLATFORM}---\n{PLATFORM}", "two platform documents"),
    "another platform": (f"{PIPELINE}---\nplatforms: {{other: {{}}}}\n", "no kubernetes"),
    "no root": (HEAD, "there is no root"),
    "an empty root": (f"{HEAD}root: {{}}\n", "unknown component implementation"),
    "no tasks": (f"{HEAD}root: {{dag: {{tasks: {{}}}}}}\n", "must have at least one task"),
}


def judged(folder: Path, *texts: str) -> list[str]:
    """What the judge says of each text, a line for an error."""
    paths = [folder / f"{number}.yaml" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    found = judge_kubeflow(paths)
    assert list(found) == paths
    return ["\n".join(errors) for errors in found.values()]


def test_good_packages_pass(tmp_path: Path) -> None:
    texts = [
        f"{PIPELINE}---\n{PLATFORM}",
        f"{PLATFORM}---\n{PIPELINE}",
        PIPELINE,
        f"---\n---\n{PIPELINE}---\n",
    ]
    assert judged(tmp_path, *texts) == ["", "", "", ""]


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_bad_packages_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    good = f"{PIPELINE}---\n{PLATFORM}"
    assert old in good
    [found] = judged(tmp_path, good.replace(old, new, 1))
    assert message in found


@pytest.mark.parametrize(("text", "message"), NO_PACKAGE.values(), ids=NO_PACKAGE)
def test_what_is_no_package_is_refused(tmp_path: Path, text: str, message: str) -> None:
    [found] = judged(tmp_path, text)
    assert message in found


def test_a_judge_that_cannot_work_is_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such file"):
        judge_kubeflow([tmp_path / "nowhere.yaml"])

"""What is written under `targets`: that of a step lies over that of the run, and keeps its places."""

from pathlib import Path

from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.ir import Workflow

STAGES = """
stages:
  a:
    - {step_name: one, image: "a:1", targets: {slurm: {account: vision, partition: null, x-why: budget}}}
    - {step_name: two, image: "a:1"}
"""


def workflow_of(text: str) -> Workflow:
    workflow, diagnostics = analyse(Input("config.yaml", text.encode(), Path()), Overrides())
    assert workflow, diagnostics
    return workflow


def test_the_options_of_a_step_lie_over_those_of_the_run() -> None:
    workflow = workflow_of(
        "targets: {slurm: {account: ml, partition: gpu, time: 90, modules: [a, b]}}" + STAGES
    )
    one, two = workflow.tasks
    assert workflow.options("slurm").values == {
        "account": "ml",
        "partition": "gpu",
        "time": 90,
        "modules": ("a", "b"),
    }
    assert two.options("slurm").values == workflow.options("slurm").values
    assert one.options("slurm").values == {"account": "vision", "time": 90, "modules": ("a", "b")}
    assert {key: span.line for key, span in one.options("slurm").places.items()} == {
        "account": 4,
        "time": 1,
        "modules": 1,
        "x-why": 4,
    }


def test_the_defaults_lie_between_them() -> None:
    [task, _] = workflow_of(
        "targets: {slurm: {account: ml, qos: low}}\ndefaults: {targets: {slurm: {account: b, qos: b, time: 5}}}"
        + STAGES.replace("partition: null", "time: null")
    ).tasks
    assert task.options("slurm").values == {"account": "vision", "qos": "b"}


def test_what_nobody_wrote_is_empty() -> None:
    workflow = workflow_of(
        STAGES.replace(", targets: {slurm: {account: vision, partition: null, x-why: budget}}", "")
    )
    assert not workflow.options("slurm").values
    assert workflow.tasks[0].options("argo").place("pod.affinity") is None


def test_expressions_are_worked_out_in_them() -> None:
    text = "params: {budget: ml}\ntargets: {slurm: {account: '${{ params.budget }}', nodes: 2}}" + STAGES
    assert workflow_of(text).options("slurm").values == {"account": "ml", "nodes": 2}

"""What comes after what: the stages in their order, or what `needs` say instead, held against a plain reading of the rules."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Code, has_errors
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.graph import upstream
from automl.compiler.ir import Workflow
from tests.examples import examples

Stage = list[dict[str, Any]]
STEP = {"image": "i", "entrypoint": ["run"]}


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Stages of jobs and services, some of which need steps and stages that stand before them."""
    stages: dict[str, Any] = {}
    words: list[str] = []  # what can be needed so far
    for number in range(draw(st.integers(1, 4))):
        steps, own = [], list(words)
        for place in range(draw(st.integers(1, 3))):
            step: dict[str, Any] = {"step_name": f"s{number}{place}", **STEP}
            if draw(st.integers(0, 3)) == 0:
                step |= {"service": {}, "timeout": 60}
            if draw(st.integers(0, 2)) == 0:
                step["needs"] = draw(st.lists(st.sampled_from(own), max_size=3)) if own else []
            own += [step["step_name"], f"g{number}/{step['step_name']}"]
            steps.append(step)
        words = [*own, f"g{number}", f"g{number}/*"]
        needs = [word for word in words if not word.removeprefix("s").startswith(str(number))]
        needs = [word for word in needs if not word.startswith(f"g{number}")]
        if draw(st.integers(0, 3)) == 0:
            stages[f"g{number}"] = {
                "steps": steps,
                "needs": draw(st.lists(st.sampled_from(needs), max_size=2)) if needs else [],
            }
        else:
            stages[f"g{number}"] = steps
    return {"name": "n", "code": {"image": True}, "stages": stages}


def compiled(config: dict[str, Any]) -> tuple[Workflow | None, list[str]]:
    workflow, diagnostics = analyse(Input("config.yaml", json.dumps(config).encode(), Path()), Overrides())
    return workflow, [each.message for each in diagnostics if has_errors([each])]


def wanted(config: dict[str, Any]) -> dict[str, set[str]]:
    """The steps that each one comes after, however far: what stands before it, unless it needs something else."""
    before: dict[str, set[str]] = {}
    of_stage: dict[str, list[str]] = {}

    def all_of(words: list[str]) -> set[str]:
        steps: set[str] = set()
        for word in words:
            stage = word.removesuffix("/*")
            steps |= set(of_stage[stage]) if stage in of_stage else {word.rpartition("/")[2]}
        return steps.union(*(before[step] for step in steps))

    def everything() -> set[str]:
        return set(before)

    for name, stage in config["stages"].items():
        steps = stage["steps"] if isinstance(stage, dict) else stage
        at_start = all_of(stage["needs"]) if isinstance(stage, dict) else everything()
        of_stage[name] = [step["step_name"] for step in steps]
        jobs = [step["step_name"] for step in steps if "service" not in step]
        for step in sorted(steps, key=lambda step: "service" in step):
            own = set(jobs) if "service" in step else set()
            if "needs" in step:
                before[step["step_name"]] = set()  # filled below, when all of the stage is there
            else:
                before[step["step_name"]] = at_start | own
        for _ in steps:
            for step in steps:
                if "needs" in step:
                    before[step["step_name"]] = all_of(step["needs"])
                else:
                    known = before[step["step_name"]]
                    before[step["step_name"]] = known.union(*(before[other] for other in known))
    return before


@settings(max_examples=examples(150), deadline=None)
@given(configs())
def test_each_step_comes_after_what_it_should_and_nothing_else(config: dict[str, Any]) -> None:
    workflow, errors = compiled(config)
    if workflow is None:
        assert all("wait" in error for error in errors), errors  # a step of its own stage that comes later
        return
    bits = {node.name: 1 << place for place, node in enumerate(workflow.nodes)}
    before = upstream(workflow.nodes)
    tasks = [task.name for task in workflow.tasks]
    assert {name: {other for other in tasks if before[name] & bits[other]} for name in tasks} == wanted(
        config
    )


def test_a_stage_that_waits_for_nothing_does_not_let_the_next_one_start_early() -> None:
    early = [{"step_name": "early", "needs": [], **STEP}]
    stages = {"a": [{"step_name": "slow", **STEP}], "b": early, "c": [{"step_name": "last", **STEP}]}
    workflow, _ = compiled({"name": "n", "code": {"image": True}, "stages": stages})
    assert workflow
    bits = {node.name: 1 << place for place, node in enumerate(workflow.nodes)}
    before = upstream(workflow.nodes)
    assert before["last"] & bits["slow"]
    assert before["last"] & bits["early"]
    assert not before["early"]


def test_a_circle_names_each_place_where_a_step_waits() -> None:
    stages = {"a": [{"step_name": "x", "needs": ["y"], **STEP}, {"step_name": "y", "needs": ["x"], **STEP}]}
    config = json.dumps({"name": "n", "code": {"image": True}, "stages": stages})
    _, [diagnostic] = analyse(Input("config.yaml", config.encode(), Path()), Overrides())
    assert diagnostic.code is Code.CIRCLE
    assert diagnostic.message == '"x" and "y" wait for each other'
    places = {diagnostic.span.column, *(related.span.column for related in diagnostic.related)}
    assert places == {config.index('"y"]') + 1, config.index('"x"]') + 1}

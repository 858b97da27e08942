"""The plan of the coordinator: what is written is what is read."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.runtime.plan import Barrier, Plan, Service, Step
from tests.targets.nasty import NASTY

Object = dict[str, Any]
STEP = {"name": "load", "hash": "aa", "template": "churn--load"}
TEXTS = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.none() | st.integers(0, 10**6)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)


SOURCES = st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS | st.booleans(), max_size=3), max_size=2)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan; in it every node comes after some others."""
    names = draw(st.lists(TEXTS, unique=True, max_size=5))
    kinds = [draw(st.sampled_from([Step, Service, Barrier])) for _ in names]
    after = st.lists(st.sampled_from(names), unique=True, max_size=3).map(tuple) if names else st.just(())
    nodes = [draw(node(kind, st.just(name), after)) for kind, name in zip(kinds, names, strict=True)]
    return Plan(
        draw(TEXTS),
        tuple(each for each in nodes if not isinstance(each, Barrier)),
        tuple(each for each in nodes if isinstance(each, Barrier)),
        draw(st.booleans()),
        draw(TEXTS),
    )


def node(kind: type, name: Any, after: Any) -> st.SearchStrategy[Any]:
    if kind is Barrier:
        return st.builds(Barrier, name, after)
    if kind is Step:
        return st.builds(
            Step, name, TEXTS, TEXTS, after, NUMBERS, NUMBERS, SOURCES, st.lists(TEXTS, max_size=2).map(tuple)
        )
    deployment = st.dictionaries(TEXTS, VALUES, max_size=3)
    return st.builds(Service, name, TEXTS, deployment, after, NUMBERS, NUMBERS, NUMBERS, SOURCES)


@settings(max_examples=200, deadline=None)
@given(plans())
def test_what_is_written_is_read(plan: Plan) -> None:
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()


def test_what_has_its_default_is_left_out_and_the_rest_can_be_read() -> None:
    service = Service("api", "bb", {"kind": "Deployment"}, ("stage/load",), deadline=60, poll=0)
    plan = Plan("churn", (Step("lädt", "aa", "churn--load"), service), (Barrier("stage/load", ("lädt",)),))
    assert plan.to_json() == PLAN
    assert '"repeats": true' in replace(plan, repeats=True).to_json()


PLAN = """\
{
 "workflow": "churn",
 "tasks": [
  {"name": "lädt", "hash": "aa", "template": "churn--load"},
  {
   "name": "api",
   "hash": "bb",
   "deployment": {
    "kind": "Deployment"
   },
   "after": [
    "stage/load"
   ],
   "deadline": 60,
   "poll": 0
  }
 ],
 "barriers": [
  {"name": "stage/load", "after": ["lädt"]}
 ]
}
"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "plan lacks tasks, workflow"),
        (
            {"workflow": "w", "tasks": [], "max_parallel": 1, "name": "x"},
            "plan x has unknown keys: max_parallel, name",
        ),
        ({"workflow": "w", "tasks": [{**STEP, "image": "i"}]}, "step load has unknown keys: image"),
        ({"workflow": "w", "tasks": [{"name": "load"}]}, "step load lacks hash, template"),
        ({"workflow": "w", "tasks": [{"deployment": {}}]}, "service lacks hash, name"),
        ({"workflow": "w", "tasks": [{**STEP, "deployment": {}}]}, "service load has unknown keys: template"),
        ({"workflow": "w", "tasks": [], "barriers": [{"after": []}]}, "barrier lacks name"),
        ({"workflow": "w", "tasks": [STEP, STEP]}, "more than one node is called load"),
        (
            {"workflow": "w", "tasks": [STEP], "barriers": [{"name": "load"}]},
            "more than one node is called load",
        ),
        (
            {"workflow": "w", "tasks": [{**STEP, "after": ["b", "a", "load"]}]},
            "nodes come after what is not there: a, b",
        ),
        (
            {"workflow": "w", "tasks": [], "barriers": [{"name": "all", "after": ["a"]}]},
            "nodes come after what is not there: a",
        ),
    ],
)
def test_what_is_wrong_is_named(content: Object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'plan.json: {message}')}$"):
        Plan.from_json(json.dumps(content))

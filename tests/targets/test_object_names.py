"""Two workflows of one namespace never share an object, whatever they and their steps are called."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.compiler.values.dns import LONGEST, dns_label, member
from tests.examples import examples
from tests.golden import objects_in

TARGETS = ("argo", "kubeflow-native", "kubernetes")
NAMES = (
    st.text("ab-", min_size=1, max_size=4).map(lambda text: f"a{text}").filter(lambda name: dns_label(name))
)
LONG = st.text("ab", min_size=50, max_size=LONGEST).map(lambda text: f"a{text}"[:LONGEST])


@pytest.mark.parametrize("target", TARGETS)
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(first=("churn", "train"), second=("churn-train", "a"))
@example(first=("a", "b-c"), second=("a-b", "c"))
@given(first=st.tuples(NAMES, NAMES), second=st.tuples(NAMES, NAMES))
def test_two_workflows_share_no_object(
    target: str, first: tuple[str, str], second: tuple[str, str], tmp_path: Path
) -> None:
    assume(dns_label(first[0]) != dns_label(second[0]))
    assert not made(target, *first, tmp_path) & made(target, *second, tmp_path)


def made(target: str, workflow: str, step: str, folder: Path) -> set[tuple[str, str]]:
    """Kind and name of every object of a workflow with a schedule, a job and a service."""
    runs = {"image": "i", "entrypoint": ["run"]}
    steps = [{"step_name": step, **runs}, {"step_name": f"{step}-b", **runs, "timeout": 60, "service": {}}]
    config = {"name": workflow, "schedule": "@daily", "stages": {"s": steps}}
    found = targets.load(target)
    assert found
    options = Options(found.default_version, found.forms[0])
    given = Input("config.yaml", json.dumps(config).encode(), folder)
    [artifact] = compile_config(given, Overrides(), found, options).artifacts
    documents: list[Any] = list(yaml.load_all(artifact.text, yaml.CSafeLoader))
    return {(each["kind"], each["metadata"]["name"]) for each in (*documents, *objects_in(documents))}


@settings(max_examples=examples(300))
@given(
    st.tuples(NAMES | LONG, NAMES | LONG),
    st.tuples(NAMES | LONG, NAMES | LONG),
    st.sampled_from([52, LONGEST]),
)
def test_a_member_is_that_of_one_workflow(
    first: tuple[str, str], second: tuple[str, str], longest: int
) -> None:
    labels = [tuple(map(dns_label, each)) for each in (first, second)]
    names = [member(workflow, task, longest) for workflow, task in labels]
    assert (names[0] == names[1]) == (labels[0] == labels[1])
    assert all(len(name) <= longest for name in names)
    assert not set(names) & {label for each in labels for label in each}

"""Templates that tasks share in Argo: each task means what it means with one of its own."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automl.targets.argo import sharing
from automl.targets.argo.checks import NODE_BYTES, TEMPLATE_OVERHEAD, WORKFLOW_OVERHEAD, run_bytes
from automl.targets.argo.sharing import MAX_TEXTS
from tests.by_hand import job, workflow
from tests.examples import examples
from tests.targets.nasty import NASTY

Object = dict[str, Any]
_TAG = re.compile(r"\{\{inputs\.parameters\.([^{}]+)\}\}")
TEXTS = st.sampled_from(
    [text for text in NASTY if "{{" not in text and len(text) < 50] + ["a", "b", "{{workflow.uid}}"]
)


def shared(templates: Sequence[Object], jobs: Collection[str]) -> list[Object]:
    return list(sharing.shared(templates, jobs))


def leaf(name: str, inputs: Sequence[str], texts: Sequence[str], image: str = "i") -> Object:
    """A template of a task."""
    tags = [f"IN_{number}={{{{inputs.parameters.{key}}}}}" for number, key in enumerate(inputs)]
    args, values = texts[::2], texts[1::2]
    env: list[Object] = [{"name": f"V{number}", "value": value} for number, value in enumerate(values)]
    secret: Object = {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    container: Object = {"image": image, "args": [*tags, *args], "env": [secret, *env]}
    template: Object = {"name": name, "metadata": {"labels": {"step": name}}}
    if inputs:
        template["inputs"] = {"parameters": [{"name": key} for key in inputs]}
    return template | {"container": container if texts or inputs else {"image": image}}


def dag(leaves: Sequence[Object], depends: str | None = None) -> Object:
    """A DAG in which each takes what the DAG takes, or what another task leaves."""
    tasks = []
    for template in leaves:
        keys = [parameter["name"] for parameter in template.get("inputs", {}).get("parameters", [])]
        values = [{"name": key, "value": f"{{{{tasks.other.outputs.parameters.{key}}}}}"} for key in keys]
        task = {"name": template["name"], "template": template["name"], "depends": "other.Succeeded"}
        tasks.append(task | ({"arguments": {"parameters": values}} if values else {}))
    return {"name": "main", "dag": {"tasks": tasks}}


def meaning(templates: Sequence[Object]) -> dict[str, Object]:
    """By the name of a task: what its template becomes with what it is given, and the rest of the task."""
    by_name = {template["name"]: template for template in templates}
    meant = {}
    for task in by_name["main"]["dag"]["tasks"]:
        arguments = {one["name"]: one["value"] for one in task.get("arguments", {}).get("parameters", [])}
        template = by_name[task["template"]]
        takes = [one["name"] for one in template.get("inputs", {}).get("parameters", [])]
        assert takes == list(arguments)
        text = json.dumps({key: value for key, value in template.items() if key not in ("name", "inputs")})
        filled = json.loads(_TAG.sub(partial(_given, arguments), text))
        meant[task["name"]] = {"template": filled, "depends": task["depends"]}
    return meant


def _given(arguments: Mapping[str, str], match: re.Match[str]) -> str:
    return json.dumps(arguments[match[1]])[1:-1]


@st.composite
def leaves(draw: st.DrawFn) -> list[Object]:
    shapes = st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["i", "i", "other"]))
    made = []
    for number, (inputs, texts, image) in enumerate(draw(st.lists(shapes, max_size=6))):
        keys = draw(st.permutations(["one", "two"]))[:inputs]
        made.append(leaf(f"step-{number}", keys, [draw(TEXTS) for _ in range(texts)], image))
    return made


@settings(max_examples=examples(200), deadline=None)
@given(leaves(), st.integers(0, 6))
def test_a_task_means_the_same(of_tasks: list[Object], jobs: int) -> None:
    templates = [*of_tasks, dag(of_tasks)]
    names = {template["name"] for template in of_tasks[:jobs]}
    found = shared(templates, names)
    assert meaning(found) == meaning(templates)
    assert found[-1]["name"] == "main"
    assert [each for each in found if each in of_tasks[jobs:]] == of_tasks[jobs:]


@settings(max_examples=examples(200), deadline=None)
@given(leaves())
def test_what_argo_would_change_is_no_parameter(of_tasks: list[Object]) -> None:
    found = shared([*of_tasks, dag(of_tasks)], {template["name"] for template in of_tasks})
    given = [
        one for task in found[-1]["dag"]["tasks"] for one in task.get("arguments", {}).get("parameters", [])
    ]
    texts = [one["value"] for one in given if not one["value"].startswith("{{tasks.")]
    assert all(text.isascii() and "{{" not in text for text in texts)
    assert all(char in "\t\n" or char.isprintable() for text in texts for char in text)


def test_as_few_templates_as_can_be() -> None:
    of_tasks = [leaf(f"step-{number}", ["one"], [str(number), "same", str(number)]) for number in range(5)]
    first, last = shared([*of_tasks, dag(of_tasks)], {template["name"] for template in of_tasks})
    tag = "{{inputs.parameters.text-2}}"
    assert first["container"]["args"] == ["IN_0={{inputs.parameters.value-1}}", tag, tag]
    assert first["container"]["env"][1] == {"name": "V0", "value": "same"}
    assert last["dag"]["tasks"][4]["arguments"]["parameters"] == [
        {"name": "value-1", "value": "{{tasks.other.outputs.parameters.one}}"},
        {"name": "text-1", "value": "step-4"},
        {"name": "text-2", "value": "4"},
    ]


def test_a_name_that_is_taken_is_not_taken_again() -> None:
    of_tasks = [leaf(name, [], []) for name in ("steps", "steps-2")]
    names = [template["name"] for template in shared([*of_tasks, dag(of_tasks)], {"steps", "steps-2"})]
    assert names == ["steps-3", "main"]


def test_too_many_texts_stay_where_they_are() -> None:
    for texts, count in ((MAX_TEXTS - 1, 1), (MAX_TEXTS, 2)):
        of_tasks = [leaf(name, [], [f"{name}{number}" for number in range(texts)]) for name in ("one", "two")]
        assert len(shared([*of_tasks, dag(of_tasks)], {"one", "two"})) == count + 1


def test_each_task_counts_for_what_argo_keeps_of_a_run_with_its_texts() -> None:
    of_tasks = [leaf(f"step-{number}", [], [f"{number}{'x' * 99}"]) for number in range(5)]
    templates = shared([*of_tasks, dag(of_tasks)], {template["name"] for template in of_tasks})
    assert len(templates) == 2
    nodes, texts = 6 * NODE_BYTES, 5 * (len("step-0") + 100)
    size = run_bytes(workflow([job(f"step-{number}") for number in range(5)]), templates, [0, 0])
    assert size == 2 * TEMPLATE_OVERHEAD + nodes + texts + WORKFLOW_OVERHEAD

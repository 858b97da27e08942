"""Texts with references, which no config makes yet: what the process of a container gets of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.compiler.ir import (
    BaseTask,
    Command,
    Constant,
    Git,
    Job,
    Project,
    Reference,
    Service,
    Task,
    Text,
    Variable,
    Workflow,
)
from automl.compiler.lowering.references import with_values
from automl.compiler.target import Options, Target
from automl.targets import load
from tests.by_hand import SPAN, job, workflow
from tests.examples import examples
from tests.runtime.kubelet import expanded

_SOME = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
_GIT = Git("https://example.com/a.git", "main", None, None, None, SPAN)
Object = dict[str, Any]

_words = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12),
    st.text("$(){}A\\= '\"\n", min_size=1, max_size=10),
    st.sampled_from(
        ["$", "$$", "a$", "$(", "$(HOME)", "$(AUTOML_PARAM_LR)", "{{", "{{x}}", "{", "}", "é", "$é"]
    ),
)


@st.composite
def texts(draw: st.DrawFn, references: list[Reference]) -> Text:
    """Words of the user and references, no two words side by side."""
    parts: list[str | Reference] = []
    for _ in range(draw(st.integers(1, 4))):
        needs_reference = bool(parts) and isinstance(parts[-1], str)
        of_words = st.sampled_from(references) if needs_reference else _words | st.sampled_from(references)
        parts.append(draw(of_words))
    return Text(tuple(parts), SPAN)


@st.composite
def tasks(draw: st.DrawFn, name: str) -> Task:
    names = ["AUTOML_PARAM_LR", "AUTOML_PARAM_A", "AUTOML_PARAM_B"]
    references = [Reference(name, Constant(draw(_words | st.just("")))) for name in names]
    any_text = texts(references)
    variables = st.dictionaries(st.sampled_from(["A", "B", "HOME"]), any_text, max_size=3)
    command = Command(
        tuple(draw(st.lists(any_text, min_size=1, max_size=2))), tuple(draw(st.lists(any_text, max_size=3)))
    )
    project = draw(st.none() | st.builds(Project, st.none() | any_text))
    made = job(name, command=command, project=project, image=name)
    made = made._replace(variables=tuple(Variable(*pair) for pair in draw(variables).items()))
    return service(made) if draw(st.integers(0, 3)) == 0 else made


def service(made: Job) -> Service:
    """The same as a service."""
    return Service(
        **{name: getattr(made, name) for name in BaseTask._fields},
        port=80,
        replicas=1,
        min_ready_seconds=5,
        revision_history_limit=2,
        max_startup_seconds=None,
        readiness_path=None,
        ingress=None,
        rollout_deadline=60,
    )


def filled(text: Text) -> str:
    return text.with_values(lambda reference: str(reference.known))


def containers(value: Any) -> Iterator[Object]:
    """Every container of a document, those of objects that a pod applies too."""
    if isinstance(value, dict):
        if "image" in value:
            yield value
        for item in value.values():
            yield from containers(item)
    elif isinstance(value, list):
        for item in value:
            yield from containers(item)
    elif isinstance(value, str) and value.startswith('{\n  "apiVersion"'):
        yield from containers(json.loads(expanded(value, {})))
    elif isinstance(value, str) and value.startswith(
        '{\n "workflow"'
    ):  # a file with the plan of the coordinator
        yield from containers(json.loads(value))


def seen_by(
    container: Object, config_maps: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], dict[str, str]]:
    """The words and the variables that the process of a container gets from the kubelet."""
    variables: dict[str, str] = {}
    for variable in container.get("env", []):
        reference = variable.get("valueFrom", {}).get("configMapKeyRef")
        if reference:
            variables[variable["name"]] = config_maps[reference["name"]][reference["key"]]
        else:
            variables[variable["name"]] = expanded(variable.get("value", ""), variables)
    words = [*container.get("command", []), *container.get("args", [])]
    return [expanded(word, variables) for word in words], variables


def emitted(target: str, form: str | None, wanted: Workflow) -> list[Object]:
    engine: Target | None = load(target)
    assert engine
    emission = engine.emit(wanted, Options(engine.default_version, form or engine.forms[0]))
    return [document for artifact in emission.artifacts for document in yaml.safe_load_all(artifact.text)]


@pytest.mark.parametrize(("target", "form"), [("argo", None), ("argo", "template"), ("kubernetes", None)])
@_SOME
@given(first=tasks("task-1"), second=tasks("task-2"))
def test_a_program_gets_the_values_in_its_texts(
    target: str, form: str | None, first: Task, second: Task
) -> None:
    written = [first, second]
    has_code = any(task.project for task in written)
    wanted = workflow([with_values(task) for task in written])._replace(code=_GIT if has_code else None)
    documents = emitted(target, form, wanted)
    config_maps = {each["metadata"]["name"]: each.get("data", {}) for each in documents}
    every = [each for document in documents for each in containers(document)]
    for task in written:
        [container] = [each for each in every if each["image"] == task.name]
        words, variables = seen_by(container, config_maps)
        assert words[-len(task.command.words) :] == [filled(text) for text in task.command.words]
        if task.project and task.project.dependencies:
            assert words[words.index("--dependencies") + 1] == filled(task.project.dependencies)
        for variable in task.variables:
            assert variables[variable.name] == filled(variable.value)
        for reference in (reference for text in task.texts for reference in text.references):
            assert variables[reference.variable] == reference.known


def test_argo_sees_no_part_that_it_would_expand() -> None:
    rate = Reference("AUTOML_PARAM_LR", Constant("{{value}}"))
    made = job(
        "a", command=Command((Text.of("true", SPAN),), (Text(("{{before}}", rate, "{{after}}"), SPAN),))
    )
    made = made._replace(variables=(Variable("A", Text((rate, "{{own}}"), SPAN)),))
    documents = emitted("argo", None, workflow([with_values(made)]))
    [run] = [document for document in documents if document["kind"] == "Workflow"]
    assert "{{" not in json.dumps(run)


def test_a_variable_has_one_source() -> None:
    texts = tuple(Text((Reference("AUTOML_PARAM_LR", Constant(value)),), SPAN) for value in "12")
    with pytest.raises(ValueError, match="one source"):
        with_values(job("a", command=Command(None, texts)))


def test_a_task_without_references_stays_as_it_is() -> None:
    made = job("a")
    assert with_values(made) is made


def test_a_text_with_a_reference_has_no_literal() -> None:
    text = Text(("lr=", Reference("AUTOML_PARAM_LR", Constant("1"))), SPAN)
    with pytest.raises(ValueError, match="AUTOML_PARAM_LR"):
        text.literal  # noqa: B018
    assert Text((), SPAN).literal == ""
    assert Text.of("lr", SPAN).literal == "lr"

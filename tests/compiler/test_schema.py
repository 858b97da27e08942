"""What the schema refuses: the same as another implementation of JSON Schema, and every complaint has its place."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.structure.schema import check_structure
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping, to_plain
from automl.compiler.tree.reader import read
from automl.schemas import config_schema, contexts_schema, indented
from automl.targets.writers.yaml import write_yaml
from tests import configs
from tests.examples import examples

ORACLE = Draft202012Validator(json.loads(config_schema()))


def read_tree(text: str) -> Mapping:
    source, found = decode("config.yaml", text.encode())
    root, _ = read(source)
    assert found == []
    assert root is not None
    return root


def complaints(text: str) -> list[Diagnostic]:
    return check_structure(read_tree(text))[1]


def config(step: str = "step_name: a", top: str = "") -> str:
    return f"{top}\nstages: {{s: [{{{step}}}]}}\n"


@settings(max_examples=examples(250), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs.changed())
def test_another_implementation_agrees(changed: dict[str, Any]) -> None:
    root = read_tree(write_yaml([changed or {"a": 1}]))
    plain = to_plain(root)
    sound, found = check_structure(root)
    assert (found == []) == ORACLE.is_valid(plain)
    if not found:
        assert sound is not None
        assert to_plain(sound) == plain


@settings(max_examples=examples(200), deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_it_is_indented_as_json_does(value: Any) -> None:
    assert indented(value) == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("text", [config_schema(), contexts_schema()])
def test_the_schemas_are_printed_as_json_does(text: str) -> None:
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def relaxed() -> Draft202012Validator:
    """The schema without what only says that something is missing or too much around the steps."""
    schema = json.loads(config_schema())
    del schema["required"], schema["additionalProperties"]
    del schema["properties"]["stages"]["minProperties"], schema["$defs"]["steps"]["minItems"]
    return Draft202012Validator(schema)


RELAXED = relaxed()


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs.changed())
def test_what_is_left_is_sound(changed: dict[str, Any]) -> None:
    root = read_tree(write_yaml([changed or {"a": 1}]))
    sound, _ = check_structure(root)
    if sound is not None:
        kept = to_plain(sound)
        assert isinstance(kept, dict)
        kept.pop("defaults", None)
        assert list(RELAXED.iter_errors(kept)) == []


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "help"),
    [
        (config("step_name: a, imgae: b"), 2, 29, 'unknown key "imgae" in a step', 'did you mean "image"?'),
        (config("step_name: a, cpu: 1"), 2, 29, 'unknown key "cpu" in a step', 'did you mean "cpu_request"?'),
        (config("step_name: a, port: 1"), 2, 29, 'unknown key "port" in a step', '"port" belongs in the `service` of a step'),
        (config(top="image: a"), 1, 1, 'unknown key "image" at the top of the file', '"image" belongs in a step, or in `defaults`'),
        (config("step_name: a, schedule: 1"), 2, 29, 'unknown key "schedule" in a step', '"schedule" belongs at the top of the file'),
        (config(top="code: {git: {url: u}}"), 1, 8, 'the key "ref" is missing in "git"', "for instance `ref: main`"),
        (config("image: a"), 2, 15, 'the key "step_name" is missing in a step', 'for instance `step_name: train-xgboost`'),
        (config(top="version: ''"), 1, 10, '"version" is empty', 'give a value, or remove the key'),
        (config(top="schedule: 5"), 1, 11, '"schedule" must be text or keys and values, not "5"', 'for instance `schedule: "0 12 * * *"`'),
        (config(top="labels: {a: ~}"), 1, 13, '"a" must be a single value, not nothing', "give a value, or remove the key"),
        (config("step_name: a, args: a b"), 2, 35, '"args" must be a list, not "a b"', 'write `args: ["a", "b"]`'),
        (config("step_name: a, replicas: 1.5"), 2, 39, '"replicas" must be a whole number, not "1.5"', 'write a whole number, 1 or more'),
        (config("step_name: a, replicas: true"), 2, 39, '"replicas" must be a whole number, not "true"', 'write a whole number, 1 or more'),
        (config("step_name: a, replicas: '3'"), 2, 39, '"replicas" must be a whole number, not the text "3"', 'write `replicas: 3`'),
        (config("step_name: a, replicas: 0"), 2, 39, '"replicas" must be at least 1, not "0"', 'write a whole number, 1 or more'),
        (config("step_name: a, backoff_limit: -1"), 2, 44, '"backoff_limit" must be at least 0, not "-1"', 'write a whole number, 0 or more'),
        (config("step_name: a, service: {port: 65536}"), 2, 45, '"port" must be at most 65535, not "65536"', 'write a whole number from 1 to 65535'),
        (config("step_name: a, service: {ingress: no}"), 2, 48, '"ingress" must be true or false or keys and values, not "no"', 'write `ingress: false`'),
        (config("step_name: a, path_to_executable: a.rb"), 2, 49, '"path_to_executable" must be a path that ends in .py, .ipynb or .sh, not "a.rb"', 'another program is a `command: [ruby, a.rb]`, in an `image` that has it'),
        (config("step_name: a, secrets: [{name: s, keys: {'a b': A}}]"), 2, 56, '"a b" cannot be a key in "keys"', "use letters, digits, `-`, `_` and `.`"),
        (config("step_name: a, command: [[a]]"), 2, 39, 'an item of "command" must be a single value, not a list', 'write one text'),
        (config(top="schedule: {cron: '@daily', concurrency: never}"), 1, 41, '"concurrency" must be one of allow, forbid, replace, not "never"', 'for instance `concurrency: allow`'),
        (config(top="code: {}"), 1, 7, '"code" is empty', 'give one of git, image, bundle, or remove the key'),
        (config(top="code: {image: true, bundle: true}"), 1, 7, '"code" takes one of git, image, bundle, not several', 'keep one of them'),
        (config(top="code: {image: yes}"), 1, 15, '"image" must be true, not "yes"', 'write `image: true`'),
        ("stages: {}\n", 1, 9, '"stages" is empty', '`stages:` holds the stages by name, each a list of steps'),
        ("stages: {a: []}\n", 1, 13, '"a" is empty', 'write its steps below it, each behind a `- `, or remove the stage'),
        ("stages: {a: {}}\n", 1, 13, '"a" must be a list, not keys and values', 'write its steps below it, each behind a `- `'),
        ("stages: {a: [b]}\n", 1, 14, 'an item of "a" must be keys and values, not "b"', 'a step has keys: `step_name: b`, and the others below it'),
        ("name: a\n", 1, 1, 'the key "stages" is missing at the top of the file', "`stages:` holds the stages by name, each a list of steps"),
        ("[a, b]: 1\nstages: {}\n", 2, 9, '"stages" is empty', '`stages:` holds the stages by name, each a list of steps'),
    ],
)  # fmt: skip
def test_complaints(text: str, line: int, column: int, message: str, help: str | None) -> None:
    [found] = complaints(text)
    assert (found.message, found.help) == (message, help)
    assert (found.span.line, found.span.column) == (line, column)


def test_a_step_may_have_an_empty_list_of_arguments() -> None:
    assert complaints(config("step_name: a, args: []")) == []


@pytest.mark.parametrize("text", ["1", "1.0", "1e0", "+1"])
def test_a_whole_number_may_be_written_in_every_way(text: str) -> None:
    assert complaints(config(f"step_name: a, replicas: {text}")) == []


@pytest.mark.parametrize("text", [str(2**63), str(-(2**64)), "1" * 300, "1e300", "-1e-300"])
def test_large_numbers_are_judged_like_others(text: str) -> None:
    found = complaints(config(f"step_name: a, service: {{port: {text}}}"))
    assert {each.code for each in found} <= {Code.WRONG_VALUE, Code.WRONG_TYPE} != set()
    assert complaints(config(f"step_name: a, envs: {{A: {text}}}")) == []


@pytest.mark.parametrize(
    "name",
    [
        *("", "0", "1", "01", "+1", "key.1", "key.", "a/b", "~1", "x y", "-1", "1.0", "\u0661"),
        *("\0", "\0\0", "\0key.", "key.\0", "\0001"),
    ],
)
def test_every_key_is_found_again(name: str) -> None:
    quoted = json.dumps(name)
    text = f"stages: {{ {quoted}: [{{step_name: a}}, {{step_name: b, {quoted}: 1, envs: {{ {quoted}: [] }}}}] }}\n"
    sound, found = check_structure(read_tree(text))
    assert sound is not None
    assert to_plain(sound) == {"stages": {name: [{"step_name": "a"}]}}
    assert sorted((each.span.column, each.message) for each in found) == [
        (45 + len(quoted), f'unknown key "{name}" in a step'),
        (60 + 3 * len(quoted), f'"{name}" must be a single value, not a list'),
    ]


@pytest.mark.parametrize("name", ["1", "01", '""'])
def test_a_stage_that_is_called_a_number_is_left_out_when_it_is_no_list(name: str) -> None:
    sound, [found] = check_structure(read_tree(f"stages: {{ {name}: 5, a: [{{step_name: b}}]}}\n"))
    assert found.code is Code.WRONG_TYPE
    assert sound is not None
    assert to_plain(sound) == {"stages": {"a": [{"step_name": "b"}]}}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("1", True), ("key.1", True), ("", False), ("a b", False), ("\u0661", False), ("\0", False)],
)
def test_keys_of_a_secret(name: str, allowed: bool) -> None:
    found = complaints(config(f"step_name: a, secrets: [{{name: s, keys: {{ {json.dumps(name)}: A}}}}]"))
    assert [each.code for each in found] == ([] if allowed else [Code.WRONG_VALUE])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("name: work\nx-stages: {a: [{step_name: b}]}\n", "stages"),
        ("x-stages: {a: [{step_name: b}]}\n", "stages"),
        (config("x-step_name: a"), "step_name"),
    ],
)
def test_a_key_of_the_users_is_no_other_key(text: str, missing: str) -> None:
    assert f'the key "{missing}" is missing' in complaints(text)[0].message


def test_the_name_of_a_secret_is_said() -> None:
    [found] = complaints(config(top="volumes: {certificates: {secret: [churn-tls]}}"))
    assert found.help == "write `secret: churn-tls`"
    [found] = complaints(config(top="artifacts: {store: s3://churn, secret: [churn-store]}"))
    assert found.help == "write `secret: churn-store`"


def test_what_says_where_files_travel_is_made_right() -> None:
    for text in ("engines", "{engine: false}"):
        [found] = complaints(config(top=f"artifacts: {text}"))
        assert found.help == "write `artifacts: engine`, or leave it out"


def test_one_misshapen_step_leaves_the_others() -> None:
    sound, found = check_structure(
        read_tree(
            "stages:\n  a: [{step_name: b, bad: 1}, {step_name: c}]\n  d: 1\n  e: [{step_name: f}]\nname: []\n"
        )
    )
    assert len(found) == 3
    assert sound is not None
    assert to_plain(sound) == {"stages": {"a": [{"step_name": "c"}], "e": [{"step_name": "f"}]}}


@pytest.mark.parametrize("top", ["code: 1", "defaults: {bad: 1}", "defaults: []"])
def test_what_every_step_depends_on_leaves_nothing(top: str) -> None:
    sound, found = check_structure(read_tree(config(top=top)))
    assert sound is None
    assert found != []


def test_every_complaint_is_one_finding() -> None:
    names = ", ".join(f"bad{number}: 1" for number in range(30))
    found = complaints(config(f"step_name: a, {names}"))
    assert [each.code for each in found] == [Code.UNKNOWN_KEY] * 30
    assert len({each.span for each in found}) == 30


def test_a_synonym_is_of_one_key_and_is_written_as_it_is_compared() -> None:
    """Of one that stands in several places, as `min` of a grid and of a space do, all may have it."""
    pairs = set(_synonyms(json.loads(config_schema())))
    words = [word for word, _ in pairs]
    assert len(words) >= 150
    assert sorted(set(words)) == sorted(words)
    assert [word for word in words if word != word.lower().replace("-", "_")] == []


def _synonyms(schema: Any) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict):
        for name, key in schema.get("properties", {}).items():
            yield from ((word, name) for word in key.get("x-synonyms", ()))
        for below in schema.values():
            yield from _synonyms(below)


def test_what_users_of_other_tools_write_is_read_from_the_schema() -> None:
    [found] = complaints(config("step_name: a, docker_image: b"))
    assert found.help == 'did you mean "image"?'

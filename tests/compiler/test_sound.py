"""What is said to be sound without jsonschema-rs: it says so, too, and it is not needed for what people write."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.structure import misfits, sound
from automl.compiler.structure.sound import is_surely_sound
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping, to_plain
from automl.compiler.tree.reader import read
from automl.schemas import Schema, schema, schema_of_contexts
from tests import configs, fuzzing
from tests.examples import examples
from tests.test_mistakes import CASES

ROOT = Path(__file__).parents[2]
WRITTEN = [*ROOT.glob("golden/*/config.yaml"), *ROOT.glob("examples/*/config.yaml")]
JUDGE = jsonschema_rs.Draft202012Validator(schema())


def tree(data: bytes) -> Mapping | None:
    source, wrong = decode("config.yaml", data)
    return None if wrong else read(source)[0]


def disagrees(value: Any) -> bool:
    """Whether a value is said to be sound, and is not."""
    return is_surely_sound(value, schema()) and not JUDGE.is_valid(value)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_configs_are_sound_without_another_look(path: Path) -> None:
    root = tree(path.read_bytes())
    assert root is None or is_surely_sound(to_plain(root), schema()) == JUDGE.is_valid(to_plain(root))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.page.stem}: {case.title}")
def test_no_mistake_is_sound(case: Any) -> None:
    root = tree(case.config.encode())
    assert root is None or not disagrees(to_plain(root))


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs.changed())
def test_a_changed_config_is_sound_for_both(changed: dict[str, Any]) -> None:
    assert not disagrees(changed)


def test_a_config_of_every_key_is_sound_for_both(report: Callable[[str], None]) -> None:
    seed = 0 if os.environ.get("CI") else random.randrange(2**32)
    chance = random.Random(seed)
    seeds = [data for path in WRITTEN if len(data := path.read_bytes()) < 3_000]
    fates: Counter[bool] = Counter()
    for _ in range(examples(1500)):
        for data in (fuzzing.made(chance, schema()), fuzzing.mutated(chance, seeds)):
            if root := tree(data):
                value = to_plain(root)
                assert not disagrees(value)
                fates[is_surely_sound(value, schema())] += 1
    report(f"sound: {fates[True]:,} configs, {fates[False]:,} others (seed {seed})")
    assert min(fates.values()) >= examples(1500) / 10


SMALL: list[tuple[Schema, list[Any]]] = [  # what a keyword takes, and does not
    ({"type": "integer"}, [1, True, 1.0, 0.5, "1", None, [], {}, 10**30, float("inf")]),
    ({"type": ["number", "null"]}, [1, True, 1.0, "1", None, -(10**30)]),
    ({"enum": ["a", None, True]}, ["a", "b", None, True, False, 1, 1.0, 0, [], ["a"]]),
    ({"enum": [1, "a"]}, [1, 1.0, True, "a", "b"]),
    ({"const": True}, [True, 1, 1.0, False, "true"]),
    ({"const": 0}, [0, False, 0.0]),
    ({"pattern": "^a$"}, ["a", "a\n", "b", "a ", "ä", 1, "\ufeffa", "a" * 5000]),
    ({"pattern": r"^\S+$"}, ["a", "a b", "a\x1f", "\x85", "\ufeff", "\u180e", ""]),
    ({"pattern": r"\d"}, ["1", "\u0661", "x"]),
    ({"minLength": 2, "maxLength": 3}, ["a", "ab", "abcd", "\U0001f600", "e\u0301", 1, [1]]),
    ({"minimum": 1, "maximum": 2}, [0, 1, 2, 3, 1.5, True, False, "0", 2**53 + 1]),
    ({"exclusiveMinimum": 0}, [0, 0.0, 1e-300, False, -1]),
    ({"items": {"type": "integer"}, "minItems": 1, "maxItems": 2}, [[], ["a"], [1], ["a", 1], [1] * 3, "abc", "", {}]),
    ({"required": ["a"]}, [{}, {"a": None}, {"b": 1}, ["a"], "a"]),
    ({"dependentRequired": {"a": ["b", "c"]}}, [{}, {"a": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}, {"b": 1}, ["a"], "a"]),
    ({"minProperties": 1, "maxProperties": 2}, [{}, {"a": 1}, {"a": 1, "b": 1, "c": 1}, [], "abc"]),
    ({"propertyNames": {"pattern": "^a"}}, [{}, {"a": 1}, {"b": 1}, {"ab": 1, "ba": 1}, {"é": 1}, ["b"]]),
    ({"properties": {"a": {"type": "string"}}, "additionalProperties": False}, [{}, {"a": "a"}, {"a": 1}, {"b": 1}, 1]),
    ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, [{"a": 1}, {"b": 1}, {"b": "b"}]),
    ({"properties": {"a": {}}, "additionalProperties": True}, [{"a": 1}, {"b": 1}]),
    (
        {"properties": {"xa": {}}, "patternProperties": {"^x": {"type": "string"}, "^y": {}}, "additionalProperties": False},
        [{"xa": "a"}, {"xa": 1}, {"xb": 1}, {"xb": "b"}, {"y": 1}, {"z": 1}, ["xa"]],
    ),
    ({"not": {"required": ["a"]}}, [{}, {"a": 1}, 1]),
    ({"not": {"const": False}}, [False, 0, 0.0, None, True]),
    ({"allOf": [{"type": "string"}, {"minLength": 1}]}, ["", "a", 1]),
    ({"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "integer"}}, ["", "a", 1, None]),
    ({"if": {"type": "integer"}, "then": False}, [1, 1.0, "a"]),
    ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a", "minLength": 1}, ["", "a", 1]),
    ({"$ref": "#"}, [1]),
    ({"anyOf": [{"type": "string"}, {"minimum": 1}]}, ["a", 0, 1]),
    ({"multipleOf": 2}, [1, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "values"), SMALL, ids=lambda part: str(part)[:60])
def test_a_keyword_means_the_same(asked: Schema, values: list[Any]) -> None:
    judge = jsonschema_rs.Draft202012Validator(asked)
    for value in values:
        assert not is_surely_sound(value, asked) or judge.is_valid(value), value
        refused = {"not": asked} | {"$defs": asked.get("$defs", {})}
        assert not is_surely_sound(value, refused) or not judge.is_valid(value), value


def _keywords(at: Any) -> Iterator[str]:
    if not isinstance(at, dict):
        return
    yield from at
    for name, below in at.items():
        if name in ("properties", "patternProperties", "$defs"):
            for one in below.values():
                yield from _keywords(one)
        elif name in ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else"):
            yield from _keywords(below)
        elif name in ("allOf", "anyOf", "oneOf"):
            for one in below:
                yield from _keywords(one)


@pytest.mark.parametrize("of", [schema, schema_of_contexts])
def test_all_keywords_of_our_schemas_are_known(of: Any) -> None:
    assert set(_keywords(of())) <= sound._KEYWORDS.keys()


def test_a_quickstart_does_without_jsonschema_rs(tmp_path: Path) -> None:
    """It is what this is for. A mistake needs it, and a large config is better off with it."""
    text = (ROOT / "examples/quickstart/config.yaml").read_text(encoding="utf-8")
    tell = (
        "import sys; from automl.compiler.driver import Input, Overrides, analyse; from pathlib import Path; "
        "analyse(Input('config.yaml', Path('config.yaml').read_bytes(), Path()), Overrides()); "
        "print('jsonschema_rs' in sys.modules)"
    )
    for config, needs in (
        (text, "False"),
        (f"nmae: a\n{text}", "True"),
        (text + "#" * misfits._SMALL, "True"),
    ):
        (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-c", tell], check=True, cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.stdout.strip() == needs


def test_of_many_mistaken_configs_only_the_first_makes_a_validator() -> None:
    """It takes longer to make than all else that is done for a small config."""
    misfits._validator.cache_clear()
    for number in range(3):
        given = Input("config.yaml", f"nmae: a{number}\nstages: {{}}\n".encode(), ROOT)
        assert analyse(given, Overrides())[1]
    found = misfits._validator.cache_info()
    assert (found.misses, found.hits > 1) == (1, True)

"""What a small config may stand for: each of these took gigabytes, minutes, or both."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic, Findings
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.source import Source
from automl.compiler.tree.decoding import MAX_BYTES

AUTOML = Path(sys.executable).with_name("automl")
MEMORY = 1024**3  # of addresses, twice of what it takes; each of them wanted more


def steps(count: int, **keys: object) -> str:
    """A config of so many steps whose code is in the image."""
    of_all = {"image": "b", "entrypoint": ["e"], **keys}
    listed = "".join(f"    - {{step_name: s{number}}}\n" for number in range(count))
    return f"name: w\ncode: {{image: true}}\ndefaults: {json.dumps(of_all)}\nstages:\n  a:\n{listed}"


ALIASES = f'a: &a "{100_000 * "x"}"\nb: [{",".join(20_000 * ["*a"])}]\n'
ARGS = f'x-a: &a "{100_000 * "x"}"\nstages: {{a: [{{step_name: s, image: b, args: [{",".join(2000 * ["*a"])}]}}]}}\n'
REFUSED = {
    "aliases of a long text": (ALIASES, "AML006", 2),
    "aliases in args": (ARGS, "AML006", 2),
    "many variables in each step": (steps(2000, envs={f"E{number}": 1 for number in range(2000)}), "AML011", 3),
    "many words in each step": (steps(2000, args=5000 * ["a"]), "AML011", 3),
    "a long variable in each step": (steps(1000, envs={"A": 130_000 * "x"}), "AML011", 3),
    "a long description on each object": (f"description: {250_000 * 'x'}\n{steps(500)}", "AML414", 1),
    "many labels on each object": (f"labels: {{{','.join(f'k{number}: v' for number in range(2000))}}}\n{steps(3000)}", "AML414", 1),
    "keys that are the user's own": ("x-a:\n" + "".join(f"  k{number}: 1\n" for number in range(250_000)), "AML011", 200_000),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code", "line"), REFUSED.values(), ids=REFUSED)
def test_a_small_config_that_stands_for_very_much(text: str, code: str, line: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [AUTOML, "compile", "-", "-t", "kubernetes", "--name", "w"],
        input=text.encode(),
        cwd=tmp_path,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    shown = done.stderr.decode()
    assert (done.returncode, done.stdout) == (1, b"")
    assert shown.count("error[") == 1
    assert shown.startswith(f"error[{code}]: ")
    assert f"--> <stdin>:{line}:" in shown


@pytest.mark.slow
def test_quotes_behind_the_mistake_take_no_time(tmp_path: Path) -> None:
    done = subprocess.run(
        [AUTOML, "validate", "-"],
        input=MAX_BYTES * b'"',
        cwd=tmp_path,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (6, 6)),
    )
    assert done.returncode == 1, "a few tenths of a second; to read all of them takes more than ten"
    assert done.stderr.startswith(b"error[AML002]: ")


@pytest.mark.parametrize(
    "text",
    [
        steps(3000, cpu_request=1, timeout="30m", labels={"a": "b"}, envs={f"E{number}": number for number in range(10)}),
        steps(10_000, cpu_request=1),
        f"description: {100_000 * 'x'}\n{steps(100)}",
    ],
    ids=["defaults of twenty keys", "ten thousand steps", "a long description"],
)  # fmt: skip
def test_a_large_config_is_fine(text: str, tmp_path: Path) -> None:
    workflow, found = analyse(Input("config.yaml", text.encode(), tmp_path), Overrides())
    assert workflow is not None
    assert found == []


@pytest.mark.slow
def test_what_is_at_the_limit_is_taken(tmp_path: Path) -> None:
    """100 steps of 4,000 values: each variable is two, and what is around them eight."""
    fine = {"image": "b", "entrypoint": ["e"], "envs": {f"E{number}": 1 for number in range(1996)}}
    for count, code in ((100, None), (101, Code.TOO_LARGE)):
        _, found = analyse(Input("config.yaml", steps(count, **fine).encode(), tmp_path), Overrides())
        assert [each.code for each in found] == ([] if code is None else [code])


MANY = 50_000
MISTAKES = {
    "unknown keys": (
        f"{steps(1)}" + "".join(f"key{number}: 1\n" for number in range(MANY)),
        Code.UNKNOWN_KEY,
    ),
    "tags": (f"{steps(1)}x-a: [{','.join(MANY * ['!t 1'])}]\n", Code.TAG),
    "duplicate keys": (steps(1) + MANY * "a: 1\n", Code.DUPLICATE_KEY),
    "wrong types": (
        steps(1, command=["a"]) + "".join(f"  b{number}: x\n" for number in range(MANY)),
        Code.WRONG_TYPE,
    ),
    "values": (steps(1, labels={f"k{number}": "-" for number in range(MANY)}), Code.LABEL),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code"), MISTAKES.values(), ids=MISTAKES)
def test_of_very_many_mistakes_the_first_are_kept(text: str, code: Code, tmp_path: Path) -> None:
    _, found = analyse(Input("config.yaml", text.encode(), tmp_path), Overrides())
    assert [each.code for each in found if each.code is code] == MOST_FOUND * [code]
    assert len(found) < MOST_FOUND + 10


def test_warnings_leave_the_room_for_errors() -> None:
    span = Source("a", "").start()
    warning, error = Diagnostic(Code.UNUSED_KEY, "x", span), Diagnostic(Code.SYNTAX, "x", span)
    found = Findings((MOST_FOUND + 1) * [warning])
    found.extend((MOST_FOUND + 1) * [error])
    assert list(found) == MOST_FOUND * [warning] + MOST_FOUND * [error]


def test_what_no_text_can_hold_stops_it_also_behind_many_errors(tmp_path: Path) -> None:
    """One error more than are kept: which it is, nobody knows any more."""
    tags = "".join(f"  k{number}: !!set {{}}\n" for number in range(MOST_FOUND))
    text = f'x-a:\n{tags}stages: {{a: [{{step_name: b, path_to_executable: "a\\0.py", "\\0": 1}}]}}\n'
    workflow, found = analyse(Input("config.yaml", text.encode(), tmp_path), Overrides())
    assert workflow is None
    assert {each.code for each in found} == {Code.TAG}

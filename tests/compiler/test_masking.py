"""No message shows a credential, whatever else is wrong around it."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl import targets
from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, Overrides, analyse, compile_config
from automl.compiler.source import Source, Span
from automl.compiler.target import Options
from automl.compiler.views.masking import masked_ranges
from automl.compiler.views.text import render
from tests.compiler.test_credentials import NAMED as NAMED_LIKE_ONE

AUTOML = Path(sys.executable).with_name("automl")
NAMES = targets.names()


def masked(text: str) -> str:
    for start, end in reversed(masked_ranges(text)):
        text = f"{text[:start]}****{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PASSWORD: hunter2", "PASSWORD: ****"),
        ("PASSWORD: hunter2 # mine", "PASSWORD: ****"),
        ("PASSWORD:hunter2", "PASSWORD:****"),
        ('"PASSWORD": "hun\\"ter2", A: b', '"PASSWORD": ****, A: b'),
        ("'PASSWORD' : 'hun''ter2'", "'PASSWORD' : ****"),
        ("{PASSWORD: hunter 2, A: b}", "{PASSWORD: ****, A: b}"),
        ("{A: b, PASSWORD: hunter2}", "{A: b, PASSWORD: ****}"),
        ("{PASSWORD: [a, {b: c}], A: b}", "{PASSWORD: ****, A: b}"),
        ("{PASSWORD:\n  hunter2, A: b}", "{PASSWORD:****, A: b}"),
        ("PASSWORD: a, b} c]", "PASSWORD: ****"),
        ("PASSWORD: !!str &a hunter2", "PASSWORD: !!str &a ****"),
        ("PASSWORD: |\n  hunter2\n\n  and more\nA: b", "PASSWORD: ****\nA: b"),
        ("- PASSWORD: hunter2\n  A: b", "- PASSWORD: ****\n  A: b"),
        ("PASSWORD: hunter2\n  and more\nA: b", "PASSWORD: ****\nA: b"),
        ("PASSWORD:\n  hunter2\nA: b", "PASSWORD:****\nA: b"),
        ("PASSWORD:\n- hunter2\nA: b", "PASSWORD:****\nA: b"),
        ("PASSWORD:\n  value: hunter2\nA: b", "PASSWORD:****\nA: b"),
        ("PASSWORD:\nA: b", "PASSWORD:\nA: b"),
        ("PASSWORD:", "PASSWORD:"),
        ("a: &p hunter2\nPASSWORD: *p", "a: &p ****\nPASSWORD: ****"),
        ("PASSWORD=hunter2 psql", "PASSWORD=**** psql"),
        ("--password=hunter2 --to x", "--password=**** --to x"),
        ("run --password hunter2 --to x", "run --password **** --to x"),
        ('["--password", "hunter2", "x"]', '["--password", ****, "x"]'),
        ("- --password\n- hunter2\n- x", "- --password\n- ****\n- x"),
        ("- name: PASSWORD\n  value: hunter2\n- name: A\n  value: b", "- name: PASSWORD\n  value: ****\n- name: A\n  value: b"),
        ("{name: PASSWORD, value: hunter2}", "{name: PASSWORD, value: ****}"),
        ("a: postgres://me:hunter2@db/x", "a: ****b/x"),
        ("a: |\n  -----BEGIN " + "PRIVATE KEY-----\n  MIIE\n  -----END PRIVATE KEY-----", "a: |\n  ****-----END PRIVATE KEY-----"),
        ("volumes: {a: {secret: b, password: hunter2}}", "volumes: {a: {secret: b, password: ****}}"),
        ("volumes: {a: {secret: ghp_aB3xY7kQ9mZ2pL5waB3xY7kQ9mZ2pL5waB3x}}", "volumes: {a: {secret: ****}}"),
        ("volumes: {a: {claim: b}}\nx-a: {secret: hunter2}", "volumes: {a: {claim: b}}\nx-a: {secret: ****}"),
        ("stages:\n  volumes:\n  - envs: {secret: hunter2}", "stages:\n  volumes:\n  - envs: {secret: ****}"),
        # what is none
        ("secrets: [aws, {name: db, keys: {password: DB_PASSWORD}}]", "secrets: [aws, {name: db, keys: {password: DB_PASSWORD}}]"),
        ("PASSWORD: $(PASSWORD)", "PASSWORD: $(PASSWORD)"),
        ("token_secret: {name: t, key: k}", "token_secret: {name: t, key: k}"),
        ("volumes:\n  a:\n    secret: My_Certificates\n", "volumes:\n  a:\n    secret: My_Certificates\n"),
        ("volumes: {a: {secret: b}, c: {secret: d}}", "volumes: {a: {secret: b}, c: {secret: d}}"),
        ('"artifacts":\n  store: s3://b\n  "secret": "keys-of-b"', '"artifacts":\n  store: s3://b\n  "secret": "keys-of-b"'),
        ("rotate-token:\n  - step_name: a", "rotate-token:\n  - step_name: a"),
        ("MAX_TOKENS: 5", "MAX_TOKENS: 5"),
        ("--tokenizer bert", "--tokenizer bert"),
        ("command: [a, --token, --verbose]", "command: [a, --token, --verbose]"),
    ],
)  # fmt: skip
def test_what_is_hidden(text: str, shown: str) -> None:
    assert masked(text) == shown


SECRETS = [
    "hunter2-hunter2",
    "0123456",
    "p4ss: w0rd",
    'qu"o\\te$',
    "ghp_aB3xY7kQ9mZ2pL5waB3xY7kQ9mZ2pL5waB3x",
    "postgres://me:hun,t3r2@db/x",
]
OK = "step_name: a, image: b, entrypoint: [e]"
NAMED = {  # the value is a credential by its name
    "sound": f"stages: {{s: [{{{OK}, envs: {{PASSWORD: @}}}}]}}",
    "beside an unknown key": f"stages: {{s: [{{{OK}, nope: 1, envs: {{PASSWORD: @}}}}]}}",
    "behind an unknown key": f"stages: {{s: [{{{OK}, env: {{PASSWORD: @}}}}]}}",
    "in a list of assignments": f"stages: {{s: [{{{OK}, envs: [PASSWORD=@]}}]}}",
    "as in Kubernetes": f"stages: {{s: [{{{OK}, envs: [{{name: PASSWORD, value: @}}]}}]}}",
    "a list": f"stages: {{s: [{{{OK}, envs: {{PASSWORD: [@]}}}}]}}",
    "beside a wrong name": f"stages: {{s: [{{{OK}, envs: {{'1 A': x, PASSWORD: @, PASSWORD: @}}}}]}}",
    "as an own key": f"password: @\nstages: {{s: [{{{OK}}}]}}",
    "as an own key of a step": f"stages: {{s: [{{{OK}, api_key: @}}]}}",
    "in defaults": f"defaults: {{envs: {{PASSWORD: @}}, nope: @}}\nstages: {{s: [{{{OK}}}]}}".replace("nope: @", "nope: 1"),
    "in block style": "stages:\n  s:\n    - step_name: a\n      image: b\n      nope: 1\n      env:\n        PASSWORD: @\n",
    "with a tag": f"stages: {{s: [{{{OK}, envs: {{PASSWORD: !x @}}}}]}}",
    "with a syntax error": f"stages: {{s: [{{{OK}, envs: {{PASSWORD: @}}]}}",
    "with a syntax error behind": "stages:\n  s:\n    - envs:\n        PASSWORD: @\n       A: b\n",
    "with a tab": "stages:\n\tenvs: {PASSWORD: @}\n",
    "as an option": f"stages: {{s: [{{{OK}, nope: 1, args: [--password, @]}}]}}",
    "in a command line": "stages: {s: [{step_name: a, image: b, command: ['run --password hunter2-hunter2 now']}]}",
    "as a label": f"stages: {{s: [{{{OK}, labels: {{password: @}}}}]}}",
}  # fmt: skip
SHAPED = {  # or by its shape alone
    "as a name": f"name: @\nstages: {{s: [{{{OK}}}]}}",
    "as a version": f"version: @\nstages: {{s: [{{{OK}}}]}}",
    "as a key": f"stages: {{s: [{{{OK}, @: 1}}]}}",
    "as a stage": "stages: {@: [{step_name: a, nope: 1}]}",
    "as a step": "stages: {s: [{step_name: @}, {step_name: @, image: b, entrypoint: [e]}]}",
    "as an image": "stages: {s: [{step_name: a, image: @, entrypoint: [e]}]}",
    "as a file": "stages: {s: [{step_name: a, path_to_executable: @, dependency_path: @}]}",
    "as a Secret": f"stages: {{s: [{{{OK}, secrets: [@, {{name: @, keys: {{@: @}}}}]}}]}}",
    "as amounts": f"schedule: @\nstages: {{s: [{{{OK}, timeout: @, cpu_request: @, memory_request: @}}]}}",
    "as a service": f"stages: {{s: [{{{OK}, service: {{port: @, ingress: {{host: @, path: @}}}}}}]}}",
    "as an address": "code: {git: {url: @, rev: @}}\nstages: {s: [{step_name: a, path_to_executable: a.py}]}",
    "as a ref": "code: {git: {url: https://h/x, ref: @}}\nstages: {s: [{step_name: a, path_to_executable: a.py}]}",
    "as everything else": f"namespace: @\nlabels: {{@: @}}\nannotations: {{@: @}}\nstages: {{s: [{{{OK}}}]}}",
    "as a schedule": f"schedule: {{cron: '@', timezone: @, concurrency: @}}\nstages: {{s: [{{{OK}}}]}}",
    "as the file": "@",
}  # fmt: skip
CASES = [
    *itertools.product(NAMED.items(), SECRETS),
    (
        ("as an option of a wrong type", f"stages: {{s: [{{{OK}, command: --password hunter2 --nope}}]}}"),
        "hunter2",
    ),
    (
        (
            "in a text of many lines",
            f"stages:\n  s:\n  - {{{OK}}}\n  - envs: |\n      A=b\n      DB_PASSWORD=hunter2\n",
        ),
        "hunter2",
    ),
    (("behind an escape", f'stages: {{s: "\\n{SECRETS[-2]}"}}'), SECRETS[-2]),
    (("behind a wrong escape", f'stages: "\\q{SECRETS[-2]}"'), SECRETS[-2]),
    *itertools.product(SHAPED.items(), SECRETS[-2:]),
]


@pytest.mark.parametrize("quote", ["", *(pytest.param(sign, marks=pytest.mark.slow) for sign in "\"'")])
@pytest.mark.parametrize(
    ("case", "secret"), CASES, ids=[f"{case[0]}-{number}" for number, (case, _) in enumerate(CASES)]
)
def test_a_credential_is_never_shown(case: tuple[str, str], secret: str, quote: str, tmp_path: Path) -> None:
    written = {"": secret, '"': json.dumps(secret), "'": "'" + secret.replace("'", "''") + "'"}[quote]
    text = case[1].replace("'@'", "@").replace("@", written)
    given = Input("config.yaml", text.encode(), tmp_path)
    found = analyse(given, Overrides())[1]
    for name in NAMES:
        engine = targets.load(name)
        assert engine is not None
        options = Options(engine.default_version, engine.forms[0])
        found += compile_config(given, Overrides("w"), engine, options).diagnostics
    shown = render(in_order(found))
    # a plain scalar of a flow ends at a comma or bracket: what follows is another value
    secret = secret if quote else secret.partition(",")[0]
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown
    assert "hunter2" not in shown


def test_many_beginnings_of_a_key_take_no_time() -> None:
    text = 100_000 * "-----BEGIN PRIVATE KEY-----"
    start = time.process_time()
    assert masked_ranges(text) == [(0, len(text))]
    assert time.process_time() - start < 10, "less than one; the square of it takes minutes"


@pytest.mark.parametrize(
    "verb", [["validate", "-"], ["validate", "-t", "argo", "-"], ["compile", "-t", "kubernetes", "-"]]
)
def test_the_command_shows_none_either(verb: list[str], tmp_path: Path) -> None:
    text = "stages: {s: [{step_name: a, image: b, envs: {PASSWORD: 0123456}, env: {API_KEY: hunter2}}]}\n"
    done = subprocess.run(
        [AUTOML, *verb], input=text.encode(), cwd=tmp_path, capture_output=True, check=False
    )
    shown = (done.stdout + done.stderr).decode()
    assert done.returncode == 1
    assert 'the value of "PASSWORD" looks like a credential' in shown
    assert "0123456" not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("at", "carets"),
    [
        ("PASSWORD", "           ^^^^^^^^"),
        ("hunter2", "                     ^^^^"),
        ("nope", "                           ^^^^"),
    ],
)
def test_the_caret_is_where_it_belongs(at: str, carets: str) -> None:
    line = "  - envs: {PASSWORD: hunter2, nope: 1}"
    start = line.index(at) + 1
    span = Span(Source("a.yaml", line), 1, start, 1, start + len(at))
    shown = render([Diagnostic(Code.WRONG_VALUE, "x", span)]).splitlines()
    assert shown[3:5] == ["1 |   - envs: {PASSWORD: ****, nope: 1}", f"  | {carets}"]


def test_the_name_of_the_key_is_shown() -> None:
    line = "PASSWORD: hunter2"
    span = Span(Source("a.yaml", line), 1, 11, 1, 18)
    found = Diagnostic(
        Code.WRONG_TYPE, '"PASSWORD" must be a list, not "hunter2"', span, 'write a list: ["hunter2"]'
    )
    shown = render([found])
    assert '"PASSWORD" must be a list, not "****"' in shown
    assert 'write a list: ["****"]' in shown


def test_every_name_of_a_credential_is_looked_for() -> None:
    assert [name for name in NAMED_LIKE_ONE.split() if masked(f"{name}: hunter2") != f"{name}: ****"] == []


def test_a_value_is_hidden_however_it_is_written() -> None:
    line = r'"PASSWORD": "h\x75n\u0074er\q2\\"'
    span = Span(Source("a.yaml", line), 1, 1, 1, 11)
    shown = render([Diagnostic(Code.WRONG_VALUE, "hunterq2\\ or hunterq2", span)])
    assert "hunterq2\\" not in shown


PARTS = ["PASSWORD", "A", ": ", ":", "=", "{", "}", "[", "]", ",", "\n", " ", "  ", "- ", "|", ">", '"', "'", "\\", "&a ", "*a", "--token", "x", "#", "name: ",
         "value: ", "://", "@", "-----BEGIN " + "PRIVATE KEY-----", "\r", "\u2028", "😀"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=60).map("".join))
def test_ranges_are_in_order_and_within_the_text(text: str) -> None:
    places = [place for each in masked_ranges(text) for place in each]
    assert places == sorted(set(places))
    assert not places or (places[0] >= 0 and places[-1] <= len(text))


@given(st.lists(st.sampled_from(PARTS), max_size=60).map("".join), st.integers(1, 5), st.integers(1, 40))
def test_whatever_the_source_is_like_it_is_rendered(text: str, line: int, column: int) -> None:
    span = Span(Source("a.yaml", text), line, column, line, column + 3)
    assert "a.yaml" in render([Diagnostic(Code.SYNTAX, text, span, text)])

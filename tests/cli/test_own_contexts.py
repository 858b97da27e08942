"""`automl context`: the user's own places, which what compiles never reads."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.cli.test_cli import CONFIG, Done, automl

TEXT = """\
# my machines
current: box
contexts:
  box: {host: me@box}  # under the desk
  hpc:
    target: slurm
    host: login
"""


class Home:
    """A home with a file of contexts, and a project."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        self.config = folder / "config"
        self.file = self.config / "automl" / "contexts.yaml"
        self.write(TEXT)

    def write(self, text: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text, encoding="utf-8")

    def automl(self, *words: str, **env: str) -> Done:
        return automl(*words, cwd=self.project, env={"XDG_CONFIG_HOME": str(self.config), **env})

    def context(self, *words: str, **env: str) -> Done:
        return self.automl("context", *words, **env)

    def told(self, *words: str) -> Any:
        return json.loads(self.context(*words, "--format", "json").out)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_they_are_listed_and_shown(home: Home) -> None:
    assert home.context("list").out == b"* box  local on me@box\n  hpc  slurm on login\n"
    hpc = {"name": "hpc", "target": "slurm", "host": "login"}
    box = {"name": "box", "target": "local", "host": "me@box"}
    assert home.told("list") == {"current": "box", "contexts": [box, hpc]}
    assert home.told("show") == box
    assert home.told("show", "hpc") == hpc
    home.file.unlink()
    assert home.told("list") == {"current": None, "contexts": []}


def test_comments_stay_and_the_file_is_the_users_alone(home: Home) -> None:
    assert home.context("add", "gpu", "--host", "gpu1").code == 0
    assert home.context("use", "hpc").code == 0
    changed = TEXT.replace("current: box", "current: hpc") + "  gpu:\n    host: gpu1\n"
    assert home.file.read_text() == changed
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600
    assert home.context("delete", "hpc").code == 0
    assert home.told("list")["current"] is None
    assert "# under the desk" in home.file.read_text()
    assert [path.name for path in home.file.parent.iterdir()] == ["contexts.yaml"]


def test_the_first_is_added_where_there_is_no_file(home: Home) -> None:
    home.file.unlink()
    home.file.parent.rmdir()
    assert home.context("add", "box", "--host", "box").code == 0
    assert home.context("use", "box").code == 0
    assert home.told("show") == {"name": "box", "target": "local", "host": "box"}
    assert home.context("use", "--none").code == 0
    assert home.told("list")["current"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "bxo"], 'you have no context "bxo"; did you mean "box"?'),
        (["use", "cluster"], 'you have no context "cluster"; you have box, hpc'),
        (["delete", "bxo"], 'you have no context "bxo"; did you mean "box"?'),
        (["add", "box"], 'there is a context "box" already: `automl context edit`'),
        (["use"], "name one context, or give --none"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], message: str, home: Home) -> None:
    done = home.context(*words)
    assert (done.code, done.err) == (2, f"automl: {message}\n")
    assert home.file.read_text() == TEXT


@pytest.mark.parametrize(
    "words", [["add", "x", "--host", "-oProxyCommand=id"], ["add", "x", "-t", "argo"], ["add", "a b"]]
)
def test_what_is_not_sound_is_not_written(words: list[str], home: Home) -> None:
    done = home.context(*words)
    assert done.code == 1
    assert "error[" in done.err
    assert home.file.read_text() == TEXT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("current: box", "current: bxo"),
        ("current: box", "curent: box"),
        ("host: login", "host: a b"),
        ("host: login", "namespace: ml"),
        ("contexts:", "contexts: ["),
    ],
)
def test_an_editor_that_leaves_what_is_not_sound_changes_nothing(old: str, new: str, home: Home) -> None:
    editor = home.project / "editor"
    editor.write_text(f"#!/bin/sh\nsed -i 's/{old}/{new}/' \"$1\"\n")
    editor.chmod(0o755)
    done = home.context("edit", VISUAL=str(editor), PATH="/usr/bin:/bin")
    assert done.code == 1, done
    assert home.file.read_text() == TEXT
    assert [path.name for path in home.file.parent.iterdir()] == ["contexts.yaml"]


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        ("curent: box\n", "1:1", 'unknown key "curent" at the top of the file', 'did you mean "current"?'),
        ("current: bxo\n", "1:10", 'there is no context "bxo"', 'did you mean "box"?'),
        (
            "stages: {}\n",
            "1:1",
            'unknown key "stages" at the top of the file',
            "known keys: current",
        ),
        (
            "contexts:\n  a: {namespace: ml}\n",
            "2:7",
            'unknown key "namespace" in "a"',
            "commands for runs do not read it; write it under `contexts` of the config",
        ),
        ("contexts:\n  a: {hots: b}\n", "2:7", 'unknown key "hots" in "a"', 'did you mean "host"?'),
        (
            "contexts:\n  a: {target: argo}\n",
            "2:15",
            '"target" must be one of local, slurm, not "argo"',
            "`automl compile` takes it there, as a context of a config; what comes out is yours to apply",
        ),
        ("contexts:\n  - box\n", "2:3", '"contexts" must be keys and values or nothing, not a list', "give"),
        ("contexts:\n  a: {host: [b]}\n", "2:13", '"host" must be text, not a list', ""),
        ("contexts: {}\ncontexts: {}\n", "2:1", "", ""),
    ],
)
def test_what_is_wrong_with_the_file_has_its_place(
    text: str, place: str, message: str, help: str, home: Home
) -> None:
    text = text if "contexts" in text else text + "contexts: {box: {}}\n"
    home.write(text)
    done = home.context("list")
    assert (done.code, done.out, done.err.count("error[")) == (1, b"", 1), done.err
    assert f"--> {home.file}:{place}\n" in done.err
    assert f"]: {message}" in done.err
    assert f"= help: {help}" in done.err or not help


def test_the_schema_for_editors_is_the_one_that_is_read(home: Home) -> None:
    schema = json.loads(home.automl("schema", "contexts").out)
    Draft202012Validator.check_schema(schema)
    oracle = Draft202012Validator(schema)
    for text in (TEXT, "contexts:\n", "x-note: mine\ncontexts: {a: {x-note: mine, host: b}}\n"):
        home.write(text)
        assert oracle.is_valid(yaml.safe_load(text))
        assert home.context("list").code == 0
    done = home.automl("schema", "context")
    assert (done.code, done.out) == (2, b"")
    assert home.automl("schema", "config").out == home.automl("schema").out


def test_an_editor_changes_the_file(home: Home) -> None:
    editor = home.project / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/me@box/you@box/' \"$1\"\n")
    editor.chmod(0o755)
    assert home.context("edit", EDITOR=str(editor), PATH="/usr/bin:/bin").code == 0
    assert home.file.read_text() == TEXT.replace("me@box", "you@box")
    assert stat.S_IMODE(home.file.stat().st_mode) == 0o600


def test_commands_for_runs_use_them_after_those_of_the_config(home: Home) -> None:
    (home.project / "bin").mkdir()
    ssh = home.project / "bin" / "ssh"
    ssh.write_text('#!/bin/sh\necho "$@" | tr " " "\\n" | grep -A1 -x -e -- | tail -1 >&2\nexit 255\n')
    ssh.chmod(0o755)
    path = f"{home.project / 'bin'}:/usr/bin:/bin"
    assert 'cannot reach "me@box"' in home.automl("status", PATH=path).err
    assert 'cannot reach "login"' in home.automl("status", "--context", "hpc", PATH=path).err
    assert "me@box" not in home.automl("status", "--runs", "runs", PATH=path).err
    (home.project / "config.yaml").write_text("contexts: {hpc: {host: mine}}\n" + CONFIG)
    assert 'cannot reach "mine"' in home.automl("status", "--context", "hpc", PATH=path).err
    assert 'cannot reach "me@box"' in home.automl("status", "--context", "box", PATH=path).err
    unknown = home.automl("status", "--context", "bxo", PATH=path)
    assert (unknown.code, unknown.err) == (2, 'automl: config.yaml has no context "bxo"; it has hpc\n')


def test_what_is_compiled_never_depends_on_them(home: Home) -> None:
    (home.project / "config.yaml").write_text(CONFIG)
    with_them = home.automl("compile", "-t", "argo")
    home.write("nonsense: [")
    assert home.automl("compile", "-t", "argo") == with_them
    done = home.automl("compile", "-t", "argo", "--context", "box")
    assert (done.code, done.out) == (1, b"")
    assert 'the config has no context "box"' in done.err

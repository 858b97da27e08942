"""Messages for programs: each form is read as its reader reads it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Source, Span
from automl.compiler.views.formats import FORMATS
from tests.cli.test_cli import CONFIG, UNKNOWN_KEY, WARNING, automl

HOSTILE = "a%b,c: d\r\n::set-output name=x::y\x1b[2J\u202e ##[error]"


def hostile() -> Diagnostic:
    source = Source(HOSTILE, "name: x\nstages: y\n")
    return Diagnostic(Code.UNKNOWN_KEY, f'unknown key "{HOSTILE}"', Span(source, 2, 1, 2, 7), help=HOSTILE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    tmp_path = tmp_path / "demo"  # a name that needs no change
    tmp_path.mkdir()
    (tmp_path / "bad.yaml").write_text(UNKNOWN_KEY, encoding="utf-8")
    (tmp_path / "warned.yaml").write_text(WARNING, encoding="utf-8")
    (tmp_path / "good.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_concise_is_what_a_problem_matcher_reads(project: Path) -> None:
    done = automl("validate", "bad.yaml", "warned.yaml", "--message-format", "concise", cwd=project)
    assert done.code == 1
    lines = done.out.decode().splitlines()
    matcher = re.compile(r"^(.+?):(\d+):(\d+): (error|warning|info)\[(AML\d+)\] (.+)$")
    found = [match.groups() for line in lines if (match := matcher.match(line))]
    assert len(found) == len(lines) == 2
    assert found[0][:5] == ("bad.yaml", "1", "1", "error", "AML102")
    assert found[0][5].endswith('(did you mean "name"?)')
    assert found[1][3] == "warning"


def test_json(project: Path) -> None:
    done = automl("validate", "bad.yaml", "warned.yaml", "--message-format", "json", cwd=project)
    document = json.loads(done.out)
    assert {name: document[name] for name in ("format_version", "error_count", "warning_count")} == {
        "format_version": "1.0",
        "error_count": 1,
        "warning_count": 1,
    }
    assert document["diagnostics"][0] == {
        "code": "AML102",
        "severity": "error",
        "message": 'unknown key "nmae" at the top of the file',
        "path": "bad.yaml",
        "start": {"line": 1, "column": 1},
        "end": {"line": 1, "column": 5},
        "help": 'did you mean "name"?',
        "related": [],
    }


def annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of the lines (ActionCommand.TryParseV2 of actions/runner)."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        assert match, line
        pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append(
            (match[1], {name: unescaped(value, ":,") for name, value in pairs.items()}, unescaped(match[3]))
        )
    return found


def unescaped(text: str, more: str = "") -> str:
    for character in f"\r\n{more}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def test_github(project: Path) -> None:
    done = automl("validate", "bad.yaml", "warned.yaml", "--message-format", "github", cwd=project)
    (level, properties, text), (other, _, _) = annotations(done.out.decode())
    assert (level, other) == ("error", "warning")
    assert properties == {
        "title": "automl (AML102)", "file": "bad.yaml", "line": "1", "endLine": "1", "col": "1", "endColumn": "5",
    }  # fmt: skip
    assert text == 'unknown key "nmae" at the top of the file\nhelp: did you mean "name"?'


def test_gitlab(project: Path) -> None:
    done = automl("validate", str(project / "bad.yaml"), "--message-format", "gitlab", cwd=project)
    [found] = json.loads(done.out)
    assert re.fullmatch("[0-9a-f]{32}", found.pop("fingerprint"))
    assert found == {
        "description": 'AML102: unknown key "nmae" at the top of the file',
        "check_name": "AML102",
        "severity": "major",
        "location": {"path": "bad.yaml", "lines": {"begin": 1}},
    }


def test_a_fingerprint_stays_when_lines_move_and_tells_two_of_a_kind_apart(project: Path) -> None:
    step = "    - {step_name: s, image: b, nope: 1}\n"
    prints = []
    for before in ("", "# a comment\n\n"):
        (project / "two.yaml").write_text(f"{before}name: x\nstages:\n  a:\n{step}  b:\n{step}")
        done = automl("validate", "two.yaml", "--message-format", "gitlab", cwd=project)
        prints.append([each["fingerprint"] for each in json.loads(done.out)])
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


@pytest.mark.parametrize("format", ["json", "gitlab"])
def test_without_findings_a_document_is_still_one(format: str, project: Path) -> None:
    document: Any = json.loads(automl("validate", "good.yaml", "--message-format", format, cwd=project).out)
    assert (document["diagnostics"] if format == "json" else document) == []


@pytest.mark.parametrize("format", FORMATS)
def test_of_a_compilation_the_messages_are_on_stderr(format: str, project: Path) -> None:
    plain = automl("compile", "warned.yaml", "-t", "argo", cwd=project)
    done = automl("compile", "warned.yaml", "-t", "argo", "--message-format", format, cwd=project)
    assert done.out == plain.out
    validated = automl("validate", "warned.yaml", "-t", "argo", "--message-format", format, "-q", cwd=project)
    assert "AML010" in done.err
    assert "AML010" not in validated.out.decode(), "a warning is not said with -q"


@pytest.mark.parametrize("format", ["json", "gitlab"])
def test_a_stale_output_is_in_the_same_document(format: str, project: Path) -> None:
    words = ["compile", "warned.yaml", "-t", "argo", "-o", "out/", "--check", "--message-format", format]
    done = automl(*words, cwd=project)
    assert done.code == 1
    document = json.loads(done.err)
    found = document["diagnostics"] if format == "json" else document
    assert [each.get("code", each.get("check_name")) for each in found] == ["AML010", "AML701"]


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_drives_a_terminal_or_a_service(format: str) -> None:
    text = FORMATS[format]([hostile()])
    assert text.count("\n") == (1 if format in ("concise", "github") else len(text.splitlines()))
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text)
    assert sum(line.startswith("::") for line in text.splitlines()) == (format == "github")
    if format == "github":
        [(level, properties, said)] = annotations(text)
        assert level == "error"
        assert properties["file"] == HOSTILE.encode("unicode_escape").decode()
        assert said.startswith('unknown key "a%b,c: d\\r\\n::set-output')


@pytest.mark.parametrize("format", FORMATS)
def test_a_credential_is_not_shown(format: str, project: Path) -> None:
    (project / "secret.yaml").write_text(CONFIG + "      envs: {PASSWORD: 0123456}\n      nope: hunter2\n")
    done = automl("validate", "secret.yaml", "--message-format", format, cwd=project)
    assert b"AML102" in done.out
    assert "0123456" not in done.out.decode() + done.err


def test_an_unknown_format_is_wrong_usage(project: Path) -> None:
    done = automl("validate", "good.yaml", "--message-format", "junit", cwd=project)
    assert (done.code, done.out) == (2, b"")
    assert "known formats: text, concise, json, github, gitlab" in done.err

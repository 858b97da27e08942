"""What people get wrong, in `tests/mistakes/`: each gets a place, its cause and a way out, and the way out works.

A case is a config, the files beside it, the context that is named, and the exact words of `automl validate`. `--update-golden` rewrites them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automl.compiler.diagnostics import Code, Diagnostic, Severity, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.views.text import render
from automl.targets.writers.yaml import write_yaml
from tests import configs

MISTAKES = Path(__file__).parent / "mistakes"
_CASE = re.compile(
    r"## (?P<title>[^\n]+)\n\n(?:Beside it: `(?P<beside>[^\n]+)`\.\n\n)?"
    r"(?:With `--context (?P<context>[^\n]+)`\.\n\n)?"
    r"```yaml\n(?P<config>.*?)```\n\n```text\n(?P<expected>.*?)```\n",
    re.DOTALL,
)
BESIDE = ("train.py", "prepare.py", "requirements.txt")  # every case


class Case(NamedTuple):
    """A mistake."""

    page: Path
    title: str
    beside: str | None
    context: str | None
    config: str
    expected: str


def _cases() -> Iterator[Case]:
    for page in sorted(MISTAKES.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        found = [
            Case(page, *match.group("title", "beside", "context", "config", "expected"))
            for match in _CASE.finditer(text)
        ]
        assert len(found) == text.count("\n## "), f"{page.name} has a case of another form"
        yield from found


CASES = list(_cases())


@pytest.fixture(params=CASES, ids=[case.title for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    assert isinstance(request.param, Case)
    return request.param


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    project = tmp_path / "churn"
    project.mkdir()
    for name in (*BESIDE, *([case.beside] if case.beside else [])):
        (project / name).parent.mkdir(exist_ok=True)
        if name.endswith("/"):
            (project / name).mkdir()
        else:
            (project / name).write_text("")
    return project


def _judged(config: str, folder: Path, context: str | None = None) -> list[Diagnostic]:
    return in_order(analyse(Input("config.yaml", config.encode(), folder), Overrides(context=context))[1])


def test_there_are_enough() -> None:
    assert len(CASES) >= 150
    assert len({case.title for case in CASES}) == len(CASES)


def test_most_ways_out_are_tried(tmp_path: Path) -> None:
    for name in BESIDE:
        (tmp_path / name).touch()
    tried = [
        case
        for case in CASES
        for each in _judged(case.config, tmp_path, case.context)
        if _mended(case.config, each)
    ]
    assert len(tried) >= 95


@pytest.mark.parametrize("wrong", [[["wrong"]], None])
def test_one_wrong_value_is_one_message_and_no_false_alarm(wrong: Any, tmp_path: Path) -> None:
    configs.write_files(tmp_path)
    tried = 0
    for *route, last in configs.places(configs.plain()):
        if route[:1] == ["x-limits"] or last in ("x-limits", "defaults"):
            continue  # nobody's, and what every step depends on
        if wrong and route[-1:] == ["space"]:
            continue  # a list of lists is something to choose from
        config = configs.plain()
        holder = configs.at(config, tuple(route))
        holder[last] = wrong
        found = _judged(write_yaml([config]), tmp_path)
        errors = [each.message for each in found if each.severity is not Severity.INFO]
        assert len(errors) == (0 if wrong is None and (route[-1:], last) in REMOVED else 1), (
            route,
            last,
            errors,
        )
        tried += 1
    assert tried > 80


REMOVED = [([1], "memory_request"), ([3], "dependency_path"), ([0], "backoff_limit")]  # what defaults say


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        (
            "...",
            Code.EMPTY_NAME,
            'the workflow is named after its folder, and "..." has no letter or digit in it',
        ),
        (
            "My_Project",
            Code.CHANGED_NAME,
            'the workflow is named after its folder: "My_Project" becomes "my-project"',
        ),
    ],
)
def test_a_folder_that_names_the_workflow(name: str, code: Code, message: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "train.py").touch()
    config = "stages:\n  train:\n    - {step_name: train, path_to_executable: train.py}\n"
    [found] = _judged(config, folder)
    assert (found.code, found.message, found.help) == (code, message, "give the workflow a `name:`")
    assert _judged(f"name: churn\n{config}", folder) == []


def test_what_is_the_users_own_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    config = (
        "$schema: ${{ any }} text\nname: churn\nx-note: [${{]\nstages:\n  train:\n"
        "    - {step_name: train, path_to_executable: train.py, x-note: '${{ a }}'}\n"
    ).replace("[${{]", "['${{']")
    assert _judged(config, tmp_path) == []
    [found] = _judged(config.replace("$schema: ${{ any }} text", "$schema: [a]"), tmp_path)
    assert found.message == '"$schema" must be text, not a list'


def test_what_is_said(case: Case, folder: Path, update_golden: bool) -> None:
    said = render(_judged(case.config, folder, case.context))
    if update_golden:
        text = case.page.read_text(encoding="utf-8")
        before, title, after = text.partition(f"\n## {case.title}\n")
        head, fence, rest = after.partition("```text\n")
        case.page.write_text(
            f"{before}{title}{head}{fence}{said}{rest[rest.index('```') :]}", encoding="utf-8"
        )
    else:
        assert said == case.expected, "if that is right, run `make golden` and read the diff"


def test_one_cause_is_one_message_with_a_way_out(case: Case, folder: Path) -> None:
    found = [
        each for each in _judged(case.config, folder, case.context) if each.severity is not Severity.INFO
    ]
    found = found or _judged(case.config, folder, case.context)
    assert len(found) == SEVERAL.get(case.title, 1), [each.message for each in found]
    for each in found:
        assert each.help or each.severity is Severity.INFO, each.message
        assert "\n" not in f"{each.message}{each.help}"
        assert not each.message[0].isupper()


NOT_THERE = {"a template as a whole value"}  # in quotes it is text, but no amount of memory
SEVERAL = {
    "a wrong amount beside a misspelt key": 2,  # two causes
    "an address of ssh and no ref": 2,
}


def test_the_way_out_is_accepted(case: Case, folder: Path) -> None:
    """What a message says to write is written; then nothing is wrong in that place any more."""
    for each in _judged(case.config, folder, case.context):
        mended = _mended(case.config, each)
        if mended is None or case.title in NOT_THERE:
            continue
        text, lines = mended
        later = [
            other for other in _judged(text, folder, case.context) if other.severity is not Severity.INFO
        ]
        assert not [other.message for other in later if other.span.line in lines], text
        assert each.code not in [other.code for other in later] or case.title in SEVERAL, text


def _mended(config: str, found: Diagnostic) -> tuple[str, range] | None:
    """The config with the way out, and the lines that it is in; None if it is in words."""
    help, span = found.help or "", found.span
    if span.source.path != "config.yaml":  # an option
        return None
    start, end = _offset(config, span.line, span.column), _offset(config, span.end_line, span.end_column)
    if found.code in (Code.NOTHING_TO_REMOVE, Code.COMMAND_LINE):  # the key, and the word in its list
        end = config.index("\n", start)
    end = start + len(config[start:end].rstrip())
    if match := re.search(r'did you mean "(.+?)"', help):
        written = config[start:end]
        quote = written[0] if written[0] in "\"'" else ""
        new = f"{quote}{match[1]}{quote}"
    elif match := re.match(r"write ([\"'].*[\"']), in quotes", help):
        new = match[1]
    elif match := re.match(r"(?:write|for instance) `([\w$-]+):(.*?)`", help):
        if found.code is Code.MISSING_KEY:
            return None
        new = f"{match[1]}:{match[2]}"
        if found.code is not Code.SYNTAX:
            before = config[: start + len(match[1]) + 1]
            start = [each.start() for each in re.finditer(rf"{re.escape(match[1])}\s*:", before)][-1]
    elif match := re.match(r"write `(\[.*\]|- .*)`", help):
        new = match[1]
    elif match := re.match(r"(?:put `- ` before it, or )?indent it by (\d+) blank|remove the blanks", help):
        start, end = _offset(config, span.line, 1), start
        new = " " * int(match[1] or 0)
    elif re.match("put `- ` before", help):
        lines = config[start:end].splitlines()
        new = "\n  ".join([f"- {lines[0]}", *lines[1:]])
    elif help == "remove it":
        new = ""
    else:
        return None
    text = config[:start] + new + config[end:]
    first = config.count("\n", 0, start) + 1
    return text, range(first, first + new.count("\n") + 1)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: line - 1]) + column - 1

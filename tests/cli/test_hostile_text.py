"""What steps leave and print never drives the terminal of who looks at a run, and is whole for programs."""

import io
import json
import os
import pty
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from automl.cli.live import drawing
from automl.cli.tables import without_styles
from automl.runs.model import FAILED, RUNNING, Run, Task
from tests.running import Project
from tests.targets.nasty import NASTY
from tests.waiting import PATIENCE

HOSTILE = "\x1b[2J\x9b2J\x07 \x1b]0;mine\x07 \u202e \r"
DRIVES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
CONFIG = """\
name: hostile
stages:
  a:
    - step_name: a
      path_to_executable: a.py
      outputs: {scores: metrics, words: text, tree: dataset}
"""
SCRIPT = f"""\
import json, os, pathlib, sys
word = {HOSTILE!r}
print("first", word, flush=True)
json.dump({{word: 1, "b\\nc": 2}}, open(os.environ["AUTOML_OUTPUT_SCORES"], "w"))
pathlib.Path(os.environ["AUTOML_OUTPUT_WORDS"]).write_bytes(word.encode())
tree = os.fsencode(os.environ["AUTOML_OUTPUT_TREE"])
os.mkdir(tree)
for name in (b"\\xff", word.encode(), b"-rf"):
    open(os.path.join(tree, name), "w").close()
sys.exit(os.path.exists(os.environ["TRACE"] + ".fail"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a folder whose name is no text, and drives a terminal."""
    project = Project(tmp_path)
    project.folder = Path(os.fsdecode(os.fsencode(project.folder.parent) + b"/\xff '\x1b[31m"))
    project.folder.mkdir()
    (project.folder / "automl.yaml").write_text(CONFIG)
    (project.folder / "a.py").write_text(SCRIPT)
    return project


def on_a_terminal(project: Project, *words: str) -> str:
    """What a command shows on a terminal; messages go elsewhere."""
    ours, theirs = pty.openpty()
    process = project.start(*words, stdout=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # so a terminal ends
        os.close(ours)
    process.communicate(timeout=PATIENCE)
    return shown.decode().replace("\r\n", "\n")


def test_what_a_run_has_left_does_not_drive_a_terminal(project: Project) -> None:
    for words in (["run"], ["status"], ["runs"], ["get", "last", "-o", "there"], ["stop", "last"]):
        shown = on_a_terminal(project, *words)
        assert shown
        assert DRIVES.findall(shown) == [], words
    project.switch("fail", True)
    shown = on_a_terminal(project, "run")
    assert "The end of the log of a:\n  first \\x9b2J" in shown
    assert DRIVES.findall(shown) == []


def test_programs_are_told_all_of_it(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    for words in (["status"], ["runs"], ["runs", "--queued"], ["get", "last"], ["run", "-q"]):
        done = project.automl(*words, "--format", "json")
        assert done.code == 0, done
        assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.out) == []
        json.loads(done.out)
    status = json.loads(project.automl("status", "--format", "json").out)
    assert status["metrics"] == {HOSTILE: 1, "b\nc": 2}
    assert status["tasks"][0]["values"]["words"] == HOSTILE
    assert Path(status["folder"]).is_dir()
    taken = project.start("get", "last", "tree", "-o", "taken", errors="surrogateescape").communicate()[0]
    assert {*taken.splitlines()} >= {"taken/tree/-rf", "taken/tree/\udcff"}


def test_a_log_is_printed_as_it_is(project: Project) -> None:
    assert project.automl("run", "-q").code == 0
    raw: Any = project.start("logs", "last", "a", text=False).communicate()[0]
    assert raw == f"first {HOSTILE}\n".encode()


def test_an_advised_command_works_whatever_the_folder_is_called(project: Project) -> None:
    place, project.folder = project.folder, project.folder.parent
    named = project.folder / "a 'b' \"c\" $HOME"
    place.rename(named)
    done = project.automl("run", str(named), "-q")
    [line] = [line for line in done.out.splitlines() if line.startswith("automl get ")]
    words = shlex.split(line.rpartition("   #")[0])[1:]
    assert project.automl(*words, "--format", "json", "-o", "there").code == 0


@pytest.mark.parametrize("width", [40, 80])
def test_a_live_table_has_a_line_for_each_step_whatever_these_say(width: int, tmp_path: Path) -> None:
    log = tmp_path / "tasks" / "fit" / "log"
    log.parent.mkdir(parents=True)
    log.write_text("\x1b[1mepoch\x1b[0m 1\repoch 2 \x1b[31mof 9\x1b[K")
    tasks = [Task(f"t{number}", "s", "s", FAILED, text) for number, text in enumerate(NASTY)]
    run = Run("r", "w", RUNNING, folder=str(tmp_path), tasks=(*tasks, Task("fit", "s", "fit", RUNNING)))
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(drawing(run, 0, 1000))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + len(run.tasks)
    assert lines[0] == f"r running ({len(NASTY)} failed, 1 running)"
    assert lines[1].startswith("✗ t0 ")
    assert all("failed" in line for line in lines[1:-1])
    assert lines[-1].split()[:2] == ["▶", "fit"]
    assert lines[-1].rstrip().endswith(" epoch 2 of 9")
    assert [line for line in lines if DRIVES.search(line)] == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("\x1b[1;32mok\x1b[0m [2] \\", "ok [2] \\"),
        ("\x1b]0;title\x07x\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "xlink"),
        ("\x1b[2K\x1b[1G 50 %\x1bM", " 50 %"),
        ("ESC alone \x1b", "ESC alone \x1b"),
    ],
)
def test_lines_lose_their_styles(line: str, text: str) -> None:
    assert without_styles(line) == text

"""`automl files`, and the bundle as the installed command packs it: permissions, streams, locales and races."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from pathlib import Path

import pytest

from automl.compiler.project.bundle import collect_bundle
from automl.compiler.project.files import Project
from automl.compiler.source import Source
from tests.cli.test_cli import Done, automl, obey_permissions
from tests.forked import AUTOML

CONFIG = "name: demo\nstages: {a: [{step_name: b, path_to_executable: run.py}]}\n"
SPAN = Source("config.yaml", "").start()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "run.py").write_text("print(1)\n")
    (folder / "data" / "table.csv").write_bytes(bytes(3000))
    return folder


def test_what_is_packed_and_what_is_not(project: Path) -> None:
    (project / ".gitignore").write_text("# what is large\n*.bin\n")
    (project / "data" / "a.bin").touch()
    (project / ".netrc").touch()
    (project / "\x1b[31mred\n\udcff").touch()
    done = automl("files", cwd=project)
    assert (done.code, done.err) == (0, "")
    text = done.out.decode()
    size = text.splitlines()[-1].partition("; ")[2].partition(" of")[0]
    assert (
        text
        == rf"""packed:
  \x1b[31mred\n\udcff  0 B
  data/table.csv       3 KiB
  run.py               9 B

left out:
  .gitignore   never code: version control
  .netrc       credentials
  config.yaml  the config
  data/a.bin   .gitignore:2 *.bin

3 files, 3 KiB; {size} of 240 KiB in the manifest
"""
    )
    assert 10 < float(size.removesuffix(" KiB")) < 20, "the start script is most of it"
    packed = automl("files", "config.yaml", "--packed", cwd=project)
    assert packed == Done(0, b"\\x1b[31mred\\n\\udcff\ndata/table.csv\nrun.py\n", "")
    assert automl("files", "-", "--packed", cwd=project, stdin=CONFIG.encode()) == packed


def test_a_config_whose_steps_need_no_file(project: Path) -> None:
    (project / "config.yaml").write_text(
        CONFIG.replace("path_to_executable: run.py", "image: b, command: [c]")
    )
    message = "no step needs the project's files: each has an image, or git, of its own\n"
    assert automl("files", cwd=project) == Done(0, b"", message)
    assert automl("files", "--packed", "-q", cwd=project) == Done(0, b"", "")


def test_a_mistake_in_the_config(project: Path) -> None:
    (project / "config.yaml").write_text(CONFIG.replace("run.py", "gone.py"))
    done = automl("files", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert "error[AML201]" in done.err


@pytest.mark.parametrize(("size", "takes"), [(300_000, "; 4"), (17 * 2**20, "\n")])
def test_files_that_are_too_large_are_listed(size: int, takes: str, project: Path) -> None:
    (project / "data" / "large").write_bytes(os.urandom(size))
    done = automl("files", cwd=project)
    assert done.code == 1
    assert "error[AML411]" in done.err
    assert "exclude: [/data/]" in done.err
    assert "  data/large      " in done.out.decode()
    total = done.out.decode().splitlines(keepends=True)[-1]
    assert total.startswith("3 files, ")
    assert takes in total


# the files of the command itself


def test_the_output_does_not_depend_on_where_it_goes(project: Path) -> None:
    expected = automl("compile", "-t", "argo", cwd=project).out
    words = f"'{AUTOML}' compile -t argo"
    for line, name in (
        (f"{words} > m.yaml", "m.yaml"),
        (f"{words} > data/other.txt", "data/other.txt"),
        (f"{words} 2> errors.txt > /dev/null; {words} 2> errors.txt | cat > ../out; rm errors.txt", "../out"),
        (f"{words} -o n.yaml", "n.yaml"),
    ):
        assert automl("-c", line, cwd=project, command=("bash",)).code == 0
        assert (project / name).read_bytes() == expected
        (project / name).unlink()
    line = f"'{AUTOML}' files --packed > list.txt"
    assert automl("-c", line, cwd=project, command=("bash",)).code == 0
    assert "list.txt" not in (project / "list.txt").read_text()


@pytest.mark.parametrize("target", ["argo", "kubeflow", "kubernetes", "local", "slurm"])
def test_output_in_the_project_is_no_part_of_it(target: str, project: Path) -> None:
    words = ("compile", "-t", target, "-o", "manifests/")
    for more in ((), ("--check",), (), ("--check",)):
        assert automl(*words, *more, cwd=project).code == 0
    listed = automl("files", cwd=project).out.decode()
    assert "made by automl" in listed


# what cannot be read


@pytest.mark.parametrize(("folder", "mode"), [("data", 0), ("data", 0o311), (".", 0o311)])
def test_a_folder_that_cannot_be_listed(folder: str, mode: int, project: Path) -> None:
    (project / folder).chmod(mode)
    done = automl("compile", "-t", "argo", cwd=project, prepare=obey_permissions)
    assert done == Done(2, b"", f'automl: cannot read "{folder}": Permission denied\n')
    (project / folder).chmod(0o755)


def test_a_folder_that_nobody_looks_into_may_be_closed(project: Path) -> None:
    (project / "config.yaml").write_text(f"code: {{bundle: {{exclude: [data/]}}}}\n{CONFIG}")
    (project / "data").chmod(0)
    assert automl("compile", "-t", "argo", cwd=project, prepare=obey_permissions).code == 0
    (project / "data").chmod(0o755)


@pytest.mark.parametrize("name", [".gitignore", "data/.gitignore", ".git/info/exclude", "../.gitignore"])
def test_patterns_that_cannot_be_read(name: str, project: Path) -> None:
    (project.parent / ".git").mkdir()
    if name.startswith(".git/"):
        (project / ".git" / "info").mkdir(parents=True)
    (project / name).touch(mode=0)
    done = automl("compile", "-t", "argo", cwd=project, prepare=obey_permissions)
    shown = name if name.startswith((".gitignore", "data")) else str((project / name).resolve())
    assert done == Done(2, b"", f'automl: cannot read "{shown}": Permission denied\n')


def test_folders_as_deep_as_you_like(project: Path) -> None:
    """Deeper than Python may recurse; only Linux has a limit, for a path."""
    try:
        _nest(project, 1500)
        done = automl("files", "--packed", cwd=project)
        assert (done.code, done.err) == (0, "")
        assert b"a/" * 1500 + b"deep.py\n" in done.out
        _nest(project, 2500)
        done = automl("compile", "-t", "argo", cwd=project)
        assert (done.code, done.out) == (2, b"")
        assert done.err.startswith('automl: cannot read "a/a/a/')
        assert done.err.endswith('a": File name too long\n')
    finally:  # pytest, which recurses, could not
        subprocess.run(["rm", "-rf", "a"], cwd=project, check=True)


def _nest(project: Path, depth: int) -> None:
    code = (
        "import os, sys\nfor _ in range(int(sys.argv[1])): os.makedirs('a', exist_ok=True); os.chdir('a')\n"
    )
    code += "open('deep.py', 'w').close()"
    assert automl("-c", code, str(depth), cwd=project, command=(sys.executable,)).code == 0


# locales

ASCII_ONLY = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


def test_the_bundle_is_the_same_in_every_locale(project: Path) -> None:
    (project / "data" / "é😀.csv").touch()
    (project / ".gitignore").write_text("*.é\n")
    (project / "a.é").touch()
    (project / "\udcff").touch()
    for words in (("compile", "-t", "argo"), ("files",), ("files", "--packed")):
        done = automl(*words, cwd=project, env={"LC_ALL": "C.UTF-8"})
        assert done.code == 0
        assert automl(*words, cwd=project, env=ASCII_ONLY) == done


def test_what_a_config_names_is_found_in_every_locale(tmp_path: Path) -> None:
    project = tmp_path / "projekt-ä"
    project.mkdir()
    step = "{step_name: %s, path_to_executable: %s, dependency_path: ü.txt}"
    steps = [step % ("a", "é😀.py"), step % ("b", "ö.ipynb")]
    (project / "ä.yaml").write_text(f"stages: {{a: [{', '.join(steps)}]}}\n")
    (project / "ö.ipynb").write_text('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}')
    for name in ("é😀.py", "ü.txt"):
        (project / name).touch()
    (project / "mistake.yaml").write_text("stages: {a: [{step_name: a, path_to_executable: é😁.py}]}\n")
    for words in (("compile", "-t", "argo", "ä.yaml"), ("files", "ä.yaml"), ("validate", "mistake.yaml")):
        done = automl(*words, cwd=project, env={"LC_ALL": "C.UTF-8"})
        assert done.code == (words[0] == "validate")
        there = automl(*words, cwd=project, env=ASCII_ONLY)
        assert (there.code, there.out) == (done.code, done.out)
    assert automl("compile", "ä.yaml", "-t", "argo", "-o", "ä.yaml", cwd=project, env=ASCII_ONLY).code == 2


# what changes meanwhile


FLIP = """
while True:
    Path(".plain.swp").write_text("plain")
    Path(".plain.swp").replace("data.txt")
    Path(".link.swp").symlink_to("../secret")
    Path(".link.swp").replace("data.txt")
    Path("started").touch()
"""
COME_AND_GO = """
while True:
    for name in "abc":
        Path(name, "d").mkdir(parents=True)
        Path(name, "d", "e").write_text("x")
        Path(f"{name}.txt").write_text("x")
    for name in "abc":
        Path(name, "d", "e").unlink()
        Path(name, "d").rmdir()
        Path(name).rmdir()
        Path(f"{name}.txt").unlink()
    Path("started").touch()
"""


@contextmanager
def meanwhile(code: str, folder: Path) -> Iterator[None]:
    """Another process that does something to a folder, again and again."""
    command = [sys.executable, "-c", f"from pathlib import Path\n{code}"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            while not (folder / "started").exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield
            assert process.poll() is None
        finally:
            process.kill()


def attempts(is_enough: Callable[[], bool]) -> Iterator[int]:
    """250, and as many more as it takes on a busy machine, where the other process may not have had its turn."""
    end = time.monotonic() + 60
    return takewhile(lambda number: number < 250 or (not is_enough() and time.monotonic() < end), count())


@pytest.mark.slow
def test_a_file_that_becomes_a_link_is_not_followed(project: Path) -> None:
    (project.parent / "secret").write_text("secret")
    contents = set[bytes]()
    with meanwhile(FLIP, project):
        for _ in attempts(lambda: bool(contents)):
            files = collect_bundle(Project(project, "config.yaml"), None, SPAN).bundle.files
            contents.update(file.content for file in files if file.path == "data.txt")
    assert contents == {b"plain"}


@pytest.mark.slow
def test_files_that_vanish_are_left_out(project: Path) -> None:
    seen = set[str]()
    with meanwhile(COME_AND_GO, project):
        for _ in attempts(lambda: {"a.txt", "c/d/e"} <= seen):
            files = collect_bundle(Project(project, "config.yaml"), None, SPAN).bundle.files
            seen.update(file.path for file in files)
            assert {"run.py", "data/table.csv"} <= {file.path for file in files}
    assert {"a.txt", "c/d/e"} <= seen

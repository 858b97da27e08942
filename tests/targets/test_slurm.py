"""The script for Slurm: what shellcheck, which knows bash better than we do, says of it, and its texts."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from automl.compiler.driver import Input, compile_config
from automl.compiler.target import Options
from automl.targets import load
from automl.targets.writers.shell import command, fed, line
from tests.golden import manifests, overrides_of, project_copy

SHELLCHECK = str(Path(sys.executable).with_name("shellcheck"))


def _shellcheck(*paths: Path) -> str:
    command = [SHELLCHECK, "--norc", "--shell=bash", "--format=gcc", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_what_is_wrong_in_a_script_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.sh"
    path.write_text("#!/usr/bin/env bash\ncat $1\n")
    assert "SC2086" in _shellcheck(path)


def test_shellcheck_has_nothing_to_say_of_any_golden() -> None:
    assert _shellcheck(*manifests("slurm.sh")) == ""


@pytest.mark.parametrize("case", ["trials", "needs", "cron-full"])
def test_nor_of_whole_scripts(case: str, tmp_path: Path) -> None:
    project = project_copy(case, tmp_path)
    given = Input("config.yaml", (project / "config.yaml").read_bytes(), project)
    target = load("slurm")
    assert target
    [script] = compile_config(given, overrides_of(case), target, Options("22.05", "script")).artifacts
    path = tmp_path / "script.sh"
    path.write_text(script.text)
    assert _shellcheck(path) == ""


@pytest.mark.parametrize(
    "text", ["", "a\n", "a", "\n\n", "END", "END\nEND_\n", "$(a) `b` $c \\ \\\n\\", "é\t\x7f\x01"]
)
def test_lines_are_fed_as_they_are(text: str) -> None:
    done = subprocess.run(["bash", "-c", fed("cat", text)], capture_output=True, check=True)
    assert done.stdout.decode() == text.removesuffix("\n") + "\n"


WORDS = [
    "a",
    "a b",
    "",
    "'",
    '"',
    "$(x)",
    "`y`",
    "*",
    "~",
    "a\nb",
    "é",
    *(f"--long-option={n}" for n in range(20)),
]


@pytest.mark.parametrize("write", [line, command])
def test_words_stay_words(write: Callable[[Sequence[str]], str]) -> None:
    text = f"printf '%s\\0' {write(WORDS)}"
    done = subprocess.run(["bash", "-c", text], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == WORDS

"""The script for Slurm: what shellcheck, which knows bash better than we do, says of it, and its texts."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from automl.compiler.diagnostics import Severity
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from automl.targets import load
from automl.targets.slurm.options import seconds_of
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


WRONG = [
    ("options: [--array=0-9]", 'options: whether there is "--array" is up to the script', "`sweep` makes"),
    (
        "options: [--mem=8G]",
        '"--mem=8G" cannot be among the options',
        "write `memory_request: …` in the step instead",
    ),
    (
        "options: [--cpus=2]",
        'there is "--cpus-per-task" is up to the script',
        "write `cpu_request: …` in the step",
    ),
    (
        "options: ['--depend=afterok:1']",
        'there is "--dependency" is up to the script',
        "write `needs: […]` in the step",
    ),
    (
        "options: [--partition=gpu]",
        'there is "--partition" is up to the script',
        "write `partition: …` beside it",
    ),
    ("options: [--wait]", 'there is "--wait" is up to the script', "`squeue` shows"),
    (
        "options: [--export=ALL]",
        'there is "--export" is up to the script',
        "write `envs: {…}` in the step instead",
    ),
    ("options: [--job-name=x]", 'there is "--job-name" is up to the script', "jobs are called after"),
    (
        "options: [--requeue]",
        'there is "--requeue" is up to the script',
        "write `backoff_limit: …` in the step",
    ),
    (
        "image: /shared/a.sif",
        '"image" stands here for the `image` of a step, and there is none',
        "give the step an",
    ),
    (
        'setup: ["a\\x01b"]',
        '"setup" has a control character, and bash would lose it',
        "write it as `$'\\x01'`",
    ),
    ("time: 59", '"time" ends the job after 3,540 seconds, before `timeout`, which is 3,600', "leave it out"),
    ("time: '0:59:59'", '"time" ends the job after 3,599 seconds', "leave it out"),
    ("time: 45m", '"time" ends the job after 2,700 seconds', "leave it out"),
]
TAKEN = ("--exclusive", "--mail-type=FAIL", "--ntasks-per-node=2", "--time-min=5", "--nice=5")
TIMES = {
    "90": 90,
    "90m": 90,
    "1:30": 2,
    "1:00:00": 60,
    "1-12": 2160,
    "1-0:30": 1470,
    "1-1:1:1": 1502,
    "1h30m": 90,
}


def _result(text: str, folder: Path) -> Result:
    (folder / "a.py").touch()
    target = load("slurm")
    assert target
    return compile_config(
        Input("c.yaml", text.encode(), folder), Overrides(), target, Options("22.05", "jobs")
    )


@pytest.mark.parametrize(("option", "message", "help"), WRONG)
@pytest.mark.parametrize("where", ["run", "step"])
def test_what_does_not_go_with_the_script_is_refused_where_it_stands(
    option: str, message: str, help: str, where: str, tmp_path: Path
) -> None:
    step, said = "step_name: a, path_to_executable: a.py, timeout: 1h", f"targets: {{slurm: {{{option}}}}}"
    text = (
        f"stages: {{s: [{{{step}}}]}}\n{said}\n"
        if where == "run"
        else f"stages: {{s: [{{{step}, {said}}}]}}\n"
    )
    [wrong] = [one for one in _result(text, tmp_path).diagnostics if one.severity is Severity.ERROR]
    assert message in wrong.message
    assert help in (wrong.help or "")
    line_of_it = text.splitlines()[wrong.span.line - 1]
    assert line_of_it[wrong.span.column - 1 :].startswith(option.partition(":")[0])


@pytest.mark.parametrize("option", TAKEN)
def test_other_options_are_taken(option: str, tmp_path: Path) -> None:
    text = f"targets: {{slurm: {{options: [{option}]}}}}\nstages: {{s: [{{step_name: a, path_to_executable: a.py}}]}}\n"
    [script] = _result(f"name: a\n{text}", tmp_path).artifacts
    assert f"submit a {option} " in script.text


@pytest.mark.parametrize(("written", "minutes"), TIMES.items())
def test_times_are_minutes(written: str, minutes: int) -> None:
    assert -(-seconds_of(written) // 60) == minutes


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

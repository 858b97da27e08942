"""Processes that take turns.

What counts is the ratio of two that ran one after the other, so that a machine that is busy with something else slows both.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

PYTHON = sys.executable
AUTOML = [PYTHON, str(Path(PYTHON).with_name("automl"))]  # the command as it is installed
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
ROUNDS = 7


class Time(NamedTuple):
    """What one process took, in seconds."""

    wall: float
    cpu: float


def run(command: list[str], output: Path) -> Time:
    """Run a command with its standard output in a file; it must succeed."""
    errors = output.with_suffix(".err")
    with output.open("wb") as out, errors.open("wb") as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.read_text(encoding='utf-8')}")
    return Time(wall, usage.ru_utime + usage.ru_stime)


def in_turns(commands: dict[str, list[str]], output: Path, rounds: int = ROUNDS) -> dict[str, list[Time]]:
    """Every command once to warm up, which also writes its bytecode, then A B A B …"""
    for command in commands.values():
        run(command, output)
    times: dict[str, list[Time]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(run(command, output))
    return times


def show(title: str, times: dict[str, list[Time]]) -> None:
    """A table; a ratio is the median of those to the neighbour of the first command."""
    print(f"\n{title}\n  {'':<34}{'wall':>7}{'least':>7}{'cpu':>7}{'ratio of wall':>15}{'of cpu':>8}")
    first = next(iter(times.values()))
    for name, taken in times.items():
        walls, cpus = zip(*taken, strict=True)
        by_wall = median(mine.wall / other.wall for mine, other in zip(taken, first, strict=True))
        by_cpu = median(mine.cpu / other.cpu for mine, other in zip(taken, first, strict=True))
        numbers = "".join(f"{value * 1e3:7.0f}" for value in (median(walls), min(walls), median(cpus)))
        print(f"  {name:<34}{numbers}{by_wall:15.2f}{by_cpu:8.2f}")


def outputs(commands: dict[str, list[str]], output: Path) -> list[str]:
    """What each command prints."""
    texts = []
    for command in commands.values():
        run(command, output)
        texts.append(output.read_text(encoding="utf-8"))
    return texts

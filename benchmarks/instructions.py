"""How many instructions a process takes, which no other process changes: by valgrind's cachegrind, without its caches.

`make instructions` runs it. What the kernel does is not counted.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.compare import QUICKSTART, write_project
from benchmarks.turns import AUTOML, ENVIRONMENT, PYTHON

_REFS = re.compile(r"I +refs: +([\d,]+)")
LARGE = (1, 1_000, 10_000)
WRITTEN = (1, 20, 200)  # of so many steps a package of Kubeflow is not refused
GROWTH = (
    ("argo", LARGE),
    ("kubernetes", LARGE),
    ("slurm", LARGE),
    ("kubeflow", LARGE),
    ("kubeflow", WRITTEN),
)
SMALL = {
    "automl --help": ["--help"],
    "automl --version": ["--version"],
    "automl schema": ["schema"],
    "automl validate quickstart": ["validate", str(QUICKSTART)],
    "automl compile quickstart": ["compile", str(QUICKSTART), "-t", "argo"],
}


def instructions(command: list[str]) -> float:
    """Millions of them, of the second of two runs; the command may refuse what it is given."""
    environment = ENVIRONMENT | {"PYTHONHASHSEED": "0"}
    subprocess.run(command, env=environment, capture_output=True, check=False)
    with tempfile.NamedTemporaryFile("r") as log:
        tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        said = f"--log-file={log.name}"
        subprocess.run([*tool, said, *command], env=environment, capture_output=True, check=False)
        found = _REFS.search(log.read())
    assert found, "cachegrind says how many"
    return int(found[1].replace(",", "")) / 1e6


def small() -> None:
    """What starts and ends, against the imports that it needs."""
    imports = instructions([PYTHON, "-c", "import typer, yaml"])
    print(f"\nmillions of instructions\n  {'python -c import typer, yaml':<34}{imports:8.0f}{1:7.2f}")
    for name, arguments in SMALL.items():
        taken = instructions([*AUTOML, *arguments])
        print(f"  {name:<34}{taken:8.0f}{taken / imports:7.2f}")


def growth(folder: Path) -> None:
    """What each step adds, and whether that is the same for many; a refusal is a compilation, too."""
    configs = {count: write_project(folder / f"grown-{count}", count) for count in {*LARGE, *WRITTEN}}
    print("\n  millions of instructions")
    for target, counts in GROWTH:
        one, some, many = (
            instructions([*AUTOML, "compile", str(configs[count]), "-t", target]) for count in counts
        )
        taken = zip(counts, (one, some, many), strict=True)
        print(f"  {target:<12}" + ", ".join(f"{count:,}: {amount:.0f}" for count, amount in taken))
        print(f"    each of {counts[1]:,} adds {(some - one) / (counts[1] - 1):.2f},", end=" ")
        print(f"each of {counts[2]:,} adds {(many - one) / (counts[2] - 1):.2f};", end=" ")
        print(f"{counts[2]:,} to {counts[1]:,}, beyond one: {(many - one) / (some - one):.2f}")


def main() -> None:
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind is not there: it counts the instructions")
    os.chdir(Path(__file__).parent.parent)
    with tempfile.TemporaryDirectory() as name:
        small()
        growth(Path(name))


if __name__ == "__main__":
    main()

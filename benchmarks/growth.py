"""What more steps, more edges and more trials cost, and where each engine ends: the data of docs/performance.md.

`make plots` runs it, prints the tables, and draws docs/performance/*.svg. Nothing else may run: these are no ratios.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from benchmarks.compare import write_project
from benchmarks.sweeps import SWEEP
from benchmarks.turns import AUTOML, ENVIRONMENT

TARGETS = ("argo", "kubeflow", "kubernetes", "slurm", "local")
STEPS = (1, 250, 500, 1000, 2000, 4000, 7000, 10_000)
EDGES = (0, 1, 5, 10, 25, 50, 100)  # of each of a hundred steps
TRIALS = (10, 500, 1000, 2000, 3500, 5000)
ROUNDS = 3
MOST = 20_000  # steps that are looked at
PLOTS = Path(__file__).parent.parent / "docs" / "performance"


class Cost(NamedTuple):
    """What a compilation took: CPU in seconds, memory in MiB at its peak, and what it was refused for."""

    cpu: float
    peak: float
    error: str


Config: TypeAlias = Callable[
    [Path, int], Path
]  # writes the project of so many into a folder that is not there yet
Curve: TypeAlias = list[tuple[int, Cost]]


def cost(config: Path, target: str) -> Cost:
    """The least CPU and the most memory of some runs."""
    runs = [_run(config, target) for _ in range(ROUNDS)]
    return Cost(min(run.cpu for run in runs), max(run.peak for run in runs), runs[0].error)


def _run(config: Path, target: str) -> Cost:
    command = [*AUTOML, "compile", str(config), "-t", target]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=ENVIRONMENT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        errors = [line for line in said.read().decode().splitlines() if "error" in line[:6]]
    return Cost(_cpu(usage), usage.ru_maxrss / 1024, errors[0] if process.returncode else "")


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def with_edges(folder: Path, edges: int) -> Path:
    """Two stages of a hundred steps: each of the second takes a value of so many of the first."""
    folder.mkdir()
    (folder / "step.py").write_text("print('hello')\n", encoding="utf-8")
    parts = ["version: 1.0.0\nname: bench\nstages:\n"]
    for stage, more in (("first", ", outputs: {rows: int}"), ("second", "")):
        parts.append(f"  {stage}:\n")
        for number in range(100):
            taken = ((number + other) % 100 for other in range(edges if stage == "second" else 0))
            values = ", ".join(f"v{one}: '${{{{ steps.first-{one}.outputs.rows }}}}'" for one in taken)
            inputs = f", inputs: {{{values}}}" if values else ""
            parts.append(
                f"    - {{step_name: {stage}-{number}, path_to_executable: step.py{more}{inputs}}}\n"
            )
    config = folder / "config.yaml"
    config.write_text("".join(parts), encoding="utf-8")
    return config


def with_trials(folder: Path, trials: int) -> Path:
    """A sweep of ten by a tenth of so many."""
    folder.mkdir()
    (folder / "step.py").write_text("print('hello')\n", encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(SWEEP.format(trials // 10, 10), encoding="utf-8")
    return config


def largest(folder: Path, target: str) -> tuple[int, str]:
    """The most steps that a target takes, and what it says of one more; the steps are a hundred a stage."""

    def error(steps: int) -> str:
        place = folder / f"steps-{steps}"
        config = place / "config.yaml"
        return _run(config if config.exists() else write_project(place, steps), target).error

    least, beyond = 1, MOST
    if not (last := error(beyond)):
        return MOST, ""
    while beyond - least > 1:
        middle = (least + beyond) // 2
        if said := error(middle):
            beyond, last = middle, said
        else:
            least = middle
    return least, last


def curves(folder: Path, write: Config, counts: Iterable[int], targets: Iterable[str]) -> dict[str, Curve]:
    """The costs of more and more, for each target."""
    configs = {count: write(folder / f"{write.__name__}-{count}", count) for count in counts}
    return {
        target: [(count, cost(config, target)) for count, config in configs.items()] for target in targets
    }


def show(title: str, found: dict[str, Curve]) -> None:
    """A table: CPU in ms and memory in MiB; an asterisk where the compilation was refused."""
    counts = [count for count, _ in next(iter(found.values()))]
    print(f"\n{title}\n  {'':<12}" + "".join(f"{count:>14,}" for count in counts))
    for target, curve in found.items():
        cells = (f"{cost.cpu * 1e3:.0f} / {cost.peak:.0f}{'*' if cost.error else ''}" for _, cost in curve)
        print(f"  {target:<12}" + "".join(f"{cell:>14}" for cell in cells))


def draw(name: str, what: str, found: dict[str, Curve]) -> None:
    """Time and memory side by side; a hollow mark where the compilation was refused."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "automl", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for plot, label, value in ((axes[0], "CPU, ms", 0), (axes[1], "memory at its peak, MiB", 1)):
        for target, curve in found.items():
            points = [(count, cost.cpu * 1e3 if value == 0 else cost.peak) for count, cost in curve]
            [line] = plot.plot(*zip(*points, strict=True), label=target, linewidth=1.2)
            for (x, y), (_, cost) in zip(points, curve, strict=True):
                fill = "white" if cost.error else line.get_color()
                plot.plot([x], [y], "o", markersize=4, color=line.get_color(), markerfacecolor=fill)
        plot.set(xlabel=what, ylabel=label, xlim=(0, None), ylim=(0, None))
        plot.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    PLOTS.mkdir(exist_ok=True)
    figure.savefig(PLOTS / f"{name}.svg", metadata={"Date": None})


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plots = []
        for plot, title, what, write, counts, targets in (
            ("steps", "Steps", "steps", write_project, STEPS, TARGETS),
            (
                "edges",
                "100 steps that take so many values each",
                "values that each of 100 steps takes",
                with_edges,
                EDGES,
                TARGETS,
            ),
            (
                "trials",
                "Trials of one step",
                "trials",
                with_trials,
                TRIALS,
                ("argo", "kubernetes", "slurm", "local"),
            ),
        ):
            found = curves(folder, write, counts, targets)
            show(f"{title}: CPU in ms / peak in MiB (*: refused)", found)
            plots.append((plot, what, found))
        print("\nThe most steps that each target takes")
        for target in TARGETS:
            most, error = largest(folder, target)
            print(f"  {target:<12}{most:>7,}  {error}")
    for (
        plot,
        what,
        found,
    ) in plots:  # last: a process has the memory of the one that starts it, until it has begun
        draw(plot, what, found)


if __name__ == "__main__":
    main()

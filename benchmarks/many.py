"""Many configs in one process, and a project of many files."""

from pathlib import Path

from benchmarks.turns import AUTOML, Time, run

CONFIGS = 500
FILES = 50_000
ROUNDS = 5
CONFIG = """\
version: 1.0.0
name: "config-{}"
{}stages:
  all:
    - step_name: first
      path_to_executable: step.py
      cpu_request: 500m
      memory_request: 1Gi
    - {{step_name: second, path_to_executable: step.py, args: [--part, 2]}}
"""
ONE_STEP = CONFIG.replace("    - {{step_name: second, path_to_executable: step.py, args: [--part, 2]}}\n", "")


def many_configs(folder: Path) -> None:
    """Print what each of 500 configs takes when one command validates all of them."""
    apart = [_written(folder / f"apart-{number}" / "config.yaml", number) for number in range(CONFIGS)]
    together = [_written(folder / "together" / f"{number}.yaml", number) for number in range(CONFIGS)]
    print(f"\n{CONFIGS} configs in one process, milliseconds of CPU for each")
    for place, configs in (("in folders of their own", apart), ("in one folder", together)):
        for what, options in (("for all targets", []), ("-t argo", ["-t", "argo"])):
            taken = _least([*AUTOML, "validate", *map(str, configs), *options], folder / "out")
            print(f"  {f'validate {what}, {place}':<48}{taken.cpu / CONFIGS * 1e3:7.2f}")


def many_files(folder: Path) -> None:
    """Print what a project takes of whose files only one is packed."""
    print(f"\na project of {FILES:,} files, of which one is packed: milliseconds of wall, of CPU")
    for name, patterns in (("include", 'include: ["*.py"]'), ("exclude", 'exclude: ["*.txt"]')):
        place = folder / name
        config = _written(place / "config.yaml", 0, f"code: {{bundle: {{{patterns}}}}}\n")
        for number in range(FILES):
            (place / f"{number}.txt").touch()
        taken = _least([*AUTOML, "compile", str(config), "-t", "argo"], folder / "out")
        print(f"  {patterns:<34}{taken.wall * 1e3:7.0f}{taken.cpu * 1e3:7.0f}")


def _written(config: Path, number: int, code: str = "") -> Path:
    config.parent.mkdir(exist_ok=True)
    (config.parent / "step.py").write_text("print('hello')\n", encoding="utf-8")
    config.write_text((ONE_STEP if code else CONFIG).format(number, code), encoding="utf-8")
    return config


def _least(command: list[str], output: Path) -> Time:
    return min((run(command, output) for _ in range(ROUNDS)), key=lambda taken: taken.cpu)

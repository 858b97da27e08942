"""Whole processes against each other: the compiler against hera, kfp, its own imports, and itself.

`make bench` runs it; README.md says what the numbers mean.
"""

import difflib
import json
import os
import platform
import re
import subprocess
import tempfile
from bisect import bisect_left
from pathlib import Path
from typing import Any

import yaml

from benchmarks.many import many_configs, many_files
from benchmarks.sweeps import trials_against_hera, trials_against_kfp
from benchmarks.turns import AUTOML, ENVIRONMENT, PYTHON, ROUNDS, in_turns, outputs, run, show
from benchmarks.writing import compiling_against_load_and_dump, writing_against_pyyaml

HERE = Path(__file__).parent
HERA = [PYTHON, str(HERE / "hera_workflow.py")]
KFP = [PYTHON, "-W", "ignore", str(HERE / "kfp_pipeline.py")]
QUICKSTART = HERE.parent / "examples" / "quickstart" / "config.yaml"
HASHED_NAME = re.compile(r"\b(bench(?:-[a-z]+)?)-[0-9a-f]{8}\b")
KINDS = ("Workflow", "WorkflowTemplate")
HERA_VALUES = [PYTHON, str(HERE / "hera_values.py")]
STEPS_WITH_VALUES = 1000
STEPS_PER_STAGE = 100
EMPTY_STEPS = 1000
STEP = """\
    - step_name: step-{number:04}
      path_to_executable: step.py
      args: [--part, {number}]
      envs:
        SEED: {number}
        STORE_URL: s3://bench/part-{number}
      cpu_request: 250m
      memory_request: 512Mi
      timeout: 30m
"""


def workflows(text: str) -> list[object]:
    """The objects that hera makes too, with a plain name for each that has a hash in it."""
    hashed = list(dict.fromkeys(match[0] for match in HASHED_NAME.finditer(text)))
    shelves = [name for name in hashed if name.startswith("bench-templates-")]
    plain = {name: HASHED_NAME.sub(r"\1", name) for name in hashed}
    plain |= {name: f"bench-templates-{number}" for number, name in enumerate(shelves)}
    text = HASHED_NAME.sub(lambda match: plain[match[0]], text)
    documents = yaml.load_all(text, Loader=yaml.CSafeLoader)
    return [document for document in documents if document["kind"] in KINDS]


def check_equal(ours: list[object], theirs: list[object]) -> None:
    """Both hold the same; the order of keys does not count."""
    one, other = (json.dumps(found, indent=1, sort_keys=True).splitlines() for found in (ours, theirs))
    if one != other:
        raise SystemExit(
            "\n".join(["the outputs differ:", *difflib.unified_diff(one, other, lineterm="")][:40])
        )


def write_project(folder: Path, steps: int, has_values: bool = False) -> Path:
    """Make the folder; the path of its config, in which stages of a hundred steps follow one another.

    With values each step hands one to a step of the next stage.
    """
    folder.mkdir()
    (folder / "step.py").write_text("print('hello')\n", encoding="utf-8")
    parts = ["version: 1.0.0\nname: bench\nstages:\n"]
    for number in range(steps):
        if number % STEPS_PER_STAGE == 0:
            parts.append(f"  batch-{number // STEPS_PER_STAGE}:\n")
        parts.append(STEP.format(number=number))
        if has_values:
            parts.append(_value_of(number))
    config = folder / "config.yaml"
    config.write_text("".join(parts), encoding="utf-8")
    return config


def _value_of(number: int) -> str:
    before = number - STEPS_PER_STAGE
    takes = f"      inputs: {{rows: '${{{{ steps.step-{before:04}.outputs.rows }}}}'}}\n"
    return "      outputs: {rows: int}\n" + (takes if before >= 0 else "")


def project(folder: Path, steps: int) -> Path:
    """The config of so many steps, written once."""
    place = folder / str(steps)
    return place / "config.yaml" if place.exists() else write_project(place, steps)


def against_hera(folder: Path) -> None:
    commands = {
        "automl compile": [*AUTOML, "compile", str(project(folder, 1000)), "-t", "argo"],
        "hera, to_yaml()": HERA,
        "hera, to_yaml(Dumper=CSafeDumper)": [*HERA, "c"],
    }
    ours, *others = outputs(commands, folder / "out")
    for theirs in others:
        check_equal(workflows(ours), workflows(theirs))
    show(f"1,000 steps: the same workflow, {len(ours):,} bytes of YAML", in_turns(commands, folder / "out"))


def packages(text: str) -> list[object]:
    """The documents of a Kubeflow package without what kfp writes otherwise: its name, and `cachingOptions: {}`,
    which says that nothing is cached, as does no such key."""
    documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    pipeline = documents[0]
    del pipeline["sdkVersion"]
    for component in (pipeline["root"], *pipeline["components"].values()):
        for task in component.get("dag", {}).get("tasks", {}).values():
            if task.get("cachingOptions") == {}:
                del task["cachingOptions"]
    return documents


def packed(text: str, folder: Path) -> list[str]:
    """Files with the words of the task that packs the project: they are no work of either compiler."""
    container: Any = yaml.load(text.partition("\n---\n")[0], Loader=yaml.CSafeLoader)
    container = container["deploymentSpec"]["executors"]["exec-code"]["container"]
    words = [container["command"][2], *container["args"][1:]]
    files = [folder / f"word-{number}" for number in range(len(words))]
    for file, word in zip(files, words, strict=True):
        file.write_text(word, encoding="utf-8")
    return [str(file) for file in files]


def against_kfp(folder: Path) -> None:
    commands = {
        "automl compile": [*AUTOML, "compile", str(project(folder, 200)), "-t", "kubeflow"],
        "kfp, Compiler().compile()": KFP,
    }
    [ours] = outputs({"": commands["automl compile"]}, folder / "out")
    commands["kfp, Compiler().compile()"] = [*KFP, *packed(ours, folder)]
    ours, theirs = outputs(commands, folder / "out")
    check_equal(packages(ours), packages(theirs))
    title = f"200 steps: the same Kubeflow package, {len(ours):,} bytes of YAML"
    show(title, in_turns(commands, folder / "out", 5))


def against_imports(folder: Path) -> None:
    commands = {
        'python -c "import typer, yaml"': [PYTHON, "-c", "import typer, yaml"],
        "automl compile quickstart": [*AUTOML, "compile", str(QUICKSTART), "-t", "argo"],
    }
    show("a small config", in_turns(commands, folder / "out", 5 * ROUNDS))


def against_itself(folder: Path) -> None:
    def is_refused(hundreds: int) -> bool:
        command = [*AUTOML, "compile", str(project(folder, hundreds * 100)), "-t", "argo"]
        return subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT).returncode == 1

    most = 100 * (bisect_left(range(10, 100), True, key=is_refused) + 9)
    counts = tuple(dict.fromkeys((1, 100, 1000, most)))
    grow(folder, "argo", counts, f"up to {most:,} steps, the most that Argo takes of these")
    grow(
        folder,
        "kubeflow",
        (1, 100, 200),
        "up to 200 steps for Kubeflow, where a run of 300 of these is too large",
    )
    grow(folder, "slurm", (1, 1000, 10_000), "up to 10,000 steps for Slurm, a job each")


def against_steps_without_values(folder: Path) -> None:
    """With values the steps share templates, which is more work for us and less for Argo."""
    with_values = write_project(folder / "values", STEPS_WITH_VALUES, has_values=True)
    commands = {
        "automl compile": [*AUTOML, "compile", str(project(folder, STEPS_WITH_VALUES)), "-t", "argo"],
        "automl compile, with values": [*AUTOML, "compile", str(with_values), "-t", "argo"],
        "hera with values, CSafeDumper": [*HERA_VALUES, str(STEPS_WITH_VALUES)],
    }
    show(f"{STEPS_WITH_VALUES:,} steps, each with a value for another", in_turns(commands, folder / "out"))


def against_make(folder: Path) -> None:
    """A thousand steps that do nothing, one after the other, on this machine."""
    place = folder / "empty"
    config, script, makefile = place / "config.yaml", place / "steps.sh", place / "Makefile"
    config.parent.mkdir()
    step = place / "step.sh"
    step.write_text("", encoding="utf-8")
    numbers = range(EMPTY_STEPS)
    steps = "".join(
        f"    - {{step_name: step-{number}, path_to_executable: step.sh}}\n" for number in numbers
    )
    config.write_text(f"version: 1.0.0\nname: empty\nstages:\n  all:\n{steps}", encoding="utf-8")
    script.write_text(f"bash {step}\n" * EMPTY_STEPS, encoding="utf-8")
    targets = " ".join(f"step-{number}" for number in numbers)
    makefile.write_text(
        f".PHONY: all {targets}\nall: {targets}\n{targets}:\n\t@bash {step}; :\n", encoding="utf-8"
    )
    run([*AUTOML, "compile", str(config), "-t", "local"], place / "program.py")
    program = [PYTHON, str(place / "program.py"), "--runs", str(folder / "runs"), "--no-queue", "--jobs", "1"]
    commands = {
        "bash": ["bash", str(script)],
        "make": ["make", "-f", str(makefile)],
        "program of automl": program,
    }
    times = in_turns(commands, folder / "out", 3)
    show(f"{EMPTY_STEPS:,} steps that do nothing", times)
    for name, taken in times.items():
        print(f"  a step of {name} takes {min(taken).wall / EMPTY_STEPS * 1e3:.2f} ms")


def grow(folder: Path, target: str, counts: tuple[int, ...], title: str) -> None:
    """Times for more and more steps, and what each of them adds."""
    names = {f"{count:,} step{'s' * (count > 1)}": count for count in counts}
    commands = {
        name: [*AUTOML, "compile", str(project(folder, count)), "-t", target] for name, count in names.items()
    }
    times = in_turns(commands, folder / "out")
    show(title, times)
    one, *others = ((count, min(times[name]).wall) for name, count in names.items())
    for count, wall in others:
        added = (wall - one[1]) / (count - one[0])
        print(f"  each of {count:,} steps adds {added * 1e3:.2f} ms")


def main() -> None:
    print(
        f"Python {platform.python_version()} on {platform.machine()}, {os.cpu_count()} processors; milliseconds"
    )
    with tempfile.TemporaryDirectory() as name:
        for compare in (
            against_hera,
            against_kfp,
            against_imports,
            against_itself,
            many_configs,
            many_files,
            against_steps_without_values,
            trials_against_hera,
            trials_against_kfp,
            against_make,
        ):
            compare(Path(name))
        writing_against_pyyaml(project(Path(name), 200))
        compiling_against_load_and_dump(project(Path(name), 200))


if __name__ == "__main__":
    main()

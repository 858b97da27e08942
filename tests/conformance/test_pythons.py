"""Every Python draws the same samples and finds the same trial the best, also one of 32 bits."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests.conformance import pythons

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "trials.md").read_text(encoding="utf-8")
LINE = re.compile(r"^\| `(\d+)` \| `(\d+)` \| `(\w+)` \| `(.+)` \| `(.+)` \|$", re.MULTILINE)
OF_COMPILER = [python for python in pythons.PYTHONS if python != "3.10"]
DRAWING = """\
import json
from decimal import Decimal
from automl.compiler.trials.numbers import number_text, range_of
from automl.compiler.trials.sampling import Draws, Interval

def drawn(seed, sample, name, space):
    draws = Draws(seed, sample, name)
    if isinstance(space, list):
        return space[draws.below(len(space), 0)]
    least, most, *rest = space.values()
    return Interval(Decimal(least), Decimal(most), *rest).text(draws)

with open(f"{SOURCES}/asked.json") as file:
    asked = json.load(file)
steps = range_of(Decimal("0.1"), Decimal("9.7"), Decimal("0.0007"))
print(json.dumps([[drawn(*one) for one in asked], [number_text(step, False) for step in steps]]))
"""
SELECTING = """\
import json
from automl.runtime import outputs, select_trials, selecting, states, trial_results, trial_run
from automl.runtime.selection import Objective, Trial, best, collected

with open(f"{SOURCES}/asked.json") as file:
    asked = json.load(file)
found = []
for numbers in asked:
    trials = [Trial(str(at), {}, [number and {"auc": number} for number in runs]) for at, runs in enumerate(numbers)]
    for maximize in (True, False):
        try:
            winner = best(trials, Objective("auc", maximize=maximize))
            found.append([winner.name, winner.score(Objective("auc")), collected(trials, "auc", "float")])
        except ValueError as error:
            found.append(str(error))
print(json.dumps(found))
"""

NOUNS = """\
import json
from automl.compiler import ir
from automl.compiler.config.kinds import kinds_of
from automl.compiler.config.step import StepConfig
from automl.compiler.source import Located

job = {name: None for name in ir.Job._fields} | {"name": "a"}
found = [ir.Job._fields, sorted(ir.Job._field_defaults), ir.Job(**job)._replace(name="b").name]
found += [repr(Located("a", None)), {name: str(kind.keys) for name, kind in kinds_of(StepConfig).items()}]
try:
    ir.Job(nothing=1)
except TypeError as error:
    found.append(str(error))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules as files, for what follows no links."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("compiler", "runtime"):
        shutil.copytree(ROOT / name, folder / "automl" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def answers(python: str, program: str, asked: object, sources: Path) -> tuple[Any, Any]:
    """What a program finds there, and here."""
    (sources / "asked.json").write_text(json.dumps(asked))
    there, here = sources / "there.py", sources / "here.py"
    there.write_text(f"SOURCES = '/src'\n{program}")
    here.write_text(f"SOURCES = {str(sources)!r}\n{program}")
    words = [sys.executable, str(here)]
    done = subprocess.run(words, env={"PYTHONPATH": str(sources)}, capture_output=True, text=True, check=True)
    return pythons.answer(python, there, sources), json.loads(done.stdout)


def space_of(text: str) -> dict[str, Any] | list[str]:
    """A space of the page as the generator takes it."""
    space = yaml.safe_load(text)
    if isinstance(space, list):
        return space
    least, most = space["min"], space["max"]
    is_whole = isinstance(least, int) and isinstance(most, int) and space.get("type") != "float"
    lengths = [space["count"]["min"], space["count"]["max"]] if "count" in space else None
    return _space(str(least), str(most), space.get("scale") == "log", is_whole, lengths)


def _space(least: str, most: str, is_log: bool, is_whole: bool, lengths: list[int] | None) -> dict[str, Any]:
    return {"least": least, "most": most, "is_log": is_log, "is_whole": is_whole, "lengths": lengths}


@pytest.mark.parametrize("python", OF_COMPILER)
def test_the_same_samples_are_drawn(python: str, sources: Path) -> None:
    vectors, chance = LINE.findall(PAGE), Random(3)
    asked = [[int(seed), int(sample), name, space_of(space)] for seed, sample, name, space, _ in vectors]
    for sample in range(300):
        least, most = sorted(10 ** chance.uniform(-300, 300) for _ in range(2))
        space = _space(str(least), str(most), chance.random() < 0.7, False, [1, 3])
        asked.append([chance.randrange(2**31), sample, "höhe", space])
    there, here = answers(python, DRAWING, asked, sources)
    assert there[0][: len(vectors)] == [value for *_, value in vectors]
    assert there == here


@pytest.mark.parametrize("python", ["3.10", "3.14"])  # the oldest that there is, and the newest
def test_the_same_trial_is_the_best(python: str, sources: Path) -> None:
    chance = Random(5)
    texts = [
        None,
        "nan",
        "1e999",
        *(repr(chance.uniform(-1, 1) * 10 ** chance.randrange(9)) for _ in range(30)),
    ]
    asked = [
        [[chance.choice(texts) for _ in range(folds)] for _ in range(6)]
        for folds in (1, 2, 3)
        for _ in range(60)
    ]
    there, here = answers(python, SELECTING, asked, sources)
    assert there == here
    assert len({str(one) for one in there}) > 100


@pytest.mark.parametrize("python", OF_COMPILER)
def test_nouns_are_made_of_what_their_classes_annotate(python: str, sources: Path) -> None:
    there, here = answers(python, NOUNS, [], sources)
    assert there == here

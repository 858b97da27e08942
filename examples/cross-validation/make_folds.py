"""Writes the data, and who of it is in which fold: `python make_folds.py`."""

import json
import random
from pathlib import Path

FOLDS = 4
dice = random.Random(7)
rows = [{"x": round(dice.gauss(3 * label, 1), 2), "label": label} for label in (0, 1) for _ in range(20)]
order = list(range(len(rows)))
dice.shuffle(order)
folds = [
    {"train": sorted(set(order) - set(order[fold::FOLDS])), "test": sorted(order[fold::FOLDS])}
    for fold in range(FOLDS)
]
Path("data.json").write_text(json.dumps(rows))
Path("folds.json").write_text(json.dumps({"folds": folds}))

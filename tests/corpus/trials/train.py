"""Two trials fail, each in one fold; that with the best number of all is one of them."""

import json
import os
import sys
from pathlib import Path

import see  # noqa: F401

PARAMS = json.loads(Path(os.environ["AUTOML_PARAMS_FILE"]).read_text(encoding="utf-8"))
FOLD = PARAMS["fold_index"]
if (PARAMS["lr"], FOLD) in ((100, 1), (0.001, 0)) and len(PARAMS["layers"]) == 1:
    sys.exit("no")
SCORES = {"auc": PARAMS["lr"] * sum(PARAMS["layers"]) + FOLD, "other": 1}
Path(os.environ["AUTOML_OUTPUT_SCORES"]).write_text(json.dumps(SCORES), encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_NUMBER"]).write_text(str(sum(PARAMS["layers"]) + FOLD), encoding="utf-8")

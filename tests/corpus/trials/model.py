"""One leaves no number, and two the same: the first of these is the best."""

import os
from pathlib import Path

import see  # noqa: F401

WORD = os.environ["AUTOML_PARAM_WORD"]
Path(os.environ["AUTOML_OUTPUT_LOSS"]).write_text("nan" if len(WORD) > 5 else "0.5", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_NAME"]).write_text(WORD, encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_MODEL"]).write_text(f"model of {WORD}", encoding="utf-8")

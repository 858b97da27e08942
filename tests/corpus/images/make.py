import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_ROWS"]).write_text("12", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("plain words: a=b/c (d)", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_bytes(b"\0 table\n")

import os
from pathlib import Path

import see  # noqa: F401

# what no engine changes, however much it looks like it
PARTS = """{"it's": [{"a": {"%41": "\\\\ 50 % ` $"}}, "$HOME {x}}"],
\t"é": "€ 😀 <b>"}"""

Path(os.environ["AUTOML_OUTPUT_ROWS"]).write_text("12", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("plain words: a=b/c (d)", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_PARTS"]).write_text(PARTS, encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_bytes(b"\0 table\n")

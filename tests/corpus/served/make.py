import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_NET"]).mkdir()
(Path(os.environ["AUTOML_OUTPUT_NET"]) / "weights").write_bytes(b"\0\1")
Path(os.environ["AUTOML_OUTPUT_AUC"]).write_text("0.90", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_WORD"]).write_text("$(HOME) $$ {{=1+1}} é 😀\nit's", encoding="utf-8")

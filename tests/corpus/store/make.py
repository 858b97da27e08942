import os
from pathlib import Path

import see  # noqa: F401

Path(os.environ["AUTOML_OUTPUT_TABLE"]).write_bytes(b"\0 table\n")
Path("out/net/deep").mkdir(parents=True)
Path("out/net/deep/weights[1].bin").write_bytes(b"\xff net")
Path("out/net/link").symlink_to("deep/weights[1].bin")
Path(os.environ["AUTOML_OUTPUT_ROWS"]).write_text("12\n", encoding="utf-8")
Path(os.environ["AUTOML_OUTPUT_IDLE"]).write_text("{{x}} $(HOME)", encoding="utf-8")

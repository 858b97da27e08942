import os
from pathlib import Path

import see  # noqa: F401

for name in ("ID", "NAME"):
    assert os.environ[f"RUN_{name}"], name
    Path(os.environ[f"AUTOML_OUTPUT_{name}"]).write_text(os.environ[f"RUN_{name}"], encoding="utf-8")

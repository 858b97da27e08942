import json
import os
from pathlib import Path

import see  # noqa: F401

mine, ours = Path("conf/params.json"), Path(os.environ["AUTOML_PARAMS_FILE"])
assert json.loads(mine.read_text(encoding="utf-8")) == json.loads(ours.read_text(encoding="utf-8"))

import os
from pathlib import Path

import see  # noqa: F401

VALUES = {
    "WORD": "héllo wörld",
    "ROWS": "1000\n",
    "RATE": "1e-4",
    "IS_GOOD": "true",
    "SHAPE": '{"rows": [1, 2.50, null], "name": "it\'s"}\n',
    "SCORES": '{"auc": 0.90, "loss": 1e-3}',
}
for name, text in VALUES.items():
    Path(os.environ[f"AUTOML_OUTPUT_{name}"]).write_text(text, encoding="utf-8")

import os
from pathlib import Path

import see  # noqa: F401

VALUES = {
    "ROWS": b"many",
    "RATE": b"1,5",
    "GOOD": b"yes",
    "SHAPE": b"{'a': 1}",
    "SCORES": b'{"auc": NaN}',
    "WORD": b"\xff",
}
for name, content in VALUES.items():
    Path(os.environ[f"AUTOML_OUTPUT_{name}"]).write_bytes(content)

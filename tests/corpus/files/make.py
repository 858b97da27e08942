import os
from pathlib import Path

import see  # noqa: F401


def place(name: str) -> Path:
    return Path(os.environ[f"AUTOML_OUTPUT_{name}"])


place("TABLE").write_bytes(bytes(range(256)) * 50)
Path("out/pages/deep").mkdir(parents=True)
Path("out/pages/index.html").write_text("{{x}} $(HOME)\n", encoding="utf-8")
Path("out/pages/deep/日本語 😀.txt").write_text("deep", encoding="utf-8")
place("ROWS").mkdir()
(place("ROWS") / "part-0").write_text("a\n\n", encoding="utf-8")
(place("ROWS") / "part-1").write_text("", encoding="utf-8")
Path("net.bin").write_bytes(b"\0\xff net")
place("EMPTY").touch()
place("COUNT").write_text("2", encoding="utf-8")

"""The scripts that run inside the pods: readable in the manifest, with the standard library only."""

from pathlib import Path

BESIDE_START = ("dependencies", "folders")
"""The modules that `start.py` imports. They lie beside it, in a pod as here."""


def script(name: str) -> str:
    """The text of one of the scripts, for instance `start.py`."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def start_scripts() -> dict[str, str]:
    """The texts of `start.py` and of what it imports, by the names of their files."""
    return {f"{name}.py": script(f"{name}.py") for name in ("start", *BESIDE_START)}

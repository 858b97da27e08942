"""The scripts that run inside the pods: readable in the manifest, with the standard library only."""

from pathlib import Path


def script(name: str) -> str:
    """The text of one of the scripts, for instance `start.py`."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")

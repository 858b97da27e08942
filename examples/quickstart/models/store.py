"""The place where the steps leave files for each other.

Every step runs on its own machine, so a file written to the local disk is gone when the step ends.
STORE_URL says where to keep it instead: `s3://bucket/folder`, or `file:///some/folder`.
Unset, it is `.store` in the project.
"""

import os
from pathlib import Path

import fsspec


def url_of(name: str) -> str:
    """Return the full address of a stored file."""
    default = Path(__file__).resolve().parents[1] / ".store"
    return os.environ.get("STORE_URL", str(default)).rstrip("/") + "/" + name


def read(name: str) -> str:
    """Return the text stored under a name; FileNotFoundError if there is none."""
    with fsspec.open(url_of(name), "r", encoding="utf-8") as file:
        return str(file.read())


def write(name: str, text: str) -> None:
    """Store a text under a name, over what was there."""
    with fsspec.open(url_of(name), "w", encoding="utf-8") as file:
        file.write(text)
    print(f"wrote {url_of(name)}")

"""The files of this repository, as somebody has them who has just cloned it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def copied(folder: Path) -> frozenset[str]:
    """Copy what git has, or would take, into a new folder; the names of the files."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    tracked = frozenset(name for name in names if name and (ROOT / name).is_file())
    for name in tracked:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return tracked

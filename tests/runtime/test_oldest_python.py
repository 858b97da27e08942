"""What runs elsewhere runs on old Pythons: it takes nothing of the standard library that came later, nor any newer words."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEWER = ("store",)  # it brings packages that need a newer one
OF_PODS = [path for path in sorted((ROOT / "runtime").glob("*.py")) if path.stem not in NEWER]
ON_MACHINES = [*OF_PODS, *sorted((ROOT / "runtime").glob("[ls]*/*.py"))]


def problems(version: str, paths: list[Path]) -> str:
    """What is newer than a version of Python, if anything is."""
    command = [
        sys.executable,
        "-c",
        "from vermin import main; main()",
        f"--target={version}-",
        "--violations",
    ]
    words = [*command, "--no-tips", "--no-parse-comments", *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize(("version", "paths"), [("3.8", OF_PODS), ("3.9", ON_MACHINES)])
def test_scripts_need_no_newer_python_than_they_promise(version: str, paths: list[Path]) -> None:
    assert problems(version, paths) == ""


@pytest.mark.parametrize(
    "line",
    [
        "from itertools import pairwise",
        "zip('a', 'b', strict=True)",
        "from pathlib import Path; Path('a').hardlink_to('b')",
        "match 1:\n    case _: pass",
        "import tomllib",
    ],
)
def test_what_is_newer_is_seen(line: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{line}\n")
    assert problems("3.9", [script])

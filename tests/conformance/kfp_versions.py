"""What each supported version of Kubeflow Pipelines knows, by the messages in its Python packages."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conformance import cache

# The first release of each: a later one may know more.
RELEASES = {"2.14": "2.14.0", "2.15": "2.15.0", "2.16": "2.16.0", "2.17": "2.17.0"}
RUNTIME = ("protobuf==6.33.6", "googleapis-common-protos==1.76.0")  # what kfp-pipeline-spec imports


def strange_fields(version: str, packages: Sequence[Sequence[dict[str, Any]]]) -> list[list[str]]:
    """For each package, given as its documents, what that version does not know of it."""
    program = Path(__file__).with_name("kfp_protos.py")
    env = {**os.environ, "PYTHONPATH": str(_messages(RELEASES[version]))}
    command = [sys.executable, "-S", str(program)]
    done = subprocess.run(
        command, input=json.dumps(packages), env=env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def _messages(release: str) -> Path:
    """A folder with the messages of a release and nothing of its SDK."""
    packages = (f"kfp-pipeline-spec=={release}", f"kfp-kubernetes=={release}", *RUNTIME)

    def make(folder: Path) -> None:
        install(Path(sys.executable), "--no-deps", "--target", str(folder), *packages)
        (folder / "kfp" / "kubernetes" / "__init__.py").unlink()  # imports the SDK

    return cache.made_once(f"kfp-messages-{release}", cache.digest([], *packages, sys.version), make)


def install(python: Path, *arguments: str) -> None:
    """Install packages for a Python, by uv if there is one."""
    beside = Path(__file__).parents[2] / ".venv-tools" / "bin"  # where `make` puts uv
    uv = shutil.which("uv") or shutil.which("uv", path=beside)
    command = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    subprocess.run([*command, "--quiet", *arguments], check=True)

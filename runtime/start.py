#!/usr/bin/env python3
"""Prepares a project inside a container, then becomes its command.

    start.py [--dependencies FILE] [--package REQUIREMENT]... -- COMMAND [ARGUMENT...]

The project comes from the archive beside this file, or it has been checked out already. Dependencies go into
a virtual environment that also sees what the image brings. Only $AUTOML_WORK is written to, so it works
for any user. It runs on Python 3.8 and newer, with the standard library alone.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from typing import NoReturn

WORK = Path(os.environ.get("AUTOML_WORK", "/automl/work"))
PROJECT = WORK / "project"
ENVIRONMENT = WORK / "venv"
INSTALLED = ENVIRONMENT / ".installed"
ARCHIVE = Path(__file__).with_name("code.tar.bz2")
UV = "uv>=0.9,<1"  # reads what pip does not: pyproject.toml and lock files


def main(arguments: list[str]) -> NoReturn:
    """Prepare, then replace this process by the command."""
    options = parse(arguments)
    place_project()
    if not has_home():
        os.environ["HOME"] = str(made(WORK / "home"))
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if options.dependencies or options.package:
        use_environment(options.dependencies, options.package)
    os.chdir(PROJECT)
    try:
        os.execvp(options.command[0], options.command)
    except OSError as error:
        sys.exit(f"automl: cannot run {options.command[0]!r}: {error.strerror}")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options, and the command behind `--`."""
    parser = argparse.ArgumentParser(prog="start.py")
    parser.add_argument("--dependencies", default="")
    parser.add_argument("--package", action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def place_project() -> None:
    """Unpack the archive, if there is one, where its files can be written to."""
    made(PROJECT)
    if ARCHIVE.is_file():
        with tarfile.open(ARCHIVE) as archive:
            if hasattr(tarfile, "data_filter"):
                archive.extraction_filter = tarfile.data_filter
            archive.extractall(PROJECT)


def has_home() -> bool:
    """Whether the container has a home folder that can be written to."""
    home = os.environ.get("HOME", "/")
    return home != "/" and os.access(home, os.W_OK)


def use_environment(dependencies: str, packages: list[str]) -> None:
    """Install into the virtual environment, unless an earlier start of this container did, and enter it."""
    if not INSTALLED.exists():
        venv.create(ENVIRONMENT, system_site_packages=True, clear=True)
        install(dependencies, packages)
        INSTALLED.touch()
    os.environ["VIRTUAL_ENV"] = str(ENVIRONMENT)
    os.environ["PATH"] = f"{ENVIRONMENT / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def install(dependencies: str, packages: list[str]) -> None:
    """What the file lists, and the packages."""
    name = Path(dependencies).name
    if name.endswith(".txt"):
        pip("-r", dependencies, *packages)
        return
    if packages:
        pip(*packages)
    if name == "uv.lock":
        locked = str(WORK / "requirements.txt")
        uv("export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--directory",
           str(Path(dependencies).parent), "--output-file", locked)  # fmt: skip
        pip("-r", locked)
    elif name:
        uv("pip", "install", "--python", str(ENVIRONMENT), "-r", dependencies)


def pip(*arguments: str) -> None:
    """`pip install` into the environment."""
    run(sys.executable, "-m", "pip", "--python", str(ENVIRONMENT / "bin" / "python"), "install",
        "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off", *arguments)  # fmt: skip


def uv(*arguments: str) -> None:
    """A command of uv, installed first."""
    tool = ENVIRONMENT / "bin" / "uv"
    if not tool.exists():
        pip(UV)
    run(str(tool), "--no-cache", *arguments)


def run(*command: str) -> None:
    """Run a command in the project's folder; end with a clear line if it fails."""
    status = subprocess.run(command, cwd=PROJECT, check=False).returncode
    if status != 0:
        sys.exit(f"automl: the dependencies could not be installed: {command[0]} ended with status {status}")


def made(folder: Path) -> Path:
    """The folder, which exists now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main(sys.argv[1:])

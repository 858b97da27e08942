import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from automl.compiler import __version__
from tests.tree import copied

FOLDERS = ("cli", "compiler", "targets", "schemas", "runtime", "runs", "images")


def test_every_package_is_listed(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {path.parent for top in FOLDERS for path in (root / top).rglob("__init__.py")}
    expected = {"automl." + ".".join(folder.relative_to(root).parts) for folder in folders}
    expected.add("automl.docs")  # a page, and no module
    assert set(settings["packages"]) == expected
    assert {name: "automl." + name for name in settings["package-dir"]} == {
        name: "automl." + name for name in expected
    }


class Built(NamedTuple):
    """What is published: the wheel is made from the sdist."""

    sdist: Path
    wheel: Path
    tracked: frozenset[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    tracked = copied(source)
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(next(folder.glob("*.tar.gz")), next(folder.glob("*.whl")), tracked)


@pytest.fixture(scope="module")
def wheel(built: Built) -> Path:
    return built.wheel


@pytest.mark.slow
def test_sdist_has_what_git_has(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames() if archive.getmember(name).isfile()}
    made = {name for name in names if name.startswith("automl_compiler.egg-info/")}
    assert names - made - {"PKG-INFO", "setup.cfg"} == built.tracked


@pytest.mark.slow
def test_the_distribution_has_a_name_of_its_own(built: Built) -> None:
    """On package indexes, `automl` is somebody else's: an upgrade would put that in the place of ours."""
    assert built.wheel.name.startswith(f"automl_compiler-{__version__}-")
    with zipfile.ZipFile(built.wheel) as archive:
        metadata = archive.read(f"automl_compiler-{__version__}.dist-info/METADATA").decode()
    assert "\nName: automl-compiler\n" in metadata


@pytest.mark.slow
def test_wheel_has_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"automl", next(name for name in tops if name.endswith(".dist-info"))}
    for name in (
        "schemas/config.json",
        "runtime/start.py",
        "runtime/checkout.sh",
        "compiler/py.typed",
        "docs/diagnostics.md",
    ):
        assert f"automl/{name}" in names
    assert [name for name in names if name.startswith("automl/docs/")] == ["automl/docs/diagnostics.md"]


@pytest.mark.slow
def test_wheel_runs_where_nothing_else_is(wheel: Path, tmp_path: Path, root: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, str(wheel)], check=True)
    config = root / "examples" / "quickstart" / "config.yaml"
    command = [str(environment / "bin" / "automl"), "compile", str(config), "-t", "argo"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "kind: Workflow\n" in done.stdout
    page = subprocess.run([command[0], "explain", "AML102"], capture_output=True, text=True, check=True)
    assert "unknown key" in page.stdout
    here = subprocess.run(
        [sys.executable, "-m", "automl.cli", *command[1:]], capture_output=True, text=True, check=True
    )
    assert here.stdout == done.stdout

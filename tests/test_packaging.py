import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

FOLDERS = ("compiler", "targets", "schemas", "runtime")


def test_every_package_is_listed(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {path.parent for top in FOLDERS for path in (root / top).rglob("__init__.py")}
    expected = {"automl." + ".".join(folder.relative_to(root).parts) for folder in folders}
    assert set(settings["packages"]) == expected
    assert {name: "automl." + name for name in settings["package-dir"]} == {
        name: "automl." + name for name in expected
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(__file__).parent.parent
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, files):
        if (root / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((root / name).read_bytes())
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source)], check=True)
    return next(folder.glob("*.whl"))


def test_wheel_has_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"automl", next(name for name in tops if name.endswith(".dist-info"))}
    for name in ("schemas/config.json", "runtime/start.py", "runtime/checkout.sh", "compiler/py.typed"):
        assert f"automl/{name}" in names


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
    here = subprocess.run(
        [sys.executable, "-m", "automl.compiler", *command[1:]], capture_output=True, text=True, check=True
    )
    assert here.stdout == done.stdout

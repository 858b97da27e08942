"""What `start.py` does in a container, as the manifests start it: a folder, its volumes and nobody's user."""

import ast
import json
import os
import re
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tests.golden import project_copy
from tests.runtime.kubelet import Container, identity, job, objects_of, python, write_files, write_project

PROBE = """\
import json, os, sys
print(json.dumps({"words": sys.argv[1:], "variables": dict(os.environ), "prefix": sys.prefix, "path": sys.path}))
"""
TINY = "iniconfig"
USES_TINY = f"import sys, {TINY}; print(sys.prefix, {TINY}.__file__)"
PYPROJECT = f"""\
[project]
name = "p"
version = "1"
requires-python = ">=3.8"
dependencies = ["{TINY}==2.0.0", "neighbour"]
[tool.uv.sources]
neighbour = {{ path = "../neighbour" }}
"""
NEIGHBOUR = """\
[project]
name = "neighbour"
version = "1"
[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"
"""
FLIT = """\
[project]
name = "lib"
dynamic = ["version", "description"]
[build-system]
requires = ["flit_core>=3.2,<4"]
build-backend = "flit_core.buildapi"
"""
WITH_PYPROJECT = {
    "a.py": USES_TINY,
    "sub/pyproject.toml": PYPROJECT,
    "sub/.python-version": "3.99",
    "neighbour/pyproject.toml": NEIGHBOUR,
    "neighbour/src/neighbour/__init__.py": "",
}
FOREVER = "import time; print('ready', flush=True); time.sleep(60)"

Make = Callable[..., Container]


@pytest.fixture
def make(place: Path, image: Path) -> Make:
    def made(step: dict[str, Any], files: dict[str, str], image: Path = image) -> Container:
        return job(place, image, objects_of(write_project(place / "p", step, files)))

    return made


def script(**step: Any) -> dict[str, Any]:
    return {"path_to_executable": "a.py", **step}


def test_text_arrives_as_it_was_written(place: Path, image: Path) -> None:
    project = project_copy("user-text", place)
    (project / "say it's.py").write_text(PROBE)
    done = job(place, image, objects_of(project)).run()
    found = json.loads(done.stdout)
    step = yaml.load((project / "config.yaml").read_text(), yaml.BaseLoader)["stages"]["say"][0]
    assert found["words"] == step["args"]
    assert found["variables"] == found["variables"] | step["envs"]


def test_words_of_ours_are_the_users_behind_the_first_dashes(make: Make) -> None:
    words = [
        "--",
        "--package",
        "x",
        "-h",
        "--dependencies=y",
        "--",
        "a\tb\r\n c",
        "$",
        "$(",
        "\\",
        "$$$$(A)$",
        "$é",
        "$🚀",
    ]
    assert json.loads(make(script(args=words), {"a.py": PROBE}).run().stdout)["words"] == words


def test_status_is_passed_on(make: Make) -> None:
    assert make(script(), {"a.py": "raise SystemExit(7)"}).run().returncode == 7


def test_nothing_is_installed_without_dependencies(make: Make) -> None:
    started = make(script(), {"a.py": "print('fine')"})
    done = started.run()
    assert (done.stdout, done.stderr) == ("fine\n", "")
    assert {path.name for path in started.work.iterdir()} == {"home", "project"}


def test_files_keep_their_names_and_modes(make: Make) -> None:
    name = "ünï cödé/日本 🚀.sh"
    files = {name: "#!/bin/sh\necho ran $0", "plain.txt": ""}
    started = make({"command": [f"./{name}"]}, files)
    assert started.run().stdout == f"ran ./{name}\n"
    assert not (started.project / "plain.txt").stat().st_mode & 0o111


ZIPS = "import shutil; print(shutil.make_archive('../home/packed', 'zip', '.'))"


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Etc/GMT+12", "Asia/Tokyo"])
def test_files_can_be_zipped(zone: str, make: Make) -> None:
    """A zip file knows no time before 1980, wherever that was."""
    started = make(script(), {"a.py": ZIPS, "lib/b.py": ""})
    done = started.run(TZ=zone)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(done.stdout.strip()) as packed:
        assert {"a.py", "lib/b.py"} <= set(packed.namelist())


def test_package_of_the_project_is_built(make: Make) -> None:
    files = {
        "a.py": "import lib; print(lib.__version__)",
        "lib/pyproject.toml": FLIT,
        "lib/lib.py": '"""A library."""\n__version__ = "7"\n',
        "requirements.txt": "./lib\n",
    }
    done = make(script(dependency_path="requirements.txt"), files).run(TZ="America/Los_Angeles")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "7"


def test_requirements_are_installed_once(make: Make) -> None:
    files = {"a.py": USES_TINY, "requirements.txt": f"{TINY}\n", "queue.py": "raise ImportError('not yours')"}
    started = make(script(dependency_path="requirements.txt"), files)
    first = started.run()
    environment = started.work / "venv"
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1].startswith(f"{environment} {environment}/")
    assert (environment / "bin" / "python3").is_symlink()
    again = started.run(PIP_NO_INDEX="1")
    assert again.stdout == first.stdout.splitlines(keepends=True)[-1]


def test_image_that_is_an_environment_without_pip(place: Path, make: Make) -> None:
    """Its packages are seen, and its programs see the new ones."""
    subprocess.run([python(), "-m", "venv", "--without-pip", place / "image"], check=True)
    (place / "image" / "bin" / "tool").write_text(
        f"#!{place}/image/bin/python\nimport brought, sys\n{USES_TINY}"
    )
    (place / "image" / "bin" / "tool").chmod(0o755)
    next(place.glob("image/lib/python*/site-packages")).joinpath("brought.py").touch()
    step = {"command": ["tool"], "dependency_path": "requirements.txt"}
    started = make(step, {"requirements.txt": TINY}, place / "image")
    done = started.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"{started.work}/venv {started.work}/venv/")


@pytest.fixture(scope="module")
def from_pyproject(image: Path) -> Iterator[Container]:
    """A pod that has installed from a `pyproject.toml`, and uv on the way."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        step = script(dependency_path="sub/pyproject.toml")
        project = write_project(Path(folder) / "p", step, WITH_PYPROJECT)
        yield job(Path(folder), image, objects_of(project))


def test_pyproject(from_pyproject: Container) -> None:
    assert_installed(from_pyproject)


@pytest.mark.parametrize("name", ["uv.lock", "pylock.toml"])
def test_lock_file(name: str, from_pyproject: Container, make: Make) -> None:
    from_pyproject.run()
    files = WITH_PYPROJECT | {f"sub/{name}": locked(from_pyproject, name)}
    assert_installed(make(script(dependency_path=f"sub/{name}"), files))


def assert_installed(container: Container) -> None:
    """What the file names is there, but not the project itself."""
    done = container.run()
    assert done.returncode == 0, done.stderr
    found = {path.name for path in container.work.glob("venv/lib/python*/site-packages/*")}
    assert found >= {f"{TINY}-2.0.0.dist-info", "neighbour-1.dist-info"}
    assert "p-1.dist-info" not in found


def locked(with_uv: Container, name: str) -> str:
    folder = write_files(with_uv.folder / name, WITH_PYPROJECT) / "sub"
    uv = [str(with_uv.work / "venv" / "bin" / "uv"), "--quiet", "--directory", str(folder)]
    subprocess.run([*uv, "lock", "--python", python()], check=True)
    if name != "uv.lock":
        export = ["export", "--python", str(python()), "--frozen", "--no-emit-project", "--output-file", name]
        subprocess.run([*uv, *export], check=True)
    return (folder / name).read_text()


def test_notebook(place: Path, image: Path) -> None:
    project = project_copy("notebook", place)
    (project / "requirements.txt").write_text(TINY)  # what the golden asks for takes long
    started = job(place, image, objects_of(project), "report")
    done = started.run(PIP_NO_COMPILE="1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^42$", done.stdout + done.stderr, re.MULTILINE)
    cells = json.loads((started.project / "notebooks" / "report.output.ipynb").read_text())["cells"]
    assert cells[0]["outputs"][0]["text"] == ["42\n"]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            {"dependency_path": "r.txt"},
            "automl: the dependencies could not be installed: pip ended with status 1",
        ),
        (
            {"command": ["no-such-program", "x"]},
            "automl: cannot run 'no-such-program': No such file or directory",
        ),
        ({"command": ["./a.py"]}, "automl: cannot run './a.py': Permission denied"),
    ],
)
def test_failure_ends_with_one_clear_line(step: dict[str, Any], line: str, make: Make) -> None:
    done = make(script() | step, {"a.py": "print('ran')", "r.txt": TINY}).run(
        PIP_NO_INDEX="1", PIP_FIND_LINKS=""
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == line
    assert "Traceback" not in done.stderr
    assert "ran" not in done.stdout


def test_work_folder_that_cannot_be_written_to(make: Make) -> None:
    started = make(script(), {"a.py": ""})
    started.work.chmod(0o555)
    done = started.run()
    assert done.returncode == 1
    assert done.stderr == f"automl: [Errno 13] Permission denied: '{started.project}'\n"


@pytest.mark.parametrize("home", ["/", "/proc", "/no/such/folder", ""])
def test_home_that_cannot_be_written_to(home: str, make: Make) -> None:
    started = make(script(), {"a.py": PROBE})
    assert json.loads(started.run(HOME=home).stdout)["variables"]["HOME"] == f"{started.work}/home"
    assert (started.work / "home").is_dir()


def test_own_variables_are_respected(make: Make) -> None:
    own = {"PYTHONPATH": "lib:/elsewhere", "PYTHONUNBUFFERED": "", "EXTRA": "$(PYTHONPATH)"}
    started = make(script(envs=own), {"a.py": PROBE})
    found = json.loads(started.run(HOME=str(started.work)).stdout)
    assert found["variables"] == found["variables"] | own | {"HOME": str(started.work)}
    assert {f"{started.project}/lib", "/elsewhere"} < set(found["path"])


def test_user_is_not_root(make: Make) -> None:
    done = make({"command": ["id", "-u"]}, {"a": ""}).run()
    assert int(done.stdout) == identity().get("user", os.getuid()) != 0


def test_stop_during_installation(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as index:
        source = f"--index-url http://127.0.0.1:{index.getsockname()[1]}/\n{TINY}"
        started = make(script(dependency_path="r.txt"), {"a.py": "", "r.txt": source})
        with started.start() as process, index.accept()[0]:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in output


def test_stop_reaches_the_program(make: Make) -> None:
    with make(script(), {"a.py": FOREVER}).start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM


def test_program_meets_a_closed_pipe_as_usual(make: Make) -> None:
    done = make({"command": ["sh", "-c", "kill -PIPE $$; echo ignored"]}, {"a": ""}).run()
    assert (done.returncode, done.stdout) == (-signal.SIGPIPE, "")


def test_start_runs_on_python_3_8(root: Path) -> None:
    tree = ast.parse((root / "runtime" / "start.py").read_text(), feature_version=(3, 8))
    imports = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in named(node)
    }
    assert imports <= sys.stdlib_module_names
    assert "__future__" in imports  # `list[str]` is no annotation that 3.8 could evaluate


def named(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return {name.partition(".")[0] for name in names}

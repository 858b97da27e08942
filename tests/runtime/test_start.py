"""What `start.py` does in a container, as the manifests start it: a folder, its volumes and nobody's user."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from automl.runtime import BESIDE_START, FOR_RESULTS, FOR_STORE, FOR_VALUES
from tests.golden import project_copy
from tests.runtime.imports import needed_by
from tests.runtime.kubelet import (
    Container,
    identity,
    job,
    make_volumes,
    objects_of,
    python,
    write_files,
    write_project,
)

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
HASHED = f"{TINY}==2.0.0 --hash=sha256:b6a85871a79d2e3b22d2d1b94ac2824226a63c6b741c88f7ae975f18b6778374\n"
FLIT = """\
[project]
name = "lib"
dynamic = ["version", "description"]
[build-system]
requires = ["flit_core>=3.2,<4"]
build-backend = "flit_core.buildapi"
"""
NEEDS_NEWER = FLIT.replace("[build-system]", f'dependencies = ["{TINY}>=2"]\n[build-system]')
LIBRARY = '"""A library."""\n__version__ = "7"\n'
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
        "lib/lib.py": LIBRARY,
        "requirements.txt": "./lib\n",
    }
    done = make(script(dependency_path="requirements.txt"), files).run(TZ="America/Los_Angeles")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "7"


def test_requirements_are_installed_once(make: Make) -> None:
    mine = "raise ImportError('not yours')"
    files = {"a.py": USES_TINY, "requirements.txt": f"{TINY}\n", "queue.py": mine, "pip.py": mine}
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


def test_script_of_a_shell_beside_requirements(make: Make) -> None:
    """Only what the image's Python would run is run by that of the environment."""
    files = {"run.sh": "#!/bin/sh\necho ran $0 $1\n", "none.txt": ""}
    done = make({"command": ["./run.sh", "x"], "dependency_path": "none.txt"}, files).run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ran ./run.sh x"


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
    found = installed_in(container)
    assert found >= {f"{TINY}-2.0.0.dist-info", "neighbour-1.dist-info"}
    assert "p-1.dist-info" not in found


def installed_in(container: Container) -> set[str]:
    return {path.name for path in container.work.glob("venv/lib/python*/site-packages/*")}


def locked(
    with_uv: Container, name: str, files: Mapping[str, str] = WITH_PYPROJECT, below: str = "sub"
) -> str:
    folder = write_files(with_uv.folder / f"{name}-{below}", files) / below
    uv = [str(with_uv.work / "venv" / "bin" / "uv"), "--quiet", "--directory", str(folder)]
    subprocess.run([*uv, "lock", "--python", python()], check=True)
    if name != "uv.lock":
        export = ["export", "--python", str(python()), "--frozen", "--no-emit-project", "--output-file", name]
        subprocess.run([*uv, *export], check=True)
    return (folder / name).read_text()


def cells(metadata: dict[str, Any]) -> str:
    """A notebook of one cell."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": "print(6 * 7)",
    }
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})


CONDA = {"display_name": "Python [conda env:ml]", "language": "python", "name": "conda-env-ml-py"}
NOTEBOOKS = {
    "bare.ipynb": cells({}),
    "conda.ipynb": cells({"kernelspec": CONDA}),
    "venv.ipynb": cells({"kernelspec": {"name": "venv"}, "language_info": {"name": "python"}}),
    "-{i}.ipynb": cells({}),
}


@pytest.fixture(scope="module")
def with_papermill(image: Path) -> Iterator[Callable[..., Container]]:
    """Pods that have papermill, installed once, beside requirements with hashes."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        project = project_copy("notebook", Path(folder))
        write_files(project, {**NOTEBOOKS, "requirements.txt": HASHED})  # what the golden asks for takes long
        config = yaml.safe_load((project / "config.yaml").read_text())
        first = config["stages"]["explore"][0]
        config["stages"]["explore"] += [
            first | {"step_name": name, "path_to_executable": f"{name}.ipynb"}
            for name in ("bare", "conda", "venv")
        ]
        args = ["-p", "alpha", 0.5]
        config["stages"]["explore"].append(
            first | {"step_name": "option", "path_to_executable": "-{i}.ipynb", "args": args}
        )
        (project / "config.yaml").write_text(json.dumps(config))
        objects = objects_of(project)
        pod = job(Path(folder), image, objects, "report")
        templates = next(each["spec"]["templates"] for each in objects if each["kind"] == "Workflow")

        def of(name: str) -> Container:
            return replace(
                pod, container=next(each["container"] for each in templates if each["name"] == name)
            )

        yield of


def test_notebook(with_papermill: Callable[..., Container]) -> None:
    started = with_papermill("report")
    done = started.run(PIP_NO_COMPILE="1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^42$", done.stdout + done.stderr, re.MULTILINE)
    assert outputs(started.project / "notebooks" / "report.output.ipynb") == ["42\n"]


@pytest.mark.parametrize(
    ("step", "output"),
    [
        ("bare", "bare.output.ipynb"),
        ("conda", "conda.output.ipynb"),
        ("venv", "venv.output.ipynb"),
        ("option", "-{i}.output.ipynb"),
    ],
)
def test_kernel_of_another_machine(step: str, output: str, with_papermill: Callable[..., Container]) -> None:
    """Notebooks say with which kernel they were written, or nothing; neither is in the container."""
    started = with_papermill(step)
    done = started.run(PIP_NO_COMPILE="1")
    assert done.returncode == 0, done.stderr
    assert outputs(started.project / output)[-1] == "42\n"


def outputs(notebook: Path) -> list[str]:
    return [
        text
        for cell in json.loads(notebook.read_text())["cells"]
        for out in cell["outputs"]
        for text in out["text"]
    ]


def test_notebook_with_a_kernel_that_is_frozen(make: Make) -> None:
    step = {"path_to_executable": "conda.ipynb", "dependency_path": "frozen.txt"}
    started = make(step, {**NOTEBOOKS, "frozen.txt": "ipykernel==6.25.0\n"})
    done = started.run(PIP_NO_COMPILE="1")
    assert done.returncode == 0, done.stderr
    assert outputs(started.project / "conda.output.ipynb") == ["42\n"]
    assert "ipykernel-6.25.0.dist-info" in installed_in(started)


def with_packages(container: Container, *packages: str) -> Container:
    """The container as if its step needed more packages."""
    options = [word for package in packages for word in ("--package", package)]
    return replace(
        container, container={**container.container, "args": [*options, *container.container["args"]]}
    )


def test_packages_that_are_there_stay_as_they_are(make: Make) -> None:
    files = {"a.py": USES_TINY, "r.txt": f"{TINY}==1.1.1\n"}
    started = with_packages(make(script(dependency_path="r.txt"), files), f"{TINY}>=2,<3", "Flit.Core<4")
    done = started.run()
    assert done.returncode == 0, done.stderr
    assert installed_in(started) >= {f"{TINY}-1.1.1.dist-info"}
    assert {name for name in installed_in(started) if name.startswith("flit_core-3")}


def test_packages_beside_ones_that_are_broken(make: Make, place: Path) -> None:
    """Half a package, and one whose version pip would not read."""
    (place / "lib" / "half-1.dist-info").mkdir(parents=True)
    odd = {"odd-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1.0-1ubuntu2~x\n"}
    started = with_packages(make(script(), {"a.py": USES_TINY}), TINY)
    done = started.run(PYTHONPATH=str(write_files(place / "lib", odd)))
    assert done.returncode == 0, done.stderr
    assert {name for name in installed_in(started) if name.startswith(f"{TINY}-")}
    kept = (started.work / "venv" / "installed.txt").read_text()
    assert "pip==" in kept
    assert "odd" not in kept  # pip of today reads no such line


def test_packages_change_no_version_of_the_requirements(make: Make) -> None:
    """What they need is another version of what is there: the step fails, and pip says why."""
    files = {
        "a.py": "print('ran')",
        "r.txt": f"{TINY}==1.1.1\n",
        "lib/pyproject.toml": NEEDS_NEWER,
        "lib/lib.py": LIBRARY,
    }
    step = script(dependency_path="r.txt")
    done = with_packages(make(step, files), "lib @ file:lib").run()
    assert done.returncode == 1
    assert f"{TINY}==1.1.1" in done.stderr + done.stdout
    assert "ran" not in done.stdout


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


def test_whole_secrets_are_variables_as_by_env_from(place: Path, make: Make) -> None:
    container = make(script(envs={"B": "mine"}), {"a.py": PROBE})
    db = {"A": b"1", "B": b"1", "pass word": b"1", "9": b"1", "db.url": b"\xff\n", "bin": b"\0", "C": b""}
    other = {"A": b"2", "PYTHONUNBUFFERED": b"0"}
    volumes = [{"name": f"secrets/{name}", "secret": {"secretName": name}} for name in ("db", "other")]
    make_volumes(place, volumes, {"db": db, "other": other})
    mounts = [word for name in ("db", "other") for word in ("--secrets", f"/automl/secrets/{name}")]
    spec = container.container | {"args": [*mounts, "--keep=B", *container.container["args"]]}
    done = replace(container, container=spec).run(A="of the image", HOME="/")
    variables = json.loads(done.stdout)["variables"]
    expected = {"A": "2", "B": "mine", "db.url": "\udcff\n", "C": "", "PYTHONUNBUFFERED": "0"}
    assert variables == variables | expected
    assert not variables.keys() & {"pass word", "9", "bin", "..data", "..1"}


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


WHO = """\
import getpass, json, os, pwd
known = {entry.pw_uid for entry in pwd.getpwall()}
print(json.dumps([getpass.getuser(), os.environ.get("USER"), os.environ.get("LOGNAME"), os.getuid() in known]))
"""


def test_user_whom_the_image_does_not_know_has_a_name(make: Make) -> None:
    name, user, login, is_known = json.loads(make(script(), {"a.py": WHO}).run().stdout)
    if is_known:  # the tests run as somebody, and may not change that
        assert (user, login) == (None, None)
    else:
        assert (name, user, login) == ("automl", "automl", "automl")


def test_name_of_the_user_is_respected(make: Make) -> None:
    own = {"USER": "me", "LOGNAME": "myself"}
    assert json.loads(make(script(envs=own), {"a.py": WHO}).run().stdout)[:3] == ["myself", "me", "myself"]


@pytest.fixture
def image_without_python(place: Path) -> Path:
    """An image as Debian's and Nvidia's: its Python is `python3` alone."""
    programs = place / "image" / "bin"
    programs.mkdir(parents=True)
    for name in ("sh", "env", "bash"):
        (programs / name).symlink_to(shutil.which(name) or "")
    (programs / "python3").symlink_to(python())
    return place / "image"


@pytest.mark.parametrize(
    "step",
    [
        {"path_to_executable": "a.py"},
        {"command": ["python", "-c", "print('ran', 'a.py')"]},
        {"command": ["./b.py"]},
        {"path_to_executable": "c.sh"},
        {"path_to_executable": "c.sh", "dependency_path": "none.txt"},
    ],
)
def test_image_without_a_program_python(step: dict[str, Any], make: Make, image_without_python: Path) -> None:
    files = {
        "a.py": "print('ran a.py')",
        "b.py": "#!/usr/bin/env python\nprint('ran a.py')",
        "c.sh": "python a.py\n",
        "none.txt": "",
    }
    started = make(step, files, image_without_python)
    for _ in range(2):  # as often as a container is started again
        done = started.run(PATH=f"{image_without_python}/bin")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "ran a.py"


SRC_LAYOUT = {
    "a.py": f"import shape, {TINY}, importlib.metadata; print(shape.NAME, importlib.metadata.version('shape'))",
    "src/shape/__init__.py": '"""A package."""\n__version__ = "7"\nNAME = "here"\n',
    "pyproject.toml": f"""\
[project]
name = "shape"
version = "7"
description = "A package."
requires-python = ">=3.8"
dependencies = ["{TINY}==2.0.0"]
[build-system]
requires = ["flit_core>=3.2,<4"]
build-backend = "flit_core.buildapi"
""",
}


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_project_that_is_a_package_is_installed(name: str, from_pyproject: Container, make: Make) -> None:
    from_pyproject.run()
    files = dict(SRC_LAYOUT)
    if name == "uv.lock":
        files[name] = locked(from_pyproject, name, SRC_LAYOUT, ".")
    done = make(script(dependency_path=name), files).run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "here 7"


UNBUILT = {  # what many projects are, whose pyproject.toml says how they are built all the same
    "folders that setuptools does not know": {
        "data/a.csv": "",
        "models/a.bin": "",
        "pyproject.toml": f"""\
[project]
name = "flat"
version = "7"
dependencies = ["{TINY}==2.0.0"]
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
""",
    },
    "a readme that was left out": {
        "pyproject.toml": SRC_LAYOUT["pyproject.toml"].replace("[build", 'readme = "README.md"\n[build', 1)
    },
}


@pytest.mark.parametrize("project", UNBUILT.values(), ids=UNBUILT)
def test_project_that_cannot_be_built_runs_without_itself(project: dict[str, str], make: Make) -> None:
    done = make(script(dependency_path="pyproject.toml"), {"a.py": USES_TINY, **project}).run()
    assert done.returncode == 0, done.stderr
    assert "automl: the project itself could not be installed; going on without it" in done.stderr


def test_version_that_git_knows_is_not_asked_for(make: Make) -> None:
    """A bundle has no .git."""
    project = SRC_LAYOUT["pyproject.toml"].replace('version = "7"', 'dynamic = ["version"]', 1)
    for flit, other in (
        ("flit_core>=3.2,<4", '"setuptools>=77", "setuptools-scm>=8"'),
        ("flit_core.buildapi", ""),
    ):
        project = project.replace(f'"{flit}"', other or '"setuptools.build_meta"')
    files = {**SRC_LAYOUT, "pyproject.toml": f"{project}[tool.setuptools_scm]\n"}
    done = make(script(dependency_path="pyproject.toml"), files).run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "here 0"


def test_user_is_not_root(make: Make) -> None:
    done = make({"command": ["id", "-u"]}, {"a": ""}).run()
    assert int(done.stdout) == identity().get("user", os.getuid()) != 0


def test_stop_during_installation(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as index:
        source = f"--index-url http://127.0.0.1:{index.getsockname()[1]}/\n{TINY}"
        started = make(script(dependency_path="r.txt"), {"a.py": "", "r.txt": source})
        with started.start() as process, index.accept()[0]:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=120)
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


def test_what_lies_beside_start_is_what_it_needs(root: Path) -> None:
    assert needed_by("start", root) == {"start", *BESIDE_START, *FOR_VALUES, *FOR_STORE, *FOR_RESULTS}


def test_another_package_of_the_same_name_is_not_taken(place: Path, make: Make) -> None:
    """On package indexes, `automl` is somebody else's."""
    theirs = write_files(
        place / "lib", {"automl/__init__.py": "NAME = 'theirs'", "automl/runtime/__init__.py": ""}
    )
    files = {"a.py": "import automl; print(automl.NAME)"}
    done = make(script(), files).run(PYTHONPATH=str(theirs))
    assert (done.stdout, done.stderr) == ("theirs\n", "")

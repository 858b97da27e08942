"""The Dockerfiles of whole projects, byte by byte, and what is in the folders that they are built of."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from automl.compiler.driver import Input, Overrides, analyse
from automl.images.context import Context, context_of
from automl.images.folder import write
from automl.images.image import images_of
from tests.golden import project_copy

QUICKSTART = Path(__file__).resolve().parents[2] / "examples" / "quickstart"
EXPECTED = Path(__file__).parent / "expected"
PROJECTS = {
    "notebook": "notebook",
    "files-and-locks": "bundle-patterns",
    "user-text": "user-text",
    "searches": "searches",
}
"""By the names of their Dockerfiles, those of golden tests."""
CONFIG = "name: demo\nstages: {a: [{step_name: b, path_to_executable: run.py, dependency_path: %s}]}\n"
BUILT = """\
[project]
name = "lib"
version = "7"
dependencies = ["six==1.17.0"]
[build-system]
requires = ["flit_core>=3.11"]
build-backend = "flit_core.buildapi"
"""
LOCK = 'version = 1\n[[package]]\nname = "lib"\nsource = { editable = "." }\n%s'
OF_FOLDER = '[[package]]\nname = "part"\nsource = { directory = "part" }\n'
OF_INDEX = '[[package]]\nname = "six"\nsource = { registry = "https://pypi.org/simple" }\n'


def context(folder: Path) -> Context:
    """What the images of a project are built of."""
    [config] = [*folder.glob("config.yaml"), *folder.glob("automl.yaml")]
    workflow, diagnostics = analyse(Input(config.name, config.read_bytes(), folder), Overrides())
    assert workflow, diagnostics
    return context_of(workflow, images_of(workflow), "r.io/x")


def made(tmp_path: Path, dependencies: str, files: Mapping[str, str]) -> list[str]:
    """The lines of the Dockerfile of a small project, which is written, too."""
    for name, text in {"run.py": "", "automl.yaml": CONFIG % dependencies, **files}.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text)
    made = context(tmp_path / "project")
    write(made, tmp_path / "context")
    return made.text.splitlines()


def copies(text: str) -> list[str]:
    return re.findall(r"^COPY (\S+)/ ", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["quickstart", *PROJECTS])
def test_dockerfile(name: str, tmp_path: Path, update_golden: bool) -> None:
    made = context(project_copy(PROJECTS[name], tmp_path) if name in PROJECTS else QUICKSTART)
    place = EXPECTED / f"{name}.Dockerfile"
    if update_golden:
        place.write_text(made.text, encoding="utf-8")
    assert made.text == place.read_text(encoding="utf-8")
    write(made, tmp_path / "context")
    for source in copies(made.text):
        assert (tmp_path / "context" / source).is_dir(), source
    for image, _, listing in made.images:
        apart = {
            path.name
            for path in (tmp_path / "context" / "dependencies" / image.stage).rglob("*")
            if path.is_file()
        }
        assert apart == {Path(file.path).name for file in listing.files or ()}


def test_a_project_is_installed_behind_what_it_needs(tmp_path: Path) -> None:
    """The copy for the first layer says nothing of how it is built, since there is nothing to build there."""
    lines = made(tmp_path, "lib/uv.lock", {"lib/pyproject.toml": BUILT, "lib/uv.lock": LOCK % OF_INDEX})
    order = [line.split()[0] + " " + line.partition("/opt/automl/")[2][:10] for line in lines[3:]]
    assert order[:6] == [
        "FROM ",
        "COPY ",
        "WORKDIR work/proje",
        "COPY work/proje",
        'RUN work", "py',
        "COPY work/proje",
    ]
    assert lines[9].endswith('"python3", "-B", "/opt/automl/install_project.py", "lib"]')
    folder = tmp_path / "context"
    [apart] = (folder / "dependencies").iterdir()
    assert (apart / "lib/pyproject.toml").read_text() == BUILT.replace(
        "[build-system]", "\n[tool.built-later]"
    )
    assert (folder / "project/lib/pyproject.toml").read_text() == BUILT


WHOLE = {
    "editable": ("r.txt", {"r.txt": "six\n-e .\n"}),
    "a wheel": ("r.txt", {"r.txt": "-r s.txt", "s.txt": "wheels/x-1-py3-none-any.whl\n"}),
    "links": ("r.txt", {"r.txt": "--find-links wheels\nx\n"}),
    "a folder of a lock": ("uv.lock", {"uv.lock": LOCK % OF_FOLDER, "pyproject.toml": BUILT}),
    "a folder of a pylock": (
        "pylock.toml",
        {"pylock.toml": '[[packages]]\nname = "x"\ndirectory = { path = "x" }\n'},
    ),
    "a source": ("pyproject.toml", {"pyproject.toml": BUILT + '[tool.uv.sources]\nx = { path = "x" }\n'}),
    "a workspace": ("pyproject.toml", {"pyproject.toml": BUILT + '[tool.uv.workspace]\nmembers = ["x"]\n'}),
    "a file": ("pyproject.toml", {"pyproject.toml": BUILT.replace("six==", "six @ file:///x==")}),
    "what is found later": (
        "pyproject.toml",
        {
            "pyproject.toml": BUILT.replace(
                'version = "7"\ndependencies = ["six==1.17.0"]', 'dynamic = ["dependencies"]'
            )
        },
    ),
    "no project": ("pyproject.toml", {"pyproject.toml": "[tool.poetry]\n"}),
    "no TOML": ("uv.lock", {"uv.lock": "version = \n", "pyproject.toml": BUILT}),
}
APART = {
    "a requirements file": ("r.txt", {"r.txt": "six  # -e .\n# -e .\n-c c.txt\n", "c.txt": "six<2\n"}),
    "a lock": ("uv.lock", {"uv.lock": LOCK % OF_INDEX, "pyproject.toml": BUILT}),
    "a version that git knows": (
        "pyproject.toml",
        {
            "pyproject.toml": BUILT.replace('version = "7"', 'dynamic = ["version"]'),
            "uv.toml": "",
            ".python-version": "3.12",
        },
    ),
    "a pylock": ("pylock.toml", {"pylock.toml": '[[packages]]\nname = "x"\nindex = "https://h/simple"\n'}),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_part_of_the_project_needs_all_of_it(name: str, tmp_path: Path) -> None:
    dependencies, files = WHOLE[name]
    assert copies("\n".join(made(tmp_path, dependencies, files))) == ["start", "project"]


@pytest.mark.parametrize("name", APART)
def test_a_layer_has_what_says_what_is_installed(name: str, tmp_path: Path) -> None:
    dependencies, files = APART[name]
    lines = made(tmp_path, dependencies, files)
    assert copies("\n".join(lines)) == ["start", "dependencies/step.b", "project"]
    assert {path.name for path in (tmp_path / "context/dependencies/step.b").iterdir()} == files.keys()

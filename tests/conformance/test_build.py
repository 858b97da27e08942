"""`automl build` with a real podman and a real registry, and what BuildKit's own parser reads in a Dockerfile."""

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conformance import golang, podman, registry
from tests.conformance.kfp_runs import make_image, open_folder
from tests.forked import AUTOML
from tests.runtime import kubelet

BASE = "docker.io/library/base:1"
CONFIG = f"""\
name: demo
code: {{bundle: true}}
params: {{rate: 0.5}}
defaults: {{image: "{BASE}", dependency_path: needs/all.txt}}
stages:
  train:
    - step_name: train
      path_to_executable: src/train.py
      args: [--rate, "${{{{ params.rate }}}}"]
      outputs: {{seen: json}}
      secrets: [{{name: index, keys: {{url: PIP_FIND_LINKS}}}}]
      envs: {{PIP_NO_INDEX: "1"}}
"""
IN_IMAGE = """\
contexts:
  image: {config: {code: {bundle: null, image: true}, defaults: {image: "${{ params.image }}", dependency_path: null}}}
"""
TRAIN = """\
import json, os, sys, toy
open("data/rows.csv", "a").write("4")
seen = [toy.NAME, sys.argv[1:], open("data/rows.csv").read(), os.environ["AUTOML_PARAM_RATE"]]
json.dump(seen, open(os.environ["AUTOML_OUTPUT_SEEN"], "w"))
open("new", "w")
"""
SEEN = ["a toy", ["--rate", "0.5"], "1\n4", "0.5"]


class Site(NamedTuple):
    """A project, podman, and the address of a registry."""

    folder: Path
    podman: Path
    registry: str

    def automl(self, *words: str, code: int = 0, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(self.podman.parent), "/usr/bin", "/bin"])
        done = subprocess.run(
            [AUTOML, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": path, "HOME": str(self.folder.parent), **variables},
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def ask(self, *words: str) -> str:
        return subprocess.run([self.podman, *words], capture_output=True, text=True, check=True).stdout


def wheel(folder: Path, name: str) -> Path:
    """A folder with a package that says its name."""
    folder.mkdir()
    info = f"{name}-1.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", f"NAME = 'a {name}'\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_folder() as root, registry.serving(root) as address:
        project = root / "project"
        for name, text in {
            "automl.yaml": CONFIG,
            "src/train.py": TRAIN,
            "data/rows.csv": "1\n",
            "needs/all.txt": "-r more.txt\n",
            "needs/more.txt": "toy\n",
        }.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text)
        seen = [root, kubelet.python().resolve().parent.parent]
        program = podman.installed(root, seen, make_image(root / "image") / "bin", "NOTHING")
        with (root / "registries.conf").open("a") as file:
            file.write(f'[[registry]]\nlocation = "{address}"\ninsecure = true\n')
        podman.make_image(program, BASE)
        yield Site(project, program, address)
        podman.kill(program)


def test_a_config_runs_in_its_image_as_it_did_without(site: Site) -> None:
    """Built and pushed once, and found in the registry afterwards; what is secret is in no layer."""
    links = str(wheel(site.folder.parent / "wheels", "toy"))
    words = ["build", "--push", "--registry", f"{site.registry}/team"]
    assert "PIP_FIND_LINKS is no variable here" in site.automl(*words, code=2).stderr
    site.automl("build", "--build", *words[2:], PIP_FIND_LINKS=links)
    first = site.automl(*words, PIP_FIND_LINKS=links)  # what is here alone is in no registry
    assert "is in the registry already" not in first.stderr
    name = first.stdout.removesuffix("\n")
    assert name.startswith(f"{site.registry}/team/demo:")
    assert first.stderr.endswith(
        "what the config says then, instead of `code` and `dependency_path`:\n"
        f"  code: {{image: true}}\n  image: {name}  # of train\n"
    )
    again = site.automl(*words)
    assert (again.stdout, again.stderr.splitlines()[0]) == (
        first.stdout,
        f"{name} is in the registry already",
    )
    assert "STEP" not in again.stderr
    site.ask("rmi", "--force", name)
    (site.folder / "automl.yaml").write_text(
        CONFIG.replace("rate: 0.5", f"rate: 0.5, image: {BASE}") + IN_IMAGE
    )
    for script in ("src", "data", "needs"):
        (site.folder / script).rename(site.folder.parent / script)
    secret = site.folder.parent / ".config/automl/secrets/index/url"
    secret.parent.mkdir(mode=0o700, parents=True)
    secret.touch(mode=0o600)
    secret.write_text("nothing")
    done = site.automl(
        "run", "--no-queue", "--context", "image", "--set", f"image={name}", "--format", "json"
    )
    assert json.loads(json.loads(done.stdout)["tasks"][0]["values"]["seen"]) == SEEN
    history = site.ask("history", "--no-trunc", "--format", "json", name) + site.ask("inspect", name)
    assert links not in history


def stages(folder: Path) -> Any:
    """What BuildKit reads in the Dockerfile of a folder."""
    judge = golang.build("dockerfile/go.mod")
    done = subprocess.run([judge, folder / "Dockerfile"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


PATH = 'a <<EOF "$HOME"\n\u00e9 \'# ${PATH} -- '
HOSTILE = f"{PATH}\\"


def test_names_and_values_arrive_as_they_are_written(tmp_path: Path) -> None:
    """JSON is no shell, and nothing is expanded in it; nor is it taken for a text that follows."""
    (tmp_path / PATH).mkdir()
    (tmp_path / PATH / "all.txt").touch()
    (tmp_path / "run.py").touch()
    config = {
        "name": "x",
        "stages": {
            "a": [
                {
                    "step_name": "7 is b",
                    "path_to_executable": "run.py",
                    "dependency_path": f"{PATH}/all.txt",
                    "envs": {"PIP_FIND_LINKS": HOSTILE},
                    "secrets": [{"name": "s", "keys": {"k": "UV_DEFAULT_INDEX"}}],
                }
            ]
        },
    }
    (tmp_path / "automl.yaml").write_text(json.dumps(config))
    done = subprocess.run(
        [AUTOML, "build", "-q", "-o", "out"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    read = stages(tmp_path / "out")
    assert read["warnings"] is None
    [stage] = read["stages"]
    assert stage["Name"] == "step.7-is-b"
    [run] = [one for one in stage["Instructions"] if isinstance(one, dict)]
    assert (run["Shell"], run["Files"], run["Mounts"]) == (False, 0, 1)
    assert run["Run"] == [
        *("env", "AUTOML_WORK=/opt/automl/work", f"PIP_FIND_LINKS={HOSTILE}"),
        *("python3", "-B", "/opt/automl/start.py", "--dependencies", f"{PATH}/all.txt"),
        *("--secrets", "/run/secrets", "--", "python3", "--version"),
    ]
    assert (tmp_path / "out" / "dependencies" / "step.7-is-b" / PATH / "all.txt").exists()


EXPECTED = Path(__file__).parents[1] / "images" / "expected"


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPECTED.iterdir()))
def test_buildkit_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes((EXPECTED / f"{name}.Dockerfile").read_bytes())
    read = stages(tmp_path)
    assert read["warnings"] is None
    assert all(stage["Name"].startswith("step.") for stage in read["stages"])
    runs = [one for stage in read["stages"] for one in stage["Instructions"] if isinstance(one, dict)]
    assert len(runs) >= len(read["stages"])
    assert not any(run["Shell"] for run in runs)


LIB = """\
[project]
name = "lib"
version = "7"
description = "A library."
dependencies = ["iniconfig==2.0.0"]
[build-system]
requires = ["flit_core>=3.11,<4"]
build-backend = "flit_core.buildapi"
"""


def test_a_project_that_is_a_package_is_installed_in_two_layers(tmp_path: Path) -> None:
    """As the Dockerfile says, but without a container: uv and what builds the project come from an index."""
    for name, text in {
        "automl.yaml": "name: x\nstages: {a: [{step_name: b, path_to_executable: lib/run.py, dependency_path: lib/pyproject.toml}]}",
        "lib/pyproject.toml": LIB,
        "lib/run.py": "",
        "lib/src/lib/__init__.py": '"""A library."""\n',
    }.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text)
    subprocess.run([AUTOML, "build", "-q", "-o", tmp_path / "context"], cwd=tmp_path / "project", check=True)
    work = tmp_path / "root/opt/automl/work"
    python = str(work / "venv/bin/python")
    said = follow(tmp_path / "context", tmp_path / "root", make_image(tmp_path / "image") / "bin")
    assert "could not be installed" not in said, said
    look = "import lib, iniconfig; print(lib.__file__)"
    done = subprocess.run([python, "-I", "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == f"{work}/project/lib/src/lib/__init__.py\n"


def follow(context: Path, root: Path, programs: Path) -> str:
    """Do what a Dockerfile says, below a folder that is no root; what was printed."""
    said = ""
    for line in (context / "Dockerfile").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY":
            source, target = rest.split()
            shutil.copytree(context / source, root / target.lstrip("/"), dirs_exist_ok=True)
        elif word == "RUN":
            words = json.loads(rest.replace("/opt/automl", f"{root}/opt/automl"))
            environment = {**os.environ, "PATH": f"{programs}:/usr/bin:/bin"}
            done = subprocess.run(
                words,
                cwd=root / "opt/automl/work/project",
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            said += done.stdout + done.stderr
            assert done.returncode == 0, said
    return said

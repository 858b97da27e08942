"""How a project travels in Kubeflow: the task `code` packs it into one file, which Python runs in every step."""

import io
import json
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from automl.runtime import BESIDE_START, cluster
from tests.conformance.kfp_runs import compiled, documents
from tests.runtime.git_server import GitServer, serving
from tests.runtime.kubelet import Container, Done, make_volumes, write_project

USER, TOKEN = "ml bot", "s3cr\\net $(id) \"'`%s é/+="
SECRET = {"name": "secret", "key": "token", "username_key": "user"}
PERSON = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
FILES = {
    "run.sh": "#!/bin/sh\necho ran",
    "ünï cödé/日本 🚀.txt": "é",
    "__main__.py": "raise SystemExit('of the project')",
    "code.tar": "of the project",
    "code.tar.bz2": "of the project",
    ".gitattributes": "hidden.txt export-ignore\n$Format.txt export-subst\n",
    "hidden.txt": "here",
    "$Format.txt": "$Format:%H$",
}
LIST = """\
import json, os
found = {}
for folder, _, names in os.walk("."):
    for name in names if ".git" not in folder.split("/") else []:
        path = os.path.join(folder, name)
        link = os.path.islink(path)
        found[path[2:]] = "-> " + os.readlink(path) if link else [open(path).read(), os.access(path, os.X_OK)]
print(json.dumps(found))
"""
EXPECTED = {name: [text, text.startswith("#!")] for name, text in FILES.items()}


class Tasks:
    """The containers of a project of one step: what packs the project, and the step."""

    def __init__(self, folder: Path, image: Path, project: Path) -> None:
        self.folder, self.image = folder, image
        self.file = folder / "artifacts" / "a" / "code"
        (folder / "artifacts").mkdir()
        (folder / "artifacts").chmod(0o777)
        pipeline, self.platform = documents(compiled(project))
        self.executors = pipeline["deploymentSpec"]["executors"]

    def code(self, secrets: Mapping[str, str] | None = None) -> Container:
        """What packs the project; the secrets are given as variables."""
        return self._container("code", secrets or {})

    def job(self) -> Container:
        return self._container("job", {})

    def _container(self, name: str, variables: Mapping[str, str]) -> Container:
        folder = self.folder / name
        if not folder.exists():
            folder.mkdir()
            make_volumes(folder, [{"name": "work"}], {})
        found = dict(self.executors[f"exec-{name}"]["container"])
        found["env"] = [*({"name": key, "value": value} for key, value in variables.items()), *found["env"]]
        for part in ("command", "args"):
            found[part] = [self._with_path(word) for word in found[part]]
        return Container(folder, self.image, found, {})

    def _with_path(self, word: str) -> str:
        for direction in ("inputs", "outputs"):
            word = word.replace("{{$." + direction + ".artifacts['code'].path}}", str(self.file))
        return word


def bundle(place: Path, image: Path, step: dict[str, Any], files: Mapping[str, str]) -> Tasks:
    return Tasks(place, image, write_project(place / "p", step, files))


def succeeded(done: Done) -> Done:
    assert done.returncode == 0, done.stderr
    return done


def test_bundle_keeps_its_files(place: Path, image: Path) -> None:
    step = {"command": ["python", "list.py"]}
    tasks = bundle(place, image, step, {**FILES, "list.py": LIST})
    done = succeeded(tasks.code().run())
    assert done.stdout + done.stderr == ""
    found = json.loads(succeeded(tasks.job().run()).stdout)
    expected = {name: text for name, text in EXPECTED.items() if name != ".gitattributes"}
    assert {name: found[name] for name in expected} == expected
    assert found.keys() == {*expected, "list.py"}


def test_bundle_is_packed_again_over_what_an_earlier_attempt_left(place: Path, image: Path) -> None:
    tasks = bundle(place, image, {"command": ["./run.sh"]}, FILES)
    succeeded(tasks.code().run())
    tasks.file.write_bytes(tasks.file.read_bytes()[:100])
    succeeded(tasks.code().run())
    assert succeeded(tasks.job().run()).stdout == "ran\n"


def test_the_status_of_a_step_is_that_of_its_command(place: Path, image: Path) -> None:
    tasks = bundle(place, image, {"command": ["sh", "-c", "exit 7"]}, {"a": ""})
    succeeded(tasks.code().run())
    assert tasks.job().run().returncode == 7


def test_a_step_can_start_twice(place: Path, image: Path) -> None:
    tasks = bundle(place, image, {"command": ["./run.sh"]}, FILES)
    succeeded(tasks.code().run())
    job = tasks.job()
    assert [succeeded(job.run()).stdout for _ in range(2)] == ["ran\n"] * 2


def test_a_service_gets_the_same_config_map_as_in_the_native_form(place: Path, image: Path) -> None:
    """Its task has the object without data, under the name that says what the data is."""
    service = {"command": ["./run.sh"], "timeout": 60, "service": {}}
    tasks = bundle(place, image, service, FILES)
    succeeded(tasks.code().run())
    arguments = tasks.executors["exec-job"]["container"]["args"]
    assert arguments[arguments.index("--code") + 1] == "{{$.inputs.artifacts['code'].path}}"
    config_map, *others = [json.loads(each) for each in arguments if each.startswith("{\n")]
    filled = cluster.with_code(config_map, str(tasks.file))
    objects = documents(compiled(place / "p", "kubeflow-native"))
    assert filled == next(each for each in objects if each["kind"] == "ConfigMap")
    assert not {"data", "binaryData"} & config_map.keys()
    assert [cluster.with_code(each, str(tasks.file)) for each in (*others, filled)] == [*others, filled]


class Origin:
    """A repository `ml/p.git`: its first commit has the files, its second one none of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ml" / "p.git"
        self.folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")
        for name, text in {**FILES, "list.py": LIST}.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        (self.folder / "link").symlink_to("ünï cödé/日本 🚀.txt")
        (self.folder / "outside").symlink_to("/nowhere/at all")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message=one")
        self.first = self._git("rev-parse", "HEAD")
        self._git("rm", "--quiet", "-r", ".")
        self._git("commit", "--quiet", "--message=two")

    def _git(self, *arguments: str) -> str:
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder), **PERSON}
        return subprocess.check_output(["git", *arguments], cwd=self.folder, env=env, text=True).strip()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return Origin(tmp_path_factory.mktemp("origin"))


@pytest.fixture
def server(origin: Origin) -> Iterator[GitServer]:
    with serving(GitServer(origin.folder.parent.parent, USER, TOKEN)) as server:
        yield server


def in_git(place: Path, image: Path, server: GitServer, ref: str, command: list[str]) -> Tasks:
    git = {"url": f"{server.url}/ml/p.git", "ref": ref, "token_secret": SECRET}
    return Tasks(place, image, write_project(place / "p", {"command": command}, {}, code={"git": git}))


def secrets_of(tasks: Tasks) -> dict[str, str]:
    """The variables that the platform document fills from the secret."""
    executors = tasks.platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    [secret] = executors["exec-code"]["secretAsEnv"]
    assert secret["secretNameParameter"] == {"runtimeValue": {"constant": "secret"}}
    values = {"user": USER, "token": TOKEN.replace("$", "$$")}
    return {pair["envVar"]: values[pair["secretKey"]] for pair in secret["keyToEnv"]}


def test_a_commit_arrives_as_it_is(place: Path, image: Path, server: GitServer, origin: Origin) -> None:
    tasks = in_git(place, image, server, origin.first, ["python", "list.py"])
    done = succeeded(tasks.code(secrets_of(tasks)).run())
    assert (done.stdout, done.stderr) == (f"automl: checked out {origin.first}\n", "")
    found = json.loads(succeeded(tasks.job().run()).stdout)
    links = {"link": "-> ünï cödé/日本 🚀.txt", "outside": "-> /nowhere/at all"}
    assert found == EXPECTED | links | {"list.py": [LIST, False]}


def test_the_history_arrives_too(place: Path, image: Path, server: GitServer, origin: Origin) -> None:
    command = ["sh", "-c", "git rev-parse HEAD && git status --porcelain && ./run.sh"]
    tasks = in_git(place, image, server, origin.first, command)
    succeeded(tasks.code(secrets_of(tasks)).run())
    assert succeeded(tasks.job().run()).stdout == f"{origin.first}\nran\n"


def test_the_token_does_not_travel(place: Path, image: Path, server: GitServer, origin: Origin) -> None:
    tasks = in_git(place, image, server, origin.first, ["./run.sh"])
    succeeded(tasks.code(secrets_of(tasks)).run())
    with zipfile.ZipFile(tasks.file) as program:
        assert sorted(program.namelist()) == sorted(
            ["__main__.py", "code.tar", *(f"{name}.py" for name in BESIDE_START)]
        )
        packed = program.read("code.tar")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        assert "./.git/config" in archive.getnames()
    for word in (TOKEN, TOKEN.replace("$", "$$"), USER):
        assert word.encode() not in packed


def test_what_cannot_be_checked_out_is_not_packed(place: Path, image: Path, server: GitServer) -> None:
    tasks = in_git(place, image, server, "v2", ["./run.sh"])
    done = tasks.code(secrets_of(tasks)).run()
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"automl: cannot fetch v2 from {server.url}/ml/p.git"
    assert not tasks.file.exists()


def test_a_project_in_git_is_packed_again(
    place: Path, image: Path, server: GitServer, origin: Origin
) -> None:
    tasks = in_git(place, image, server, origin.first, ["./run.sh"])
    container = tasks.code(secrets_of(tasks))
    succeeded(container.run())
    tasks.file.write_bytes(b"half")
    succeeded(container.run())
    assert succeeded(tasks.job().run()).stdout == "ran\n"


def test_a_full_disk_is_an_error(place: Path, image: Path, server: GitServer, origin: Origin) -> None:
    tasks = in_git(place, image, server, origin.first, ["./run.sh"])
    (place / "artifacts").chmod(0o555)
    done = tasks.code(secrets_of(tasks)).run()
    assert done.returncode != 0
    assert done.stderr


def test_any_shell_can_read_it(root: Path) -> None:
    text = "".join((root / "runtime" / name).read_text() for name in ("checkout.sh", "pack.sh"))
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)

"""Which files of a project are packed, and into which bytes."""

import io
import json
import os
import socket
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from automl import targets
from automl.compiler.bundle_size import amount
from automl.compiler.config.code import BundleConfig
from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.ir import BundledFile
from automl.compiler.project.bundle import Collection, collect_bundle
from automl.compiler.project.files import MOST_BYTES, Project
from automl.compiler.project.gitignore import MAX_GLOBS
from automl.compiler.source import Located, Source
from automl.compiler.target import Options
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES, archive

SPAN = Source("config.yaml", "").start()
CONFIG = "stages: {a: [{step_name: b, path_to_executable: run.py}]}\n"


def fill(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def packed(folder: Path, include: list[str] | None = None, exclude: list[str] | None = None) -> list[str]:
    """The paths of the files in the bundle of a folder."""
    return [file.path for file in collected(folder, include, exclude)]


def collected(
    folder: Path, include: list[str] | None = None, exclude: list[str] | None = None
) -> tuple[BundledFile, ...]:
    collection = collect(folder, include, exclude)
    assert collection.diagnostics == []
    return collection.bundle.files


def collect(
    folder: Path, include: list[str] | None = None, exclude: list[str] | None = None, *needed: str
) -> Collection:
    patterns = BundleConfig(_located(include), _located(exclude), SPAN)
    return collect_bundle(Project(folder, "config.yaml", frozenset(needed)), patterns, SPAN)


def left_out(
    folder: Path, include: list[str] | None = None, exclude: list[str] | None = None, *needed: str
) -> dict[str, str]:
    """Each path that is left out, and why."""
    left_out = collect(folder, include, exclude, *needed).left_out
    return {os.fsdecode(path): reason for path, reason in left_out.items()}


def _located(patterns: list[str] | None) -> tuple[Located[str], ...]:
    return tuple(Located(pattern, SPAN) for pattern in patterns or ())


def compile_project(folder: Path) -> Result:
    target = targets.load("argo")
    assert target
    given = Input("config.yaml", (folder / "config.yaml").read_bytes(), folder)
    return compile_config(given, Overrides(), target, Options("3.7", "workflow"))


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ([], [], ["a.csv", "a.py", "data/b.csv", "data/keep/c.csv", "src/data/d.py", "src/e.py"]),
        (["*.py"], [], ["a.py", "src/data/d.py", "src/e.py"]),
        (["/*.py"], [], ["a.py"]),
        (["src/"], [], ["src/data/d.py", "src/e.py"]),
        (["src/*.py"], [], ["src/e.py"]),
        (["src/**/*.py"], [], ["src/data/d.py", "src/e.py"]),
        (["*.py", "!src/e.py"], [], ["a.py", "src/data/d.py"]),
        ([], ["*.csv"], ["a.py", "src/data/d.py", "src/e.py"]),
        ([], ["data/"], ["a.csv", "a.py", "src/e.py"]),
        ([], ["/data/"], ["a.csv", "a.py", "src/data/d.py", "src/e.py"]),
        ([], ["*.csv", "!a.csv"], ["a.csv", "a.py", "src/data/d.py", "src/e.py"]),
        ([], ["*"], []),
        (["*.csv"], ["data/keep/"], ["a.csv", "data/b.csv"]),
        (["data"], ["data"], []),
        (["nothing"], [], []),
    ],
)
def test_include_and_exclude(
    include: list[str], exclude: list[str], expected: list[str], tmp_path: Path
) -> None:
    names = ["a.py", "a.csv", "data/b.csv", "data/keep/c.csv", "src/data/d.py", "src/e.py", "config.yaml"]
    fill(tmp_path, dict.fromkeys(names, ""))
    assert packed(tmp_path, include, exclude) == expected


NEVER_CODE = {
    "editors": ["a.py~", ".a.py.swp", ".DS_Store", "Thumbs.db", ".idea/a.xml", ".vscode/a.json"],
    "caches": ["src/__pycache__/a.pyc", "b.pyc", ".ruff_cache/a", ".coverage", "a.egg-info/PKG-INFO"],
    "packages": ["node_modules/a", ".venv/a", "venv/a"],
    "version control": [".hg/hgrc", ".svn/a", ".gitignore", ".gitattributes"],
    "CI": [".github/workflows/a.yml", ".gitlab-ci.yml", "Jenkinsfile", ".pre-commit-config.yaml"],
    "runs": ["mlruns/0/meta.yaml", "wandb/run", "lightning_logs/a", "a.log", ".store/a"],
    "manifests": ["manifests/kustomization.yaml", "automl.yaml", "other.automl.yml", ".automl-x1y2"],
    "the schema, where the page of the language puts it": ["automl.schema.json"],
    "documents": ["README.md", "CHANGELOG.md", "LICENSE"],
}


@pytest.mark.parametrize("names", NEVER_CODE.values(), ids=NEVER_CODE)
def test_what_is_never_code_is_left_out(names: list[str], tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys([*names, "a.py", "config.yaml"], ""))
    assert packed(tmp_path) == ["a.py"]
    tops = {f"!/{name.split('/')[0]}" for name in names}
    below = {f"!{name}" for name in names}
    assert packed(tmp_path, exclude=sorted(tops | below | {"!__pycache__/"})) == sorted(["a.py", *names])


@pytest.mark.parametrize(
    "exclude", [["!*"], ["!.git"], ["!.git/", "!.git/config"], ["!/.git/**", "!src/.git"]]
)
def test_nothing_takes_back_what_is_of_git(exclude: list[str], tmp_path: Path) -> None:
    names = [".git/config", ".github/a.py", "a.git", "src/.git/config", "sub/.git"]
    fill(tmp_path, dict.fromkeys(names, ""))
    taken_back = [".github/a.py"] if exclude == ["!*"] else []
    assert packed(tmp_path, exclude=exclude) == [*taken_back, "a.git"]


def test_what_looks_like_it_is_packed(tmp_path: Path) -> None:
    """A folder that git has to keep, and a script or a package that shares a name with none of the above."""
    names = [
        ".env.example", "data.schema.json", "docs/README.md", "env.py", "license.py", "logs.py", "models/.gitignore", "runs/a.py",
        "src/.gitkeep", "src/config.yaml", "src/venv.py", "wandb.py",
    ]  # fmt: skip
    fill(tmp_path, dict.fromkeys([*names, "config.yaml"], ""))
    assert packed(tmp_path) == names


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.py", "setup.cfg"])
def test_a_project_that_is_built_keeps_its_documents(name: str, tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys(["LICENSE", "README.md", name], ""))
    assert packed(tmp_path) == ["LICENSE", "README.md", name]


@pytest.mark.parametrize("sign", ["pyvenv.cfg", "conda-meta/history"])
def test_an_environment_of_any_name_is_left_out(sign: str, tmp_path: Path) -> None:
    fill(
        tmp_path,
        dict.fromkeys(["a.py", f"tools/python3/{sign}", "tools/python3/bin/python", "tools/b.py"], ""),
    )
    assert packed(tmp_path) == ["a.py", "tools/b.py"]
    assert left_out(tmp_path) == {"tools/python3/": "never code: an environment"}
    assert len(packed(tmp_path, exclude=["!tools/python3/"])) == 4


def test_a_project_in_an_environment_is_none(tmp_path: Path) -> None:
    assert packed(fill(tmp_path, {"a.py": "", "pyvenv.cfg": ""})) == ["a.py", "pyvenv.cfg"]


def test_what_papermill_wrote_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys(["a.ipynb", "a.output.ipynb", "b.output.ipynb"], ""))
    assert packed(tmp_path) == ["a.ipynb", "b.output.ipynb"]
    assert left_out(tmp_path) == {"a.output.ipynb": "the output of a.ipynb"}
    assert len(packed(tmp_path, exclude=["!*.output.ipynb"])) == 3


def test_other_configs_are_left_out(tmp_path: Path) -> None:
    dvc = "stages:\n  train:\n    cmd: python train.py\n"
    texts = {"a.py": CONFIG, "dvc.yaml": dvc, "nested.yaml": "x:\n  stages: {}\n  step_name: a\n"}
    fill(tmp_path, {**texts, "b.yml": CONFIG, "src/c.yaml": f"name: x\n'stages':{CONFIG[7:]}"})
    assert packed(tmp_path) == list(texts)
    assert left_out(tmp_path) == dict.fromkeys(["b.yml", "src/c.yaml"], "another config of automl")
    assert len(packed(tmp_path, exclude=["!*.yml", "!*.yaml"])) == 5


def test_the_reasons(tmp_path: Path) -> None:
    names = ["a.bin", "a.csv", "b.csv", "b/c.py", "config.yaml", "d/e/f.py", ".env", "a.py"]
    fill(tmp_path, {**dict.fromkeys(names, ""), ".git/HEAD": "", ".git/info/exclude": "\n/b/\n"})
    fill(tmp_path, {".gitignore": "# data\n*.csv\n", "d/.gitignore": "e"})
    (tmp_path / "link").symlink_to("a.py")
    os.mkfifo(tmp_path / "pipe")
    assert left_out(tmp_path, exclude=["*.bin"]) == {
        ".env": "credentials",
        ".git/": "never code: version control",
        ".gitignore": "never code: version control",
        "a.bin": "excluded by the config: *.bin",
        "a.csv": ".gitignore:2 *.csv",
        "b.csv": ".gitignore:2 *.csv",
        "b/": ".git/info/exclude:2 /b/",
        "config.yaml": "the config",
        "d/e/": "d/.gitignore:1 e",
        "link": "a symbolic link",
        "pipe": "not a file",
    }
    reasons = left_out(tmp_path, ["a.*"], None, "d/e/f.py", "b.csv")
    assert reasons["d/.gitignore"] == reasons[".env"] == "not included by the config"
    assert "b.csv" not in reasons


def test_files_that_the_command_itself_writes_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "out.yaml": "half", "config.yaml": CONFIG})
    status = (tmp_path / "out.yaml").stat()
    project = Project(tmp_path, "config.yaml", frozenset(), frozenset({(status.st_dev, status.st_ino)}))
    collection = collect_bundle(project, None, SPAN)
    assert [file.path for file in collection.bundle.files] == ["run.py"]
    assert collection.left_out[b"out.yaml"] == "what this command writes to"


CREDENTIALS = (
    ".aws/credentials", ".azure/accessTokens.json", ".bash_history", ".boto", ".cargo/credentials.toml",
    ".config/gcloud/application_default_credentials.json", ".databrickscfg", ".docker/config.json",
    ".dockerconfigjson", ".env", ".env.local", ".env.production", ".envrc", ".git-credentials", ".gnupg/secring",
    ".htpasswd", ".huggingface/token", ".kaggle/kaggle.json", ".kube/config", ".mlflow/credentials", ".my.cnf",
    ".netrc", ".npmrc", ".pgpass", ".pypirc", ".ssh/id_rsa", ".streamlit/secrets.toml", ".vault-token", "_netrc",
    "core.1234", "id_ed25519", "id_rsa", "key.der", "key.ppk", "keystore.jks", "kubeconfig", "prod.env",
    "secret.yml", "secrets.yaml", ".secrets.toml", ".secrets/db", "credentials.yaml", "clearml.conf",
    ".databricks/token-cache.json", ".dev.vars", ".modal.toml", ".pg_service.conf", "server.key", "store.p12", "terraform.tfstate", "terraform.tfstate.backup",
)  # fmt: skip


@pytest.mark.parametrize("folder", ["", "deploy/"])
@pytest.mark.parametrize("name", CREDENTIALS)
def test_files_of_credentials_are_left_out_with_a_word(name: str, folder: str, tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", folder + name: "x"})
    collection = collect(tmp_path)
    assert [file.path for file in collection.bundle.files] == ["run.py"]
    [found] = collection.diagnostics
    [(left, reason)] = left_out(tmp_path).items()
    assert (found.code, reason) == (Code.LEFT_OUT_CREDENTIALS, "credentials")
    assert found.message.startswith(f'"{left}" is not packed')
    assert found.help
    pattern = found.help.partition("exclude: [")[2].partition("]")[0].strip('"')
    assert packed(tmp_path, exclude=[pattern, f"!{Path(name).name}"]) == sorted([folder + name, "run.py"])


@pytest.mark.parametrize("name", [".env.example", "example.env", "core.1.py", "monkey.py", "keys.csv", "env"])
def test_no_file_of_credentials(name: str, tmp_path: Path) -> None:
    assert packed(fill(tmp_path, {name: ""})) == [name]


def test_many_files_of_credentials_are_one_finding(tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys(["run.py", *(f"{letter}.key" for letter in "gfedcba")], ""))
    [found] = collect(tmp_path).diagnostics
    listed = '"a.key", "b.key", "c.key", "d.key", "e.key" and 2 more are not packed'
    assert found.message.startswith(listed)


def test_credentials_that_are_left_out_anyway_need_no_word(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "a.key": "", "b.key": "", ".docker/c": "", ".gitignore": "a.key"})
    (tmp_path / ".git").mkdir()
    assert collect(tmp_path, ["*.py"]).diagnostics == []
    assert collect(tmp_path, None, ["b.key", ".docker/"]).diagnostics == []


def test_a_script_among_credentials_is_packed(tmp_path: Path) -> None:
    fill(tmp_path, {".aws/run.py": "", ".aws/credentials": ""})
    collection = collect(tmp_path, None, None, ".aws/run.py")
    assert [file.path for file in collection.bundle.files] == [".aws/run.py"]


def test_our_own_output_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG})
    [first] = compile_project(tmp_path).artifacts
    for name in ("out.yaml", "manifests/deep/out.yaml", "out", "notes.md"):
        fill(tmp_path, {name: first.text})
        assert packed(tmp_path) == ["run.py"]
        assert compile_project(tmp_path).artifacts == (first,)


def test_a_script_with_our_first_line_is_packed(tmp_path: Path) -> None:
    """Everything that a step names is packed; so is what Python may import."""
    line = "# Generated by automl from config.yaml for argo 3.7. Do not edit.\n"
    fill(
        tmp_path,
        {"run.yaml": line, "a.py": line, "b.yaml": line, "c.yaml": "# Generated by automl from a notebook"},
    )
    assert [file.path for file in collect(tmp_path, None, None, "run.yaml").bundle.files] == [
        "a.py",
        "c.yaml",
        "run.yaml",
    ]
    assert left_out(tmp_path)["b.yaml"] == "made by automl"


def test_our_own_output_as_json_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG})
    target = targets.load("argo")
    assert target
    given = Input("config.yaml", CONFIG.encode(), tmp_path)
    options = Options("3.7", "workflow", "json")
    first = compile_config(given, Overrides(), target, options).artifacts
    fill(tmp_path, {"out.json": first[0].text})
    assert compile_config(given, Overrides(), target, options).artifacts == first


def test_links_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", {"secret.txt": "", "folder/secret.txt": ""})
    folder = fill(tmp_path / "project", {"a.py": "", "src/b.py": ""})
    (folder / "link.py").symlink_to("a.py")
    (folder / "outside.txt").symlink_to(outside / "secret.txt")
    (folder / "folder").symlink_to(outside / "folder")
    (folder / "src" / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket"))
        assert packed(folder) == ["a.py", "src/b.py"]


def test_a_script_that_is_a_link_inside_is_packed_as_a_file(tmp_path: Path) -> None:
    fill(tmp_path, {"real.py": "print(1)", "config.yaml": CONFIG})
    (tmp_path / "run.py").symlink_to("real.py")
    files = collect(tmp_path, None, None, "run.py").bundle.files
    assert [(file.path, file.content) for file in files] == [
        ("real.py", b"print(1)"),
        ("run.py", b"print(1)"),
    ]


@pytest.mark.parametrize("link", ["run.py", "src"])
def test_a_script_that_leads_outside_is_refused(link: str, tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", {"run.py": "secret"})
    config = CONFIG.replace("run.py", "run.py" if link == "run.py" else "src/run.py")
    folder = fill(tmp_path / "project", {"config.yaml": config})
    (folder / link).symlink_to(outside / "run.py" if link == "run.py" else outside)
    result = compile_project(folder)
    assert [each.code for each in result.diagnostics if each.code is Code.OUTSIDE_PROJECT]
    assert result.artifacts == ()


def test_a_script_is_packed_whatever_the_patterns_say(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "other.py": "", ".gitignore": "*.py\n"})
    assert [file.path for file in collect(tmp_path, None, ["*"], "run.py").bundle.files] == ["run.py"]


def test_only_the_permission_to_run_is_kept(tmp_path: Path) -> None:
    fill(tmp_path, {"a.sh": "", "b.sh": "", "c.sh": ""})
    for name, mode in (("a.sh", 0o755), ("b.sh", 0o644), ("c.sh", 0o4700)):
        (tmp_path / name).chmod(mode)
    assert [file.executable for file in collected(tmp_path)] == [True, False, True]
    with tarfile.open(fileobj=io.BytesIO(archive(collected(tmp_path))), mode="r:bz2") as tar:
        assert [(each.name, oct(each.mode)) for each in tar] == [
            ("a.sh", "0o755"),
            ("b.sh", "0o644"),
            ("c.sh", "0o755"),
        ]


def test_the_archive_depends_on_the_files_alone(tmp_path: Path) -> None:
    names = ["é/😀 x.py", "a" * 120 + ".py", "b/" + "c" * 200, "z.py"]
    first = fill(tmp_path / "first", {name: name for name in names})
    second = fill(tmp_path / "second", {name: name for name in reversed(names)})
    for number, name in enumerate(names):
        os.utime(second / name, (number, number))
        (second / name).chmod(0o600)
    assert archive(collected(first)) == archive(collected(second))
    assert archive(collected(first)) == archive(collected(first))
    with tarfile.open(fileobj=io.BytesIO(archive(collected(first))), mode="r:bz2") as tar:
        members = tar.getmembers()
        assert [member.name for member in members] == sorted(names)
        assert {(each.mtime, each.uid, each.gid, each.uname, each.gname) for each in members} == {
            (315619200, 0, 0, "", "")
        }
        read = [tar.extractfile(member) for member in members]
        assert [file.read().decode() for file in read if file] == sorted(names)


def test_every_byte_and_every_path_counts(tmp_path: Path) -> None:
    fill(tmp_path, {"a.py": "1", "b.py": "1"})
    archives = [archive(collected(tmp_path))]
    (tmp_path / "a.py").write_text("2")
    archives.append(archive(collected(tmp_path)))
    (tmp_path / "a.py").rename(tmp_path / "c.py")
    archives.append(archive(collected(tmp_path)))
    (tmp_path / "c.py").chmod(0o755)
    archives.append(archive(collected(tmp_path)))
    assert len(set(archives)) == 4


def test_a_project_that_fits_into_no_manifest_is_not_even_read(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG, "data/x": ""})
    for name, size in (
        ("data/large.csv", 900),
        ("larger.bin", 1200),
        ("small.bin", 1),
        ("ignored.bin", 5000),
    ):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size * 2**30)  # without content: it takes no room
    fill(tmp_path, {".gitignore": "ignored.*\n"})
    result = compile_project(tmp_path)
    assert result.artifacts == ()
    [found] = [each for each in result.diagnostics if each.code is Code.BUNDLE_SIZE]
    assert found.message == "the project's files have 2.1 TiB together; 16 MiB is the most that is packed"
    assert found.help
    assert "larger.bin (1.2 TiB), data/large.csv (900 GiB), small.bin (1 GiB)" in found.help
    assert "`code: {bundle: {exclude: [/larger.bin]}}`" in found.help


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["large"], "/large"),
        (["src/a.py", "src/large"], "/src/large"),
        (["src/a.py", "src/data/b/large", "src/data/c"], "/src/data/"),
        (["data/a.ipynb", "data/b/large"], "/data/b/"),
        (["my data/large"], '"/my data/"'),
        (["src/a.py", "src/l[*]rge"], '"/src/l\\\\[\\\\*]rge"'),
    ],
)
def test_the_way_out_names_the_largest_folder_without_code(
    names: list[str], pattern: str, tmp_path: Path
) -> None:
    fill(tmp_path, dict.fromkeys(names, ""))
    with next(tmp_path.rglob("*l*rge")).open("wb") as file:
        file.truncate(2**30)
    [found] = collect(tmp_path).diagnostics
    assert found.help
    assert f"`code: {{bundle: {{exclude: [{pattern}]}}}}`" in found.help
    word = json.loads(pattern) if pattern.startswith('"') else pattern
    assert collect(tmp_path, None, [word]).diagnostics == []


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1025, "1.1 KiB"),
        (240 * 1024, "240 KiB"),
        (240 * 1024 + 1, "240.1 KiB"),
        (2**20, "1 MiB"),
        (2**50, "1024 TiB"),
    ],
)
def test_a_size_is_rounded_up(size: int, text: str) -> None:
    assert amount(size) == text


def test_the_limit_of_what_is_read_is_exact(tmp_path: Path) -> None:
    with (tmp_path / "a.bin").open("wb") as file:
        file.truncate(MOST_BYTES)
    assert packed(tmp_path) == ["a.bin"]
    (tmp_path / "b.bin").write_bytes(b"x")
    [found] = collect(tmp_path).diagnostics
    assert found.code is Code.BUNDLE_SIZE


@pytest.mark.parametrize("size", [1, MOST_BYTES])
def test_what_a_step_names_stands_where_its_path_belongs(size: int, tmp_path: Path) -> None:
    fill(tmp_path, {"b.py": "", "c.py": "", "config.yaml": CONFIG})
    with (tmp_path / "d.bin").open("wb") as file:
        file.truncate(size)
    (tmp_path / "a.py").write_text("x")
    collection = collect(tmp_path, None, ["a.py", "c.py"], "a.py", "c.py")
    assert list(collection.sizes) == ["a.py", "b.py", "c.py", "d.bin"]
    assert [each.code for each in collection.diagnostics] == [Code.BUNDLE_SIZE] * (size > 1)


def test_a_project_that_is_too_large_for_the_manifest(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG})
    names = [f"{letter}.bin" for letter in "abcdefg"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(os.urandom(40_000 + 1024 * number))
    result = compile_project(tmp_path)
    assert result.artifacts == ()
    [found] = [each for each in result.diagnostics if each.code is Code.BUNDLE_SIZE]
    total = amount(sum(40_000 + 1024 * number for number in range(7)))
    assert found.message.startswith(f"the project's files, {total} together, take 41")
    assert found.message.endswith(f"in the manifest; the limit is {MAX_OBJECT_BYTES // 1024} KiB")
    assert found.help
    listed = found.help.partition(": leave out")[0].removeprefix("the largest are ").split(", ")
    assert [name.split()[0] for name in listed] == list(reversed(names))[:5]
    for name in names[:4]:
        (tmp_path / name).unlink()
    assert compile_project(tmp_path).artifacts


def test_what_packs_well_may_be_large(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG, "data.csv": "0,1,2\n" * 1_000_000})
    assert compile_project(tmp_path).artifacts


def test_no_program_takes_a_file_for_an_option(tmp_path: Path) -> None:
    config = CONFIG.replace("run.py", '"-c.py", dependency_path: "-r.txt"')
    fill(tmp_path, {"-c.py": "", "-r.txt": "", "config.yaml": config})
    [artifact] = compile_project(tmp_path).artifacts
    words = [line.strip() for line in artifact.text.splitlines()]
    assert words[words.index('- "--dependencies"') + 1] == '- "./-r.txt"'
    assert words[words.index("- python") + 1] == '- "./-c.py"'


def test_patterns_of_the_config_have_a_limit(tmp_path: Path) -> None:
    patterns = [f"*{number}*" for number in range(MAX_GLOBS + 1)]
    for exclude, expected in ((patterns, [Code.PATTERN]), (patterns[1:], [])):
        config = json.dumps({"bundle": {"exclude": exclude}})
        fill(tmp_path, {"run.py": "", "config.yaml": f"name: x\ncode: {config}\n{CONFIG}"})
        assert [found.code for found in compile_project(tmp_path).diagnostics] == expected


def test_of_a_file_that_is_left_out_by_its_name_nothing_else_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of what is in a folder that is left out: it is not listed."""
    fill(
        tmp_path,
        {"a.py": "", "b.txt": "", "c.pyc": "", "d.log": "", "e/f.py": "", "e/g.txt": "", "e/h/i.py": ""},
    )
    fill(tmp_path, {".git/HEAD": "", ".gitignore": "*.log\nh/\n"})
    listed, asked = set(), set()

    class Entry:
        """An entry of a folder that writes down what more than its kind is asked for."""

        def __init__(self, entry: "os.DirEntry[bytes]") -> None:
            self._entry = entry
            self.name, self.is_file, self.is_dir, self.is_symlink = (
                entry.name,
                entry.is_file,
                entry.is_dir,
                entry.is_symlink,
            )

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            asked.add(self.name.decode())
            return self._entry.stat(follow_symlinks=follow_symlinks)

    @contextmanager
    def scanned(folder: bytes) -> Iterator[Iterator[Entry]]:
        listed.add(os.path.relpath(folder, os.fsencode(tmp_path)).decode())
        with scandir(folder) as entries:
            yield map(Entry, entries)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", scanned)
    assert packed(tmp_path, ["*.py"]) == packed(tmp_path, None, ["*.txt"]) == ["a.py", "e/f.py"]
    assert (listed, asked) == ({".", "e"}, {"a.py", "f.py"})

"""Which files of a project are packed, and into which bytes."""

import io
import os
import socket
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler import bundle
from automl.compiler.bundle import collect_bundle
from automl.compiler.config import BundleConfig, Located
from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.ir import BundledFile
from automl.compiler.source import Source
from automl.compiler.target import Options
from automl.targets.code import MAX_OBJECT_BYTES, archive

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
    patterns = BundleConfig(_located(include), _located(exclude), SPAN)
    found, diagnostics = collect_bundle(folder, patterns, (), "config.yaml", SPAN)
    assert diagnostics == []
    return found.files


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


def test_what_is_no_part_of_a_project(tmp_path: Path) -> None:
    left_out = [
        ".git/config",
        "src/.git",
        ".venv/a",
        "venv/a",
        "src/__pycache__/a.pyc",
        "b.pyc",
        "node_modules/a",
        ".store/a",
        ".env",
    ]
    kept = [".env.example", ".gitignore", "a.py", "src/config.yaml", "src/venv.py"]
    fill(tmp_path, dict.fromkeys([*left_out, *kept, "config.yaml"], ""))
    assert packed(tmp_path) == kept


def test_our_own_output_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG})
    [first] = compile_project(tmp_path).artifacts
    for name in ("out.yaml", "manifests/deep/out.yaml"):
        fill(tmp_path, {name: first.text})
        assert packed(tmp_path) == ["run.py"]
        assert compile_project(tmp_path).artifacts == (first,)
    fill(tmp_path, {"notes.md": first.text})
    assert packed(tmp_path) == ["notes.md", "run.py"]


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
    found, _ = collect_bundle(tmp_path, None, ["run.py"], "config.yaml", SPAN)
    assert [(file.path, file.content) for file in found.files] == [
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
    patterns = BundleConfig((), _located(["*"]), SPAN)
    found, _ = collect_bundle(tmp_path, patterns, ["run.py"], "config.yaml", SPAN)
    assert [file.path for file in found.files] == ["run.py"]


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
    assert found.message == "the project's files take 2203058177 KiB in the manifest; the limit is 16384 KiB"
    assert found.help
    assert (
        f"larger.bin ({1200 * 2**20} KiB), data/large.csv ({900 * 2**20} KiB), small.bin (1048576 KiB)"
        in found.help
    )


def test_the_limit_of_what_is_read_is_exact(tmp_path: Path) -> None:
    with (tmp_path / "a.bin").open("wb") as file:
        file.truncate(bundle.MAX_BYTES)
    assert packed(tmp_path) == ["a.bin"]
    (tmp_path / "b.bin").write_bytes(b"x")
    _, [found] = collect_bundle(tmp_path, None, (), "config.yaml", SPAN)
    assert found.code is Code.BUNDLE_SIZE


def test_a_project_that_is_too_large_for_the_manifest(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG})
    names = [f"{letter}.bin" for letter in "abcdefg"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(os.urandom(40_000 + 1024 * number))
    result = compile_project(tmp_path)
    assert result.artifacts == ()
    [found] = [each for each in result.diagnostics if each.code is Code.BUNDLE_SIZE]
    assert f"the limit is {MAX_OBJECT_BYTES // 1024} KiB" in found.message
    assert found.help
    listed = found.help.partition(": leave some out")[0].removeprefix("the largest are ").split(", ")
    assert [name.split()[0] for name in listed] == list(reversed(names))[:5]
    for name in names[:4]:
        (tmp_path / name).unlink()
    assert compile_project(tmp_path).artifacts


def test_what_packs_well_may_be_large(tmp_path: Path) -> None:
    fill(tmp_path, {"run.py": "", "config.yaml": CONFIG, "data.csv": "0,1,2\n" * 1_000_000})
    assert compile_project(tmp_path).artifacts


# what git says


IGNORES: dict[str, dict[str, str]] = {
    "nothing": {},
    "names": {".gitignore": "*.csv\n# note\n\n  \ndata\n"},
    "folders": {".gitignore": "data/\n"},
    "anchored": {".gitignore": "/a.csv\n/data/b.csv\nsrc/*.py\n"},
    "stars": {".gitignore": "**/keep/\nsrc/**/d.py\n*.[ct]sv\n?.py\n"},
    "negated": {".gitignore": "*.csv\n!a.csv\n!b.csv\n"},
    "negated below what is ignored": {".gitignore": "data/\n!data/b.csv\n"},
    "negated folder": {".gitignore": "data/*\n!data/keep/\n"},
    "all but": {".gitignore": "/*\n!/src/\n!.gitignore\n"},
    "escaped": {".gitignore": "\\#x\n\\!y\na\\ b\ntrailing.txt  \n"},
    "CRLF": {".gitignore": "*.csv\r\n"},
    "nested": {".gitignore": "*.tsv\n", "data/.gitignore": "*.csv\n", "src/data/.gitignore": "/d.py\n"},
    "nested, anchored": {"data/.gitignore": "/keep\nb.csv\n"},
    "nested, everything": {"data/.gitignore": "*\n"},
}
NAMES = (
    "a.csv", "a.py", "a b", "#x", "!y", "trailing.txt", "data/b.csv", "data/b.tsv", "data/keep/c.csv",
    "src/data/d.py", "src/data/f.csv", "src/e.py", ".hidden/g.csv",
)  # fmt: skip


def git_files(folder: Path) -> list[str]:
    """The files that git would track, now and after `git add`, but for the config."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=folder, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    git("init", "--quiet")
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return sorted(name for name in names if name not in ("", "config.yaml"))


@pytest.mark.parametrize("ignores", IGNORES.values(), ids=IGNORES)
def test_the_files_that_git_does_not_ignore(ignores: dict[str, str], tmp_path: Path) -> None:
    fill(tmp_path, {**dict.fromkeys(NAMES, ""), "config.yaml": "", **ignores})
    assert packed(tmp_path) == git_files(tmp_path)


def test_a_gitignore_with_a_byte_order_mark(tmp_path: Path) -> None:
    fill(tmp_path, {**dict.fromkeys(NAMES, ""), ".gitignore": "\ufeff*.csv\n"})
    assert packed(tmp_path) == git_files(tmp_path)


def test_a_pattern_is_taken_back_in_a_folder_below(tmp_path: Path) -> None:
    ignores = {".gitignore": "*.csv\n", "data/.gitignore": "!b.csv\n"}
    fill(tmp_path, {**dict.fromkeys(NAMES, ""), **ignores})
    assert packed(tmp_path) == git_files(tmp_path)


def test_a_gitignore_that_leads_nowhere(tmp_path: Path) -> None:
    fill(tmp_path, {"a.py": ""})
    (tmp_path / ".gitignore").symlink_to("nowhere")
    assert packed(tmp_path) == ["a.py"]


_PATTERNS = st.sampled_from(
    [
        "*.csv",
        "*.py",
        "a*",
        "/a*",
        "data",
        "data/",
        "/data/",
        "data/*",
        "keep",
        "**/keep",
        "src/**",
        "*/",
        "?.py",
        "src/data/",
        "b.[ct]sv",
    ]
)

# `!data` takes back what is below data too, where git looks at data alone; so only files are taken back here
_FILE_PATTERNS = st.sampled_from(["*.csv", "*.py", "/a*", "?.py", "b.[ct]sv"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(root=["src/**", "!*.py"], below=[], names={"src/e.py", "a.py"})
@given(
    root=st.lists(_PATTERNS | _FILE_PATTERNS.map(lambda pattern: f"!{pattern}"), max_size=4),
    below=st.lists(_PATTERNS, max_size=2),
    names=st.sets(st.sampled_from(NAMES), min_size=1),
)
def test_any_patterns_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory, root: list[str], below: list[str], names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("project")
    ignores = {".gitignore": "\n".join(root), "src/.gitignore": "\n".join(below)}
    fill(folder, {**dict.fromkeys(names, ""), **ignores})
    assert packed(folder) == git_files(folder)


def test_the_repository_around_the_project_counts(tmp_path: Path) -> None:
    top = fill(tmp_path / "top", {".git/HEAD": "", ".gitignore": "*.csv\n/ml/secret.txt\n.env\n"})
    project = fill(top / "ml" / "churn", dict.fromkeys(["a.py", "b.csv", "data/c.csv", "secret.txt"], ""))
    fill(top / "ml", {".gitignore": "!b.csv\n"})
    assert packed(project) == ["a.py", "b.csv", "secret.txt"]


def test_a_repository_that_ignores_the_whole_project_says_nothing_about_it(tmp_path: Path) -> None:
    top = fill(tmp_path / "top", {".git/HEAD": "", ".gitignore": "build/\n*.csv\n"})
    project = fill(top / "build" / "churn", {"a.py": "", "b.csv": ""})
    assert packed(project) == ["a.py", "b.csv"]

"""Patterns are read as git reads them: git itself is the judge."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automl.compiler.project.files import Project, select_files
from automl.compiler.project.gitignore import MAX_GLOBS, MAX_LINES, Patterns, given_pattern
from automl.compiler.project.paths import bytes_of, text_of
from tests.examples import examples

ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
Files = Mapping[str, bytes]


def fill(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / os.fsdecode(bytes_of(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def git(folder: Path, *words: str) -> bytes:
    command = ["git", *words]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True).stdout


def repository(folder: Path, files: Files) -> Path:
    """A folder with the least that git takes for a repository. What cannot be there beside something is left out."""
    for name in ("objects", "refs"):
        (folder / ".git" / name).mkdir(parents=True)
    for name, content in {".git/HEAD": b"ref: refs/heads/main\n", **files}.items():
        try:
            fill(folder, {name: content})
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    return folder


def kept_by_git(folder: Path) -> list[str]:
    names = git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
    return sorted(text_of(name) for name in names if name not in (b"", b".gitignore"))


def kept(folder: Path) -> list[str]:
    return sorted(file.path for file in select_files(Project(folder, "config.yaml"), None).files)


NAMES = (
    "a", "b", "ab", "abc", "c1", "A", "a b", "a ", "é", "[a", "]", "-", "^", "*", "!b", "#c", "\\", "a.py",
    "b.csv", "x.tar.gz", "\n", "\udce9",
)  # fmt: skip
PARTS = (
    "a", "b", "ab", "c1", "a**", "**a", "a***b", "*", "**", "***", "?", "??", "a*", "*b", "*b*", "*a*b*", "*.py", "*.csv", "*.*", "a?",
    "[ab]", "[!a]", "[^b]*", "[a-c]*", "[z-a]", "[]-a]", "[]]", "[!]a-]", "[a", "a]", "[a\\]]", "[\\]-a]", "[a-]",
    "[--a]", "[[:alpha:]]", "[[:alpha:][:digit:]]*", "[![:space:]]*", "[[:digit:]", "[[:nope:]]", "[[:alpha]",
    "[:alpha:]", "[[:]", "[[::]]", "[a-[:digit:]]", "[[:upper:]-z]", "\\a", "\\*", "\\[a", "\\\\", "\\", "a\\ ",
    "é", "[é]", "\udce9", "#c", "!b", " ", "", ".", "..", "a b", "\\#c", "\\!b", "[/]", "[!/]*", "a\\",
)  # fmt: skip
_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
_patterns = st.builds(
    lambda start, parts, end: start + "/".join(parts) + end,
    st.sampled_from(["", "", "", "/", "!", "!", "!/", "\\", "#"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    st.sampled_from(["", "", "", "/", " ", "  ", "\\ ", "\\ \\  ", "\t", "\r", "\0a", "/ ", "\\"]),
)
_patterns_of_signs = st.text("ab*?[]!^-\\/: \udce9", max_size=8)
_lines = st.lists(_patterns | _patterns_of_signs, max_size=5)
_ends = st.sampled_from([b"\n", b"\r\n"])


def _file(lines: list[str], end: bytes = b"\n", start: bytes = b"") -> bytes:
    return start + end.join(line.encode("utf-8", "surrogateescape") for line in lines)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(["src/**", "!*.py"], [], [], ["src/train.py", "src/a.csv"], b"\n", "")
@example(["src/**", "!src/**/", "!src/**/*.py"], [], [], ["src/b/train.py", "src/a.csv"], b"\n", "")
@example(["data/**", "!data/**/", "!data/**/*.csv"], [], [], ["data/b/a.csv", "data/a.bin"], b"\n", "")
@example(["data/**", "!data/**/*.csv"], [], [], ["data/b/a.csv", "data/a.csv", "data/a"], b"\n", "")
@example(["key[[:digit:]].txt"], [], [], ["key1.txt", "keyd.txt"], b"\n", "")
@example(["x/a**/b", "y/a**"], [], [], ["x/ab", "x/a/c/b", "x/ac/d", "y/a", "y/ab/c"], b"\n", "")
@example(["!", "\\", "a\\", "[z-a]", "[a-\\]]"], [], [], ["a", "!", "z", "a\\"], b"\n", "")
@example(["a  ", "b\\ ", "c\\ \\  "], [], [], ["a", "b", "b ", "c  "], b"\n", "")
@example(["a?c", "*b*d"], [], [], ["a-c", "a-b-d", "b-d", "d"], b"\n", "")
@example(["/a", "!a", "!b", "/b"], [], [], ["a", "b", "c/a", "c/b"], b"\n", "")
@example(["**/a/b", "a/**/c", "!**/a/c"], [], [], ["a/b", "c/a/b", "ca/b", "b", "a/c", "d/a/c"], b"\n", "")
@example(["*.csv", "a\t"], [], [], ["a", "a\t", "b.csv"], b"\r\n", "")
@example(["caf\udce9", "*.csv"], [], [], ["caf\udce9", "caf\u00e9", "a.csv"], b"\n", "")
@example([], [], ["private.key", "!b"], ["private.key", "b", "a/private.key"], b"\n", "a/")
@example(["a/", "!a/b"], ["!b"], ["*"], ["a/b", "b", "c/a"], b"\n", "c/")
@given(
    root=_lines,
    below=_lines,
    info=_lines,
    names=st.lists(_names, min_size=1, max_size=6, unique=True),
    end=_ends,
    inside=st.sampled_from(["", "", "a/", "b/ab/"]),
)
def test_any_patterns_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory,
    root: list[str],
    below: list[str],
    info: list[str],
    names: list[str],
    end: bytes,
    inside: str,
) -> None:
    """In a folder of the repository, too, unless git ignores that as a whole."""
    files = {inside + name: b"" for name in names} | {
        ".gitignore": _file(root, end, b"\xef\xbb\xbf" * (len(root) % 2)),
        "a/.gitignore": _file(below, end),
        ".git/info/exclude": _file(info, end),
    }
    top = repository(tmp_path_factory.mktemp("repository"), files)
    project = top / inside
    if project.is_dir() and not (inside and is_ignored(top, inside)):
        assert kept(project) == kept_by_git(project)


def is_ignored(top: Path, folder: str) -> bool:
    words = ["git", "check-ignore", "--quiet", folder.rstrip("/")]
    return subprocess.run(words, cwd=top, env=ENVIRONMENT, check=False).returncode == 0


CASES: dict[str, dict[str, str]] = {
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
CASE_NAMES = (
    "a.csv", "a.py", "a b", "#x", "!y", "trailing.txt", "data/b.csv", "data/b.tsv", "data/keep/c.csv",
    "src/data/d.py", "src/data/f.csv", "src/e.py", ".hidden/g.csv",
)  # fmt: skip


@pytest.mark.parametrize("ignores", CASES.values(), ids=CASES)
def test_the_files_that_git_does_not_ignore(ignores: Mapping[str, str], tmp_path: Path) -> None:
    names = dict.fromkeys(CASE_NAMES, b"")
    repository(tmp_path, {**names, **{name: text.encode() for name, text in ignores.items()}})
    assert kept(tmp_path) == kept_by_git(tmp_path)


def test_a_project_without_git_has_its_gitignore_files(tmp_path: Path) -> None:
    fill(
        tmp_path,
        {"a.py": b"", "a.csv": b"", ".gitignore": b"*.csv", "b/.gitignore": b"!*.csv", "b/b.csv": b""},
    )
    assert kept(tmp_path) == ["a.py", "b/.gitignore", "b/b.csv"]


@pytest.mark.parametrize("project", ["", "ml/churn"])
def test_a_worktree_and_a_submodule_have_the_excludes_of_their_repository(
    project: str, tmp_path: Path
) -> None:
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "--quiet")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(main, *author, "commit", "--quiet", "--allow-empty", "--message", "first")
    git(main, "worktree", "add", "--quiet", "../worktree")
    allow = ("-c", "protocol.file.allow=always")
    git(main, *allow, "submodule", "--quiet", "add", str(main), "module")
    fill(main, {".git/info/exclude": b"*.csv", ".git/modules/module/info/exclude": b"*.bin"})
    for top, expected in ((tmp_path / "worktree", ["a.bin"]), (main / "module", ["a.csv"])):
        folder = fill(top / project, {"a.csv": b"", "a.bin": b""})
        assert kept(folder) == kept_by_git(folder) == expected


@pytest.mark.parametrize("text", [b"", b"gitdir: nowhere", b"gitdir: \0", b"nonsense", b"gitdir: .git"])
def test_a_file_that_leads_to_no_repository(text: bytes, tmp_path: Path) -> None:
    assert kept(fill(tmp_path, {".git": text, "a.py": b""})) == ["a.py"]


def test_the_excludes_of_a_user_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling is a function of the project."""
    home = fill(
        tmp_path / "home", {".config/git/ignore": b"*.py", ".gitconfig": b"[core]\nexcludesFile = ~/x"}
    )
    monkeypatch.setenv("HOME", str(home))
    assert kept(repository(tmp_path / "project", {"a.py": b""})) == ["a.py"]


def decided(pattern: str, path: str, is_folder: bool = False) -> bool:
    return Patterns([given_pattern("", 0, pattern)]).decide(bytes_of(path), is_folder) is not None


LONG = [
    ("*a" * 6 + "*b", "a" * 250),
    ("*a" * 2000 + "b", "a" * 255),
    ("**/" + "*a" * 100 + "/b", "/".join(["a" * 250] * 16)),
    ("**/*a/" * 100 + "b", "a/" * 2000 + "c"),
    ("**/a/**/" * 100 + "*b*b*b*c", "a/" * 1900 + "b" * 255),
    ("[!b]*[!b]*[!b]*[!b]*[!b]*b", "a" * 255),
    ("a*/" * 60 + "b", "aaa/" * 1000),
]


@pytest.mark.parametrize(("pattern", "path"), LONG, ids=range(len(LONG)))
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    start = time.process_time()
    assert not decided(pattern, path)
    assert time.process_time() - start < 10


def test_a_hundred_thousand_patterns(tmp_path: Path) -> None:
    kinds = ("name-{}", "/folder/name-{}", "*.end-{}", "folder-{}/", "!\\#{}")
    lines = [kind.format(number) for number in range(20_000) for kind in kinds]
    names = {f"file-{number}.py": b"" for number in range(200)}
    fill(tmp_path, {**names, ".gitignore": "\n".join(lines).encode(), "folder/name-7": b"", "a.end-9": b""})
    start = time.process_time()
    assert kept(tmp_path) == sorted(names)
    assert time.process_time() - start < 60


@pytest.mark.parametrize("glob", ["*a" * 2000, "?" * 4000 + "*"], ids=["stars", "marks"])
def test_globs_that_are_longer_than_every_name(glob: str, tmp_path: Path) -> None:
    lines = [f"{glob}{number}" for number in range(MAX_GLOBS // 4)]
    fill(tmp_path, {"a.py": b"", ".gitignore": "\n".join(lines).encode()})
    start = time.process_time()
    assert kept(tmp_path) == ["a.py"]
    assert time.process_time() - start < 40


def test_a_line_without_end_is_taken_for_nothing(tmp_path: Path) -> None:
    fill(tmp_path, {"a.py": b"", "b.csv": b"", ".gitignore": b"*" * 15_000_000 + b"\n*.csv\n"})
    start = time.process_time()
    assert kept(tmp_path) == ["a.py"]
    assert time.process_time() - start < 20


def test_more_wildcards_than_anybody_waits_for(tmp_path: Path) -> None:
    lines = [f"*{number}*".encode() for number in range(MAX_GLOBS + 1)]
    assert kept(fill(tmp_path, {"a.py": b"", ".gitignore": b"\n".join(lines[1:])})) == ["a.py"]
    fill(tmp_path, {".gitignore": b"\n".join(lines)})
    with pytest.raises(OSError, match=rf"more than {MAX_GLOBS} patterns with wildcards.*\.gitignore"):
        kept(tmp_path)


def test_more_lines_than_anybody_writes(tmp_path: Path) -> None:
    assert kept(fill(tmp_path, {"a.py": b"", ".gitignore": MAX_LINES * b"\n"})) == ["a.py"]
    fill(tmp_path, {".gitignore": (MAX_LINES + 1) * b"a\n"})
    with pytest.raises(OSError, match=r"it has more than 200,000 lines.*\.gitignore"):
        kept(tmp_path)


def test_a_gitignore_beyond_all_measure(tmp_path: Path) -> None:
    fill(tmp_path, {"a.py": b"", ".gitignore": b""})
    with (tmp_path / ".gitignore").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(OSError, match=r"File too large.*\.gitignore"):
        kept(tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("patterns")])
def test_a_gitignore_that_is_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A link is none either, as for git."""
    fill(tmp_path, {"a.py": b"", "patterns": b"*.py"})
    make(tmp_path / ".gitignore")
    make(tmp_path / "exclude")
    fill(tmp_path / ".git", {"info/a": b""})
    (tmp_path / "exclude").rename(tmp_path / ".git" / "info" / "exclude")
    assert kept(tmp_path) == ["a.py", "patterns"]


def test_files_of_patterns_that_are_links_are_read_where_git_reads_them(tmp_path: Path) -> None:
    """It reads no .gitignore behind a link, in the project and around it, but does so with what is its own."""
    names = dict.fromkeys(["sub/a.py", "sub/b.csv", "sub/c.txt"], b"")
    top = repository(tmp_path / "top", {**names, "python": b"*.py", "tables": b"*.csv"})
    fill(top / ".git", {"info/a": b""})
    for place, target in {
        ".gitignore": "python",
        "sub/.gitignore": "../python",
        ".git/info/exclude": "../../tables",
    }.items():
        (top / place).symlink_to(target)
    assert kept(top / "sub") == kept_by_git(top / "sub") == ["a.py", "c.txt"]


def test_the_repository_around_the_project_counts(tmp_path: Path) -> None:
    top = fill(tmp_path / "top", {".git/HEAD": b"", ".gitignore": b"*.csv\n/ml/secret.txt\n.env\n"})
    project = fill(top / "ml" / "churn", dict.fromkeys(["a.py", "b.csv", "data/c.csv", "secret.txt"], b""))
    fill(top / "ml", {".gitignore": b"!b.csv\n"})
    assert kept(project) == ["a.py", "b.csv", "secret.txt"]


def test_a_repository_that_ignores_the_whole_project_says_nothing_about_it(tmp_path: Path) -> None:
    top = fill(tmp_path / "top", {".git/HEAD": b"", ".gitignore": b"build/\n*.csv\n"})
    project = fill(top / "build" / "churn", {"a.py": b"", "b.csv": b""})
    assert kept(project) == ["a.py", "b.csv"]

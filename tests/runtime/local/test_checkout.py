"""A project in a repository: checked out once a run, by a token that is written nowhere."""

import subprocess
from pathlib import Path

import pytest

from automl.runtime.local.create import Program, create
from automl.runtime.local.plan import Git, Plan, Secret
from tests.runtime.git_server import GitServer, serving
from tests.runtime.local.plans import MODULES, finish, history, new_run, shell

TOKEN = "t0ken-of-the-test"


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """A folder with one repository, `project`, whose branch `main` has one file."""
    folder = tmp_path / "repositories"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder / "project"))
    (folder / "project" / "file").write_text("content\n")
    git(folder / "project", "add", "file")
    git(folder / "project", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def run_of(tmp_path: Path, git: Git, text: str = "cat file") -> Path:
    plan = Plan("test", [shell("a", text), shell("b", text, ["a"])], git=git)
    return create(Program(plan.to_json(), MODULES), tmp_path / "runs")


def test_every_step_has_files_of_its_own_also_when_the_run_goes_on(
    tmp_path: Path, repositories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"file://{repositories}/project"
    text = f"cat file; echo more >> file; [ $AUTOML_TASK = a ] || [ -e {tmp_path}/go ]"
    folder = run_of(tmp_path, Git(url, "main"), text)
    own = tmp_path / "own"  # who starts a run from a hook of git has this
    git(tmp_path, "init", "--quiet", str(own))
    monkeypatch.setenv("GIT_DIR", str(own / ".git"))
    assert finish(folder)[0] == 1
    monkeypatch.delenv("GIT_DIR")
    assert git(own, "remote") == ""
    (tmp_path / "go").touch()
    (repositories / "project").rename(repositories / "gone")  # it is not asked again
    status, said = finish(folder)
    assert status == 0, said
    assert (folder / "tasks" / "a" / "log").read_text() == "content\n"
    assert (folder / "tasks" / "b" / "log").read_text() == "content\n" * 2


def test_every_step_has_files_of_its_own_also_of_an_archive_that_was_half_unpacked(tmp_path: Path) -> None:
    text = "cat file; echo more >> file; ls | wc -w"
    folder = new_run(tmp_path, [shell("a", text), shell("b", text, ["a"])], {"file": "content\n"})
    (folder / "checkout" / "project").mkdir(parents=True)
    (folder / "checkout" / "project" / "half").touch()
    assert finish(folder)[0] == 0
    for name in ("a", "b"):
        assert (folder / "tasks" / name / "log").read_text().split() == ["content", "1"]


def test_an_archive_that_is_none_ends_the_run_and_says_so(tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", "true")])
    (folder / "code.tar").write_bytes(b"no archive")
    status, text = finish(folder)
    assert status == 2
    assert "automl: the files of the project could not be unpacked" in text
    assert history(folder).state == "failed"


def test_what_cannot_be_checked_out_ends_the_run_and_says_why(tmp_path: Path, repositories: Path) -> None:
    folder = run_of(tmp_path, Git(f"file://{repositories}/project", "no-such-branch"))
    status, text = finish(folder)
    assert status == 2
    assert "automl: the repository of the project could not be checked out" in text
    for line in (history(folder).reason, text):
        assert f"automl: cannot fetch no-such-branch from file://{repositories}/project" in line
    assert "checked out; fatal: " in history(folder).reason  # one line: a table shows it
    assert not (folder / "tasks" / "a").exists()
    git(repositories / "project", "branch", "no-such-branch")
    assert finish(folder)[0] == 0


def test_the_token_is_in_no_file_of_the_run(
    tmp_path: Path, repositories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "config" / "automl" / "secrets" / "git"
    secrets.mkdir(mode=0o700, parents=True)
    (secrets / "token").touch(mode=0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with serving(GitServer(repositories, "x-access-token", TOKEN)) as server:
        secret = Secret("git", {"token": "AUTOML_GIT_TOKEN"})
        folder = run_of(tmp_path, Git(f"{server.url}/project/.git", "main", secret), "cat file; env")
        assert finish(folder)[0] == 2
        (secrets / "token").write_text(TOKEN)
        status, text = finish(folder)
    assert status == 0, text
    assert server.credentials
    assert TOKEN not in text
    assert not [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]

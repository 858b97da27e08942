"""What `checkout.sh` does before a service starts, with git's own HTTP server on the other side."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.runtime.git_server import GitServer, serving
from tests.runtime.kubelet import Container, Done, objects_of, service, write_project

USER = "ml bot"
TOKEN = "s3cr\\net $(id) \"'`%s é/+="
PERSON = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
TOKEN_SECRET = {"name": "secret", "key": "token", "username_key": "user"}
SUBMODULES = '[submodule "sub"]\npath = sub\nurl = http://127.0.0.1:1/sub.git\n'


class Origin:
    """A repository `ml/p.git`: each ref has its own name in the file `a.txt`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ml" / "p.git"
        self.folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")
        (self.folder / ".gitmodules").write_text(SUBMODULES)
        self._git("update-index", "--add", "--cacheinfo", f"160000,{40 * 'a'},sub")
        self.commits = {name: self._commit(name) for name in ("old", "v1", "feature/x", "main")}
        self._git("tag", "--annotate", "--message=one", "v1", self.commits["v1"])
        for branch, name in (("feature/x", "feature/x"), ("fix@home", "v1"), ("abcdef1", "feature/x")):
            self._git("branch", branch, self.commits[name])
        self._git("checkout", "--quiet", "--detach")
        self.commits |= {name: self._commit(name) for name in ("pull", "lost")}
        self._git("update-ref", "refs/pull/7/head", self.commits["pull"])
        self._git("checkout", "--quiet", "main")

    def _commit(self, name: str) -> str:
        (self.folder / "a.txt").write_text(name)
        self._git("add", "a.txt", ".gitmodules")
        self._git("commit", "--quiet", f"--message={name}")
        return self._git("rev-parse", "HEAD")

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


class Make:
    """Makes the containers of a service whose code is in git: the one that checks out, and its own."""

    def __init__(self, place: Path, image: Path, server: GitServer) -> None:
        self.place, self.image, self.server = place, image, server

    def __call__(
        self, ref: str, token: str = TOKEN, secret: Mapping[str, str] | None = TOKEN_SECRET
    ) -> list[Container]:
        code = {"url": f"{self.server.url}/ml/p.git", "ref": ref}
        git = code | ({"token_secret": secret} if secret else {})
        step = {"command": ["cat", "a.txt"], "service": {}}
        project = write_project(self.place / "p", step, {}, code={"git": git})
        secrets = {"secret": {"user": USER.encode(), "token": token.encode()}}
        return service(self.place, self.image, objects_of(project), secrets)


@pytest.fixture
def containers(place: Path, image: Path, server: GitServer) -> Make:
    return Make(place, image, server)


def checkout(container: Container, **variables: str) -> Done:
    return container.run(GIT_CONFIG_NOSYSTEM="1", **variables)


@pytest.mark.parametrize("ref", ["main", "feature/x", "v1", "refs/tags/v1"])
def test_private_repository(ref: str, containers: Make, origin: Origin) -> None:
    first, main = containers(ref)
    done = checkout(first)
    name = ref.removeprefix("refs/tags/")
    assert (done.stdout, done.stderr) == (f"automl: checked out {origin.commits[name]}\n", "")
    assert main.run().stdout == name


def test_commit(containers: Make, origin: Origin) -> None:
    first, main = containers(origin.commits["old"])
    assert checkout(first).stderr == ""
    assert main.run().stdout == "old"


@pytest.mark.parametrize(
    ("ref", "name"), [("refs/pull/7/head", "pull"), ("fix@home", "v1"), ("abcdef1", "feature/x")]
)
def test_rare_ref(ref: str, name: str, containers: Make, origin: Origin) -> None:
    first, main = containers(ref)
    done = checkout(first)
    assert (done.stdout, done.stderr) == (f"automl: checked out {origin.commits[name]}\n", "")
    assert main.run().stdout == name


@pytest.mark.parametrize("change", [str, str.upper])
@pytest.mark.parametrize("length", [7, 8, 39])
def test_commit_that_is_shortened(
    length: int, change: Callable[[str], str], containers: Make, origin: Origin
) -> None:
    first, main = containers(change(origin.commits["old"][:length]))
    done = checkout(first)
    assert (done.stdout, done.stderr) == (f"automl: checked out {origin.commits['old']}\n", "")
    assert main.run().stdout == "old"


def test_commit_on_no_branch(containers: Make, origin: Origin) -> None:
    first, main = containers(origin.commits["lost"])
    assert checkout(first).stderr == ""
    assert main.run().stdout == "lost"


def test_commit_that_the_server_gives_with_its_branch_alone(
    containers: Make, server: GitServer, origin: Origin
) -> None:
    server.speaks_version_2 = False
    first, main = containers(origin.commits["old"])
    assert checkout(first).stderr == ""
    assert main.run().stdout == "old"


def test_commit_that_the_server_does_not_give(containers: Make, server: GitServer, origin: Origin) -> None:
    server.speaks_version_2 = False
    done = checkout(containers(origin.commits["lost"])[0])
    assert_failed(
        done, f"automl: cannot fetch the commit {origin.commits['lost']} from {server.url}/ml/p.git"
    )


@pytest.mark.parametrize("ref", ["0123456", "0123456789", "0" * 40])
def test_commit_that_does_not_exist(ref: str, containers: Make, server: GitServer) -> None:
    done = checkout(containers(ref)[0])
    assert_failed(done, f"automl: cannot fetch the commit {ref} from {server.url}/ml/p.git")


def test_wrong_token_for_a_commit(containers: Make, server: GitServer, origin: Origin) -> None:
    done = checkout(containers(origin.commits["old"][:7], "wrong")[0])
    assert_failed(done, f"automl: cannot fetch {origin.commits['old'][:7]} from {server.url}/ml/p.git")
    assert "Authentication failed" in done.stderr


def test_ref_that_does_not_exist(containers: Make, server: GitServer) -> None:
    done = checkout(containers("v2")[0])
    assert_failed(done, f"automl: cannot fetch v2 from {server.url}/ml/p.git")
    assert "couldn't find remote ref v2" in done.stderr


@pytest.mark.parametrize("token", ["wrong", ""])
def test_wrong_token(token: str, containers: Make, server: GitServer) -> None:
    done = checkout(containers("main", token)[0])
    assert_failed(done, f"automl: cannot fetch main from {server.url}/ml/p.git")
    assert not token or token not in done.stderr


def test_token_that_ends_with_a_newline(containers: Make) -> None:
    assert checkout(containers("main", f"{TOKEN}\n")[0]).returncode == 0


def test_user_of_a_token_alone(containers: Make, server: GitServer) -> None:
    server.user = "x-access-token"
    done = checkout(containers("main", secret={"name": "secret", "key": "token"})[0])
    assert done.returncode == 0, done.stderr


def test_public_repository(containers: Make, server: GitServer) -> None:
    server.token = ""
    assert checkout(containers("main", secret=None)[0]).returncode == 0


def test_no_question_is_asked(containers: Make) -> None:
    done = checkout(containers("main", secret=None)[0])
    assert "terminal prompts disabled" in done.stderr
    assert done.returncode == 1


def assert_failed(done: Done, line: str) -> None:
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == line
    assert done.stdout == ""


def test_another_server_does_not_learn_the_token(containers: Make, server: GitServer, origin: Origin) -> None:
    with serving(GitServer(server.folder, USER, TOKEN)) as other:
        server.redirect_to = other.url
        assert checkout(containers("main")[0]).returncode == 1
    assert not other.credentials


def test_token_is_kept_nowhere(containers: Make, place: Path) -> None:
    (place / "log").mkdir(mode=0o777)
    (place / "log").chmod(0o777)
    first, _ = containers("main")
    done = checkout(first, GIT_TRACE2_EVENT=str(place / "log"))
    files = [path.read_bytes() for path in first.work.rglob("*") if path.is_file()]
    assert not any(
        form in text for text in (*files, done.stdout.encode(), done.stderr.encode()) for form in forms()
    )
    commands = [words for path in (place / "log").iterdir() for words in arguments(path)]
    assert any("answer get" in " ".join(words) for words in commands)
    assert not any(form in " ".join(words).encode() for words in commands for form in forms())


def forms() -> list[bytes]:
    """What a token may look like in a file."""
    both = f"{USER}:{TOKEN}".encode()
    return [TOKEN.encode(), base64.b64encode(both), quote(TOKEN, safe="").encode(), quote(TOKEN).encode()]


def arguments(trace: Path) -> list[list[str]]:
    """The arguments of each process that git or a child of it started."""
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    return [event["argv"] for event in events if "argv" in event]


def test_second_start(containers: Make) -> None:
    first, main = containers("main")
    checkout(first)
    (main.project / "left-over").touch()
    assert checkout(first).returncode == 0
    assert {path.name for path in main.project.iterdir()} == {".git", ".gitmodules", "a.txt", "sub"}
    assert not list((main.project / "sub").iterdir())


def test_any_shell_can_read_it(root: Path) -> None:
    subprocess.run(["sh", "-n", root / "runtime" / "checkout.sh"], check=True)

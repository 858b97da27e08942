"""What the start script fetches from a store, and puts there, with a real one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from automl.runtime import start_scripts
from tests.conformance.kfp_runs import open_folder
from tests.conformance.s3 import KEYS, Store
from tests.runtime.kubelet import Done, identity, python

NAMES = ("a b", "日本語 😀.csv", "x?y[1]*", "%20+#&=", "q'uo\"te", "..dots", "-m", "back\\slash", "~")


class Pods:
    """Runs the start script as containers of pods, each of which has a folder of its own."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root, self.store = root, store
        self.scripts = root / "code"
        self.scripts.mkdir()
        for name, text in start_scripts(for_store=True).items():
            (self.scripts / name).write_text(text, encoding="utf-8")
        self.work = root / "work"
        self.work.mkdir()
        self.work.chmod(0o777)

    def run(self, *options: str, script: str = "true", **variables: str) -> Done:
        keys = {"AWS_ACCESS_KEY_ID": KEYS["accesskey"], "AWS_SECRET_ACCESS_KEY": KEYS["secretkey"]}
        path = {"PATH": f"{python().parent}:{os.defpath}", "HOME": "/", "AUTOML_WORK": str(self.work)}
        words = [str(python()), str(self.scripts / "start.py"), *options, "--", "sh", "-c", script]
        env = {**path, **self.store.variables, **keys, **variables}
        process = subprocess.Popen(
            words, env=env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **identity()
        )
        said, errors = process.communicate(timeout=600)
        return Done(words, process.returncode, said, errors)

    def put(self, address: str, script: str, **variables: str) -> Done:
        return self.run("--output", "x:file", "--put", f"x={address}", script=script, **variables)

    def fetch(self, address: str, name: str, **variables: str) -> Done:
        return self.run("--fetch", f"{self.work}/{name}={address}", **variables)


@pytest.fixture(scope="module")
def pods(store: Store) -> Iterator[Pods]:
    with open_folder() as root:
        yield Pods(root, store)


def tree(folder: Path) -> dict[str, bytes | None]:
    """What is in a folder; a folder is None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def address(test: str) -> str:
    return f"s3://corpus/{test}/runs/u-1/load/table"


def well(done: Done) -> None:
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_arrives_as_it_is(pods: Pods, store: Store) -> None:
    well(pods.put(address("file"), 'printf "\\000\\377 a" >"$AUTOML_OUTPUT_X"'))
    assert store.objects() >= {"file/runs/u-1/load/table"}
    well(pods.fetch(address("file"), "in/file"))
    assert (pods.work / "in" / "file").read_bytes() == b"\0\xff a"


def test_a_folder_arrives_as_it_is_with_what_is_empty(pods: Pods) -> None:
    """A large file goes in parts. What a link leads to is there, and no link."""
    made = pods.work / "made"
    script = f"""
        umask 022; mkdir -p {made}/deep/void {made}/none; cd {made}; : >deep/zero; ln -s deep/zero link
        head -c 40000000 /dev/urandom >large; ln -s {made} "$AUTOML_OUTPUT_X"
    """
    for name in NAMES:
        script += f'\nprintf %s "$N{NAMES.index(name)}" >deep/"$N{NAMES.index(name)}"'
    well(pods.put(address("folder"), script, **{f"N{number}": name for number, name in enumerate(NAMES)}))
    well(pods.fetch(address("folder"), "in/folder"))
    there = tree(pods.work / "in" / "folder")
    assert there == tree(made)
    assert there.keys() >= {f"deep/{name}" for name in NAMES} | {"deep/void", "none", "link", "large"}
    assert not any(path.is_symlink() for path in (pods.work / "in" / "folder").rglob("*"))


def test_an_empty_folder_is_one(pods: Pods) -> None:
    well(pods.put(address("empty"), 'mkdir "$AUTOML_OUTPUT_X"'))
    well(pods.fetch(address("empty"), "in/empty"))
    assert tree(pods.work / "in" / "empty") == {}
    assert (pods.work / "in" / "empty").is_dir()


FILE = 'echo new >"$AUTOML_OUTPUT_X"'
FOLDER = 'mkdir -p "$AUTOML_OUTPUT_X/b"; echo new >"$AUTOML_OUTPUT_X/b/c"'
EMPTY = 'mkdir "$AUTOML_OUTPUT_X"'
OLD = """
    mkdir -p "$AUTOML_OUTPUT_X/b/void" "$AUTOML_OUTPUT_X/d"; cd "$AUTOML_OUTPUT_X"; echo old | tee b/c d/e >"a[1]"
"""


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (OLD, FOLDER, {"b": None, "b/c": b"new\n"}),
        (OLD, FILE, b"new\n"),
        (FILE, FOLDER, {"b": None, "b/c": b"new\n"}),
        (OLD, EMPTY, {}),
    ],
    ids=["folder-folder", "folder-file", "file-folder", "folder-empty"],
)
def test_nothing_of_an_earlier_try_is_left(
    first: str, second: str, left: object, pods: Pods, store: Store, request: pytest.FixtureRequest
) -> None:
    place = address(request.node.callspec.id)
    well(pods.put(f"{place}-2", FILE))  # which begins with the same letters
    well(pods.put(place, first))
    well(pods.put(place, second))
    well(pods.fetch(place, f"in/{request.node.callspec.id}"))
    result = pods.work / "in" / request.node.callspec.id
    assert (tree(result) if result.is_dir() else result.read_bytes()) == left
    assert f"{place.removeprefix('s3://corpus/')}-2" in store.objects()


def test_what_is_not_there_names_the_task(pods: Pods) -> None:
    well(pods.put(f"{address('gone')}-2", FILE))
    done = pods.fetch(address("gone"), "in/gone")
    assert done.returncode == 1
    assert done.stderr == (
        f"automl: cannot fetch {address('gone')}: 'load' has left its output 'table' there, and it is gone; "
        "delete the Job of 'load', so that it runs again\n"
    )


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "signature"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"},
            "credentials",
        ),
    ],
)
def test_without_the_keys_nothing_is_fetched_or_put(variables: dict[str, str], why: str, pods: Pods) -> None:
    well(pods.put(address("keys"), FILE))
    for done in (
        pods.fetch(address("keys"), "in/keys", **variables),
        pods.put(address("other"), FILE, **variables),
    ):
        assert done.returncode == 1
        assert done.stderr.startswith("automl: cannot ")
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (pods.work / "in" / "keys").exists()


def test_a_bucket_that_is_not_there_is_said(pods: Pods) -> None:
    done = pods.put("s3://no-such/runs/u-1/load/table", FILE)
    assert done.returncode == 1
    assert done.stderr.startswith("automl: cannot put the output 'x' at s3://no-such/runs/u-1/load/table: ")


@pytest.mark.parametrize("made", ["ln -s /no/such", "mkfifo"])
def test_what_is_no_file_is_not_put_and_nothing_else_either(made: str, pods: Pods, store: Store) -> None:
    script = f'mkdir "$AUTOML_OUTPUT_X"; cd "$AUTOML_OUTPUT_X"; echo 1 >a; {made} ./b'
    done = pods.put(address("strange"), script)
    assert done.returncode == 1
    assert "/b is neither a file nor a folder, or leads nowhere" in done.stderr
    assert not any(name.startswith("strange/") for name in store.objects())


def test_a_step_that_fails_puts_nothing(pods: Pods, store: Store) -> None:
    done = pods.put(address("fails"), f"{FILE}; exit 7")
    assert done.returncode == 7
    done = pods.put(address("fails"), "true")
    assert (done.returncode, "'x' is missing" in done.stderr) == (1, True)
    assert not any(name.startswith("fails/") for name in store.objects())


def test_packages_that_cannot_be_had_are_said(pods: Pods) -> None:
    subprocess.run(["rm", "-rf", str(pods.work / "store")], check=True)
    done = pods.fetch(address("any"), "in/any", PIP_FIND_LINKS="/no/such")
    assert done.returncode == 1
    assert "the client of the store could not be installed: pip ended with status 1" in done.stderr
    well(pods.put(address("any"), FILE))

"""Secrets of who runs something: all that is amiss is named before anything starts, and none of them is written anywhere."""

from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local.plan import Secret, Task
from tests.cli.test_cli import obey_permissions
from tests.runtime.local.plans import finish, new_run, runner, shell
from tests.waiting import PATIENCE

VALUE = b"a \xff\nsecond 'line' $HOME\n"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "automl" / "secrets"


def write(secrets: Path, name: str, **values: bytes) -> Path:
    folder = secrets / name
    folder.mkdir(mode=0o700, parents=True)
    for key, value in values.items():
        (folder / key).write_bytes(value)
        (folder / key).chmod(0o600)
    return folder


def task_with(*secrets: Secret, text: str = "true", **more: Any) -> Task:
    return shell("a", text, secrets=[*secrets], **more)


def test_all_that_is_missing_is_named_before_anything_starts(tmp_path: Path, secrets: Path) -> None:
    write(secrets, "half", there=b"x")
    open_folder = write(secrets, "open", key=b"x")
    open_folder.chmod(0o750)
    (write(secrets, "read", key=b"x") / "key").chmod(0o644)
    zero = write(secrets, "zero", key=b"a\0b")
    some = write(secrets, "some", key=b"\0", other=b"\0")
    tasks = [
        shell("first", f"touch {tmp_path}/started"),
        task_with(Secret("gone"), Secret("half", {"k1": "A", "k2": "B", "there": "C"}), Secret("open")),
        shell(
            "b", "true", secrets=[Secret("read", {"key": "A"}), Secret("zero"), Secret("gone", {"x": "X"})]
        ),
        shell("c", "true", secrets=[Secret("some", {"key": "A"})]),
    ]
    status, text = finish(new_run(tmp_path, tasks))
    assert status == 2
    assert text.splitlines() == [
        f"automl: the secret 'gone' is missing: `mkdir -m 700 -p {secrets / 'gone'}`, and put each key into a file there (`chmod 600`)",
        f"automl: the secret 'half' has no key 'k1': put it into {secrets / 'half' / 'k1'} (`chmod 600`)",
        f"automl: the secret 'half' has no key 'k2': put it into {secrets / 'half' / 'k2'} (`chmod 600`)",
        f"automl: {open_folder} can be read by others: `chmod 700 {open_folder}`",
        f"automl: {secrets / 'read' / 'key'} can be read by others: `chmod 600 {secrets / 'read' / 'key'}`",
        f"automl: {zero / 'key'} has a byte 0, and no variable can have one",
        f"automl: {some / 'key'} has a byte 0, and no variable can have one",
    ]
    assert not (tmp_path / "started").exists()


def test_what_cannot_be_read_is_named_too(tmp_path: Path, secrets: Path) -> None:
    key = write(secrets, "one", key=b"x") / "key"
    key.chmod(0)
    process = runner(new_run(tmp_path, [task_with(Secret("one"))]), preexec_fn=obey_permissions)
    text, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, text) == (2, f"automl: {key} cannot be read: Permission denied\n")


def test_a_step_has_no_other_keys_than_it_names_and_no_folders(tmp_path: Path, secrets: Path) -> None:
    for name in ("one", "two"):
        (write(secrets, name, **{f"a_{name}": b"a", f"b_{name}": b"b"}) / f"c_{name}").mkdir(mode=0o700)
    task = task_with(
        Secret("one", {"a_one": "CHOSEN"}),
        Secret("two"),
        text=f"env | grep -E '^(CHOSEN|[a-c]_)' | sort > {tmp_path}/seen",
    )
    status, text = finish(new_run(tmp_path, [task]))
    assert status == 0, text
    assert (tmp_path / "seen").read_text() == "CHOSEN=a\na_two=a\nb_two=b\n"


def test_a_step_that_is_not_chosen_needs_nothing(tmp_path: Path) -> None:
    tasks = [shell("first", "true"), task_with(Secret("gone"))]
    assert finish(new_run(tmp_path, tasks), "--only", "first")[0] == 0


def test_a_value_arrives_byte_for_byte_and_is_in_no_record(tmp_path: Path, secrets: Path) -> None:
    write(secrets, "one", key=VALUE)
    text = f'printf %s "$CHOSEN" > {tmp_path}/chosen; printf %s "$key" > {tmp_path}/whole'
    folder = new_run(
        tmp_path / "runs", [task_with(Secret("one", {"key": "CHOSEN"}), Secret("one"), text=text)]
    )
    assert finish(folder)[0] == 0
    assert (tmp_path / "chosen").read_bytes() == (tmp_path / "whole").read_bytes() == VALUE
    assert not [
        path for path in folder.rglob("*") if path.is_file() and b"second 'line'" in path.read_bytes()
    ]


def test_a_whole_secret_yields_to_what_the_step_sets_itself(tmp_path: Path, secrets: Path) -> None:
    folder = write(secrets, "one", A=b"secret", B=b"secret", PATH=b"/nowhere")
    (folder / "not a variable").write_bytes(b"\0")
    (folder / "not a variable").chmod(0o600)
    (folder / "dangling").symlink_to("nowhere")
    write(secrets, "two", B=b"second", C=b"key")
    task = task_with(
        Secret("one"),
        Secret("two"),
        Secret("two", {"C": "A2"}),
        text=f"/bin/echo $A $B $A2 > {tmp_path}/seen",
        variables={"A": "own", "PATH": "/usr/bin:/bin"},
    )
    status, text = finish(new_run(tmp_path, [task]))
    assert status == 0, text
    assert (tmp_path / "seen").read_text() == "own second key\n"

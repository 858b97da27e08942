"""Disks of a machine: folders of the user, which have to be there, and where the path of a process leads."""

from pathlib import Path

import pytest

from automl.runtime.local.plan import Mount, Secret, Task
from tests.runtime.local.plans import finish, new_run, shell


@pytest.fixture(autouse=True)
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the disks of the user are."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "data" / "automl" / "disks"


def mounting(tmp_path: Path, mount: Mount) -> tuple[int, str]:
    """The status of a run, and what it said, of a process that reads and writes at the path of its mount."""
    path = mount.path
    text = f"touch {tmp_path}/begun; cat {path}/note; echo more > {path}/more"
    return finish(new_run(tmp_path / "runs", [shell("a", text, mounts=[mount])]))


@pytest.mark.parametrize("is_made", [False, True])
def test_a_process_finds_a_disk_where_its_path_leads_there(
    is_made: bool, tmp_path: Path, disks: Path
) -> None:
    (disks / "team").mkdir(parents=True)
    (disks / "team" / "note").touch()
    mount = Mount(f"{tmp_path}/team", disk="team", is_made=is_made)
    for there in (False, True):
        if there:
            Path(mount.path).mkdir()
        status, text = mounting(tmp_path, mount)
        assert (status, (tmp_path / "begun").exists()) == (2, False)
        assert f"a: a process finds at {mount.path} what the machine has there" in text
        assert f"{disks / 'team'}: make one a link" in text
    Path(mount.path).rmdir()
    Path(mount.path).symlink_to(disks / "team")
    status, text = mounting(tmp_path, mount)
    assert status == 0, text
    assert (disks / "team" / "more").read_text() == "more\n"


def test_a_claim_that_is_missing_is_named_before_anything_starts(tmp_path: Path, disks: Path) -> None:
    status, text = mounting(tmp_path, Mount("/nowhere", disk="team"))
    assert (status, (tmp_path / "begun").exists()) == (2, False)
    assert f"the claim 'team' is missing, which is a folder here: `mkdir -p {disks}/team`" in text
    assert "finds at" not in text, "one cause, one line"


def test_a_secret_that_is_mounted_has_to_be_there_and_kept(tmp_path: Path) -> None:
    task = Task("a", "s", "a", ["true"], image="busybox", mounts=[Mount("/s", True, secret="tls")])
    runs = tmp_path / "runs"
    assert "the secret 'tls' is missing" in finish(new_run(runs, [task]))[1]
    secret = tmp_path / "config" / "automl" / "secrets" / "tls"
    secret.mkdir(parents=True, mode=0o755)
    (secret / "key").write_bytes(b"\0")
    _, text = finish(new_run(runs, [task]))
    assert f"{secret} can be read by others" in text
    assert "byte 0" not in text, "it is a file, and no variable"
    both = Task("b", "s", "b", ["true"], image="busybox", secrets=[Secret("tls")])
    assert "byte 0" in finish(new_run(runs, [task, both]))[1]

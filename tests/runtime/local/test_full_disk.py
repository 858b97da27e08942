"""A disk that is full, and a file that may not grow: the run ends, says so, and can go on when that is mended."""

import json
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.runtime.local.plans import finish, history, new_run, runner, shell, states
from tests.waiting import PATIENCE

FULL = "No space left on device"


SIZE = 4 * 2**20
SMALL = """
import errno, io, os
FOLDER, SIZE, write, statvfs, open_ = os.environ["SMALL_DISK"], {size}, os.write, os.statvfs, io.open

def room():
    files = (os.path.join(folder, name) for folder, _, names in os.walk(FOLDER) for name in names)
    return max(0, SIZE - sum(os.lstat(file).st_size for file in files))

def write_if_there_is_room(number, data):
    if os.readlink(f"/proc/self/fd/{{number}}").startswith(FOLDER) and len(data) > (free := room()):
        if free == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[:free]
    return write(number, data)

class File(io.FileIO):
    def write(self, data):
        return os.write(self.fileno(), data)

def open_unbuffered(file, mode="r", buffering=-1, *more, **named):
    return open_(file, mode, buffering, *more, **named) if buffering else File(file, mode)

def statvfs_of_all(path):
    fields = list(statvfs(path))[:10]
    fields[4] = room() // fields[1]
    return os.statvfs_result(fields)

os.write, io.open, os.statvfs = write_if_there_is_room, open_unbuffered, statvfs_of_all
"""


def mounted(place: Path) -> bool:
    """Whether a disk of that size could be mounted: that takes the rights of root."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    return (
        bool(shutil.which("mount"))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


@pytest.fixture(params=["real", "played"])
def small_disk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A disk of 4 MB. Where none may be mounted, and beside it, the program that runs the steps is told so of a folder."""
    place = tmp_path / "disk"
    place.mkdir()
    if request.param == "real" and mounted(place):
        yield place
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        return
    (tmp_path / "sitecustomize.py").write_text(SMALL.format(size=SIZE))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SMALL_DISK", str(place))
    yield place


def fill(disk: Path, until: Path) -> str:
    """What takes the room that is left and fails, unless the disk was mended."""
    left = f"$(({SIZE} - $(find {disk} -type f -exec cat {{}} + | wc -c)))"
    return f"test -e {until} || {{ head -c {left} /dev/zero > filling; false; }}"


def mend(disk: Path, until: Path) -> None:
    for path in disk.glob("*/tasks/*/work/project/filling"):
        path.unlink()
    until.touch()


def begin_record(folder: Path, size: int) -> None:
    """Let the record have something of this size in it."""
    line = '{"at": 1, "event": "of a newer release", "text": "%s"}\n'
    (folder / "events.jsonl").write_text(line % ("x" * (size - len(line) + 2)))


def test_what_has_finished_is_known_although_the_disk_is_full(tmp_path: Path, small_disk: Path) -> None:
    mended, trace = tmp_path / "mended", tmp_path / "trace"
    ends = f"until grep -q full {trace}; do sleep 0.05; done; echo ends-%s >> {trace}"
    tasks = [
        shell("fills", f"{fill(small_disk, mended)}; echo full >> {trace}; test -e {mended} || sleep 1000"),
        *(shell(f"ends-{number}", ends % number) for number in range(60)),  # some pages of events
        shell("last", f"echo last >> {trace}", ["fills", "ends-59"]),
    ]
    folder = new_run(small_disk, tasks)
    status, text = finish(folder, "--jobs", "3")
    assert status == 2, text
    assert f"automl: {folder.name} cannot go on: {FULL}" in text
    assert (history(folder).state, history(folder).reason) == ("stopped", FULL)
    assert states(folder)["fills"] == "stopped"
    before = {name for name, state in states(folder).items() if state == "succeeded"}
    assert [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()], (
        "no line is torn"
    )
    mend(small_disk, mended)
    status, text = finish(folder)
    assert status == 0, text
    again = [name for name in trace.read_text().split() if trace.read_text().split().count(name) > 1]
    assert not before & set(again)
    assert {*trace.read_text().split()} == {"full", "last", *(f"ends-{number}" for number in range(60))}


def test_no_task_is_to_blame_for_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    mended = tmp_path / "mended"
    folder = new_run(small_disk, [shell("fills", fill(small_disk, mended), retries=3)])
    status, text = finish(folder)
    assert status == 2, text
    assert states(folder) == {"fills": "stopped"}
    assert (
        len([line for line in (folder / "events.jsonl").read_text().splitlines() if "task.started" in line])
        == 1
    )
    mend(small_disk, mended)
    assert finish(folder)[0] == 0


def test_a_run_does_not_begin_on_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    folder, filling = new_run(small_disk, [shell("a", f"touch {tmp_path}/trace")]), small_disk / "filling"
    with filling.open("wb") as file, suppress(OSError):
        file.write(bytes(SIZE))
    status, text = finish(folder)
    assert status == 2, text
    assert FULL in text
    assert not (tmp_path / "trace").exists()
    filling.unlink()
    assert finish(folder)[0] == 0


def test_a_record_that_may_not_grow_ends_the_run(tmp_path: Path) -> None:
    """The same where no disk can be mounted: the system refuses the event that would make the file too long."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    folder = new_run(tmp_path, [shell("a", "true"), shell("b", f"touch {tmp_path}/b", ["a"])])
    begin_record(folder, 299_750)
    process = runner(folder, preexec_fn=limit)
    text, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, text
    assert "cannot go on: File too large" in text
    assert finish(folder)[0] == 0
    assert states(folder) == {"a": "succeeded", "b": "succeeded"}

"""The virtual environments of steps: one for each content, whole or not there; made of wheels in a folder, without a network."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from automl.runtime.local import environments
from automl.runtime.local.plan import Task
from tests.runtime.local.plans import finish, new_run, runner, shell
from tests.waiting import PATIENCE

LOOK = "python -c 'import toy; print(toy.VERSION, toy.__file__)'"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test, and no index but a folder with two wheels."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1", "2"):
        write_wheel(wheels, version)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"]))
    return tmp_path / "cache" / "automl" / "environments"


def write_wheel(folder: Path, version: str) -> None:
    with zipfile.ZipFile(folder / f"toy-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy.py", f"VERSION = {version}\n")
        info = f"toy-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def needs_toy(name: str, text: str = LOOK) -> Task:
    return shell(name, text, dependencies="requirements.txt")


def log(folder: Path, task: str) -> str:
    return (folder / "tasks" / task / "log").read_text()


def made(cache: Path) -> list[Path]:
    """The environments that are whole."""
    return [path.parent.parent for path in cache.glob("*/venv/.installed")]


def test_two_steps_at_a_time_have_one_environment_and_the_next_run_has_it_too(
    tmp_path: Path, cache: Path
) -> None:
    files = {"requirements.txt": "toy==1\n"}
    runs = [new_run(tmp_path, [needs_toy("a"), needs_toy("b")], files) for _ in range(2)]
    going_on = [runner(folder, "--jobs", "2", "--no-queue") for folder in runs]
    for process in going_on:
        text, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, text
    logs = [log(folder, task) for folder in runs for task in ("a", "b")]
    assert ["making the environment" in text for text in logs].count(True) == 1
    assert all("\n1 /" in f"\n{text}" for text in logs)
    later = new_run(tmp_path, [needs_toy("a")], files)
    assert finish(later)[0] == 0
    assert log(later, "a").startswith("1 /")
    assert len(made(cache)) == 1


def test_what_is_killed_half_way_is_not_taken_for_whole(tmp_path: Path, cache: Path) -> None:
    slow = tmp_path / "bin" / "uv"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nexec sleep 100\n")
    slow.chmod(0o755)
    folder = new_run(tmp_path, [needs_toy("a")], {"requirements.txt": "toy==1\n"})
    process = runner(folder)
    until = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert made(cache) == []
    slow.unlink()
    status, text = finish(folder)
    assert status == 0, text
    assert "\n1 /" in log(folder, "a")
    assert len(made(cache)) == 1


def test_a_failure_is_in_the_log_and_tried_anew(tmp_path: Path, cache: Path) -> None:
    folder = new_run(tmp_path, [needs_toy("a")], {"requirements.txt": "toy==3\n"})
    assert finish(folder)[0] == 1
    assert "No matching distribution found for toy==3" in log(folder, "a")
    assert "the dependencies could not be installed (requirements.txt)" in log(folder, "a")
    assert made(cache) == []
    write_wheel(tmp_path / "wheels", "3")
    assert finish(folder)[0] == 0
    assert "\n3 /" in log(folder, "a")


def test_a_package_comes_beside_what_the_python_has(tmp_path: Path) -> None:
    folder = new_run(tmp_path, [shell("a", LOOK, packages=["toy<2"])])
    status, text = finish(folder)
    assert status == 0, text + log(folder, "a")
    assert "\n1 /" in log(folder, "a")


def test_uv_does_the_work_of_pip_if_it_is_on_the_path(tmp_path: Path, cache: Path) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(  # `uv pip install -r FILE --python PYTHON`
        f'#!/bin/sh\necho "uv: $*" >> {tmp_path}/words\nfile=$4\n[ "$5" = --python ] && exec "$6" -m pip install -r "$file"\n'
    )
    uv.chmod(0o755)
    folder = new_run(tmp_path, [needs_toy("a")], {"requirements.txt": "toy==2\n"})
    status, text = finish(folder)
    assert status == 0, text + log(folder, "a")
    [environment] = made(cache)
    python = environment / "venv" / "bin" / "python"
    assert (tmp_path / "words").read_text() == f"uv: pip install -r requirements.txt --python {python}\n"
    assert "\n2 /" in log(folder, "a")


@pytest.mark.parametrize("line", ["-r other.txt", "-rother.txt", "--requirement=other.txt", "-c other.txt"])
def test_what_a_file_includes_belongs_to_its_content(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text(f"{line}\n")
    Path("other.txt").write_text("toy==1\n")
    before = environments.key(Path("requirements.txt"), [])
    Path("unrelated.py").touch()
    assert environments.key(Path("requirements.txt"), []) == before
    Path("other.txt").write_text("toy==2\n")
    assert environments.key(Path("requirements.txt"), []) != before


@pytest.mark.parametrize(
    "line", ["-e .", ".", "./part", "lib/toy-1.whl", "--find-links lib", "toy @ file:lib"]
)
def test_a_part_of_the_project_that_is_installed_belongs_to_the_content(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text(f"{line}\n")
    Path("part.py").write_text("1")
    before = environments.key(Path("requirements.txt"), [])
    Path("part.py").write_text("2")
    assert environments.key(Path("requirements.txt"), []) != before


def test_another_content_package_or_python_has_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("https://example.org/toy.whl\nother>=1  # a/b\n")
    keys = [environments.key(None, []), environments.key(file, []), environments.key(file, ["toy"])]
    keys += [environments.key(None, ["toy"])]
    file.write_text("toy==2\n")
    keys.append(environments.key(file, []))
    monkeypatch.setattr(sys, "executable", "/opt/python")
    keys.append(environments.key(file, []))
    monkeypatch.setattr(sys, "version", "3.99")
    keys.append(environments.key(file, []))
    assert len(set(keys)) == len(keys)
    assert keys[-1] == environments.key(file, [])


def age(cache: Path, days: float) -> None:
    """Let all environments have been used last so many days ago."""
    for lock in cache.glob("*.lock"):
        os.utime(lock, (time.time() - days * 86400,) * 2)


def test_what_nobody_has_used_for_long_is_removed_when_another_one_is_made(
    tmp_path: Path, cache: Path
) -> None:
    def run(version: int) -> str:
        folder = new_run(tmp_path, [needs_toy("a")], {"requirements.txt": f"toy=={version}\n"})
        status, text = finish(folder)
        assert status == 0, text + log(folder, "a")
        return log(folder, "a")

    run(1)
    [first] = made(cache)
    age(cache, 29.9)
    run(2)
    assert len(made(cache)) == 2
    age(cache, 30.1)
    assert "removed" not in run(1), "nothing is made"
    assert len(made(cache)) == 2
    write_wheel(tmp_path / "wheels", "3")
    said = run(3)
    assert said.count("automl: removed the environment") == 1
    assert len(made(cache)) == 2
    assert first in made(cache), "it has just been used"
    assert "making the environment" in run(2)


@pytest.mark.parametrize("leaves", [{}, {"outputs": {"x": "text"}, "options": ["--output", "x:text"]}])
def test_what_is_in_use_is_not_removed_and_others_use_it_meanwhile(
    leaves: dict[str, Any], tmp_path: Path, cache: Path
) -> None:
    """By a step that is looked after, since it leaves something, or is not; a service may use one for months."""
    wait = f"until test -e {tmp_path}/go; do sleep 0.05; done"
    files = {"requirements.txt": "toy==1\n"}
    text = f"touch {tmp_path}/a; {wait}; {LOOK} > ${{AUTOML_OUTPUT_X:-/dev/null}}"
    folder = new_run(tmp_path, [shell("a", text, dependencies="requirements.txt", **leaves)], files)
    process = runner(folder, "--no-queue")
    until = time.monotonic() + 60
    while not (tmp_path / "a").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    age(cache, 100)
    other = new_run(tmp_path, [needs_toy("c")], {"requirements.txt": "toy==2\n"})
    same = new_run(tmp_path, [needs_toy("d")], files)
    try:
        assert finish(other, "--no-queue")[0] == finish(same, "--no-queue")[0] == 0
    finally:
        (tmp_path / "go").touch()
        text, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, text
    assert log(other, "c").startswith("automl: making the environment")
    assert log(same, "d").startswith("1 /"), "it was there all the time"


def test_what_is_removed_half_way_is_not_taken_for_whole(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finish(new_run(tmp_path, [needs_toy("a")], {"requirements.txt": "toy==1\n"}))[0] == 0
    age(cache, 100)
    monkeypatch.setattr("shutil.rmtree", lambda *_: None)  # as if it were killed here
    environments.remove_unused()
    assert made(cache) == []
    assert len(list(cache.glob("*/venv/bin/python"))) == 1


def test_what_makes_an_environment_keeps_its_lock(tmp_path: Path, cache: Path) -> None:
    """Killed by itself, it leaves pip behind, which still writes: nobody else may begin before that has ended."""
    slow = tmp_path / "bin" / "uv"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 100\n")
    slow.chmod(0o755)
    (tmp_path / "requirements.txt").write_text("toy==1\n")
    program = f"from automl.runtime.local.environments import link; from pathlib import Path; link(Path({str(tmp_path)!r}, 'e'), 'requirements.txt', [])"
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 30
        while not (lock := [*cache.glob("*.lock")]) or "sleep" not in tree(process.pid):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.kill()
        process.wait()
        assert subprocess.run(["flock", "--nonblock", str(lock[0]), "true"], check=False).returncode == 1
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def tree(session: int) -> str:
    done = subprocess.run(
        ["ps", "-s", str(session), "-o", "args="], capture_output=True, text=True, check=False
    )
    return done.stdout

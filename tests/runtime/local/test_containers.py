"""What podman or docker is told; a real one is in the tests of conformance."""

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest

from automl.runtime.local.plan import Secret, Task
from tests.runtime.local.plans import finish, new_run, runner

ENGINE = """\
#!/bin/sh
for word; do printf '%s\\n' "$word"; done >> {folder}/"$1"
case $1 in
  run) [ -e {folder}/go ] || exec sleep 1000 ;;
  ps) echo 1234 ;;
esac
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a podman that is found by PATH alone, and writes down what it is told."""
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(ENGINE.format(folder=program.parent))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return program.parent


def pairs(words: list[str], option: str) -> list[str]:
    """What stands behind an option, each time."""
    return [value for name, value in pairwise(words) if name == option]


def test_what_the_engine_is_told(engine: Path, tmp_path: Path) -> None:
    secret = tmp_path / "config" / "automl" / "secrets" / "s"
    secret.mkdir(mode=0o700, parents=True)
    (secret / "key").touch(mode=0o600)
    (secret / "key").write_text("hidden-value")
    (engine / "go").touch()
    task = Task(
        "a",
        "s",
        "a",
        ["/program", "--word"],
        image="image:1",
        pull="never",
        has_entrypoint=True,
        variables={"OWN": "a b"},
        secrets=[Secret("s", {"key": "CHOSEN"})],
    )
    folder = new_run(tmp_path, [task])
    assert finish(folder)[0] == 0
    words = (engine / "run").read_text().splitlines()
    assert words[-2:] == ["image:1", "--word"]
    assert pairs(words, "--entrypoint") == ["/program"]
    assert pairs(words, "--pull") == ["never"]
    assert pairs(words, "--label") == [f"automl.dev/run={folder.name}"]
    assert "OWN=a b" in pairs(words, "--env")
    assert "CHOSEN" in pairs(words, "--env")
    assert "hidden-value" not in "".join(words)
    tasks = folder / "tasks"
    assert pairs(words, "--volume") == [f"{tasks}:{tasks}:ro", f"{tasks}/a:{tasks}/a:rw"]


def test_the_guard_finds_the_engine_that_the_run_had(engine: Path, tmp_path: Path) -> None:
    """The containers of docker are nobody's children: only the engine ends them."""
    folder = new_run(tmp_path, [Task("a", "s", "a", ["true"], image="image:1")])
    process = runner(folder, "--no-queue")
    until = time.monotonic() + 30
    while not (engine / "run").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    (engine / "rm").unlink(missing_ok=True)  # of what is removed before the run begins
    process.kill()
    process.communicate(timeout=30)
    while not (engine / "rm").exists():
        assert time.monotonic() < until, "the guard did not remove the container"
        time.sleep(0.02)
    assert f"label=automl.dev/run={folder.name}" in (engine / "ps").read_text()
    assert "1234" in (engine / "rm").read_text()

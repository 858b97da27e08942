"""A config that is a link: it stays where it seems to be, and what else it leads to is never shown."""

from pathlib import Path

import pytest

from tests.cli.test_cli import automl
from tests.forked import AUTOML

CONFIG = "name: x\nstages: {a: [{step_name: s, image: b, entrypoint: [e]}]}\n"
SECRET = "machine h login me password S3cr3t\n"
WORDS = (("validate",), ("validate", "-t", "argo"), ("compile", "-t", "argo"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which a config and links to secrets lie, in a folder with secrets of its own."""
    folder = tmp_path / "project"
    for name in ("project/real", "project/.git", "home/conf"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("home/.netrc", "home/conf/config.yaml", "project/.git/config"):
        (tmp_path / name).write_text(SECRET)
    (folder / "real" / "config.yaml").write_text(CONFIG)
    (folder / "base.yaml").write_text(CONFIG)
    return folder


def refused(project: Path, path: str, env: dict[str, str] | None = None) -> None:
    for words in WORDS:
        done = automl(*words, path, cwd=project, env=env or {})
        assert (done.code, done.out) == (2, b"")
        assert done.err.startswith(f'automl: "{path}" leads out of its folder, to "')
        assert done.err.count("\n") == 1
        assert "S3cr3t" not in done.err


def read(project: Path, path: str) -> None:
    assert automl("validate", path, cwd=project).code == 0
    assert automl("compile", path, "-t", "argo", cwd=project).code == 0


@pytest.mark.parametrize(
    "target",
    [
        "../home/.netrc",
        "../home/nothing",
        "../project2/config.yaml",
        "/proc/self/environ",
        "/dev/stdin",
        "/dev/zero",
        ".git/config",
        "twice.yaml",
        "out/conf/config.yaml",
    ],
)
def test_a_config_that_leads_out_is_not_read(target: str, project: Path) -> None:
    (project / "twice.yaml").symlink_to("../home/.netrc")
    (project / "out").symlink_to("../home")
    (project / "config.yaml").symlink_to(target)
    refused(project, "config.yaml", {"TOKEN": "S3cr3t"} if "environ" in target else {})
    refused(project.parent, "project/config.yaml")
    refused(project, f"{project}/config.yaml")
    refused(project, "real/../config.yaml")


def test_what_a_link_is_called_drives_no_terminal(project: Path) -> None:
    (project / "config.yaml").symlink_to("../\x1b]0;title\x07\n::error::x")
    refused(project, "config.yaml")
    assert "\x1b" not in automl("validate", cwd=project).err


def test_a_config_that_stays_is_read(project: Path) -> None:
    (project / "config.yaml").symlink_to("base.yaml")
    (project / "deep.yaml").symlink_to("real/config.yaml")
    (project / "absolute.yaml").symlink_to(project / "deep.yaml")
    for path in ("config.yaml", "deep.yaml", "absolute.yaml", "../project/config.yaml"):
        read(project, path)


def test_a_config_as_kubernetes_mounts_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "..2026_11_21").mkdir()
    (tmp_path / "..2026_11_21" / "config.yaml").write_text(CONFIG)
    (tmp_path / "..data").symlink_to("..2026_11_21")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    read(tmp_path, "config.yaml")


def test_a_folder_of_a_repository_that_leads_out(project: Path) -> None:
    """Its name may come from a pattern: `automl validate pipelines/*.yaml`."""
    (project / "pipelines").symlink_to("../home/conf")
    refused(project, "pipelines/config.yaml")
    refused(project, f"{project}/pipelines/config.yaml")
    refused(project.parent, "project/pipelines/config.yaml")


def test_a_folder_of_a_repository_that_stays(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "pipelines").symlink_to("../real")
    read(project, "sub/pipelines/config.yaml")
    read(project / "sub", "pipelines/config.yaml")


def test_a_folder_of_ones_own_may_lead_anywhere(project: Path) -> None:
    (project.parent / "shortcut").symlink_to("project/real")
    read(project.parent, "shortcut/config.yaml")
    read(project.parent / "home", "../shortcut/config.yaml")


@pytest.mark.parametrize(
    "words", ["validate /dev/stdin < base.yaml", "validate <(cat base.yaml)", "validate - < base.yaml",
              "validate /dev/fd/7 7< base.yaml", "validate /proc/self/fd/7 7< base.yaml",
              "compile /dev/stdin -t argo --name x < base.yaml"],
)  # fmt: skip
def test_what_is_open_already_is_read(words: str, project: Path) -> None:
    done = automl("-c", f"'{AUTOML}' {words}", cwd=project, command=("bash",))
    assert done.code == 0, done.err


def test_a_loop_cannot_be_read(project: Path) -> None:
    (project / "config.yaml").symlink_to("config.yaml")
    done = automl("validate", cwd=project)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith('automl: cannot read "config.yaml": ')

"""The hooks for pre-commit, run by pre-commit itself, from a repository that holds this tree."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
GOOD = """\
name: demo
stages:
  greet:
    - step_name: hello
      image: busybox:1.37
      entrypoint: [echo, hello]
"""
BAD = GOOD.replace("name: demo", "nmae: demo")
HOOKS = """\
repos:
- repo: {hooks}
  rev: {rev}
  hooks:
  - id: automl-validate
  - id: automl-check
  - id: automl-check
    alias: templates
    args: [pipelines/nightly.automl.yaml, -t, argo, --as, template, -o, pipelines/out.yaml]
"""


class Project(NamedTuple):
    """A user's repository with the hooks."""

    folder: Path
    env: dict[str, str]

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, env=self.env, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", "--all")

    def automl(self, *words: str) -> None:
        command = Path(sys.executable).with_name("automl")
        subprocess.run([command, *words], cwd=self.folder, env=self.env, check=True)
        self.git("add", "--all")

    def hook(self, *words: str) -> tuple[int, str]:
        """The status and the output of a run of hooks over all files."""
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never", *words]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def environment(folder: Path) -> dict[str, str]:
    """What git and pre-commit see: no settings but these, and none of a commit that these tests run in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.com"))
    }
    ours = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PRE_COMMIT_HOME": str(folder / "cache"),
    }
    return {**kept, **who, **ours}


def snapshot(folder: Path, env: dict[str, str]) -> str:
    """Make a repository of this tree as it is now; returns its commit."""

    def git(*words: str, cwd: Path = folder) -> str:
        done = subprocess.run(["git", *words], cwd=cwd, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "snapshot")
    return git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("pre-commit")
    env = environment(folder)
    (folder / "hooks").mkdir()
    (folder / "project").mkdir()
    rev = snapshot(folder / "hooks", env)
    project = Project(folder / "project", env)
    project.git("init", "--quiet")
    project.write(".pre-commit-config.yaml", HOOKS.format(hooks=folder / "hooks", rev=rev))
    project.write("chart/values.yaml", "not: ours\n")
    project.write("automl.yaml", GOOD)
    project.write(".github/ISSUE_TEMPLATE/config.yml", "blank_issues_enabled: false\n")
    project.write("pipelines/nightly.automl.yaml", GOOD)
    project.automl("compile", "-t", "argo", "-o", "manifests/")
    project.automl(
        "compile",
        "pipelines/nightly.automl.yaml",
        "-t",
        "argo",
        "--as",
        "template",
        "-o",
        "pipelines/out.yaml",
    )
    return project


@pytest.mark.slow
def test_the_manifest_of_the_hooks_is_one(project: Project) -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    subprocess.run(command, env=project.env, check=True)


@pytest.mark.slow
def test_what_is_fine_passes(project: Project) -> None:
    code, output = project.hook()
    assert code == 0, output
    assert output.count("Passed") == 3


@pytest.mark.slow
def test_a_bad_config_fails_with_our_words(project: Project) -> None:
    project.write("automl.yaml", BAD)
    project.write("deep/automl.yml", BAD)
    try:
        code, output = project.hook("automl-validate")
        assert code == 1
        for path in ("automl.yaml", "deep/automl.yml"):
            assert f'error[AML102]: unknown key "nmae" at the top of the file\n --> {path}:1:1\n' in output
        assert "values.yaml" not in output
        assert "nightly" not in output
        assert "2 errors" in output
    finally:
        (project.folder / "deep" / "automl.yml").unlink()
        project.write("automl.yaml", GOOD)


@pytest.mark.slow
def test_a_stale_manifest_fails_until_it_is_compiled_again(project: Project) -> None:
    project.write("automl.yaml", GOOD.replace("1.37", "1.38"))
    try:
        code, output = project.hook("automl-check")
        assert code == 1
        assert output.count("Failed") == 1
        assert "--- manifests/demo.argo.yaml\n" in output
        assert "\n-      image: busybox:1.37\n+      image: busybox:1.38\n" in output
        assert "error[AML701]" in output
        assert "Passed" in output
        project.automl("compile", "-t", "argo", "-o", "manifests/")
        code, output = project.hook()
        assert code == 0, output
    finally:
        project.write("automl.yaml", GOOD)
        project.automl("compile", "-t", "argo", "-o", "manifests/")


@pytest.mark.slow
def test_the_arguments_of_the_check_are_the_users_to_choose(project: Project) -> None:
    project.write("pipelines/nightly.automl.yaml", GOOD.replace("1.37", "1.38"))
    try:
        code, output = project.hook("templates")
        assert code == 1
        assert "--- pipelines/out.yaml\n" in output
    finally:
        project.write("pipelines/nightly.automl.yaml", GOOD)


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        *((path, True) for path in ("automl.yaml", "automl.yml", "a/automl.yaml", "a/b/train.automl.yml")),
        *(
            (path, False)
            for path in (
                "config.yaml",
                "a/config.yml",
                "myconfig.yaml",
                "config.json",
                "a/automl-values.yaml",
                "config.yaml.bak",
            )
        ),
    ],
)
def test_which_files_are_configs(path: str, is_ours: bool) -> None:

    [hook, _] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert bool(re.search(hook["files"], path)) == is_ours


@pytest.mark.slow
def test_a_file_with_the_name_of_an_option_is_a_file(project: Project) -> None:
    project.write("--target-version=x/automl.yaml", BAD)
    try:
        code, output = project.hook("automl-validate")
        assert code == 1
        assert " --> --target-version=x/automl.yaml:1:1\n" in output
    finally:
        project.git("rm", "-r", "-f", "--quiet", "--", "--target-version=x")

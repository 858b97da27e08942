"""`--context` of what compiles a config: which target, what is patched, and what cannot be meant."""

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import CONFIG, automl

CONTEXTS = """\
contexts:
  prod:
    target: argo
    target_version: "3.6"
    namespace: ml
    config: {steps: {hello: {image: "busybox:1.36"}}}
  dev:
    config: {labels: {tier: dev}, defaults: {memory_request: 2Gi}, steps: {greet/hello: {args: [x]}}}
  old: {target: argo, target_version: "3.1"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONTEXTS + CONFIG, encoding="utf-8")
    return tmp_path


def compiled(project: Path, *words: str) -> str:
    done = automl("compile", *words, cwd=project)
    assert (done.code, done.err) == (0, "")
    return done.out.decode()


def test_without_a_context_it_is_as_without_contexts(project: Path) -> None:
    for target in ("argo", "kubeflow", "kubernetes", "slurm"):
        assert compiled(project, "-t", target) == compiled(project, "plain/config.yaml", "-t", target)


def test_a_context_says_the_target_and_its_version_and_patches_the_config(project: Path) -> None:
    patched = CONFIG.replace("1.37", "1.36").replace("name: demo", "name: demo\nnamespace: ml")
    (project / "plain" / "config.yaml").write_text(patched, encoding="utf-8")
    by_hand = compiled(project, "plain/config.yaml", "-t", "argo", "--target-version", "3.6")
    assert by_hand != compiled(project, "plain/config.yaml", "-t", "argo")
    assert compiled(project, "--context", "prod") == by_hand
    assert compiled(project, "--context", "prod", "-t", "argo") == by_hand
    assert compiled(project, "--context", "prod", "-t", "kubernetes") == compiled(
        project, "plain/config.yaml", "-t", "kubernetes"
    )


OF_STEPS = """\
  - {step_name: own, image: busybox, entrypoint: [a], queue: mine, service_account: me}
  - {step_name: other, image: busybox, entrypoint: [a]}
  later:
  - {step_name: last, image: busybox, entrypoint: [a]}
"""
QUEUE, ACCOUNT = "kueue.x-k8s.io/queue-name: ", "serviceAccountName: "


@pytest.mark.parametrize("defaults", ["{}", "{queue: common, service_account: common}"])
def test_what_a_context_says_of_queue_and_account_counts_where_a_step_says_nothing(
    defaults: str, project: Path
) -> None:
    (project / "config.yaml").write_text(
        "name: demo\nservice_account: of-run\nimage_registry: old.corp\n"
        "contexts: {prod: {queue: team, service_account: runner, image_registry: new.corp/mirror, "
        "config: {defaults: {queue: patched, service_account: patched}}}}\n"
        f"defaults: {defaults}\nstages:\n  s:\n{OF_STEPS}",
        encoding="utf-8",
    )
    text = compiled(project, "-q", "-t", "kubernetes", "--context", "prod")
    said = [line.strip() for line in text.splitlines()]
    queues = {line.removeprefix(QUEUE) for line in said if line.startswith(QUEUE)}
    accounts = {line.removeprefix(ACCOUNT) for line in said if line.startswith(ACCOUNT)}
    assert (queues, accounts) == ({"team", "mine"}, {"runner", "me"})
    assert "new.corp/mirror/" in text
    assert "old.corp" not in text
    assert "team" not in compiled(project, "-q", "-t", "kubernetes")
    assert "--partition=team" in compiled(project, "-q", "-t", "slurm", "--context", "prod")


@pytest.mark.parametrize("written", ["queue: a b", "service_account: []", "image_registry: https://r.corp"])
def test_what_a_context_cannot_say_is_said_once_where_it_stands(written: str, project: Path) -> None:
    config = f"contexts: {{p: {{{written}}}}}\n{CONFIG}"
    (project / "config.yaml").write_text(config, encoding="utf-8")
    for words in (("-t", "argo"), ("-t", "argo", "--context", "p")):
        done = automl("compile", *words, cwd=project)
        assert (done.code, done.out) == (1, b"")
        assert done.err.count("error[") == 1
        place = f"config.yaml:1:{config.index(written.partition(': ')[2]) + 1}"
        assert place in done.err


def test_a_context_has_no_account_that_cannot_be(project: Path) -> None:
    (project / "config.yaml").write_text("contexts: {p: {service_account: My_One}}\n" + CONFIG)
    done = automl("compile", "-t", "argo", "--context", "p", cwd=project)
    assert (done.code, done.err.count("error[")) == (1, 1)
    assert "config.yaml:1:33" in done.err


def test_the_command_line_wins(project: Path) -> None:
    assert "namespace: mine" in compiled(project, "--context", "prod", "--namespace", "mine")
    newer = compiled(project, "--context", "prod", "--target-version", "3.7")
    assert newer != compiled(project, "--context", "prod")


def test_a_context_without_a_target_is_a_profile(project: Path) -> None:
    patched = f"labels: {{tier: dev}}\ndefaults: {{memory_request: 2Gi}}\n{CONFIG}      args: [x]\n"
    (project / "plain" / "config.yaml").write_text(patched, encoding="utf-8")
    words = ("-t", "kubernetes", "--context", "dev")
    assert compiled(project, *words) == compiled(project, "plain/config.yaml", *words[:2])
    done = automl("compile", "--context", "dev", cwd=project)
    assert done.code == 2
    assert done.err.startswith(
        'automl: the context "dev" has no target: give it one, or say what to compile for'
    )


@pytest.mark.parametrize("command", ["validate", "expand", "files"])
def test_all_that_compiles_knows_contexts(command: str, project: Path) -> None:
    assert automl(command, "--context", "prod", cwd=project).code == 0
    done = automl(command, "--context", "prdo", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert 'the config has no context "prdo"' in done.err
    assert 'did you mean "prod"?' in done.err


def test_validate_looks_at_the_target_of_a_context(project: Path) -> None:
    assert automl("validate", "--context", "prod", cwd=project).err == "1 config is fine for argo\n"
    assert "kubernetes" in automl("validate", "--context", "dev", cwd=project).err


def test_a_version_that_is_not_there_is_said_where_it_stands(project: Path) -> None:
    done = automl("compile", "--context", "old", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert 'error[AML104]: argo has no version "3.1" here' in done.err
    assert "config.yaml:9:39" in done.err


def test_a_mistake_in_a_patch_is_said_where_it_stands(project: Path) -> None:
    config = project / "config.yaml"
    config.write_text(config.read_text().replace("memory_request: 2Gi", "memory_request: 2Gib"))
    assert automl("compile", "-t", "argo", cwd=project).code == 0
    done = automl("compile", "-t", "argo", "--context", "dev", cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert "config.yaml:8:62" in done.err


def test_contexts_of_several_configs_have_the_same_target(project: Path) -> None:
    other = CONTEXTS.replace("target: argo\n", "target: kubernetes\n").replace(
        '    target_version: "3.6"\n', ""
    )
    (project / "other.yaml").write_text(other + CONFIG.replace("demo", "other"), encoding="utf-8")
    words = ["compile", "config.yaml", "other.yaml", "-o", "out/"]
    done = automl(*words, "--context", "prod", cwd=project)
    assert (done.code, done.err) == (
        2,
        'automl: the context "prod" has another target in each config: compile one at a time\n',
    )
    assert automl(*words, "--context", "dev", "-t", "argo", cwd=project).code == 0


def test_what_is_no_config_is_said_before_what_it_lacks(project: Path) -> None:
    done = automl("compile", "missing.yaml", "--context", "prod", cwd=project)
    assert (done.code, done.err) == (2, 'automl: cannot read "missing.yaml": No such file or directory\n')


def test_a_run_here_takes_a_profile_and_no_other_place(project: Path) -> None:
    config = project / "config.yaml"
    config.write_text(
        config.read_text().replace("old: {target: argo,", "box: {host: box}\n  old: {target: argo,")
    )
    for context, message in (
        ("prod", 'the context "prod" is for argo: `automl compile --context prod`, and apply what comes out'),
        ("box", "run is for this machine: `automl submit --follow --context box`"),
        ("bxo", 'config.yaml has no context "bxo"; did you mean "box"?'),
    ):
        done = automl("run", "--context", context, cwd=project)
        assert (done.code, done.err) == (2, f"automl: {message}\n")


def test_a_profile_is_run(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("echo $WHO > said\n")
    (tmp_path / "config.yaml").write_text(
        "contexts: {dev: {config: {steps: {a: {envs: {WHO: dev}}}}}}\n"
        "stages: {s: [{step_name: a, path_to_executable: a.sh, envs: {WHO: all}}]}\n"
    )
    for words, said in (([], "all"), (["--context", "dev"], "dev")):
        for command in (["run", "-q"], ["submit", "-f", "-q"]):
            done = automl(*command, *words, cwd=tmp_path)
            assert done.code == 0, done.err
            [*_, run] = sorted(
                (tmp_path / ".automl" / "runs").iterdir(), key=lambda path: path.stat().st_mtime
            )
            assert f'"WHO": "{said}"' in (run / "plan.json").read_text().replace('":"', '": "')


def test_the_record_of_a_run_says_its_context(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("true\n")
    (tmp_path / "config.yaml").write_text(
        "contexts: {dev: {}}\nstages: {s: [{step_name: a, path_to_executable: a.sh}]}\n"
    )
    contexts = tmp_path / "home" / "automl" / "contexts.yaml"
    contexts.parent.mkdir(parents=True)
    contexts.write_text("contexts: {mine: {}}\n")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    for words, name in (
        (["run", "-q"], ""),
        (["run", "-q", "--context", "dev"], "dev"),
        (["submit", "-f", "-q", "--context", "dev"], "dev"),
        (["submit", "-f", "-q", "--context", "mine"], "mine"),
    ):
        assert automl(*words, cwd=tmp_path, env=env).code == 0
        told = json.loads(automl("status", "last", "--format", "json", cwd=tmp_path, env=env).out)
        assert told["context"] == name
        said = automl("status", "last", cwd=tmp_path, env=env).out.decode()
        assert (f", in the context {name}" in said) == bool(name)
    contexts.write_text("current: mine\ncontexts: {mine: {}}\n")
    assert automl("submit", "-f", "-q", cwd=tmp_path, env=env).code == 0
    assert (
        json.loads(automl("status", "last", "--format", "json", cwd=tmp_path, env=env).out)["context"]
        == "mine"
    )

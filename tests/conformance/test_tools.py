"""The judges are judged: what is good passes, and each thing that they are there for is refused."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance import cache, golang, tools

KUBERNETES = "1.31"

GOOD = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: train
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: train-files
data:
  train.py: |
    print("{{not a placeholder}}")
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: train-1a2b3c
spec:
  entrypoint: main
  serviceAccountName: train
  templates:
    - name: main
      dag:
        tasks:
          - name: fit
            template: leaf
            arguments: {parameters: [{name: rate, value: "1e-3"}]}
          - name: report
            template: leaf
            depends: fit.Succeeded
            arguments: {parameters: [{name: rate, value: "0.1"}]}
          - name: serve
            template: rollout
            depends: report
    - name: leaf
      inputs: {parameters: [{name: rate}]}
      retryStrategy: {limit: "2"}
      container: {image: python, command: [python], args: ["{{inputs.parameters.rate}}"]}
    - name: rollout
      inputs: {parameters: [{name: seen, value: "1"}]}
      resource:
        action: get
        successCondition: >-
          status.observedGeneration > {{=asInt(inputs.parameters.seen)-1}}, status.updatedReplicas == 2
        manifest: |
          apiVersion: apps/v1
          kind: Deployment
          metadata: {name: train}
"""

CRON = """\
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: nightly
spec:
  SCHEDULE
  timezone: Europe/Berlin
  workflowSpec:
    entrypoint: main
    templates:
      - name: main
        container: {image: python, command: [python]}
"""

TEMPLATE_AND_REFERENCE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: shared
spec:
  templates:
    - name: leaf
      container: {image: python, command: [python]}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: user
spec:
  entrypoint: main
  templates:
    - name: main
      dag:
        tasks:
          - name: fit
            templateRef: {name: shared, template: leaf}
"""

BAD = {
    "unknown field": ("serviceAccountName:", "serviceAcountName:", 'unknown field "spec.serviceAcountName"'),
    "duplicate key": ("entrypoint: main", "entrypoint: main\n  entrypoint: main", "already set in map"),
    "undefined template": ("template: rollout", "template: nowhere", "template name 'nowhere' undefined"),
    "unknown dependency": ("depends: report", "depends: nobody", "invalid dependency nobody"),
    "unset parameter": ('\n            arguments: {parameters: [{name: rate, value: "0.1"}]}', "", "rate"),
    "bad condition": ("status.updatedReplicas == 2", "status.updatedReplicas === 2", "successCondition"),
    "no kind": ("kind: ConfigMap\n", "", "no kind"),
}


def written(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{number}.yaml" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def lint(folder: Path, version: str, text: str) -> str:
    [path] = written(folder, text)
    return "\n".join(tools.lint_argo(version, [path])[path])


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def with_schedule(line: str) -> str:
    return CRON.replace("SCHEDULE", line)


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
@pytest.mark.parametrize(
    ("text", "objects"),
    [(GOOD, 3), (TEMPLATE_AND_REFERENCE, 2), (with_schedule("schedules: ['0 3 * * *']"), 1)],
)
def test_good_manifests_pass(tmp_path: Path, version: str, text: str, objects: int) -> None:
    paths = written(tmp_path, text)
    expected = tools.Verdict({paths[0]: []}, objects)
    assert tools.judge_argo(version, paths) == expected
    assert tools.judge_schemas(version, KUBERNETES, paths) == expected


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_argo_refuses(tmp_path: Path, version: str, old: str, new: str, message: str) -> None:
    assert message in lint(tmp_path, version, changed(old, new))


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_argo_refuses_a_task_named_as_a_word_of_the_expressions(tmp_path: Path, version: str) -> None:
    text = changed("name: fit", "name: in").replace("depends: fit", "depends: in")
    assert re.search(r'task "report": depends cannot be evaluated', lint(tmp_path, version, text))


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
@pytest.mark.parametrize(("number", "accepted"), [(833, True), (834, False)])
def test_argo_refuses_too_many_dependencies(
    tmp_path: Path, version: str, number: int, accepted: bool
) -> None:
    names = [f"a{one}" for one in range(number)]
    tasks = "".join(f"\n          - {{name: {name}, template: rollout}}" for name in names)
    text = changed("      dag:\n        tasks:", f"      dag:\n        tasks:{tasks}")
    text = text.replace("depends: report", f"depends: {' && '.join(names)}")
    found = lint(tmp_path, version, text)
    assert found == "" if accepted else "exceeds maximum allowed nodes" in found


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_a_reference_to_a_template_outside_of_the_file_is_refused(tmp_path: Path, version: str) -> None:
    _, _, reference = TEMPLATE_AND_REFERENCE.partition("---\n")
    assert "shared" in lint(tmp_path, version, reference)


def test_a_single_schedule_is_refused_from_argo_4(tmp_path: Path) -> None:
    paths = written(tmp_path, with_schedule("schedule: '0 3 * * *'"))
    assert tools.lint_argo("3.7", paths) == {paths[0]: []}
    assert "spec.schedule" in tools.lint_argo("4.0", paths)[paths[0]][0]
    assert "schedule" in tools.kubeconform("4.0", KUBERNETES, paths)[paths[0]][0]


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
@pytest.mark.parametrize(
    ("line", "message"),
    [("schedules: ['0 3 * *']", "malformed"), ("schedules: ['@daily']\n  timezone: Mars/Base", "timezone")],
)
def test_argo_refuses_a_bad_schedule(tmp_path: Path, version: str, line: str, message: str) -> None:
    text = with_schedule(line)
    text = text.replace("\n  timezone: Europe/Berlin", "") if "timezone" in line else text
    assert message in lint(tmp_path, version, text)


def test_the_schemas_of_argo_4_allow_200_templates(tmp_path: Path) -> None:
    def with_templates(number: int) -> str:
        lines = [f"    - {{name: t{one}, suspend: {{}}}}\n" for one in range(number - 3)]
        return GOOD + "".join(lines)

    fits, over = written(tmp_path, with_templates(200), with_templates(201))
    found = tools.kubeconform("4.0", KUBERNETES, [fits, over])
    assert found[fits] == []
    assert "200" in found[over][0]
    assert tools.kubeconform("3.7", KUBERNETES, [over]) == {over: []}


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("serviceAccountName:", "serviceAcountName:", "serviceAcountName"),
        ("data:", "date:", "date"),
        ('value: "1e-3"', "value: 1e-3", "want string"),
        ("kind: ServiceAccount", "kind: ServiceAcount", "could not find schema"),
    ],
)
def test_kubeconform_refuses(tmp_path: Path, version: str, old: str, new: str, message: str) -> None:
    [path] = written(tmp_path, changed(old, new))
    assert message in "\n".join(tools.kubeconform(version, KUBERNETES, [path])[path])


@pytest.mark.parametrize("version", tools.ARGO_VERSIONS)
def test_a_number_or_a_word_is_an_int_or_string(tmp_path: Path, version: str) -> None:
    texts = [changed('limit: "2"', f"limit: {value}") for value in ("2", '"2"', "true")]
    number, word, neither = paths = written(tmp_path, *texts)
    found = tools.kubeconform(version, KUBERNETES, paths)
    assert (found[number], found[word]) == ([], [])
    assert found[neither]


def test_yaml_is_read_as_kubectl_reads_it(tmp_path: Path) -> None:
    good, twice = written(tmp_path, "a: 1e3\n---\n---\nb: [yes, '1e3', 0o7, 012]\n", "a: 1\na: 2\n")
    found = tools.go_yaml([good, twice])
    assert found[good] == [{"a": 1000}, {"b": [True, "1e3", 7, 10]}]
    assert '"a" already set' in str(found[twice])


def test_schedules_are_read_as_argo_reads_them() -> None:
    good = ["0 3 * * *", "@daily", "CRON_TZ=Europe/Berlin */5 1-3 * jan sun"]
    bad = ["", "0 3 * *", "0 24 * * *", "@fortnightly", "0 0 * * 7"]
    found = tools.robfig_cron(good + bad)
    assert found[: len(good)] == [None] * len(good)
    assert all(found[len(good) :])


def test_a_judge_that_cannot_work_is_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such file"):
        tools.lint_argo("4.0", [tmp_path / "nowhere.yaml"])


def test_a_go_that_is_installed_works() -> None:
    done = subprocess.run([golang.installed_go(), "env", "-json", "GOOS"], capture_output=True, check=True)
    assert set(json.loads(done.stdout)) == {"GOOS"}


def test_parallel_runs_make_a_thing_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "content").touch()

    with ThreadPoolExecutor(8) as runs:
        folders = list(runs.map(lambda _: cache.made_once("thing", "key", make), range(8)))
    assert len(made) == 1
    assert {folder / "content" for folder in folders} == {tmp_path / "automl-tests" / "thing-key" / "content"}
    assert sorted(path.name for path in (tmp_path / "automl-tests").iterdir()) == ["thing-key", "thing.lock"]


def test_a_thing_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        cache.made_once("thing", "key", fail)
    assert [path.name for path in (tmp_path / "automl-tests").iterdir()] == ["thing.lock"]

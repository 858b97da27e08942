"""What must hold of every pipeline, seen in the documents themselves."""

import ast
import base64
import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.ir import Workflow
from automl.compiler.target import Emission, Options
from automl.targets.kubeflow.backend import Backend
from automl.targets.kubeflow.capabilities import PACKAGE
from automl.targets.kubeflow.checks import MAX_ARGUMENT_BYTES
from automl.targets.kubeflow.pipeline import Pipeline, pipeline
from automl.targets.objects.config_maps import config_maps
from automl.targets.objects.metadata import Objects
from automl.targets.writers.yaml import write_yaml
from tests.examples import examples
from tests.golden import manifests
from tests.runtime.kubelet import expanded
from tests.targets.nasty import NASTY

MAX_ARGUMENT = 131_071  # bytes, of an argument of a process on Linux


def compiled(
    config: str,
    folder: Path,
    target: str = "kubeflow",
    version: str = "2.15",
    form: str = "",
    format: str = "yaml",
) -> tuple[list[Any], list[Diagnostic]]:
    """The documents, and what is said."""
    engine = targets.load(target)
    assert engine
    options = Options(version, form or engine.forms[0], format)
    result = compile_config(Input("config.yaml", config.encode(), folder), Overrides(), engine, options)
    text = "".join(each.text for each in result.artifacts)
    if format == "json":
        return [json.loads(part) for part in text.split("\n---\n")], list(result.diagnostics)
    return list(yaml.load_all(text, yaml.CSafeLoader)), list(result.diagnostics)


def pipeline_of(config: str, folder: Path) -> Any:
    """The first document of a package, also if it is too large to be emitted."""
    return made_of(config, folder).spec


def made_of(config: str, folder: Path) -> Pipeline:
    """What becomes a package, also if it is too large to be emitted."""
    workflows = []

    class Engine:
        name, summary, default_version = "kubeflow", "", "2.15"
        versions: tuple[str, ...] = ("2.15",)
        forms: tuple[str, ...] = ("package",)
        capabilities = PACKAGE

        def emit(self, workflow: Workflow, options: Options) -> Emission:
            workflows.append(workflow)
            return Emission((), ())

    given = Input("config.yaml", config.encode(), folder)
    compile_config(given, Overrides(), Engine(), Options("2.15", "package"))
    [workflow] = workflows
    objects = Objects(workflow)
    return pipeline(objects, Backend((2, 15)), config_maps(objects))


def steps(number: int, name: str = "step-{}", stage: int = 50) -> str:
    """A config of so many steps in images."""
    lines = ["name: many", "code: {image: true}", "defaults: {image: i, entrypoint: [run]}", "stages:"]
    for step in range(number):
        if step % stage == 0:
            lines.append(f"  stage-{step}:")
        lines.append(f"    - step_name: {name.format(step)}")
    return "\n".join(lines)


def size(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def dags(spec: Any) -> list[Any]:
    return [each for each in (spec["root"], *spec["components"].values()) if "dag" in each]


def containers(spec: Any) -> list[Any]:
    return [each["container"] for each in spec["deploymentSpec"]["executors"].values()]


@pytest.mark.parametrize(
    ("number", "stage"),
    [
        (1, 1),
        (200, 10),
        (200, 200),
        (201, 50),
        pytest.param(10_000, 50, marks=pytest.mark.slow),
        (450, 450),
        (450, 1),
    ],
)
def test_no_component_is_too_large_for_an_argument(number: int, stage: int, tmp_path: Path) -> None:
    longest = "x" * 57 + "-{}"
    spec = pipeline_of(steps(number, longest, stage), tmp_path)
    assert max(size(dag) for dag in dags(spec)) < MAX_ARGUMENT
    assert len(containers(spec)) == number


def test_the_code_reaches_every_step_of_a_large_pipeline(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    config = (
        steps(401, stage=201)
        .replace("image: i, entrypoint: [run]", "path_to_executable: a.py")
        .replace("{image: true}", "{bundle: {}}")
    )
    spec = pipeline_of(config, tmp_path)
    for dag in dags(spec):
        for name, task in dag["dag"]["tasks"].items():
            component = spec["components"][task["componentRef"]["name"]]
            takes = "code" in component.get("inputDefinitions", {}).get("artifacts", {})
            assert takes == ("artifacts" in task.get("inputs", {}))
            assert takes == (name != "code")


def test_every_container_differs(tmp_path: Path) -> None:
    [spec, _], _ = compiled(steps(60), tmp_path)
    texts = [json.dumps(each, sort_keys=True) for each in containers(spec)]
    assert len(set(texts)) == len(texts)


def test_no_task_has_the_name_of_a_driver(tmp_path: Path) -> None:
    config = "name: w\ncode: {image: true}\ndefaults: {image: i, entrypoint: [run]}\nstages: {s: [{step_name: a-driver}, {step_name: a}, {step_name: in}]}"
    [spec, _], _ = compiled(config, tmp_path)
    names = set(spec["components"]["comp-stage-s"]["dag"]["tasks"])
    assert not names & {f"{name}-driver" for name in names}
    assert names == {"a-driver", "a-2", "step-in"}


@pytest.mark.parametrize(
    ("version", "has"), [("2.14", False), ("2.15", False), ("2.16", True), ("2.17", True)]
)
def test_fields_are_gated_by_version(version: str, has: bool, tmp_path: Path) -> None:
    [_, platform], _ = compiled(steps(1), tmp_path, version=version)
    [executor] = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    assert ("securityContext" in executor) == has


@pytest.mark.parametrize(
    ("form", "version", "home"),
    [("package", "2.15", None), ("package", "2.16", "/automl/work"), ("vertex", "2.16", None)],
)
def test_an_image_keeps_its_home_where_it_keeps_its_user(
    form: str, version: str, home: str | None, tmp_path: Path
) -> None:
    """What was baked into it, such as /root/.cache, is found; a user of ours could not write there."""
    [spec, *_], _ = compiled(steps(1), tmp_path, version=version, form=form)
    [container] = containers(spec)
    assert {each["name"]: each["value"] for each in container["env"]}.get("HOME") == home


def test_a_home_that_the_config_names_is_the_only_one(tmp_path: Path) -> None:
    config = steps(1).replace("image: i,", "image: i, envs: {HOME: /data},")
    [spec, _], _ = compiled(config, tmp_path, version="2.16")
    [container] = containers(spec)
    assert [each["value"] for each in container["env"] if each["name"] == "HOME"] == ["/data"]


def test_vertex_gets_the_pipeline_alone(tmp_path: Path) -> None:
    """It is that of the package, but for what is said to Kubernetes only."""
    [spec], said = compiled(steps(3, stage=2), tmp_path, form="vertex")
    assert said == []
    [package, _], _ = compiled(steps(3, stage=2), tmp_path)
    for container in containers(package):
        assert container.pop("resources").keys() >= {"resourceCpuRequest", "resourceMemoryRequest"}
    assert [each["image"] for each in containers(spec)] == 3 * ["i"]
    assert spec == package


def test_json_has_both_documents(tmp_path: Path) -> None:
    assert compiled(steps(1), tmp_path, format="json")[0] == compiled(steps(1), tmp_path)[0]


def test_a_long_command_is_an_error(tmp_path: Path) -> None:
    config = f"name: w\nstages: {{s: [{{step_name: a, image: i, entrypoint: [run], args: [{'x' * MAX_ARGUMENT_BYTES}]}}]}}"
    _, [said] = compiled(config, tmp_path)
    assert said.code is Code.CANNOT_SAY
    assert 'the task of "a" takes 120 KiB' in said.message
    assert said.help == "put what is long into a file of the project"


def test_the_longest_command_is_taken(tmp_path: Path) -> None:
    config = "name: w\nstages: {s: [{step_name: a, image: i, entrypoint: [run], args: [WORD]}]}"
    [spec, _], _ = compiled(config.replace("WORD", "x"), tmp_path)
    room = MAX_ARGUMENT_BYTES - size(containers(spec)[0])
    assert compiled(config.replace("WORD", "x" * (room + 1)), tmp_path)[1] == []
    [said] = compiled(config.replace("WORD", "x" * (room + 2)), tmp_path)[1]
    assert said.code is Code.CANNOT_SAY


def test_a_bundle_that_only_the_native_form_takes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    data = Random(1).randbytes(95_000)
    (tmp_path / "data").write_bytes(data)
    config = "name: w\nstages: {s: [{step_name: a, path_to_executable: a.py}]}"
    _, [said] = compiled(config, tmp_path)
    assert said.code is Code.CANNOT_SAY
    assert "kubeflow-native" in str(said.help)
    documents, said_natively = compiled(config, tmp_path, "kubeflow-native")
    assert said_natively == []
    [packed] = [each["binaryData"] for each in documents if each["kind"] == "ConfigMap"]
    with tarfile.open(fileobj=BytesIO(base64.b64decode(packed["code.tar.bz2"]))) as archive:
        assert sorted(archive.getnames()) == ["a.py", "data"]
        file = archive.extractfile("data")
        assert file
        assert file.read() == data


@pytest.mark.parametrize("services", [1, 2, 3])
def test_services_carry_no_copy_of_a_bundle(services: int, tmp_path: Path) -> None:
    """Nearly the largest bundle of all passes, with three services too."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "data").write_bytes(Random(1).randbytes(70_000))
    serves = "{{step_name: api-{}, command: [python, a.py], timeout: 60, service: {{}}}}"
    config = (
        "name: w\nstages: {train: [{step_name: a, path_to_executable: a.py}], serve: ["
        f"{', '.join(map(serves.format, range(services)))}]}}"
    )
    [spec, _], said = compiled(config, tmp_path)
    assert [each.code for each in said] == services * [Code.NEEDS_RIGHTS]
    assert [size(each) > 83_000 for each in containers(spec)] == [*(1 + services) * [False], True]


def test_a_bundle_that_is_too_large_with_its_steps(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "data").write_bytes(Random(1).randbytes(74_000))
    config = steps(200).replace("image: i, entrypoint: [run]", "path_to_executable: a.py")
    _, [said] = compiled(config.replace("{image: true}", "{bundle: {}}"), tmp_path)
    assert said.code is Code.CANNOT_SAY
    assert "code: {bundle: {exclude" in str(said.help)
    assert said.span.line == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "codes"),
    [(270, []), (350, [Code.ENGINE_LIMIT]), (500, [Code.CANNOT_SAY]), (1000, [Code.CANNOT_SAY])],
)
def test_many_steps_are_a_warning_and_more_an_error(number: int, codes: list[Code], tmp_path: Path) -> None:
    _, said = compiled(steps(number), tmp_path)
    assert [each.code for each in said] == codes
    assert all(f"a run of the {number} steps" in each.message for each in said)
    native = compiled(steps(number), tmp_path, "kubeflow-native")[1]
    assert [each.code for each in native if "PipelineVersion" not in each.message] == codes
    assert compiled(steps(number), tmp_path, form="vertex")[1] == []


@pytest.mark.parametrize(
    ("number", "codes", "size"),
    [
        (9, [], ""),
        (10, [Code.ENGINE_LIMIT], "980 KiB"),
        (12, [Code.CANNOT_SAY], "1100 KiB"),
        (20, [Code.CANNOT_SAY], "1820 KiB"),
    ],
)
def test_steps_with_long_texts_are_measured_by_their_size(
    number: int, codes: list[Code], size: str, tmp_path: Path
) -> None:
    """Packing makes little of what a step says; but what is too large to be started is never packed."""
    config = steps(number).replace("defaults: {", f"defaults: {{args: [{'x' * 90_000}], ")
    _, said = compiled(config, tmp_path)
    assert [each.code for each in said] == codes
    assert all(f"a run of the {number} steps takes some {size} in Argo" in each.message for each in said)


def test_a_stage_whose_dag_is_too_large_for_an_argument(tmp_path: Path) -> None:
    """200 steps with long names are few enough for one DAG."""
    long = [f"    - step_name: {'x' * 300}-{number:03}" for number in range(200)]
    (tmp_path / "a.py").write_text("")
    head = "name: w\ndefaults: {path_to_executable: a.py, backoff_limit: 2}\nstages:\n  one:"
    _, diagnostics = compiled("\n".join([head, *long]), tmp_path)
    [said] = [each for each in diagnostics if each.code is not Code.CHANGED_NAME]
    assert said.code is Code.CANNOT_SAY
    assert "one DAG" in said.message
    assert said.help == "use shorter names, or several workflows"


SCHEDULE = "schedule: {cron: '15 3 * * 7', concurrency: CONCURRENCY}\n" + steps(1)


def test_a_schedule_has_six_fields(tmp_path: Path) -> None:
    documents, _ = compiled(SCHEDULE.replace("CONCURRENCY", "forbid"), tmp_path, "kubeflow-native")
    kinds = [each["kind"] for each in documents]
    assert kinds == ["Pipeline", "PipelineVersion", "ServiceAccount", "Role", "RoleBinding", "Job"]
    [container] = documents[-1]["spec"]["template"]["spec"]["containers"]
    wanted = json.loads(container["args"][0])
    assert wanted["version"] == documents[1]["metadata"]["name"]
    assert wanted["recurring_run"]["trigger"] == {"cron_schedule": {"cron": "0 15 3 * * 0"}}
    assert wanted["recurring_run"]["max_concurrency"] == "1"


def test_what_changes_is_named_anew(tmp_path: Path) -> None:
    def names(config: str) -> dict[str, str]:
        documents, _ = compiled(config, tmp_path, "kubeflow-native")
        return {each["kind"]: each["metadata"]["name"] for each in documents}

    first = names(SCHEDULE.replace("CONCURRENCY", "forbid"))
    other_schedule = names(SCHEDULE.replace("CONCURRENCY", "allow"))
    other_pipeline = names("description: d\n" + SCHEDULE.replace("CONCURRENCY", "forbid"))
    assert first == names(SCHEDULE.replace("CONCURRENCY", "forbid"))
    assert first["PipelineVersion"] == other_schedule["PipelineVersion"] != other_pipeline["PipelineVersion"]
    assert len({each["Job"] for each in (first, other_schedule, other_pipeline)}) == 3
    assert first["Pipeline"] == other_pipeline["Pipeline"]


def test_a_service_may_take_whole_secrets(tmp_path: Path) -> None:
    service = "{step_name: a, image: i, entrypoint: [run], secrets: [all], timeout: 60, service: {}}"
    [spec, _], said = compiled(f"name: w\nstages: {{s: [{service}]}}", tmp_path)
    assert [each.code for each in said] == [Code.NEEDS_RIGHTS]
    deployment = json.loads(containers(spec)[0]["args"][4])
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "all"}}]


@pytest.mark.parametrize("code", ["bundle: {}", "git: {url: 'https://example.com/a.git', ref: main}"])
@pytest.mark.parametrize(
    ("first", "second", "retries", "deadline"),
    [
        ("backoff_limit: 1, timeout: 5m", "backoff_limit: 3, timeout: 20m", 3, "1200"),
        ("backoff_limit: 1, timeout: 5m", "timeout: 20s", 1, "300"),
        ("backoff_limit: 1, timeout: 5m", "backoff_limit: 0", 1, None),
        ("{}", "timeout: 5m", 0, None),
    ],
)
def test_the_code_is_fetched_as_patiently_as_it_is_used(
    code: str, first: str, second: str, retries: int, deadline: str | None, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("")
    head = f"name: w\ncode: {{{code}}}\nstages: {{s: ["
    each = "{{step_name: {}, path_to_executable: a.py, {}}}"
    steps = ", ".join(each.format(name, keys.strip("{}")) for name, keys in (("a", first), ("b", second)))
    [spec, platform], _ = compiled(f"{head} {steps}]}}", tmp_path)
    task = spec["root"]["dag"]["tasks"]["code"]
    assert task.get("retryPolicy", {}).get("maxRetryCount", 0) == retries
    executor = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-code"]
    assert executor.get("activeDeadlineSeconds") == (deadline if "git" in code else None)


def titles(spec: Any) -> dict[str, str]:
    """By the names of the tasks."""
    return {
        name: task["taskInfo"]["name"] for dag in dags(spec) for name, task in dag["dag"]["tasks"].items()
    }


def test_no_two_tasks_have_the_same_title(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    config = "name: w\nstages: {s: [{step_name: code, path_to_executable: a.py}]}"
    [spec, _], _ = compiled(config, tmp_path)
    assert titles(spec) == {"code-2": "code-2", "stage-s": "s", "code": "code"}


def test_people_see_the_names_that_they_wrote(tmp_path: Path) -> None:
    config = """
name: Größe & Gewicht
version: 1.4.0
code: {image: true}
defaults: {image: i, entrypoint: [run]}
stages:
  Daten holen:
    - {step_name: "{{ laden }}"}
    - {step_name: Prüfen (schnell)}
  Rechnen:
    - {step_name: fit_all}
    - {step_name: api, service: {}, timeout: 5m}
  später:
    - {step_name: fit_all}
"""
    [spec, _], _ = compiled(config, tmp_path)
    assert spec["pipelineInfo"] == {"name": "gr-e-gewicht", "displayName": "Größe & Gewicht"}
    assert titles(spec) == {
        "stage-daten-holen": "Daten holen",
        "stage-rechnen": "Rechnen",
        "stage-rechnen-services": "stage-rechnen-services",
        "stage-sp-ter": "später",
        "laden": "laden",  # which the backend would take for its own
        "pr-fen-schnell": "Prüfen (schnell)",
        "rechnen-fit-all": "rechnen-fit-all",
        "sp-ter-fit-all": "sp-ter-fit-all",
        "api": "api",
    }
    objects, _ = compiled(config, tmp_path, "kubeflow-native")
    of_kubeflow = {each["kind"]: each for each in objects if each["kind"].startswith("Pipeline")}
    name = of_kubeflow["PipelineVersion"]["metadata"]["name"]
    assert {kind: each["spec"]["displayName"] for kind, each in of_kubeflow.items()} == {
        "Pipeline": "Größe & Gewicht",
        "PipelineVersion": f"1.4.0 ({name[-8:]})",
    }


def test_a_whole_secret_is_mounted_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    step = "{step_name: a, path_to_executable: a.py, envs: {X: 1}, secrets: [one, two, one]}"
    [spec, platform], said = compiled(f"name: w\nstages: {{s: [{step}]}}", tmp_path)
    assert said == []
    executor = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-a"]
    assert [each["mountPath"] for each in executor["secretAsVolume"]] == [
        "/automl/secrets/one",
        "/automl/secrets/two",
    ]
    words = containers(spec)[0]["args"]
    assert words[: words.index("--")] == [
        *("--secrets", "/automl/secrets/one", "--secrets", "/automl/secrets/two"),
        *("--secrets", "/automl/secrets/one", "--keep=AUTOML_STEP", "--keep=X"),
    ]


@pytest.mark.parametrize(
    ("what", "secret"),
    [
        ("image: i, entrypoint: [run]", "store"),
        ("path_to_executable: a.py", "work"),
        ("path_to_executable: a.py", "my.store"),
        ("path_to_executable: a.py", "s" * 64),
    ],
)
def test_a_whole_secret_that_kubeflow_cannot_take(what: str, secret: str, tmp_path: Path) -> None:
    """Of an image, or under a name that no volume may have, or that another one has."""
    (tmp_path / "a.py").write_text("")
    config = f"name: w\nstages: {{s: [{{step_name: a, {what}, secrets: [{secret}]}}]}}"
    for target in ("kubeflow", "kubeflow-native"):
        _, [said] = compiled(config, tmp_path, target)
        assert said.code is Code.CANNOT_SAY
        assert f"secrets: [{{name: {secret}, keys: {{" in str(said.help)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        *((text, [Code.CANNOT_SAY]) for text in ("5$€", "a {{ b", "\U0001fae8")),
        *((text, []) for text in ("$(A) $$ 5 $ é", "\U0001f680")),
    ],
)
@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_an_annotation_that_would_be_broken(
    target: str, text: str, codes: list[Code], tmp_path: Path
) -> None:
    """The driver gets it as JSON in an argument, though it makes no use of it."""
    note = f"annotations: {{example.com/a: '{text}'}}"
    for config in (f"{note}\n{steps(1)}", f"{steps(1)}\n      {note}"):
        assert [each.code for each in compiled(config, tmp_path, target)[1]] == codes


def test_a_package_deploys_where_it_runs(tmp_path: Path) -> None:
    """Its objects name no namespace, as the message says; those of the native form do."""
    (tmp_path / "a.py").write_text("")
    service = "{step_name: a, command: [python, a.py], timeout: 60, service: {ingress: true}}"
    config = f"name: w\nnamespace: ml-prod\nstages: {{s: [{service}]}}"
    [spec, _], said = compiled(config, tmp_path)
    assert "ml-prod" not in json.dumps(spec)
    assert {each.code for each in said} == {Code.ENGINE_DOES_IT, Code.NEEDS_RIGHTS}
    *_, version = compiled(config, tmp_path, "kubeflow-native")[0]
    applied = [json.loads(each) for each in containers(version["spec"]["pipelineSpec"])[0]["args"][4:]]
    assert [each["metadata"]["namespace"] for each in applied] == 3 * ["ml-prod"]


MORE = ("$(HOME)", "$$", "$$(A)", "$é", "{{{{", "{{$.pipeline_job_name}}", '{"Concat": []}', "\U0001fae8")
EVERY_TEXT = [text for text in (*NASTY, *MORE) if "\0" not in text]
VARIABLES = {f"A{number}": text for number, text in enumerate(EVERY_TEXT)}
SIGNS = ("{{", "\x7f", "\U0001fae8", "\U0010ffff")  # of which Argo makes something else, wherever they stand


def test_every_text_reaches_a_job_as_it_was_written(tmp_path: Path) -> None:
    """Its words are those of the package, whoever expands them as a kubelet does on the way."""
    program = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    step: dict[str, Any] = {"step_name": "a", "image": "i", "entrypoint": [sys.executable, "-c", program]}
    config: dict[str, Any] = {"name": "w", "stages": {"s": [{**step, "args": EVERY_TEXT, "envs": VARIABLES}]}}
    [spec, _], _ = compiled(write_yaml([config]), tmp_path)
    [container] = containers(spec)
    assert [sign for sign in SIGNS if sign in json.dumps(container, ensure_ascii=False)] == []
    words = [expanded(word, {"HOME": "wrong"}) for word in (*container["command"], *container["args"])]
    env = {"PATH": os.defpath} | {each["name"]: each["value"] for each in container["env"]}
    done = subprocess.run(words, env=env, capture_output=True, check=True)
    arguments, variables = json.loads(done.stdout)
    assert arguments == EVERY_TEXT
    assert variables == variables | VARIABLES


def test_every_text_reaches_a_service_as_it_was_written(tmp_path: Path) -> None:
    """It is an object in an argument, in which nobody on the way finds anything of theirs."""
    step: dict[str, Any] = {
        "step_name": "a",
        "image": "i",
        "entrypoint": ["run"],
        "timeout": 60,
        "service": {},
    }
    config: dict[str, Any] = {"name": "w", "stages": {"s": [{**step, "args": EVERY_TEXT, "envs": VARIABLES}]}}
    [spec, _], _ = compiled(write_yaml([config]), tmp_path)
    argument = containers(spec)[0]["args"][4]
    assert [sign for sign in ("$", *SIGNS) if sign in argument] == []
    [container] = json.loads(argument)["spec"]["template"]["spec"]["containers"]
    assert [expanded(word, {"HOME": "wrong"}) for word in container["args"]] == EVERY_TEXT
    found = {each["name"]: expanded(each.get("value", ""), {"HOME": "wrong"}) for each in container["env"]}
    assert found == found | VARIABLES


PIECES = ("$", "(", ")", "A", "é", "{", "}", "'", '"', "$(A)", "$$", "{{", "\\", "\n", " ", "🚀")
TEXTS = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8)
    .map("".join)
    .filter(lambda text: "${{" not in text)  # that is an expression
)


@settings(
    max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.lists(TEXTS, max_size=3), value=TEXTS, form=st.sampled_from(("package", "vertex")))
def test_the_kubelet_finds_nothing_to_expand(words: list[str], value: str, form: str, tmp_path: Path) -> None:
    """However often it looks: its own words and variables, those of the driver, and a secret's."""
    other = "a_b" if form == "vertex" else "a.b"
    step = {"image": "i", "entrypoint": ["run", *words], "args": words, "envs": {"A": value, other: "c"}}
    config = {"code": {"image": True}, "stages": {"s": [{"step_name": "a", **step}]}}
    [spec, *_], _ = compiled(json.dumps(config, ensure_ascii=False), tmp_path, form=form)
    [container] = containers(spec)
    check_nothing_is_expanded(container, {"A": "wrong", "a.b": "wrong"})


def check_nothing_is_expanded(container: dict[str, Any], variables: dict[str, str]) -> None:
    """Neither in the words and the values, nor in all of them as one argument."""
    texts = [*container["command"], *container.get("args", []), *(each["value"] for each in container["env"])]
    texts.append(json.dumps(container, ensure_ascii=False))
    names = {each["name"]: "wrong" for each in container["env"]}
    for text in texts:
        assert expanded(text, variables | names) == text


@pytest.mark.parametrize("path", manifests("kubeflow*.yaml"), ids=lambda path: path.parent.name)
def test_our_own_words_are_not_expanded_either(path: Path) -> None:
    """The scripts: `$(git rev-parse HEAD)` stays what it is, for no variable has that name."""
    documents = list(yaml.load_all(path.read_text(), yaml.CSafeLoader))
    [spec] = package_specs(documents)
    for container in containers(spec):
        check_nothing_is_expanded(container, {"HOSTNAME": "wrong", "X": "wrong"})


def package_specs(documents: list[Any]) -> list[Any]:
    """The pipeline, also if it is in an object."""
    versions = [each["spec"]["pipelineSpec"] for each in documents if each.get("kind") == "PipelineVersion"]
    return versions or [documents[0]]


def on_vertex(step: str, folder: Path, head: str = "name: w\n") -> list[Diagnostic]:
    """What is said of a step of an image on Vertex AI."""
    return compiled(
        f"{head}stages: {{s: [{{step_name: a, entrypoint: [run], {step}}}]}}", folder, form="vertex"
    )[1]


@pytest.mark.parametrize(
    ("step", "word", "column"),
    [
        ("image: i, cpu_request: 97", "97 CPUs", "cpu_request"),
        ("image: i, memory_request: 625G", "625G of memory", "memory_request"),
        ("image: i, envs: {MY-VAR: x}", '"MY-VAR"', "x}"),
        (f"image: i, envs: {{{', '.join(f'A{n}: x' for n in range(100))}}}", "100 variables", "envs"),
    ],
)
def test_what_vertex_documents_as_too_much(step: str, word: str, column: str, tmp_path: Path) -> None:
    [said] = on_vertex(step, tmp_path)
    assert said.code is Code.CANNOT_SAY
    assert word in said.message
    line = f"stages: {{s: [{{step_name: a, entrypoint: [run], {step}}}]}}"
    assert said.span.line == 2
    assert line[said.span.column - 1 :].startswith(column)


@pytest.mark.parametrize("most", ["cpu_request: 96, memory_request: 624G", "envs: {_a1: x}"])
def test_what_vertex_takes(most: str, tmp_path: Path) -> None:
    assert on_vertex(f"image: i, {most}", tmp_path) == []


@pytest.mark.parametrize(
    ("image", "codes"),
    [
        *((image, []) for image in ("python:3", "team/app", "docker.io/a/b", "gcr.io/p/i", "eu.gcr.io/p/i")),
        ("europe-west1-docker.pkg.dev/p/r/i@sha256:" + "0" * 64, []),
        *((image, [Code.ENGINE_LIMIT]) for image in ("ghcr.io/a/b:1", "localhost/a", "registry:5000/a")),
        ("quay.io/gcr.io/a", [Code.ENGINE_LIMIT]),
    ],
)
def test_registries_that_vertex_pulls_from(image: str, codes: list[Code], tmp_path: Path) -> None:
    assert [each.code for each in on_vertex(f"image: '{image}'", tmp_path)] == codes


@pytest.mark.parametrize(("name", "codes"), [("2026-churn", [Code.CANNOT_SAY]), ("churn-2026", [])])
def test_a_name_that_is_one_of_a_run_of_vertex(name: str, codes: list[Code], tmp_path: Path) -> None:
    found = on_vertex("image: i", tmp_path, f"name: {name}\n")
    assert [each.code for each in found] == codes
    assert all(each.span.line == 1 for each in found)


@pytest.mark.parametrize(
    ("keys", "limits"),
    [
        ("", None),
        (", cpu_request: 2", {"resourceCpuLimit": "2", "cpuLimit": 2}),
        (", memory_request: 2G", {"resourceMemoryLimit": "2G", "memoryLimit": 2}),
    ],
)
def test_vertex_limits_what_the_config_says(keys: str, limits: Any, tmp_path: Path) -> None:
    config = f"stages: {{s: [{{step_name: a, image: i, entrypoint: [run]{keys}}}]}}"
    [spec], _ = compiled(config, tmp_path, form="vertex")
    assert containers(spec)[0].get("resources") == limits


@pytest.mark.parametrize(
    ("form", "schedule", "help"),
    [
        (
            "package",
            "{cron: '30 6 * * mon-fri', timezone: Europe/Berlin, concurrency: forbid}",
            (
                'use `kfp recurring-run create --cron-expression "0 30 6 * * mon-fri" --max-concurrency 1 …`; the times '
                "are in the zone of the installation, UTC unless it was set, not Europe/Berlin"
            ),
        ),
        (
            "package",
            "{cron: '@daily', concurrency: allow, suspend: true}",
            (
                'compile with `-t kubeflow-native`, or use `kfp recurring-run create --cron-expression "0 0 0 * * *" '
                "--max-concurrency 10 --disabled …`"
            ),
        ),
        (
            "package",
            "{cron: '@daily', concurrency: replace}",
            (
                'use `kfp recurring-run create --cron-expression "0 0 0 * * *" --max-concurrency 1 …`; a recurring run '
                "never stops a run"
            ),
        ),
        (
            "vertex",
            "{cron: '30 6 * * mon-fri', timezone: Europe/Berlin, concurrency: forbid}",
            (
                'when it is sent: `PipelineJob(…).create_schedule(cron="TZ=Europe/Berlin 30 6 * * mon-fri", '
                'display_name="many", max_concurrent_run_count=1)`'
            ),
        ),
        (
            "vertex",
            "{cron: '@daily', concurrency: replace, suspend: true}",
            (
                'when it is sent: `PipelineJob(…).create_schedule(cron="TZ=UTC 0 0 * * *", display_name="many", '
                "max_concurrent_run_count=1)`, and then `.pause()`; a schedule there never stops a run"
            ),
        ),
    ],
)
def test_the_help_on_a_schedule_is_true(form: str, schedule: str, help: str, tmp_path: Path) -> None:
    _, [said] = compiled(f"schedule: {schedule}\n{steps(1)}", tmp_path, form=form)
    assert said.code is Code.HINT_LOST
    assert said.help == help
    refused = [Code.CANNOT_SAY] if "-native" not in help else []
    native = compiled(f"schedule: {schedule}\n{steps(1)}", tmp_path, "kubeflow-native")[1]
    assert [each.code for each in native if each.code is Code.CANNOT_SAY] == refused


@pytest.mark.slow
def test_the_command_line_of_kubeflow_has_these_options() -> None:
    program = "from kfp.cli.recurring_run import recurring_run as group; print([option for each in group.commands['create'].params for option in each.opts + each.secondary_opts])"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, check=True)
    options = ast.literal_eval(done.stdout.decode().splitlines()[-1])
    assert {"--cron-expression", "--max-concurrency", "--disabled"} <= set(options)


@pytest.mark.parametrize(
    "keys",
    [f"args: ['{'<' * 21_000}']", "annotations: {example.com/large: " + "x" * 125_000 + "}"],
    ids=["what Go writes longer", "what only Kubernetes understands"],
)
def test_no_argument_of_the_driver_is_too_large(keys: str, tmp_path: Path) -> None:
    config = f"name: w\nstages: {{s: [{{step_name: a, image: i, entrypoint: [run], {keys}}}]}}"
    _, said = compiled(config, tmp_path)
    [error] = [each for each in said if each.code is Code.CANNOT_SAY]
    assert error.message.startswith('the task of "a" takes 12')


def test_what_vertex_drops_is_not_refused(tmp_path: Path) -> None:
    config = "annotations: {a: '{{x}}'}\n" + steps(1)
    assert [each.code for each in compiled(config, tmp_path, form="vertex")[1]] == [Code.HINT_LOST]
    assert Code.CANNOT_SAY in [each.code for each in compiled(config, tmp_path)[1]]


def test_the_task_that_packs_can_pull_its_image(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    step = "{step_name: a, path_to_executable: a.py, image_pull_secrets: [login]}"
    [_, platform], _ = compiled(f"name: w\ncode: {{bundle: {{}}}}\nstages: {{s: [{step}]}}", tmp_path)
    executor = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-code"]
    [secret] = executor["imagePullSecret"]
    assert secret["secretNameParameter"]["runtimeValue"]["constant"] == "login"


def test_a_checkout_with_a_deadline_makes_no_second_document_for_vertex(tmp_path: Path) -> None:
    step = "{step_name: a, path_to_executable: a.py, timeout: 5m}"
    git = "{git: {url: 'https://example.com/a.git', ref: main}}"
    documents, _ = compiled(f"name: w\ncode: {git}\nstages: {{s: [{step}]}}", tmp_path, form="vertex")
    assert len(documents) == 1

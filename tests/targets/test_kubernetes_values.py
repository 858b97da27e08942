"""What plain Kubernetes emits for values and files: placeholders, the plan, places, and who may read what."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.ir import (
    Access,
    Command,
    Git,
    Job,
    Node,
    OfRun,
    OutputOf,
    Project,
    Reference,
    Source,
    Text,
    Type,
    Workflow,
    Workspace,
)
from automl.compiler.values.units import parse_memory
from automl.runtime.outputs import LIMIT, framed
from automl.targets.kubernetes.checks import longest_message, too_many_values
from tests.by_hand import SPAN, job, output, workflow
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
DISK = Workspace(parse_memory("10Gi"), None, Access.ONE_NODE, None, "/data", SPAN, is_written=False)
GIT = Git("https://example.com/a.git", "main", None, None, None, SPAN)
RUN = Command(None, (Text.of("run", SPAN),))


def made_of(nodes: list[Node]) -> Workflow:
    return workflow(nodes)._replace(workspace=DISK, code=GIT)


def project(name: str, *after: str, **more: Any) -> Job:
    return job(name, *after, project=Project(None), command=RUN, **more)


def takes(variable: str, source: Source) -> Reference:
    return Reference(variable, source)


ROWS = takes("AUTOML_INPUT_ROWS", OutputOf("extract", "rows", Type.INT))
TABLE = takes("AUTOML_INPUT_TABLE", OutputOf("extract", "table", Type.FILE))
IDENTITY = takes("AUTOML_INPUT_RUN", OfRun.ID)
EXTRACT = project(
    "extract", outputs=(output("rows", Type.INT), output("table", Type.FILE)), uses_workspace=True
)
TRAIN = project("train", "extract", values=(ROWS, TABLE, IDENTITY), uses_workspace=True)
API = service(project("api", "train", values=(TABLE,), uses_workspace=True))


def plan_in(documents: list[Object]) -> Object:
    [plan] = [each["data"]["plan.json"] for each in documents if "plan.json" in each.get("data", {})]
    return dict(json.loads(plan))


def pod_of(documents: list[Object], step: str) -> Object:
    [job] = [
        each["spec"]["jobTemplate"]["spec"]
        for each in documents
        if each["kind"] == "CronJob" and each["metadata"]["labels"].get("automl.dev/step") == step
    ]
    return dict(job["template"])


def tasks_of(wanted: Workflow) -> dict[str, Object]:
    return {task["name"]: task for task in plan_in(emitted("kubernetes", None, wanted))["tasks"]}


def test_the_plan_says_where_values_come_from_and_what_a_pod_has_to_say() -> None:
    plan = plan_in(emitted("kubernetes", None, made_of([EXTRACT, TRAIN, API])))
    extract, train, api = plan["tasks"]
    assert plan["workspace"] == "/data"
    assert extract["outputs"] == ["rows"]
    assert "values" not in extract
    assert "outputs" not in train
    table = {"task": "extract", "output": "table", "file": True}
    assert train["values"] == {
        "AUTOML_INPUT_ROWS": {"task": "extract", "output": "rows"},
        "AUTOML_INPUT_TABLE": table,
        "AUTOML_INPUT_RUN": {"run": "id"},
    }
    assert api["values"] == {"AUTOML_INPUT_TABLE": table}
    assert {"name": "AUTOML_INPUT_TABLE"} in main_of(api["deployment"]["spec"]["template"])["env"]


def main_of(pod: Object) -> Object:
    [main] = pod["spec"]["containers"]
    return dict(main)


def test_a_pod_says_its_values_and_leaves_its_files_below_the_name_of_its_job() -> None:
    documents = emitted("kubernetes", None, made_of([EXTRACT, TRAIN]))
    extract = main_of(pod_of(documents, "extract"))
    assert extract["args"] == [
        *("--output", "rows:int", "--output", "table:file"),
        *("--to", "table=/data/runs/$(AUTOML_JOB)/table", "--message", "/dev/termination-log"),
        *("--", "run"),
    ]
    label = {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}
    assert extract["env"] == [{"name": "AUTOML_JOB", "valueFrom": {"fieldRef": label}}]
    train = main_of(pod_of(documents, "train"))
    assert train["args"] == ["--", "run"]
    assert train["env"] == [{"name": value.variable} for value in (ROWS, TABLE, IDENTITY)]


@pytest.mark.parametrize(
    ("nodes", "is_there"), [([EXTRACT, TRAIN], True), ([project("a"), project("b", "a")], False)]
)
def test_the_coordinator_may_read_pods_only_where_they_say_values(nodes: list[Node], is_there: bool) -> None:
    documents = emitted("kubernetes", None, made_of(nodes))
    [role] = [each for each in documents if each["kind"] == "Role"]
    rights = [rule["verbs"] for rule in role["rules"] if rule["resources"] == ["pods"]]
    assert rights == ([["list"]] if is_there else [])


@pytest.mark.parametrize(
    ("node", "is_there"),
    [
        (project("a"), False),
        (project("a", outputs=(output("table", Type.FILE),)), False),
        (project("a", outputs=(output("rows", Type.INT),)), True),
        (project("a", values=(IDENTITY,)), True),
    ],
)
def test_a_value_of_a_run_takes_a_coordinator(node: Node, is_there: bool) -> None:
    kinds = [document["kind"] for document in emitted("kubernetes", None, made_of([node]))]
    assert ("Role" in kinds) == is_there


def test_a_step_is_another_if_its_values_come_from_elsewhere() -> None:
    other = ROWS._replace(source=OutputOf("extract", "columns", Type.INT))
    hashes = [
        {name: task["hash"] for name, task in tasks_of(made_of([EXTRACT, changed, API])).items()}
        for changed in (TRAIN, TRAIN._replace(values=(other, TABLE, IDENTITY)))
    ]
    assert hashes[0]["extract"] == hashes[1]["extract"]
    assert hashes[0]["train"] != hashes[1]["train"]
    assert hashes[0]["api"] != hashes[1]["api"]


def test_what_an_image_leaves_is_collected_by_another_container() -> None:
    outputs = (output("n-rows", Type.INT), output("table", Type.FILE))
    image = job("image", "extract", outputs=outputs, values=(ROWS,), uses_workspace=True, command=RUN)
    documents = emitted("kubernetes", None, made_of([EXTRACT, image]))
    pod = pod_of(documents, "image")
    [step], main = pod["spec"]["initContainers"], main_of(pod)
    assert (step["name"], step["image"], step["args"]) == ("step", image.image, ["run"])
    assert pod["metadata"]["annotations"] == {"kubectl.kubernetes.io/default-container": "step"}
    assert step["env"] == [
        {"name": "AUTOML_OUTPUT_N_ROWS", "value": "/automl/outputs/n-rows"},
        {"name": "AUTOML_OUTPUT_TABLE", "value": "/automl/outputs/table"},
        {"name": "AUTOML_INPUT_ROWS"},
        {"name": "HOME", "value": "/automl/work"},
    ]
    assert main["args"] == [
        *("--output", "n-rows:int", "--output", "table:file"),
        *("--to", "table=/data/runs/$(AUTOML_JOB)/table", "--message", "/dev/termination-log"),
        *("--", "sh", "-c", main["args"][-1]),
    ]
    paths = {
        mount["mountPath"]: mount["name"]
        for container in (step, main)
        for mount in container["volumeMounts"]
        if mount["mountPath"] != "/automl/work"
    }
    assert paths == {"/automl/outputs": "outputs", "/data": "workspace", "/automl/code": "start"}
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert set(volumes) == {"work", "outputs", "collecting", "start", "workspace"}
    names = {document["metadata"]["name"]: document for document in documents}
    assert "start.py" in names[volumes["start"]["configMap"]["name"]]["data"]


NAMES = st.lists(st.from_regex(r"[a-z]{1,63}", fullmatch=True), min_size=1, max_size=20, unique=True)


@given(NAMES, st.data())
def test_no_message_is_longer_than_is_counted(names: list[str], data: st.DataObject) -> None:
    left, values = LIMIT, {}
    for name in names:
        size = data.draw(st.sampled_from([0, 1, 9, 10, 99, 100, 999, 1000]) | st.integers(0, LIMIT))
        values[name] = "x" * min(size, left)
        left -= len(values[name])
    assert len(framed(values)) <= longest_message(names)


@pytest.mark.parametrize(
    "sizes", [[LIMIT], [1000, 1000, 972, 100], [1000, 1000, 100, 100, 100, 772], [10] * 306 + [12]]
)
def test_the_longest_message_may_be(sizes: list[int]) -> None:
    values = {f"v{number}": "x" * size for number, size in enumerate(sizes)}
    assert len(framed(values)) == longest_message(list(values))


@pytest.mark.parametrize(("length", "is_refused"), [(45, False), (46, True)])
def test_values_for_whose_names_there_is_no_room_are_named(length: int, is_refused: bool) -> None:
    outputs = [output(f"{letter}{'x' * (length - 1)}", Type.INT) for letter in "abcdefghijklmnopqrst"]
    files = [output(f"file-{'x' * number}", Type.FILE) for number in range(50)]
    made = made_of([project("extract", outputs=(*files, *outputs), uses_workspace=True)])
    said = list(too_many_values(made))
    assert bool(said) == is_refused
    named = ", ".join(f'"{left.name}"' for left in outputs[:3])
    assert all(f"the values {named} and 17 more take 1,0" in diagnostic.message for diagnostic in said)

"""What tasks hand to each other in Argo: where each value and each file comes from, and where it goes."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.compiler.diagnostics import Severity
from automl.compiler.graph import upstream
from automl.compiler.ir import (
    Access,
    Job,
    Node,
    OfRun,
    Output,
    OutputOf,
    Reference,
    Store,
    Type,
    Workflow,
    Workspace,
)
from automl.compiler.target import Options
from automl.compiler.values.units import parse_memory
from automl.targets import load
from automl.targets.argo import checks
from automl.targets.argo.checks import VALUE_BYTES, workflow_bytes
from automl.targets.dag import nesting
from automl.targets.objects.json import size_of
from tests.by_hand import CODE, PROJECT, SPAN, barrier, graphs, job, output, workflow
from tests.examples import examples
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
_SOME = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
_KINDS = (("rows", Type.INT), ("table", Type.FILE))
ROWS, TABLE = OutputOf("load", "rows", Type.INT), OutputOf("load", "table", Type.FILE)
OUTPUTS = (output("rows", Type.INT), output("table", Type.FILE))
TAKEN = (Reference("AUTOML_INPUT_ROWS", ROWS), Reference("AUTOML_INPUT_TABLE", TABLE))


def handing(load: Mapping[str, Any], train: Mapping[str, Any], **more: Any) -> Workflow:
    """A task that takes a value and a file of another."""
    nodes = [job("load", outputs=OUTPUTS, **load), job("train", "load", values=TAKEN, **train)]
    return written(nodes)._replace(**more)


def written(nodes: Sequence[Node]) -> Workflow:
    """A workflow with code for projects, and a workspace."""
    disk = Workspace(parse_memory("10Gi"), None, Access.ONE_NODE, None, "/disk", SPAN, is_written=False)
    return workflow(nodes)._replace(code=CODE, workspace=disk)


def templates(wanted: Workflow) -> dict[str, Object]:
    """The templates of a workflow, wherever they are kept, by their names."""
    specs = [document.get("spec", {}) for document in emitted("argo", None, wanted)]
    return {each["name"]: each for spec in specs for each in spec.get("templates", [])}


def words(template: Object, option: str) -> list[str]:
    """What stands behind an option."""
    arguments = template["container"].get("args", [])
    return [word for before, word in itertools.pairwise(arguments) if before == option]


def variables(template: Object) -> dict[str, str]:
    """Those of the step, wherever it runs."""
    [step] = template.get("initContainers", [template["container"]])
    return {entry["name"]: entry["value"] for entry in step["env"]}


def test_a_value_of_a_project_goes_to_another_in_a_code() -> None:
    found = templates(handing(PROJECT, PROJECT))
    assert found["load"]["outputs"]["parameters"] == [
        {"name": "rows", "valueFrom": {"path": "/automl/work/output.rows"}}
    ]
    assert "rows=/automl/work/output.rows" in words(found["load"], "--to")
    assert words(found["load"], "--unencoded") == []
    assert found["train"]["inputs"]["parameters"] == [{"name": "load_rows"}]
    assert words(found["train"], "--value") == ["AUTOML_INPUT_ROWS={{inputs.parameters.load_rows}}"]
    [_, task] = found["main"]["dag"]["tasks"]
    value = "{{tasks.load.outputs.parameters.rows}}"
    assert task["arguments"] == {"parameters": [{"name": "load_rows", "value": value}]}


def test_a_value_for_an_image_is_written_as_it_is() -> None:
    found = templates(handing(PROJECT, {}))
    assert words(found["load"], "--unencoded") == ["rows"]
    assert variables(found["train"])["AUTOML_INPUT_ROWS"] == "{{inputs.parameters.load_rows}}"


@pytest.mark.parametrize("load", [PROJECT, {}], ids=["project", "image"])
def test_a_value_for_an_image_goes_to_a_project_as_it_is_too(load: Mapping[str, Any]) -> None:
    """It fails if the project decodes it: `%41` would be `A`."""
    wanted = handing(load, {})
    other = job("other", "load", values=TAKEN, **PROJECT)
    found = templates(wanted._replace(nodes=(*wanted.nodes, other)))
    assert words(found["load"], "--unencoded") == ["rows"]
    assert words(found["other"], "--value") == []
    assert "AUTOML_INPUT_ROWS={{inputs.parameters.load_rows}}" in words(found["other"], "--plain")


def test_a_value_of_an_image_is_collected_and_goes_in_the_code() -> None:
    found = templates(handing({}, PROJECT, by_engine=True))
    assert variables(found["load"])["AUTOML_OUTPUT_ROWS"] == "/automl/outputs/rows"
    assert words(found["load"], "--to")[0] == "rows=/automl/work/output.rows"
    assert words(found["load"], "--unencoded") == []
    assert words(found["train"], "--value") == ["AUTOML_INPUT_ROWS={{inputs.parameters.load_rows}}"]


def test_an_image_that_leaves_files_for_artifacts_alone_is_what_argo_looks_at() -> None:
    wanted = handing({}, PROJECT, by_engine=True)
    load, train = wanted.nodes
    assert isinstance(load, Job)
    assert isinstance(train, Job)
    nodes = (load._replace(outputs=OUTPUTS[1:]), train._replace(values=TAKEN[1:]))
    found = templates(wanted._replace(nodes=nodes))
    assert "initContainers" not in found["load"]
    assert variables(found["load"])["AUTOML_OUTPUT_TABLE"] == "/automl/work/output.table"


def test_an_image_that_is_collected_sees_its_artifacts() -> None:
    """Argo knows its own volume for them in no template, and mounts it in the main container alone."""
    wanted = handing(PROJECT, {}, by_engine=True)
    load, train = wanted.nodes
    assert isinstance(train, Job)
    train_template = templates(wanted._replace(nodes=(load, train._replace(outputs=OUTPUTS[:1]))))["train"]
    [step], [artifact] = train_template["initContainers"], train_template["inputs"]["artifacts"]
    mount = {"name": "inputs", "mountPath": artifact["path"].rpartition("/")[0]}
    assert mount in step["volumeMounts"]
    assert mount in train_template["container"]["volumeMounts"]
    assert {"name": "inputs", "emptyDir": {}} in train_template["volumes"]


def test_the_workspace_is_mounted_where_files_are_collected_and_for_values_not() -> None:
    wanted = handing({"uses_workspace": True}, PROJECT)
    load, train = wanted.nodes
    assert isinstance(load, Job)
    assert isinstance(train, Job)
    of_values = wanted._replace(nodes=(load._replace(outputs=OUTPUTS[:1]), train._replace(values=TAKEN[:1])))
    for one, is_mounted in ((wanted, True), (of_values, False)):
        found = templates(one)["load"]
        mounts = [mount["name"] for mount in found["container"]["volumeMounts"]]
        assert ("workspace" in mounts) is is_mounted
        assert "workspace" in [mount["name"] for mount in found["initContainers"][0]["volumeMounts"]]


def test_a_file_is_on_the_workspace_in_a_folder_of_the_run() -> None:
    found = templates(handing(PROJECT, PROJECT))
    path = "/disk/runs/{{workflow.uid}}/load/table"
    assert f"table={path}" in words(found["load"], "--to")
    assert words(found["train"], "--plain") == [f"AUTOML_INPUT_TABLE={path}"]
    assert variables(templates(handing(PROJECT, {}))["train"])["AUTOML_INPUT_TABLE"] == path
    assert "artifacts" not in str(found)


@pytest.mark.parametrize("kind", [PROJECT, {}], ids=["project", "image"])
def test_a_file_is_an_artifact_of_the_engine(kind: Mapping[str, Any]) -> None:
    found = templates(handing(kind, kind, by_engine=True))
    path = "/automl/work/output.table"
    assert f"table={path}" in words(found["load"], "--to")
    artifact = {"name": "table", "path": path, "archive": {"none": {}}}
    assert found["load"]["outputs"]["artifacts"] == [artifact]
    assert found["train"]["inputs"]["artifacts"] == [
        {"name": "load_table", "path": "/automl/inputs/load_table"}
    ]
    [_, task] = found["main"]["dag"]["tasks"]
    origin = "{{tasks.load.outputs.artifacts.table}}"
    assert task["arguments"]["artifacts"] == [{"name": "load_table", "from": origin}]
    taken = words(found["train"], "--plain") if kind else variables(found["train"]).values()
    assert any(word.endswith("/automl/inputs/load_table") for word in taken)


@pytest.mark.parametrize(
    ("url", "secret", "bucket", "key"),
    [("s3://churn/all/runs/", None, "churn", "all/runs/"), ("s3://churn", "login", "churn", "")],
)
def test_an_artifact_is_kept_in_the_store(url: str, secret: str | None, bucket: str, key: str) -> None:
    [artifact] = templates(handing(PROJECT, PROJECT, store=Store(url, secret, SPAN)))["load"]["outputs"][
        "artifacts"
    ]
    kept = artifact["s3"]
    assert (kept["bucket"], kept["key"]) == (bucket, key + "runs/{{workflow.uid}}/load/table")
    assert kept["endpoint"] == "s3.amazonaws.com"
    if secret:
        assert kept["secretKeySecret"] == {"name": "login", "key": "secretkey"}
        assert kept["accessKeySecret"] == {"name": "login", "key": "accesskey"}
    assert kept.get("useSDKCreds", False) is (secret is None)


def test_what_tells_runs_apart_is_a_variable() -> None:
    values = (Reference("AUTOML_RUN_ID", OfRun.ID), Reference("AUTOML_RUN_NAME", OfRun.NAME))
    wanted = handing(PROJECT, PROJECT)
    nodes = [*wanted.nodes, job("image", values=values), job("project", values=values, **PROJECT)]
    found = templates(wanted._replace(nodes=tuple(nodes)))
    filled = {"AUTOML_RUN_ID": "{{workflow.uid}}", "AUTOML_RUN_NAME": "{{workflow.name}}"}
    assert filled.items() <= variables(found["image"]).items()
    assert words(found["project"], "--plain") == [f"{name}={value}" for name, value in filled.items()]


def test_a_service_is_told_the_values_by_what_deploys_it() -> None:
    wanted = handing(PROJECT, PROJECT)
    load, train = wanted.nodes
    assert isinstance(train, Job)
    found = templates(wanted._replace(nodes=(load, service(train))))
    assert words(found["train"], "--value") == ["AUTOML_INPUT_ROWS={{inputs.parameters.load_rows}}"]
    assert words(found["train"], "--plain") == ["AUTOML_INPUT_TABLE=/disk/runs/{{workflow.uid}}/load/table"]
    assert found["main"]["dag"]["tasks"][1]["arguments"]["parameters"][0]["name"] == "load_rows"


@st.composite
def taking(draw: st.DrawFn) -> list[Node]:
    """Tasks that take values of some that come before them, and files; each leaves one of both."""
    nodes = draw(graphs())
    before = upstream(nodes)
    taken: list[Node] = []
    for node in nodes:
        known = [
            other.name
            for place, other in enumerate(nodes)
            if isinstance(other, Job) and before[node.name] >> place & 1
        ]
        if isinstance(node, Job):
            sources = draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
            values = [OutputOf(name, *draw(st.sampled_from(_KINDS))) for name in sources]
            taken_by = (Reference(f"AUTOML_INPUT_{number}", each) for number, each in enumerate(values))
            node = node._replace(values=tuple(taken_by), outputs=OUTPUTS)
        taken.append(node)
    return taken


def came_from(found: Mapping[str, Object], name: str, kind: str, key: str) -> str:
    """The task and the output that an input of a template comes from, by way of the DAGs, as Argo sees it."""
    [(dag, task)] = [
        (each, task)
        for each in found.values()
        for task in each.get("dag", {}).get("tasks", [])
        if task["name"] == name
    ]
    [argument] = [each for each in task["arguments"][kind] if each["name"] == key]
    tag = argument["value" if kind == "parameters" else "from"]
    owner, _, rest = tag.strip("{}").partition(".")
    if owner == "inputs":
        assert key in [each["name"] for each in dag["inputs"][kind]]
        return came_from(found, dag["name"], kind, rest.partition(".")[2])
    node, _, _, output = rest.split(".")
    assert node in [each["name"] for each in dag["dag"]["tasks"]]
    return left_by(found, node, kind, output)


def left_by(found: Mapping[str, Object], name: str, kind: str, key: str) -> str:
    [output] = [each for each in found[name]["outputs"][kind] if each["name"] == key]
    if "container" in found[name]:
        return f"{name}.{key}"
    tag = output["from"] if kind == "artifacts" else output["valueFrom"]["parameter"]
    _, node, _, _, inner = tag.strip("{}").split(".")
    return left_by(found, node, kind, inner)


@_SOME
@given(taking(), st.sampled_from([3, 200]))
def test_every_input_comes_from_its_task(nodes: Sequence[Node], most: int) -> None:
    wanted = workflow(nodes)._replace(by_engine=True)
    with patch.multiple(nesting, MAX_ITEMS=most, MAX_FLAT_EDGES=most):
        found = templates(wanted)
    for task in wanted.jobs:
        for reference in task.values:
            assert isinstance(reference.source, OutputOf)
            kind = "artifacts" if reference.source.type.is_file else "parameters"
            filled = variables(found[task.name])[reference.variable]
            key = filled.rpartition("/")[2] if kind == "artifacts" else filled.strip("{}").rpartition(".")[2]
            assert key in [each["name"] for each in found[task.name]["inputs"][kind]]
            source = f"{reference.source.task}.{reference.source.output}"
            assert came_from(found, task.name, kind, key) == source


def test_what_an_image_leaves_on_the_workspace_is_collected_by_another_container() -> None:
    found = templates(handing({}, PROJECT))
    [step], main = found["load"]["initContainers"], found["load"]["container"]
    assert (step["name"], step["image"]) == ("step", "busybox:1.37")
    places = {entry["name"]: entry["value"] for entry in step["env"]}
    assert places["AUTOML_OUTPUT_ROWS"] == "/automl/outputs/rows"
    assert main["command"] == ["python3", "/automl/code/start.py"]
    left = ["rows=/automl/work/output.rows", "table=/disk/runs/{{workflow.uid}}/load/table"]
    assert words(found["load"], "--to") == left
    volumes = {volume["name"] for volume in found["load"]["volumes"]}
    ours = {mount["name"] for each in (step, main) for mount in each["volumeMounts"]}
    assert ours - volumes == {"work"}
    assert words(found["train"], "--value") == ["AUTOML_INPUT_ROWS={{inputs.parameters.load_rows}}"]


def said(wanted: Workflow) -> list[str]:
    """The errors about a workflow."""
    engine = load("argo")
    assert engine
    diagnostics = engine.emit(wanted, Options("4.0", "workflow")).diagnostics
    return [each.message for each in diagnostics if each.severity is Severity.ERROR]


def test_a_service_cannot_be_given_artifacts() -> None:
    wanted = handing(PROJECT, PROJECT, by_engine=True)
    load, train = wanted.nodes
    assert isinstance(train, Job)
    [message] = said(wanted._replace(nodes=(load, service(train))))
    assert message.startswith('the service "train" cannot take a file: ')
    of_value = train._replace(values=TAKEN[:1])
    assert said(wanted._replace(nodes=(load, service(of_value)))) == []


@pytest.mark.parametrize(("count", "errors"), [(500, 0), (501, 2)])
def test_a_template_takes_five_hundred_values(count: int, errors: int) -> None:
    """The step, and the DAG that it is in with another."""
    outputs = tuple(Output(f"o{number}", Type.INT, None, SPAN) for number in range(count))
    values = tuple(
        Reference(f"AUTOML_INPUT_{each.name}", OutputOf("load", each.name, each.type)) for each in outputs
    )
    nodes = [job("load", outputs=outputs), job("all", "load", values=values), job("other", "load")]
    wanted = workflow([*nodes, barrier("stage/b", "all", "other")])
    with patch.multiple(nesting, MAX_ITEMS=2):
        messages = said(wanted)
    expected = f"takes {count} values of other steps; the limit of Argo is 500"
    assert messages == [f'"all" {expected}', f'"stage-b" {expected}'][:errors]


def test_values_count_for_what_argo_keeps_of_a_run() -> None:
    """A value that one task leaves and another takes is kept with both."""
    wanted = handing(PROJECT, PROJECT)
    of_templates = [size_of(template) + 1 for template in templates(wanted).values()]
    size = workflow_bytes(wanted, of_templates) + 2 * VALUE_BYTES
    with patch.object(checks, "MAX_WORKFLOW_BYTES", size):
        assert said(wanted) == []
    with patch.object(checks, "MAX_WORKFLOW_BYTES", size - 1):
        [message] = said(wanted)
    assert message.startswith("the workflow takes ")

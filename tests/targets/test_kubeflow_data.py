"""What tasks hand to each other in Kubeflow, and what a run may set: where it comes from, and how it gets to a program."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.diagnostics import Code
from automl.compiler.ir import (
    Command,
    Node,
    OfRun,
    Output,
    OutputOf,
    Parameter,
    Project,
    Reference,
    Text,
    Type,
    Variable,
    Workflow,
)
from automl.compiler.target import Options
from automl.runtime import collecting_script
from automl.targets import load
from automl.targets.kubeflow.quoting import is_unsafe
from tests.by_hand import CODE, PROJECT, SPAN, barrier, job, output, workflow
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
ROWS, TABLE = OutputOf("load", "rows", Type.INT), OutputOf("load", "table", Type.DATASET)
OUTPUTS = (output("rows", Type.INT), output("table", Type.DATASET, "out/t.csv"))
TAKEN = (Reference("AUTOML_INPUT_ROWS", ROWS), Reference("AUTOML_INPUT_TABLE", TABLE))


def handing(
    load: Mapping[str, Any], train: Mapping[str, Any], values: Sequence[Reference] = (), **more: Any
) -> Workflow:
    """A task in a stage that takes a value and a file of another in the stage before."""
    first = job("load", outputs=OUTPUTS, **load)
    other = job("train", "stage/a", "load", values=(*values, *TAKEN), **train)
    nodes: list[Node] = [first, barrier("stage/a", "load"), other, barrier("stage/b", "train")]
    return workflow(nodes)._replace(code=CODE, **more)


def spec_of(wanted: Workflow) -> Object:
    return emitted("kubeflow", None, wanted)[0]


def container(spec: Object, name: str) -> Object:
    return dict(spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"])


def words_behind(spec: Object, name: str, option: str) -> list[str]:
    return [word for before, word in itertools.pairwise(container(spec, name)["args"]) if before == option]


def test_a_value_and_a_file_go_through_the_dags_of_their_stages() -> None:
    spec = spec_of(handing(PROJECT, PROJECT))
    components = spec["components"]
    assert components["comp-load"]["outputDefinitions"] == {
        "artifacts": {"table": {"artifactType": {"schemaTitle": "system.Dataset", "schemaVersion": "0.0.1"}}},
        "parameters": {"rows": {"parameterType": "STRING"}},
    }
    stage = components["comp-stage-a"]
    assert stage["dag"]["outputs"] == {
        "parameters": {
            "load_rows": {"valueFromParameter": {"producerSubtask": "load", "outputParameterKey": "rows"}}
        },
        "artifacts": {
            "load_table": {"artifactSelectors": [{"producerSubtask": "load", "outputArtifactKey": "table"}]}
        },
    }
    assert {kind: list(keys) for kind, keys in stage["outputDefinitions"].items()} == {
        "artifacts": ["load_table"],
        "parameters": ["load_rows"],
    }
    inputs = spec["root"]["dag"]["tasks"]["stage-b"]["inputs"]
    assert inputs["parameters"] == {
        "load_rows": {"taskOutputParameter": {"producerTask": "stage-a", "outputParameterKey": "load_rows"}}
    }
    assert inputs["artifacts"]["load_table"] == {
        "taskOutputArtifact": {"producerTask": "stage-a", "outputArtifactKey": "load_table"}
    }
    inner = components["comp-stage-b"]["dag"]["tasks"]["train"]["inputs"]
    assert inner["parameters"] == {"load_rows": {"componentInputParameter": "load_rows"}}
    assert inner["artifacts"]["load_table"] == {"componentInputArtifact": "load_table"}
    assert components["comp-train"]["inputDefinitions"].keys() == {"artifacts", "parameters"}
    assert words_behind(spec, "load", "--to") == [
        "rows={{$.outputs.parameters['rows'].output_file}}",
        "table={{$.outputs.artifacts['table'].path}}",
    ]
    assert words_behind(spec, "train", "--value") == [
        "AUTOML_INPUT_ROWS={{$.inputs.parameters['load_rows']}}"
    ]
    assert words_behind(spec, "train", "--plain") == [
        "AUTOML_INPUT_TABLE={{$.inputs.artifacts['load_table'].path}}"
    ]


def test_in_one_stage_the_task_beside_is_the_source() -> None:
    wanted = handing(PROJECT, PROJECT)
    nodes = [
        wanted.nodes[0],
        wanted.nodes[2]._replace(after=wanted.nodes[2].after[1:]),
        barrier("stage/a", "load", "train"),
    ]
    spec = spec_of(wanted._replace(nodes=tuple(nodes)))
    inputs = spec["components"]["comp-stage-a"]["dag"]["tasks"]["train"]["inputs"]
    assert inputs["parameters"]["load_rows"] == {
        "taskOutputParameter": {"producerTask": "load", "outputParameterKey": "rows"}
    }
    assert "outputs" not in spec["components"]["comp-stage-a"]["dag"]


def test_who_cannot_decode_gets_what_is_in_no_code() -> None:
    spec = spec_of(handing(PROJECT, {}))
    assert words_behind(spec, "load", "--unencoded") == ["rows"]
    assert words_behind(spec_of(handing(PROJECT, PROJECT)), "load", "--unencoded") == []


@pytest.mark.parametrize("load", [PROJECT, {}], ids=["project", "image"])
def test_a_value_for_an_image_goes_to_a_project_as_it_is_too(load: Mapping[str, Any]) -> None:
    """It fails if the project decodes it: `%41` would be `A`."""
    wanted = handing(load, {})
    nodes = [*wanted.nodes, job("other", "stage/b", values=TAKEN[:1], **PROJECT), barrier("stage/c", "other")]
    spec = spec_of(wanted._replace(nodes=tuple(nodes)))
    assert words_behind(spec, "other", "--value") == []
    [given] = words_behind(spec, "other", "--plain")
    assert given.startswith("AUTOML_INPUT_ROWS={{$.inputs.parameters['load_")


def test_a_task_behind_an_image_looks_after_its_values() -> None:
    """The value is an artifact, of which nobody reads anything, until that task makes the parameter of it."""
    spec = spec_of(handing({"retries": 2}, PROJECT))
    components = spec["components"]
    made = components["comp-load"]["outputDefinitions"]
    assert {kind: list(keys) for kind, keys in made.items()} == {"artifacts": ["rows", "table"]}
    tasks = components["comp-stage-a"]["dag"]["tasks"]
    behind = tasks["load-outputs"]
    source = {"producerTask": "load", "outputArtifactKey": "rows"}
    assert behind["inputs"] == {"artifacts": {"load_rows": {"taskOutputArtifact": source}}}
    assert behind["dependentTasks"] == ["load"]
    assert [task["retryPolicy"]["maxRetryCount"] for task in tasks.values()] == [2, 2]
    runs = container(spec, "load-outputs")
    assert runs["args"] == [
        "rows:int",
        "{{$.inputs.artifacts['load_rows'].path}}",
        "{{$.outputs.parameters['rows'].output_file}}",
    ]
    selected = components["comp-stage-a"]["dag"]["outputs"]["parameters"]
    assert [each["valueFromParameter"]["producerSubtask"] for each in selected.values()] == ["load-outputs"]
    given = "AUTOML_INPUT_ROWS={{$.inputs.parameters['load_outputs_rows']}}"
    assert words_behind(spec, "train", "--value") == [given]
    assert container(spec_of(handing({}, {})), "load-outputs")["args"][0] == "rows:int:plain"


def test_what_comes_after_an_image_comes_after_its_values() -> None:
    """It fails if somebody goes on who takes nothing of the image, while its values are of the wrong type."""
    nodes: list[Node] = [
        job("load", outputs=OUTPUTS),
        job("files", outputs=OUTPUTS[1:]),
        job("next", "load", "files"),
        barrier("stage/a", "load", "files", "next"),
    ]
    spec = spec_of(workflow(nodes))
    tasks = spec["components"].get("comp-stage-a", spec["root"])["dag"]["tasks"]
    assert sorted(tasks["next"]["dependentTasks"]) == ["files", "load-outputs"]
    assert tasks.keys() == {"load", "load-outputs", "files", "next"}


def test_the_program_that_looks_after_values_is_changed_by_nobody_on_the_way() -> None:
    assert not is_unsafe(collecting_script())


def test_texts_with_values_are_for_the_start_script() -> None:
    reference = TAKEN[0]
    command = Command((Text(("a@b$(X)=", reference), SPAN),), (Text.of("a@b", SPAN),))
    variables = (Variable("A", Text((reference, "@"), SPAN)), Variable("B", Text.of("@", SPAN)))
    spec = spec_of(handing(PROJECT, {"project": Project(None), "command": command, "variables": variables}))
    runs = container(spec, "train")
    assert runs["command"][:2] == ["sh", "-c"]
    line = runs["command"][2]
    assert "'a@@b$''(X)=@(AUTOML_INPUT_ROWS)'" in line
    assert runs["args"][-1] == "a@b"
    words = runs["args"]
    assert words[words.index("--expand") + 1] == "0"
    assert "A=@(AUTOML_INPUT_ROWS)@@" in words
    assert '"B=@"' in line or "'B=@'" in line


PARAMETERS = [
    (Type.INT, "10", "NUMBER_INTEGER", 10),
    (Type.INT, "0x10", "STRING", "0x10"),
    (Type.INT, "9007199254740993", "STRING", "9007199254740993"),  # which is no double
    (Type.FLOAT, "0.5", "NUMBER_DOUBLE", 0.5),
    (Type.FLOAT, "3", "NUMBER_DOUBLE", 3),
    (Type.FLOAT, "0.00001", "NUMBER_DOUBLE", 0.00001),
    (Type.FLOAT, "1e-4", "STRING", "1e-4"),
    (Type.FLOAT, "1.0", "STRING", "1.0"),
    (Type.FLOAT, ".inf", "STRING", ".inf"),
    (Type.BOOL, "true", "BOOLEAN", True),
    (Type.BOOL, "False", "STRING", "False"),
    (Type.TEXT, "10", "STRING", "10"),
]


@pytest.mark.parametrize(("type", "text", "kind", "default"), PARAMETERS)
def test_a_parameter_is_an_input_that_a_step_sees_as_it_is_written(
    type: Type, text: str, kind: str, default: Any
) -> None:
    parameter = Parameter("learning-Rate", type, text, "How fast.", SPAN)
    taken = (Reference(parameter.variable, parameter),)
    nodes: list[Node] = [job("a", values=taken), barrier("stage/s", "a")]
    spec = spec_of(workflow(nodes)._replace(params=(parameter,)))
    assert spec["root"]["inputDefinitions"]["parameters"] == {
        "learning_rate": {
            "parameterType": kind,
            "defaultValue": default,
            "isOptional": True,
            "description": "How fast.",
        }
    }
    for dag, task in (("root", "stage-s"), ("comp-stage-s", "a")):
        component = spec["components"].get(dag, spec["root"])
        inputs = component["dag"]["tasks"][task]["inputs"]
        assert inputs == {"parameters": {"learning_rate": {"componentInputParameter": "learning_rate"}}}
        called = spec["components"][f"comp-{task}"]["inputDefinitions"]
        assert called == {"parameters": {"learning_rate": {"parameterType": kind}}}


@pytest.mark.parametrize(("text", "pinned"), [("1", SPAN), ("$(X)", None), ("{{x}}", None)])
def test_a_parameter_that_no_run_can_change_is_said_and_stands_in_the_pipeline(
    text: str, pinned: Any, see: Path
) -> None:
    parameter = Parameter("a", Type.TEXT, text, None, SPAN, pinned)
    value = Reference(parameter.variable, parameter)
    command = Command((Text.of(str(see), SPAN),), (Text(("a=", value), SPAN),))
    wanted = workflow([job("a", values=(value,), command=command)])._replace(params=(parameter,))
    assert "inputDefinitions" not in spec_of(wanted)["root"]
    words, seen = received(start(spec_of(wanted), "a", {}))
    assert words == [f"a={text}"]
    assert seen["AUTOML_PARAM_A"] == text
    engine = load("kubeflow")
    assert engine
    emission = engine.emit(wanted, Options(engine.default_version, "package"))
    [said] = [diagnostic for diagnostic in emission.diagnostics if diagnostic.code is Code.FIXED_PARAMETER]
    assert said.span == SPAN
    assert '"a"' in said.message


def test_names_of_inputs_are_free() -> None:
    names = ("code", "run", "load_rows")
    parameters = tuple(Parameter(name, Type.TEXT, name, None, SPAN) for name in names)
    values = tuple(Reference(each.variable, each) for each in parameters)
    more = (*values, Reference("AUTOML_FROM_RUN_ID", OfRun.ID))
    spec = spec_of(handing({**PROJECT, "values": values}, PROJECT, more, params=parameters))
    assert list(spec["root"]["inputDefinitions"]["parameters"]) == ["param_code", "param_run", "load_rows"]
    takes = spec["components"]["comp-train"]["inputDefinitions"]
    assert takes["parameters"].keys() == {"param_code", "param_run", "load_rows", "load_rows_", "run"}
    assert takes["artifacts"].keys() == {"code", "load_table"}
    inputs = spec["components"]["comp-stage-b"]["dag"]["tasks"]["train"]["inputs"]
    assert inputs["parameters"]["run"] == {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}
    assert inputs["parameters"]["load_rows_"] == {"componentInputParameter": "load_rows_"}


PLACEHOLDER = re.compile(r"\{\{\$.*?\}\}")
SEE = f"""#!{sys.executable} -S
import os, sys
pairs = [name + "=" + value for name, value in os.environ.items()]
print(str(len(sys.argv) - 1), *sys.argv[1:], *pairs, "", sep="\\0", end="")
if leaves := os.environ.get("LEAVES"):
    open(os.environ["AUTOML_OUTPUT_" + leaves], "w").close()
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@pytest.fixture
def see(tmp_path: Path) -> Path:
    """A program that says what it was started with."""
    program = tmp_path / "see"
    program.write_text(SEE)
    program.chmod(0o755)
    return program


def start(
    spec: Object, name: str, filled: Mapping[str, str], **more: str
) -> subprocess.CompletedProcess[str]:
    """The container of an image, with what the launcher fills in."""
    runs = container(spec, name)
    words = [
        PLACEHOLDER.sub(lambda tag: filled[tag[0]], word)
        for word in (*runs["command"], *runs.get("args", []))
    ]
    variables = {each["name"]: each["value"] for each in runs["env"]}
    env = {"PATH": os.environ["PATH"], **variables, **more}
    return subprocess.run(words, env=env, capture_output=True, check=False, text=True)


def received(done: subprocess.CompletedProcess[str]) -> tuple[list[str], dict[str, str]]:
    """The words behind the program, and the variables that are no matter of the shell."""
    number, *rest = done.stdout.split("\0")[:-1]
    words, variables = rest[: int(number)], dict(pair.split("=", 1) for pair in rest[int(number) :])
    return words, variables


HOSTILE = ["", "a b", "'\"`\\", "$(X) $$ {{x}} ${0} %41", "é€😀", "\n\n", "a=b", "-x", "*", "@(X)"]


@pytest.mark.parametrize("value", HOSTILE)
def test_an_image_gets_values_as_they_are(value: str, see: Path) -> None:
    reference = TAKEN[0]
    command = Command(
        (Text.of(str(see), SPAN),), (Text(("$(A)='", reference, "'"), SPAN), Text.of("{{b}}", SPAN))
    )
    variables = (Variable("own.name", Text(("<", TAKEN[1], ">"), SPAN)), Variable("C", Text.of("$$", SPAN)))
    spec = spec_of(handing(PROJECT, {"command": command, "variables": variables}))
    filled = {
        "{{$.inputs.parameters['load_rows']}}": value,
        "{{$.inputs.artifacts['load_table'].path}}": "/s3/a table",
    }
    words, seen = received(start(spec, "train", filled))
    assert words == [f"$(A)='{value}'", "{{b}}"]
    wanted = {
        "AUTOML_INPUT_ROWS": value,
        "AUTOML_INPUT_TABLE": "/s3/a table",
        "own.name": "</s3/a table>",
        "C": "$$",
    }
    assert wanted.items() <= seen.items()


@pytest.mark.parametrize(
    ("leaves", "status", "ended"), [("", "0", 1), ("1", "0", 0), ("1", "7", 7), ("", "7", 7)]
)
@pytest.mark.parametrize("missing", ["TABLE", "ROWS"])
def test_an_image_that_leaves_no_file_has_failed(
    leaves: str, status: str, ended: int, missing: str, see: Path, tmp_path: Path
) -> None:
    spec = spec_of(handing({"command": Command((Text.of(str(see), SPAN),), ())}, {}))
    filled = {
        "{{$.outputs.artifacts['rows'].path}}": str(tmp_path / "rows"),
        "{{$.outputs.artifacts['table'].path}}": str(tmp_path / "a table"),
    }
    other = "rows" if missing == "TABLE" else "a table"
    (tmp_path / other).touch()
    done = start(spec, "load", filled, LEAVES=missing if leaves else "", STATUS=status)
    _, seen = received(done)
    assert seen["AUTOML_OUTPUT_ROWS"] == str(tmp_path / "rows")
    assert seen["AUTOML_OUTPUT_TABLE"] == str(tmp_path / "a table")
    assert done.returncode == ended
    message = f"automl: an output is missing: the step has left nothing at $AUTOML_OUTPUT_{missing}\n"
    assert done.stderr == (message if (leaves, status) == ("", "0") else "")


def test_a_service_takes_values_and_no_files() -> None:
    twice = [reference._replace(variable=f"{reference.variable}_2") for reference in TAKEN]
    values = (*TAKEN, *twice, Reference("AUTOML_FROM_RUN_NAME", OfRun.NAME))
    api = service(job("api", "stage/a", values=values))
    first = job("load", outputs=OUTPUTS, **PROJECT)
    nodes: list[Node] = [first, barrier("stage/a", "load"), api, barrier("stage/b", "api")]
    wanted = workflow(nodes)._replace(code=CODE)
    engine = load("kubeflow")
    assert engine
    emission = engine.emit(wanted, Options(engine.default_version, "package"))
    refusals = [
        diagnostic.message for diagnostic in emission.diagnostics if diagnostic.code is Code.CANNOT_SAY
    ]
    assert refusals == [
        'the service "api" cannot take the file "table" of "load": Kubeflow brings files to the tasks of a run only'
    ]
    nodes[2] = api._replace(values=(TAKEN[0], values[-1]))
    spec = spec_of(wanted._replace(nodes=tuple(nodes)))
    assert words_behind(spec, "api", "--value") == ["AUTOML_INPUT_ROWS={{$.inputs.parameters['load_rows']}}"]
    assert words_behind(spec, "api", "--plain") == [
        "AUTOML_FROM_RUN_NAME={{$.inputs.parameters['run_name']}}"
    ]


def test_metrics_are_text_to_hand_on_and_numbers_to_show() -> None:
    outputs = (Output("Scores", Type.METRICS, None, SPAN), Output("scores_text", Type.TEXT, None, SPAN))
    source = OutputOf("load", "Scores", Type.METRICS)
    nodes: list[Node] = [
        job("load", outputs=outputs, **PROJECT),
        barrier("stage/a", "load"),
        job("image", "stage/a", outputs=outputs),
        job("train", "stage/a", values=(Reference("AUTOML_INPUT_S", source),), **PROJECT),
        barrier("stage/b", "image", "train"),
    ]
    spec = spec_of(workflow(nodes)._replace(code=CODE))
    made = spec["components"]["comp-load"]["outputDefinitions"]
    assert made["artifacts"]["scores"]["artifactType"]["schemaTitle"] == "system.Metrics"
    assert made["parameters"].keys() == {"scores_text_text", "scores_text"}
    assert words_behind(spec, "load", "--plain") == ["AUTOML_EXECUTOR_INPUT={{$}}"]
    assert "Scores={{$.outputs.parameters['scores_text_text'].output_file}}" in words_behind(
        spec, "load", "--to"
    )
    selected = spec["components"]["comp-stage-a"]["dag"]["outputs"]["parameters"]["load_scores"]
    assert selected["valueFromParameter"]["outputParameterKey"] == "scores_text_text"
    of_image = spec["components"]["comp-image-outputs"]["outputDefinitions"]
    assert (of_image["parameters"].keys(), "artifacts" in of_image) == ({"scores", "scores_text"}, False)


@pytest.mark.parametrize("is_named", [False, True])
def test_an_executed_notebook_is_an_artifact_by_itself(is_named: bool) -> None:
    project = Project(None, notebook="a/report.output.ipynb")
    outputs = (Output("Notebook", Type.FILE, "own.ipynb", SPAN),) if is_named else ()
    report = job("report", outputs=outputs, **{**PROJECT, "project": project})
    spec = spec_of(workflow([report, barrier("stage/a", "report")])._replace(code=CODE))
    assert spec["components"]["comp-report"]["outputDefinitions"]["artifacts"].keys() == {"notebook"}
    path = "{{$.outputs.artifacts['notebook'].path}}"
    wanted = ("Notebook:file:own.ipynb", f"Notebook={path}")
    wanted = wanted if is_named else ("notebook:file:a/report.output.ipynb", f"notebook={path}")
    assert words_behind(spec, "report", "--output") == [wanted[0]]
    assert words_behind(spec, "report", "--to") == [wanted[1]]

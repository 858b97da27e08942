"""Values on their way through Argo's own controller, flat and through nested DAGs: what a program is told at the end."""

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from automl.compiler.ir import Command, Node, Output, OutputOf, Reference, Text, Type, Variable, Workflow
from automl.compiler.target import Options
from automl.runtime.outputs import LIMIT, encode
from automl.targets.argo import Argo
from automl.targets.argo.checks import run_bytes
from automl.targets.argo.overflow import sizes_of
from automl.targets.dag import nesting
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.objects.json import canonical
from tests.by_hand import PROJECT, SPAN, barrier, job
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_judge import check, submitted
from tests.conformance.argo_pods import command_of
from tests.conformance.argo_runs import Ending, Run, play
from tests.conformance.test_argo_controller import stored_bytes
from tests.conformance.workflows import Object
from tests.targets.test_argo_data import written

HOSTILE = {
    "tag": "{{workflow.name}} {{tasks.load.outputs.parameters.tag}} {{inputs.parameters.load_tag}}",
    "expression": "{{=1+1}}",
    "half": "}} {{",
    "variable": "$(HOME) $(AUTOML_INPUT_TAG)",
    "dollars": "$$ $ $é",
    "percent": "100% %41 %zz",
    "quotes": "'\"`\\",
    "lines": "one\ntwo\r\n\tthree\n",
    "control": "\x01\x7f\x1b",
    "wide": "é € \u2028 \U0001f600 \U0001fae0 \U00010000 \U0010ffff",
    "json": '{"a": [1e-4, null, "<&>"]}',
    "empty": "",
    "blanks": "  a  ",
    "long": "é" * (LIMIT // 2),
}


OUTPUTS = tuple(Output(name, Type.TEXT, None, SPAN) for name in HOSTILE)
VALUES = tuple(Reference(f"AUTOML_INPUT_{name}", OutputOf("load", name, Type.TEXT)) for name in HOSTILE)
LOAD, TRAIN = job("load", outputs=OUTPUTS, **PROJECT), job("train", "load", values=VALUES, **PROJECT)
NESTED: Sequence[Node] = [
    LOAD,
    job("other"),
    barrier("stage/a", "load", "other"),
    job("train", "stage/a", values=VALUES, **PROJECT),
    job("last", "stage/a"),
]


TEXTS = (
    "",
    " a ",
    "'\"`\\ \\n \\u0041",
    "$(HOME) $$ $(B)",
    "}} {",
    "one\n\ttwo\n",
    "~ & <> % é",
    "\r\x1b",
    "{{x}}",
    "1e3",
)
ALIKE = [
    job(
        f"step-{number}",
        "load",
        values=VALUES[:2],
        project=PROJECT["project"],
        command=Command(None, (Text.of("train.sh", SPAN), Text.of(text, SPAN))),
        variables=(Variable("A", Text.of(f"{number}{text}", SPAN)),),
        retries=number % 2,
    )
    for number, text in enumerate(TEXTS)
]


def manifest_of(wanted: Workflow, most: int = nesting.MAX_ITEMS, most_bytes: int = MAX_WORKFLOW_BYTES) -> str:
    """The manifest, nested if there are more tasks than that, with templates that tasks share if it is larger."""
    nested = patch.object(nesting, "MAX_ITEMS", most)
    with nested, patch("automl.targets.argo.MAX_WORKFLOW_BYTES", most_bytes):
        [artifact] = Argo().emit(wanted, Options("3.7", "workflow")).artifacts
    return artifact.text


def leaves_them(run: Run, pod: Object) -> Ending:
    """The start script of the first task leaves each value as it writes it."""
    return Ending(0, {name: encode(value) for name, value in HOSTILE.items()})


@pytest.mark.parametrize(("nodes", "most"), [([LOAD, TRAIN], 200), (NESTED, 2)], ids=["flat", "nested"])
def test_a_value_arrives_as_it_was_left(
    nodes: Sequence[Node], most: int, argo: Controller, tmp_path: Path
) -> None:
    """It fails if a value travels as it is: the tag, the expression and the dollars are others, and no pod is made."""
    wanted = written(nodes)
    case = submitted(argo, manifest_of(wanted, most), wanted, tmp_path, leaves_them)
    play(argo, [case.run])
    check(case)
    [pod] = [begun.pod for begun in case.run.begun.values() if begun.node.endswith(".train")]
    words = command_of(case.run, pod).words
    for name, value in HOSTILE.items():
        assert f"AUTOML_INPUT_{name}={encode(value)}" in words


def bytes_of(wanted: Workflow, manifest: str) -> int:
    """What the compiler takes for the size of a run."""
    specs = [document.get("spec", {}) for document in yaml.load_all(manifest, yaml.CSafeLoader)]
    templates = [each for spec in specs for each in spec.get("templates", [])]
    return run_bytes(wanted, templates, sizes_of(map(canonical, templates)))


@pytest.mark.parametrize("most", [200, 6], ids=["flat", "nested"])
def test_tasks_that_share_a_template_run_what_is_theirs(most: int, argo: Controller, tmp_path: Path) -> None:
    """It fails if a text that Argo changes is a parameter: an escape sequence ends the run."""
    wanted = written([LOAD, barrier("stage/a", "load"), *ALIKE])
    manifest = manifest_of(wanted, most, most_bytes=0)
    assert manifest.count("template: steps") > len(TEXTS) // 2
    case = submitted(argo, manifest, wanted, tmp_path, leaves_them)
    play(argo, [case.run])
    check(case)
    assert stored_bytes(case.run.workflow()) < bytes_of(wanted, manifest)
    steps = {begun.pod["metadata"]["labels"]["automl.dev/step"] for begun in case.run.begun.values()}
    assert steps == {"load", *(task.name for task in ALIKE)}
    for begun in case.run.begun.values():
        if not begun.node.endswith(".load"):
            assert f"AUTOML_INPUT_tag={encode(HOSTILE['tag'])}" in command_of(case.run, begun.pod).words

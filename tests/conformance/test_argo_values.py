"""Values on their way through Argo's own controller, flat and through nested DAGs: what a program is told at the end."""

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from automl.compiler.ir import Node, Output, OutputOf, Reference, Type, Workflow
from automl.compiler.target import Options
from automl.runtime.outputs import LIMIT, encode
from automl.targets.argo import Argo
from automl.targets.dag import nesting
from tests.by_hand import SPAN, barrier, job
from tests.conformance.argo_controller import Controller
from tests.conformance.argo_judge import check, submitted
from tests.conformance.argo_pods import command_of
from tests.conformance.argo_runs import Ending, Run, play
from tests.conformance.workflows import Object
from tests.targets.test_argo_data import PROJECT, written

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


def manifest_of(wanted: Workflow, most: int = nesting.MAX_ITEMS) -> str:
    """The manifest, nested if there are more tasks than that."""
    with patch.object(nesting, "MAX_ITEMS", most):
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

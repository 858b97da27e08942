"""Workflows that no config makes yet, put together by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from automl.compiler.ir import (
    Barrier,
    Bundle,
    BundledFile,
    Command,
    Edge,
    Job,
    Node,
    On,
    Output,
    Placement,
    Project,
    Resources,
    Text,
    Type,
    Workflow,
)
from automl.compiler.source import Source
from automl.compiler.values.units import parse_cpu, parse_memory

SPAN = Source("config.yaml", "name: by-hand\n").span_at(0)
_JOB = Job(
    name="job",
    stage="stage",
    step="job",
    after=(),
    image="busybox:1.37",
    command=Command((Text.of("true", SPAN),), ()),
    project=None,
    variables=(),
    secrets=(),
    pull_secrets=(),
    placement=Placement(),
    resources=Resources(parse_cpu("1"), parse_memory("100")),
    polling_seconds=None,
    initial_delay_seconds=None,
    labels={},
    annotations={},
    span=SPAN,
    spans={},
    retries=0,
    deadline=None,
)

PROJECT: Mapping[str, Any] = {
    "project": Project(None),
    "command": Command(None, (Text.of("train.sh", SPAN),)),
}
"""What makes a job one of the project's."""
CODE = Bundle((BundledFile("train.sh", b"", False),), SPAN)


def job(name: str, *after: str | Edge, **more: Any) -> Job:
    """A job that comes after others."""
    return _JOB._replace(name=name, step=name, after=edges(*after), **more)


def output(name: str, type: Type, path: str | None = None) -> Output:
    """What a job leaves."""
    return Output(name, type, path, SPAN)


def barrier(name: str, *after: str | Edge) -> Barrier:
    """A barrier that comes after others."""
    return Barrier(name, edges(*after), SPAN)


def edges(*after: str | Edge) -> tuple[Edge, ...]:
    """Edges, of which a name alone is one to what succeeds."""
    return tuple(each if isinstance(each, Edge) else Edge(each) for each in after)


def workflow(nodes: Sequence[Node]) -> Workflow:
    """A workflow with these nodes and nothing else."""
    return Workflow(
        name="by-hand",
        namespace=None,
        version=None,
        description=None,
        labels={},
        annotations={},
        schedule=None,
        code=None,
        nodes=tuple(nodes),
        origin="config.yaml",
        span=SPAN,
        spans={},
    )


@st.composite
def graphs(draw: st.DrawFn, conditions: Sequence[On] = (On.SUCCEEDED,), most: int = 12) -> list[Node]:
    """Tasks and barriers in an order that their edges keep."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, most))):
        names = (
            draw(st.lists(st.sampled_from(nodes), max_size=4, unique_by=lambda node: node.name))
            if nodes
            else []
        )
        after = [
            Edge(
                node.name,
                draw(
                    st.sampled_from([on for on in conditions if on is not On.FAILED or isinstance(node, Job)])
                ),
            )
            for node in names
        ]
        is_barrier = after and draw(st.integers(0, 2)) == 0
        nodes.append(barrier(f"stage/{number}", *after) if is_barrier else job(f"job-{number}", *after))
    return nodes

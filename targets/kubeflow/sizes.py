"""How large a pipeline gets as the Workflow of Argo that runs it: what is too large ends in the middle of a run.

Argo keeps spec and status of a Workflow in one object, which may have 1 MiB as JSON. If it gets larger, the nodes of
the status are compressed, and it is measured again (argo-workflows 3.7, workflow/packer/packer.go). Kubeflow sets no
other limit and has Argo keep no nodes elsewhere.
"""

import zlib

from automl.compiler.records import NamedTuple
from automl.targets.dag.limits import MAX_WORKFLOW_BYTES
from automl.targets.kubeflow.in_argo import Run
from automl.targets.kubeflow.nodes import Nodes
from automl.targets.kubeflow.parts import Parts
from automl.targets.kubeflow.pipeline import Pipeline
from automl.targets.objects.json import size_in_go

_FIXED = 8_500  # the templates of every Workflow, its metadata, and what the status has beside the nodes
_QUICK, _AS_ARGO = 1, 6  # levels to pack at; the lists of a loop, packed quickly, would mostly be too large
_PGZIP = 1.2  # what Argo packs with finds less than zlib
_DIFFERS = 35  # of a node, where all that is here is the same: times and durations
_GROWS = 10  # a run without loops is at its end never so many times as large as at its start
_SAMPLED = 150  # runs of a loop that are written down; the others are as large


class Sizes(NamedTuple):
    """Of the Workflow, in bytes as JSON: before it starts, and as Argo keeps it once every step has run."""

    start: int
    end: int


def sizes_of(pipeline: Pipeline, parts: Parts, below: int = 0) -> Sizes:
    """The sizes that a pipeline comes to. What is too large to be started is not looked at any further, nor is what surely
    ends `below` a size: the end is then the most that it may be.

    Argo writes the nodes in the order of their ids, which are hashes: what several steps have in common may be far
    apart, and what is packed looks back no further than 32 KiB. Other hashes than those of the run serve as well.
    """
    run = Run(pipeline, parts)
    start = _FIXED + run.bytes_of_templates() + run.bytes_of_arguments() + run.bytes_of_tasks()
    if start > MAX_WORKFLOW_BYTES:
        return Sizes(start, start)
    if _GROWS * start < below and not run.has_loops:
        return Sizes(start, _GROWS * start)
    for level in (_AS_ARGO,) if run.has_loops else (_QUICK, _AS_ARGO):
        end = start + _bytes_of_status(run, level, MAX_WORKFLOW_BYTES - start)
        if end < below:
            break
    return Sizes(start, end)


def _bytes_of_status(run: Run, level: int, limit: int) -> int:
    """Packed if it is larger than the limit."""
    nodes = Nodes(run, _SAMPLED)
    status = _Status.of(nodes, level)
    if nodes.left_out:
        status = status.with_more(nodes.left_out, _Status.of(Nodes(run, _SAMPLED // 2), level))
    return status.pods + (status.plain if status.pods + status.plain <= limit else status.packed)


class _Status(NamedTuple):
    """How many nodes there are, and their bytes: as they are, packed, and of the marks of those that are pods."""

    nodes: int
    plain: int
    packed: int
    pods: int

    @staticmethod
    def of(nodes: Nodes, level: int) -> "_Status":
        """Of all nodes that are written down."""
        written = sorted(nodes.all())
        by_id = [f'"{node.id}":{node.text}' for node in written]
        text = f"{{{','.join(by_id)}}}".encode()
        pods = size_in_go({node.id: True for node in written if node.is_pod})
        packed = len(zlib.compress(text, level)) * _PGZIP + _DIFFERS * len(written)
        return _Status(len(written), len(text), int(packed * 4 / 3), pods)

    def with_more(self, nodes: int, fewer: "_Status") -> "_Status":
        """With so many more nodes of loops, each as large as what this has more than one with fewer of them."""
        added = [(one - other) / (self.nodes - fewer.nodes) for one, other in zip(self, fewer, strict=True)]
        return _Status(*(int(one + nodes * more) for one, more in zip(self, added, strict=True)))

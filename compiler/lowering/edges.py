"""The graph of a workflow: its tasks by their names, each with what it comes after, and the ends of its stages."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from automl.compiler.config.config import Config, StageConfig
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.graph import circle, in_order
from automl.compiler.ir import Barrier, Edge, Node, Task
from automl.compiler.lowering.needs import Needs
from automl.compiler.lowering.steps import StepAt, Steps, free
from automl.compiler.source import Span
from automl.compiler.values.dns import dns_label

Lowered = Callable[[StepAt, tuple[Edge, ...]], Task]
Taken = Mapping[str, Mapping[str, Span]]
"""By the name of a task: those whose outputs it takes, and where it says so."""


class Graph:
    """What the steps of a config come after: the stage before, unless they say otherwise, and what they take."""

    def __init__(self, config: Config, steps: Steps, taken: Taken) -> None:
        self._config, self._steps, self._taken = config, steps, taken
        self._parts = _parts_of(config)
        ends = {label: [barrier for barrier, _ in parts] for label, parts in self._parts.items()}
        self._needs = Needs(steps, ends)
        self.diagnostics = self._needs.diagnostics

    def nodes(self, lowered: Lowered) -> list[Node]:
        """The tasks of each stage and its end, each after those that it comes after; none if that cannot be."""
        nodes = list(self._nodes(lowered))
        if not self._taken and not self._needs.are_written:
            return nodes
        stuck = circle(nodes)
        if stuck:
            self.diagnostics.append(self._circle(stuck))
        return [] if self.diagnostics else in_order(nodes)

    def _nodes(self, lowered: Lowered) -> Iterator[Node]:
        frontier: tuple[Edge, ...] = ()
        for stage in self._config.stages:
            needs = self._needs.of_stage(stage)
            before = frontier if needs is None else needs
            for barrier, steps in self._parts[stage.name.label]:
                tasks = [lowered(at, self._after(at, before)) for at in self._at(stage, steps)]
                end = Edge(barrier)
                yield from tasks
                yield Barrier(barrier, tuple(Edge(task.name) for task in tasks), stage.name.span)
                # What comes next waits for all that is before it, also where no step here has waited for it.
                before = (end,) if any(step.needs is None for step in steps) else (*before, end)
            ends = tuple(Edge(barrier) for barrier, _ in self._parts[stage.name.label])
            frontier = before if needs is None else tuple(dict.fromkeys((*frontier, *ends)))

    def _at(self, stage: StageConfig, steps: Sequence[StepConfig]) -> list[StepAt]:
        return [self._steps.at(stage, step) for step in steps]

    def _after(self, at: StepAt, before: tuple[Edge, ...]) -> tuple[Edge, ...]:
        needs = self._needs.of_step(at)
        edges = before if needs is None else needs
        taken = self._taken.get(at.task)
        return tuple(dict.fromkeys((*edges, *map(Edge, taken)))) if taken else edges

    def _circle(self, stuck: Sequence[Node]) -> Diagnostic:
        """Each of these comes after the next, and the last after the first."""
        links: list[tuple[Node, Span]] = []
        for node, other in zip(stuck, [*stuck[1:], stuck[0]], strict=True):
            place = self._needs.places.get((node.name, other.name)) or self._taken.get(node.name, {}).get(
                other.name
            )
            if place:
                links.append((node, place))
        stages = [self._comes_before(node) for node in stuck if isinstance(node, Barrier)]
        if len(links) == 1:
            return _too_early(stuck, *links[0], stages)
        (first, place), *others = links
        names = [f'"{node.step}"' for node in stuck if not isinstance(node, Barrier)]
        message = (
            f"{' and '.join(names)} wait for each other" if len(names) > 1 else f"{names[0]} waits for itself"
        )
        related = [Related(f'"{_step(node)}" waits here', span) for node, span in others]
        help = f'let "{_step(first)}" wait for something else, or say by `needs` what comes before the other'
        return Diagnostic(Code.CIRCLE, message, place, help, (*related, *stages))

    def _comes_before(self, barrier: Barrier) -> Related:
        """What the end of a stage, or of its jobs, says of the order."""
        are_jobs = any(len(parts) > 1 and parts[0][0] == barrier.name for parts in self._parts.values())
        what = (
            "the jobs of this stage come before its services"
            if are_jobs
            else "all of this stage comes before the next one"
        )
        return Related(what, barrier.span)


def _too_early(stuck: Sequence[Node], first: Node, place: Span, stages: Sequence[Related]) -> Diagnostic:
    """One that waits for what comes after it, by the order of the stages alone."""
    at = stuck.index(first)
    behind = [*stuck[at + 1 :], *stuck[:at]]
    later = next(node for node in behind if not isinstance(node, Barrier))
    other = f'the stage "{later.titles.stage}"' if isinstance(behind[0], Barrier) else f'"{later.step}"'
    message = f'"{_step(first)}" waits for {other}, which comes after it'
    help = f'let "{_step(first)}" come later, or say by `needs` of "{later.step}" what comes before that: `[]` is nothing'
    return Diagnostic(Code.CIRCLE, message, place, help, tuple(stages))


def _step(node: Node) -> str:
    return node.name if isinstance(node, Barrier) else node.step


def _parts_of(config: Config) -> dict[str, list[tuple[str, Sequence[StepConfig]]]]:
    """The jobs of each stage and its services, which start when the jobs have succeeded, with the names of their ends."""
    taken = {stage.name.label for stage in config.stages}
    return {
        stage.name.label: [(f"stage/{name}", steps) for name, steps in _parts(stage, taken)]
        for stage in config.stages
    }


def _parts(stage: StageConfig, taken: set[str]) -> Iterator[tuple[str, Sequence[StepConfig]]]:
    label = stage.name.label
    jobs = [step for step in stage.steps if not step.service]
    services = [step for step in stage.steps if step.service]
    if jobs:
        yield label, jobs
    if services:
        yield free(dns_label(f"{label}-services"), taken) if jobs else label, services

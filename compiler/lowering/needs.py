"""What `needs` say: steps and stages by their names, and the edges that these mean."""

from collections.abc import Mapping, Sequence

from automl.compiler.config.config import StageConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Edge
from automl.compiler.lowering.steps import StepAt, Steps
from automl.compiler.source import Located, Span
from automl.compiler.values.dns import dns_label


class Needs:
    """The `needs` of steps and stages. `ends` are the names of the barriers of each stage."""

    def __init__(self, steps: Steps, ends: Mapping[str, Sequence[str]]) -> None:
        self._steps, self._ends = steps, ends
        self.diagnostics: list[Diagnostic] = []
        self.places: dict[tuple[str, str], Span] = {}  # of a task and of what it waits for
        self.are_written = any(at.step.needs is not None or at.stage.needs is not None for at in steps.all)

    def of_step(self, at: StepAt) -> tuple[Edge, ...] | None:
        """What a step comes after instead of the stage before; None if it does not say."""
        if at.step.needs is None:
            return None
        return tuple(self._edges(at.step.needs, [at]))

    def of_stage(self, stage: StageConfig) -> tuple[Edge, ...] | None:
        """The same for all steps of a stage that do not say it themselves."""
        if stage.needs is None:
            return None
        own = [at for at in self._steps.all if at.stage is stage]
        return tuple(self._edges(stage.needs, own))

    def _edges(self, words: Sequence[Located[str]], own: Sequence[StepAt]) -> list[Edge]:
        """Edges to what the words name; `own` are the steps that say them."""
        edges: dict[Edge, None] = {}
        for word in words:
            for name in self._nodes(word, own):
                edges[Edge(name)] = None
                for at in own:
                    self.places.setdefault((at.task, name), word.span)
        return list(edges)

    def _nodes(self, word: Located[str], own: Sequence[StepAt]) -> Sequence[str]:
        stage = word.value.removesuffix("/*")
        if not word.value.endswith("/*") and (steps := self._steps.called(word.value)):
            return self._only(word, steps, own)
        ends = self._ends.get(dns_label(stage)) if "/" not in stage else None
        if ends is None:
            self._unknown(word)
            return ()
        if any(at.stage.name.label == dns_label(stage) for at in own):
            self._itself(word, f'the stage "{stage}", of which it is a part')
            return ()
        return ends

    def _only(self, word: Located[str], steps: Sequence[StepAt], own: Sequence[StepAt]) -> Sequence[str]:
        if len(steps) > 1:
            several(self.diagnostics, word.value, word.span, steps)
            return ()
        [step] = steps
        if step in own:
            self._itself(
                word, "itself" if len(own) == 1 else f'"{word.value}", which is one of its own steps'
            )
            return ()
        return [step.task]

    def _itself(self, word: Located[str], what: str) -> None:
        help = "leave it out: the steps that it says nothing of come after the stage before"
        self.diagnostics.append(Diagnostic(Code.CIRCLE, f"it cannot wait for {what}", word.span, help))

    def _unknown(self, word: Located[str]) -> None:
        nearest = self._steps.nearest(word.value.removesuffix("/*"))
        help = f'did you mean "{nearest}"?' if nearest else "write the name of a step or of a stage"
        message = f'there is no step and no stage "{word.value}"'
        self.diagnostics.append(Diagnostic(Code.UNKNOWN_STEP, message, word.span, help))


def several(
    diagnostics: list[Diagnostic], name: str, span: Span, steps: Sequence[StepAt], form: str = '"{}"'
) -> None:
    """Say that a name is that of several steps, and in what form it can be told which."""
    ways = " or ".join(form.format(f"{at.stage.name.written}/{at.step.name.written}") for at in steps[:3])
    related = tuple(Related("one of them", at.step.name.span) for at in steps[:3])
    message = f'several stages have a step "{name}"'
    diagnostics.append(Diagnostic(Code.UNKNOWN_STEP, message, span, f"write {ways}", related))

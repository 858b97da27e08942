"""The steps of a config by the names by which others call them, and the names of their tasks."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from automl.compiler.config.config import Config, StageConfig
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean
from automl.compiler.values.dns import dns_label


class StepAt(NamedTuple):
    """A step with its stage, and the name of its task."""

    stage: StageConfig
    step: StepConfig
    task: str


class Steps:
    """All steps of a config. A name means what its DNS label means, and `stage/step` says which of several."""

    def __init__(self, config: Config) -> None:
        self.renamed: list[Diagnostic] = []
        self.stages = {stage.name.label: stage for stage in config.stages}
        self.all = [StepAt(*step, task) for step, task in _with_tasks(config, self.renamed)]
        self._at = {(at.stage.name.label, at.step.name.label): at for at in self.all}
        self._by_name: dict[str, list[StepAt]] = defaultdict(list)
        for at in self.all:
            self._by_name[at.step.name.label].append(at)

    def at(self, stage: StageConfig, step: StepConfig) -> StepAt:
        """A step of the config."""
        return self._at[stage.name.label, step.name.label]

    def called(self, name: str) -> Sequence[StepAt]:
        """The steps of that name: `stage/step`, or a bare one, which several may have."""
        stage, slash, step = name.rpartition("/")
        if slash:
            at = self._at.get((dns_label(stage), dns_label(step)))
            return [at] if at else []
        return self._by_name.get(dns_label(name), [])

    def nearest(self, name: str) -> str | None:
        """The step or the stage that a name is probably a slip of."""
        stages = [stage.name.written for stage in self.stages.values()]
        return did_you_mean(name, [*self._names(name), *stages])

    def nearest_step(self, name: str) -> str | None:
        """The step that is probably meant, also one of a stage that has no other, and one that stands in another stage."""
        stage = self.stages.get(dns_label(name))
        if stage and len(stage.steps) == 1:
            return stage.steps[0].name.written
        elsewhere = self.called(name.rpartition("/")[2]) if "/" in name else ()
        if len(elsewhere) == 1:
            return elsewhere[0].step.name.written
        return did_you_mean(name, self._names(name))

    def _names(self, name: str) -> list[str]:
        names = [at.step.name.written for at in self.all]
        whole = [f"{at.stage.name.written}/{at.step.name.written}" for at in self.all] if "/" in name else []
        return [*names, *whole]


def _with_tasks(
    config: Config, diagnostics: list[Diagnostic]
) -> list[tuple[tuple[StageConfig, StepConfig], str]]:
    """Each step with the name of its task: its own, with the stage before it where two stages share it."""
    counts = Counter(step.name.label for step in config.steps)
    taken = {label for label, count in counts.items() if count == 1}
    named = []
    for stage in config.stages:
        for step in stage.steps:
            label = step.name.label
            if counts[label] > 1:
                label = free(dns_label(f"{stage.name.written}-{step.name.written}"), taken)
                message = f'several stages have a step "{step.name.written}"; this one becomes "{label}"'
                diagnostics.append(Diagnostic(Code.CHANGED_NAME, message, step.name.span))
            taken.add(label)
            named.append(((stage, step), label))
    return named


def free(label: str, taken: set[str]) -> str:
    """The label, with a number behind it if it is taken."""
    number = 2
    candidate = label
    while candidate in taken:
        candidate = dns_label(f"{label}-{number}")
        number += 1
    return candidate

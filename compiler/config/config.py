"""The config as typed values that know their places: what was written, or the default of what was not."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from automl.compiler.config.binding import bind, name_of
from automl.compiler.config.code import CodeConfig
from automl.compiler.config.contexts import Context
from automl.compiler.config.data import ArtifactsConfig
from automl.compiler.config.kinds import GIVEN
from automl.compiler.config.located import Name
from automl.compiler.config.spans import spans_of
from automl.compiler.config.step import StepConfig
from automl.compiler.config.tracking import Trackers
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Parameter, Schedule, Volume, Workspace
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Pair, Span, Spans
from automl.compiler.tree.contexts import CONTEXTS
from automl.compiler.tree.nodes import Entry, Mapping, Sequence
from automl.compiler.values.units import Duration


class StageConfig(NamedTuple):
    """A stage and its steps."""

    name: Annotated[Name, GIVEN]
    steps: Annotated[tuple[StepConfig, ...], GIVEN]
    needs: tuple[Located[str], ...] | None


class Config(NamedTuple):
    """A whole config. `spans` has the places of the keys around the steps: `schedule.timezone`, `stage[train].needs`."""

    version: Located[str] | None
    name: Located[str] | None
    namespace: Located[str] | None
    description: Located[str] | None
    labels: tuple[Pair, ...]
    annotations: tuple[Pair, ...]
    schedule: Schedule | None
    code: CodeConfig | None
    workspace: Workspace | None
    artifacts: ArtifactsConfig | None
    volumes: tuple[Volume, ...]
    contexts: tuple[Context, ...]
    tracking: Trackers | None
    max_parallel: Annotated[int | None, "limits.max_parallel"]
    max_tasks: Annotated[int, "limits.max_tasks"]
    timeout: Annotated[Duration | None, "limits.timeout"]
    service_account: Located[str] | None
    image_registry: Located[str] | None
    targets: Mapping | None
    priority: str
    stages: Annotated[tuple[StageConfig, ...], GIVEN]
    span: Annotated[Span, GIVEN]
    spans: Annotated[Spans, GIVEN]
    params: Annotated[
        tuple[Parameter, ...], GIVEN
    ] = ()  # those that have a value, with what was given for them

    @property
    def steps(self) -> Iterator[StepConfig]:
        """The steps of all stages."""
        return chain.from_iterable(stage.steps for stage in self.stages)


def build_config(root: Mapping) -> tuple[Config, list[Diagnostic]]:
    """The typed config of a tree that fits the schema and is in its long forms.

    With it come the values that cannot be read, for instance a memory of `1Gib`.
    """
    diagnostics: list[Diagnostic] = []
    stages, defaults = root.entries["stages"], root.get("defaults")
    assert isinstance(stages.value, Mapping), "the schema asks for keys and values here"
    inherited = defaults if isinstance(defaults, Mapping) else Mapping(root.span)
    config = bind(
        Config,
        root,
        "",
        diagnostics,
        stages=tuple(_stage(stage, inherited, diagnostics) for stage in stages.value),
        span=stages.key.span,
        spans=dict(_spans(root, stages.value)),
    )
    return config, diagnostics


def _spans(root: Mapping, stages: Mapping) -> Iterator[tuple[str, Span]]:
    of_engines = {name: entry for name, entry in root.entries.items() if name != CONTEXTS}
    yield from spans_of(Mapping(root.span, of_engines)).items()
    for name, stage in stages.entries.items():
        assert isinstance(stage.value, Mapping), "the long form of a stage has keys"
        for key, entry in stage.value.entries.items():
            if key != "steps" and not key.startswith("x-"):
                yield f"stage[{name}].{key}", entry.key.span


def _stage(stage: Entry, inherited: Mapping, diagnostics: list[Diagnostic]) -> StageConfig:
    assert isinstance(stage.value, Mapping), "the long form of a stage has keys"
    items = stage.value.get("steps")
    assert isinstance(items, Sequence), "the long form of a stage has its steps there"
    steps = tuple(_step(step, inherited, diagnostics) for step in items.items)
    return bind(StageConfig, stage.value, "stage", diagnostics, name=name_of(stage.key), steps=steps)


def _step(step: object, inherited: Mapping, diagnostics: list[Diagnostic]) -> StepConfig:
    assert isinstance(step, Mapping), "the schema asks for keys and values here"
    keys = inherited.entries
    own = frozenset(
        [name for name, entry in step.entries.items() if name not in keys or entry.key is not keys[name].key]
    )
    config = bind(StepConfig, step, "step", diagnostics, spans=spans_of(step, "step"), own=own)
    return config._replace(sweep=None, cross_validation=None) if config.service else config  # it runs once

"""The variables by which the trackers' own clients find server, project, run and credentials.

What each client reads, and where its makers say so, stands in docs/tracking.md. What a step says itself wins.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from automl.compiler.config.tracking import Tracker, Trackers
from automl.compiler.ir import OfRun, Reference, Secret, Text, Trials, Variable
from automl.compiler.lowering.steps import StepAt

_Parts = tuple[str | Reference, ...]
_RUN = Reference("AUTOML_RUN_TAG", OfRun.TAG)
_TRIAL = Reference("AUTOML_TRIAL", OfRun.TRIAL)
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mlflow": ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"),
        "wandb": ("WANDB_API_KEY",),
        "neptune": ("NEPTUNE_API_TOKEN",),
    }
)
"""What is taken of a Secret of which no keys are named: they are called like their variables."""


class Tracking:
    """What the steps of a workflow are given of its trackers."""

    def __init__(self, trackers: Trackers | None, workflow: str) -> None:
        self._trackers = trackers or Trackers(None, None, None)
        self._is_used = bool(self._trackers.all)
        self._workflow = workflow

    def variables(self, at: StepAt, trials: Trials | None) -> Iterator[Variable]:
        """What a step is told of server, project and run."""
        if not self._is_used:
            return
        named, span = _named_by(at), at.step.name.span
        for name, parts in self._all(at, trials):
            if name not in named:
                yield Variable(name, Text(_joined(parts), span))

    def secrets(self, at: StepAt) -> Iterator[Secret]:
        """The credentials that a step is given."""
        if not self._is_used:
            return
        named = _named_by(at)
        for name, tracker in self._trackers._asdict().items():
            if tracker and tracker.secret:
                keys = tracker.secret.keys or tuple((key, key) for key in _KEYS[name])
                if wanted := tuple((key, variable) for key, variable in keys if variable not in named):
                    yield tracker.secret._replace(keys=wanted)

    def _all(self, at: StepAt, trials: Trials | None) -> Iterator[tuple[str, _Parts]]:
        name: _Parts = (at.task, "/", _TRIAL) if trials else (at.task,)
        if self._trackers.mlflow:
            yield from self._of_mlflow(self._trackers.mlflow, at, name)
        if self._trackers.wandb:
            yield from self._of_wandb(self._trackers.wandb, at, name)
        if self._trackers.neptune:
            yield "NEPTUNE_PROJECT", (self._trackers.neptune.project.value,)

    def _of_mlflow(self, tracker: Tracker, at: StepAt, name: _Parts) -> Iterator[tuple[str, _Parts]]:
        tags: dict[str, _Parts] = {
            "mlflow.runName": name,
            "automl.workflow": (self._workflow,),
            "automl.stage": (at.stage.name.label,),
            "automl.step": (at.step.name.label,),
            **({"automl.trial": name[2:]} if len(name) > 1 else {}),
            "automl.run": (_RUN,),
        }
        if tracker.uri:
            yield "MLFLOW_TRACKING_URI", (tracker.uri.value,)
        yield "MLFLOW_EXPERIMENT_NAME", (self._project(tracker),)
        yield "MLFLOW_RUN_CONTEXT", _json(tags)

    def _of_wandb(self, tracker: Tracker, at: StepAt, name: _Parts) -> Iterator[tuple[str, _Parts]]:
        entity, _, project = self._project(tracker).rpartition("/")
        if tracker.uri:
            yield "WANDB_BASE_URL", (tracker.uri.value,)
        if entity:
            yield "WANDB_ENTITY", (entity,)
        yield "WANDB_PROJECT", (project,)
        yield "WANDB_RUN_GROUP", (_RUN,)
        yield "WANDB_JOB_TYPE", (at.task,)
        yield "WANDB_NAME", name
        yield "WANDB_TAGS", (",".join(dict.fromkeys((self._workflow, at.stage.name.label))),)

    def _project(self, tracker: Tracker) -> str:
        return tracker.project.value if tracker.project else self._workflow


def _named_by(at: StepAt) -> set[str]:
    """The variables that a step says itself."""
    keys = (variable for secret in at.step.secrets for _, variable in secret.keys or ())
    return {*(pair.key.value for pair in at.step.envs), *keys}


def _json(texts: Mapping[str, _Parts]) -> _Parts:
    """A JSON object of texts. What references stand for has nothing in it that JSON would escape."""
    parts: list[str | Reference] = []
    for key, text in texts.items():
        parts += ["," if parts else "{", f'{json.dumps(key)}:"', *text, '"']
    return (*parts, "}")


def _joined(parts: _Parts) -> _Parts:
    """The same with no text beside another."""
    joined: list[str | Reference] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        else:
            joined.append(part)
    return tuple(joined)

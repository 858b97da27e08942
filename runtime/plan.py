"""The plan of a workflow, in `plan.json`: this module writes it for the coordinator, and reads it there.

Its nodes are tasks (steps and services) and barriers, each with the names of the nodes that it comes `after`. A value comes
from `{"task": …, "output": …}`, with `"file": true` it is the path of a file, or from `{"run": "id"}`, or `"name"`; or
`"tag"`, which is the name for trackers, and `"trial"`, that of the run of a trial. In the text, what has its default is left out. It runs on Python 3.8 and newer, with the standard library alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from automl.runtime.trials import Trials


@dataclass(frozen=True)
class Step:
    """A task that is over when its Job is; the Job is made of a template, a suspended CronJob."""

    name: str
    hash: str  # of all that it runs, and of all that ran before it
    template: str
    after: tuple[str, ...] = ()
    poll: float | None = None  # seconds between two looks at it
    first_look: float | None = None  # seconds from its start
    values: dict[str, dict[str, Any]] = field(default_factory=dict)  # variables, and where each comes from
    outputs: tuple[str, ...] = ()  # the values that its pod says when it has succeeded
    types: dict[str, str] = field(default_factory=dict)  # of these, where others take them of all its trials
    trials: Trials | None = None  # it runs so often, each time with values of its own
    of: str = ""  # the step of which it is a run of a trial
    trial: str = ""
    given: dict[str, str] = field(
        default_factory=dict
    )  # to it, and to no other run: variables and their values


@dataclass(frozen=True)
class Service:
    """A task that is over when its Deployment is rolled out."""

    name: str
    hash: str
    deployment: dict[str, Any]
    after: tuple[str, ...] = ()
    deadline: float | None = None  # seconds from its start
    poll: float | None = None
    first_look: float | None = None
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Barrier:
    """A name for many tasks, for those that come after all of them."""

    name: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What the coordinator runs: of the tasks that may start, those that are named first are started first."""

    workflow: str
    tasks: tuple[Step | Service, ...]
    barriers: tuple[Barrier, ...] = ()
    repeats: bool = False  # each run of it runs everything, and leaves earlier runs alone
    workspace: str = ""  # where files are: `<workspace>/runs/<Job of the step>/<output>`
    limit: int | None = None  # so many tasks run at a time
    store: str = ""  # or where else they are: `<store>/<uid of that Job>/<step>/<output>`
    timeout: float | None = None  # seconds from the creation of its Job, after which it is stopped

    def __post_init__(self) -> None:
        nodes = [*self.tasks, *self.barriers]
        counts = Counter(node.name for node in nodes)
        after = {name for node in nodes for name in node.after}
        refuse("more than one node is called", [name for name, count in counts.items() if count > 1])
        refuse("nodes come after what is not there:", after - counts.keys())

    def to_json(self) -> str:
        """The text of `plan.json`: a line for each step and each barrier, and several for the Deployment of a service."""
        keys = [f" {as_json(key)}: {listed(value)}" for key, value in written(self).items()]
        return "{\n" + ",\n".join(keys) + "\n}\n"

    @staticmethod
    def from_json(text: str) -> Plan:
        """The plan that a text holds, with a step for each run of a trial.

        ValueError names the keys that it lacks, and those that there are not.
        """
        content = checked(Plan, json.loads(text))
        tasks = [node for task in content["tasks"] for node in runs_of(task_of(task))]
        barriers = [read(Barrier, barrier) for barrier in content.get("barriers", ())]
        return read(Plan, {**content, "tasks": tasks, "barriers": barriers})


def task_of(content: dict[str, Any]) -> Step | Service:
    """A task of the plan, by its kind."""
    if "deployment" in content:
        return read(Service, content)
    step = read(Step, content)
    if not step.trials:
        return step
    from automl.runtime.trials import Trials  # it is there if a step has trials

    written: Any = step.trials
    return replace(step, trials=Trials(**written))


def runs_of(task: Step | Service) -> Iterator[Step | Service]:
    """The runs of the trials of a step, and behind them the step itself, which is over when they are; or what runs once."""
    if isinstance(task, Service) or task.trials is None:
        yield task
        return
    names = []
    for name, trial, given in task.trials.runs():
        names.append(f"{task.name}/{name}")
        yield replace(task, name=names[-1], trials=None, of=task.name, trial=trial, given=dict(given))
    yield Step(task.name, task.hash, "", tuple(names), types=task.types, trials=task.trials)


Node = TypeVar("Node", bound="Step | Service | Barrier | Plan")


def written(node: Node) -> dict[str, Any]:
    """The fields of a node, but for those that have their default."""
    values = [(field, getattr(node, field.name)) for field in fields(node)]
    return {field.name: value for field, value in values if value != default_of(field)}


def as_json(value: Any) -> str:
    """A value as JSON; a service has lines of its own."""
    indent = 1 if isinstance(value, Service) else None
    return json.dumps(value, default=written, indent=indent, ensure_ascii=False).replace("\n", "\n  ")


def listed(value: Any) -> str:
    """A value of the plan as JSON; nodes begin lines."""
    if not isinstance(value, tuple):
        return as_json(value)
    return "[\n" + ",\n".join(f"  {as_json(node)}" for node in value) + "\n ]"


def default_of(field: Field[Any]) -> Any:
    """What a field has if nothing is said; MISSING if something must be."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def read(kind: type[Node], content: dict[str, Any]) -> Node:
    """The node with these fields."""
    values = checked(kind, content).items()
    of_node: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values
    }
    return kind(**of_node)


def checked(kind: type[Node], content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a node; ValueError if it has others, or lacks one."""
    required = {field.name for field in fields(kind) if default_of(field) is MISSING}
    subject = " ".join([kind.__name__.lower(), *filter(None, [content.get("name")])])
    refuse(f"{subject} has unknown keys:", content.keys() - {field.name for field in fields(kind)})
    refuse(f"{subject} lacks", required - content.keys())
    return content


def refuse(what: str, names: Iterable[str]) -> None:
    """ValueError if there are such names."""
    if listed := ", ".join(sorted(names)):
        raise ValueError(f"plan.json: {what} {listed}")

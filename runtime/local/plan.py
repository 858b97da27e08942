"""The plan of a workflow for one machine, in `plan.json`: the target writes it, and a run reads it.

A text is a string, or a list of strings and of `{"value": NAME}`, for which the value of the task with that name stands.
A value comes from `{"task": …, "output": …}`, with `"file": true` it is the path of a file, or from `{"run": "id"}`, or
`"name"`, `"tag"` (the name for trackers) and `"trial"` (that of the run of a trial); of a step with trials `"param"` and
`"best"` name what its best one has and has left, `"all"` what all have left. In the file, what has its default is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from typing import Any, Union

from automl.runtime.trials import Trials

Text = Union[str, list[Union[str, dict[str, str]]]]
VERSION = 1


@dataclass(frozen=True)
class Secret:
    """A secret of the user: every key a variable, or these keys with their variables."""

    name: str
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mount:
    """A folder at a path: a disk of the user, what all tasks of the run share, a secret, or else an empty one."""

    path: str
    is_read_only: bool = False
    disk: str = ""
    is_made: bool = False  # the disk is made if it is not there
    is_shared: bool = False
    secret: str = ""


@dataclass(frozen=True)
class Service:
    """What keeps running. It is ready when the port accepts connections, or the path answers; times are in seconds."""

    port: int
    path: str | None = None
    startup: int | None = None  # until which it must be ready the first time
    deadline: int | None = None  # the same, as the rollout of a cluster has it
    min_ready: int = 0  # so long it must stay ready


@dataclass(frozen=True)
class Task:
    """What runs once, or keeps running if it is a service."""

    name: str
    stage: str
    step: str
    command: list[Text]
    after: list[str] = field(default_factory=list)
    image: str | None = None  # None: it runs on the machine itself
    pull: str = ""  # when the image is pulled, if that is said: always, missing or never
    has_entrypoint: bool = False  # the first word of the command replaces the image's own
    project: bool = False  # it runs in a copy of the project's files
    dependencies: str = ""  # a file of the project
    packages: list[str] = field(default_factory=list)
    options: list[str] = field(
        default_factory=list
    )  # of the start script: parameters, and what it has to leave
    variables: dict[str, Text] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)  # variables, and where each comes from
    outputs: dict[str, str] = field(default_factory=dict)  # their types
    secrets: list[Secret] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    retries: int = 0
    deadline: int | None = None  # seconds, after which a try is stopped
    cpu: int = 0  # millicores
    memory: int = 0  # bytes
    gpus: int = 0
    gpu_model: str = ""  # which they have to be
    shm: int = 0  # bytes of shared memory, of an image; 0 is what a container has
    most_cpu: int = 0  # millicores, of an image; 0 is no limit
    most_memory: int = 0  # bytes
    service: Service | None = None
    trials: Trials | None = None  # it runs so often, each time with values of its own
    of: str = ""  # the step of which it is a run of a trial
    trial: str = ""
    given: dict[str, str] = field(
        default_factory=dict
    )  # to it, and to no other run: variables and their values
    about: dict[str, Any] = field(default_factory=dict)  # labels and annotations


@dataclass(frozen=True)
class Barrier:
    """A name for many tasks, for those that come after all of them."""

    name: str
    after: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Git:
    """The repository that the project is in. Its token is a key of a secret, for `$AUTOML_GIT_TOKEN`."""

    url: str
    ref: str
    token: Secret | None = None


@dataclass(frozen=True)
class Plan:
    """What a run does: each task stands behind those that it comes after."""

    workflow: str
    tasks: list[Task]
    barriers: list[Barrier] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)  # as they were given, for people
    git: Git | None = None  # None: the project is with the plan
    project: str | None = None  # the SHA-256 of the tar.bz2 with its files
    about: dict[str, Any] = field(default_factory=dict)  # description, version, labels and annotations
    max_parallel: int | None = None  # so many tasks run at a time
    timeout: int | None = None  # seconds, after which the run is stopped, and has failed
    priority: str = "normal"  # in the queue, unless who runs it says another
    version: int = VERSION

    def to_json(self) -> str:
        """The text of `plan.json`, a line a task."""
        tasks = ",\n".join(f"  {_line(task)}" for task in self.tasks)
        barriers = ",\n".join(f"  {_line(barrier)}" for barrier in self.barriers)
        head = {
            "automl": "plan",
            "version": self.version,
            "workflow": self.workflow,
            "params": self.params,
            "git": self.git,
            "project": self.project,
            "about": self.about,
            **({"max_parallel": self.max_parallel} if self.max_parallel else {}),
            **({"timeout": self.timeout} if self.timeout else {}),
            **({"priority": self.priority} if self.priority != "normal" else {}),
        }
        return f'{_dumps(head)[:-1]},\n "tasks": [\n{tasks}\n ],\n "barriers": [\n{barriers}\n ]}}\n'

    @staticmethod
    def from_json(text: str) -> Plan:
        """The plan that a text holds, with a task for each run of a trial. ValueError if it is of another version."""
        return Plan.as_written(text).with_trials()

    @staticmethod
    def as_written(text: str) -> Plan:
        """The same, but a step with trials is one task."""
        content = json.loads(text)
        if content.get("version") != VERSION:
            raise ValueError(f"plan.json: version {content.get('version')}, and {VERSION} is known")
        return Plan(
            content["workflow"],
            [*map(_task, content["tasks"])],
            [Barrier(**barrier) for barrier in content["barriers"]],
            content["params"],
            _git(content["git"]),
            content["project"],
            content["about"],
            content.get("max_parallel"),
            content.get("timeout"),
            content.get("priority", "normal"),
        )

    def with_trials(self) -> Plan:
        """The plan with a task for each run of a trial."""
        return replace(self, tasks=[run for task in self.tasks for run in runs_of(task)])

    def edges(self) -> dict[str, Sequence[str]]:
        """What each task and each barrier comes after."""
        barriers = {barrier.name: barrier.after for barrier in self.barriers}
        return {**barriers, **{task.name: task.after for task in self.tasks}}


def runs_of(task: Task) -> Iterator[Task]:
    """The runs of the trials of a step, and behind them the step itself, which is over when they are; or what runs once."""
    if task.trials is None:
        yield task
        return
    names = []
    for name, trial, given in task.trials.runs():
        names.append(f"{task.name}/{name}")
        yield replace(task, name=names[-1], trials=None, of=task.name, trial=trial, given=dict(given))
    yield Task(task.name, task.stage, task.step, [], names, trials=task.trials, about=task.about)


def filled(text: Text, values: Mapping[str, str]) -> str:
    """A text with the values of its task."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else values[part["value"]] for part in text)


def all_filled(texts: Iterable[Text], values: Mapping[str, str]) -> list[str]:
    """Texts with the values of their task."""
    return [filled(text, values) for text in texts]


def _task(content: dict[str, Any]) -> Task:
    service, secrets = content.pop("service", None), content.pop("secrets", [])
    trials = content.pop("trials", None)
    mounts = content.pop("mounts", [])
    return Task(
        **content,
        trials=Trials(**trials) if trials else None,
        service=Service(**service) if service else None,
        secrets=[Secret(**secret) for secret in secrets],
        mounts=[Mount(**mount) for mount in mounts],
    )


def _git(content: dict[str, Any] | None) -> Git | None:
    if content is None:
        return None
    return Git(content["url"], content["ref"], Secret(**content["token"]) if content["token"] else None)


def _line(node: Task | Barrier) -> str:
    values = {one.name: getattr(node, one.name) for one in fields(node)}
    defaults = {one.name: _default(one) for one in fields(node)}
    return _dumps({name: value for name, value in values.items() if value != defaults[name]})


def _default(one: Field[Any]) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()


def _dumps(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, default=asdict)

"""What a config says for Slurm alone, under `targets.slurm`."""

from collections.abc import Mapping
from typing import Any

from automl.compiler.ir import NO_OPTIONS, TargetOptions
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.values.units import parse_duration

TARGET = "slurm"
_OF_SBATCH = ("account", "partition", "qos", "constraint", "nodes", "ntasks")
_OF_SLURM = regex(r"(?:([0-9]+)-)?([0-9]+)(?::([0-9]+))?(?::([0-9]+))?")


class SlurmOptions(NamedTuple):
    """The keys of the schema, with its defaults; None is as the cluster does it."""

    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    time: str | int | None = None
    nodes: int | None = None
    ntasks: int | None = None
    constraint: str | None = None
    modules: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    python: str = "python3"
    container: str | None = None
    image: str | None = None
    folder: str = "~/.automl/runs"
    install: str = "login"
    max_array_size: int = 1001
    gpus: str = "gres"

    @property
    def option_of_gpus(self) -> str:
        """What the number of GPUs stands behind."""
        return {"gres": "--gres=gpu:", "gpus": "--gpus-per-node="}[self.gpus]

    @property
    def whose(self) -> list[str]:
        """What even a job has that does next to nothing: who pays for it, and where it waits."""
        return self._given("account", "partition", "qos")

    @property
    def words(self) -> list[str]:
        """What sbatch is told by them, but for the time."""
        return [*self.options, *self._given(*_OF_SBATCH)]

    def _given(self, *names: str) -> list[str]:
        values = self._asdict()
        return [f"--{name}={values[name]}" for name in names if values[name] is not None]


def options_of(targets: Mapping[str, TargetOptions]) -> SlurmOptions:
    """Those of a workflow or of a task."""
    values: Mapping[str, Any] = written_of(targets).values
    return SlurmOptions(**values)


def written_of(targets: Mapping[str, TargetOptions]) -> TargetOptions:
    """The same as they are written, with their places."""
    return targets.get(TARGET, NO_OPTIONS)


def seconds_of(time: str | int) -> int:
    """How long a time limit is: minutes, a time of Slurm's, or a duration of ours."""
    match = _OF_SLURM.fullmatch(str(time))
    if match is None:
        return parse_duration(str(time))
    days, first, second, third = (int(text or 0) for text in match.groups())
    if match[1] is not None:
        return ((days * 24 + first) * 60 + second) * 60 + third
    if match[4] is not None:
        return (first * 60 + second) * 60 + third
    return first * 60 + second

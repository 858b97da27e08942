"""What is written for one target alone, under `targets`: the target itself knows what it means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from automl.compiler.records import NamedTuple
from automl.compiler.source import Span, Spans

Option: TypeAlias = "str | int | float | bool | Mapping[str, Option] | tuple[Option, ...] | None"


class TargetOptions(NamedTuple):
    """The options of one target as they are written, and where; those of a step lie over those of the run.

    `values` fit the schema of that target. `places` has each key, with those around it: `pod.affinity`.
    """

    values: Mapping[str, Option] = MappingProxyType({})
    places: Spans = MappingProxyType({})

    def place(self, key: str) -> Span | None:
        """Where a key is written, or the nearest of those around it."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return self.places.get(key)


NO_OPTIONS = TargetOptions()

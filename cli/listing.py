"""Many runs in a table, to compare them."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from automl.cli.tables import duration, shortened, table
from automl.runs.local.places import runs_folder
from automl.runs.model import Queued, Run, seconds_of


class SortError(ValueError):
    """There is nothing to sort by. The text says what there is."""


def listing(runs: Sequence[Run]) -> str:
    """A row for each run, with a column for each parameter and each metric."""
    params = _names(run.params for run in runs)
    metrics = _names(run.metrics for run in runs)
    twice = {*params} & {*metrics}
    head = [
        *("RUN", "STATE", "CREATED", "TIME"),
        *(shortened(f"params.{name}" if name in twice else name) for name in params),
        *(shortened(f"metrics.{name}" if name in twice else name) for name in metrics),
    ]
    now = time.time()
    return table([head, *([*_first(run, now), *_cells(run, params, metrics)] for run in runs)])


def queue_listing(entries: Sequence[Queued]) -> str:
    """A row for each run in the queue, with what it asks for; who is elsewhere has the folder of its runs."""
    head = ("RUN", "STATE", "TIME", "PRIORITY", "CPUS", "MEMORY", "GPUS", "RUNS", "")
    return table([head, *(_place(entry, time.time()) for entry in entries)])


def in_order_of(key: str, runs: Iterable[Run]) -> list[Run]:
    """Runs by what a key says of them, the smallest first; by -KEY the largest. Those without it come last."""
    name, there = key.removeprefix("-"), [*runs]
    values = {run.id: _value(run, name) for run in there}
    with_it = [run for run in there if values[run.id] is not None]
    if not with_it and there:
        raise SortError(f'no run has "{name}" to sort by; there is {", ".join(_keys(there))}')
    with_it.sort(key=lambda run: _comparable(values[run.id]), reverse=key.startswith("-"))
    return with_it + [run for run in there if values[run.id] is None]


def _first(run: Run, now: float) -> list[str]:
    created = datetime.fromtimestamp(run.created).strftime("%Y-%m-%d %H:%M:%S")
    return [run.id, run.state, created, duration(seconds_of(run, now))]


def _place(entry: Queued, now: float) -> list[str]:
    runs = Path(entry.folder).parent
    return [
        entry.run,
        entry.state,
        duration(max(0.0, now - entry.since)),
        entry.priority,
        f"{entry.cpu / 1000:g}" if entry.cpu else "",
        f"{entry.memory / 1e9:.3g} GB" if entry.memory else "",
        _gpus(entry),
        "" if runs == runs_folder() else shortened(str(runs)),
        shortened(entry.reason),
    ]


def _gpus(entry: Queued) -> str:
    """How many, and which they are."""
    which = f" ({', '.join(entry.has)})" if entry.has else ""
    return f"{entry.gpus}{which}" if entry.gpus else ""


def _cells(run: Run, params: Sequence[str], metrics: Sequence[str]) -> list[str]:
    given = [shortened(run.params.get(name, "")) for name in params]
    return given + [_number(run.metrics.get(name)) for name in metrics]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _names(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    return [*dict.fromkeys(name for mapping in mappings for name in mapping)]


def _keys(runs: Sequence[Run]) -> list[str]:
    params = [f"params.{name}" for name in _names(run.params for run in runs)]
    return [
        "created",
        "state",
        "time",
        *params,
        *(f"metrics.{name}" for name in _names(run.metrics for run in runs)),
    ]


def _value(run: Run, name: str) -> Any:
    if name in ("created", "state"):
        return getattr(run, name)
    if name == "time":
        return seconds_of(run, time.time())
    group, _, rest = name.partition(".")
    return {"metrics": run.metrics, "params": run.params}.get(group, {}).get(rest)


def _comparable(value: Any) -> tuple[int, float, str]:
    """Numbers before texts; a text that is a number is one."""
    try:
        return 0, float(value), ""
    except ValueError:
        return 1, 0, str(value)

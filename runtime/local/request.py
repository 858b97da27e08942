"""What a run asks the queue for: what somebody has said, or what as many of its tasks need as run at a time."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from decimal import Decimal

from automl.runtime.local import gpus
from automl.runtime.local.history import History
from automl.runtime.local.plan import Task
from automl.runtime.local.record import Record
from automl.runtime.local.sharing import PRIORITIES, Share, said

_CORES = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(m?)")
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([kKMGTP])(i?)")
_KEPT = ("priority", "cpus", "memory", "gpus", "fresh")
_SHORT = {"h": "high", "l": "low"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that say what a run asks for, and when it comes."""
    names = ", ".join(PRIORITIES)
    parser.add_argument("--priority", type=priority, help=f"{names}, H or L: which runs come before others")
    parser.add_argument("--cpus", type=cores, metavar="N", help="processors that it needs: 2, 0.5, 500m")
    parser.add_argument("--memory", type=size, metavar="SIZE", help="memory that it needs: 500M, 4Gi")
    parser.add_argument("--gpus", type=count, metavar="N", help="GPUs that it needs for itself")
    parser.add_argument("--no-queue", action="store_true", help="run at once, whatever else runs")


def remember(record: Record, known: History, options: argparse.Namespace, priority: str) -> None:
    """Write down what the options say; where they say nothing, a run asks for what it has asked for before.

    `priority` is that of the config, which holds if nobody has said another.
    """
    words = {name: value for name, value in vars(options).items() if name in _KEPT and value is not None}
    if words:
        record.add("run.asked", words=words)
    for name, value in {**known.asked, **words}.items():
        setattr(options, name, value)
    options.priority = options.priority or priority


def priority(text: str) -> str:
    """The name of a priority."""
    name = _SHORT.get(text.lower(), text.lower())
    if name not in PRIORITIES:
        raise argparse.ArgumentTypeError(f'"{text}" is none of {", ".join(PRIORITIES)}, H, L')
    return name


def cores(text: str) -> int:
    """Millicores, written as in a config."""
    match = _CORES.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of processors; write 2, 0.5 or 500m')
    return int(Decimal(match[1]) * (1 if match[2] else 1000))


def size(text: str) -> int:
    """Bytes, written as in a config; but a number alone could be bytes, megabytes or gigabytes."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no size with a unit; write 500M or 4Gi')
    step = 1024 if match[3] else 1000
    return int(Decimal(match[1]) * step ** (1 + "KMGTP".index(match[2].upper())))


def count(text: str) -> int:
    """A number of things."""
    if not (text.isdecimal() and text.isascii()):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number')
    return int(text)


def share_of(tasks: Sequence[Task], options: argparse.Namespace, machine: Share) -> Share:
    """What a run of these tasks asks for. ValueError if that is more than the machine has."""
    usual = Share(
        min(machine.cpu, _at_a_time([(task.cpu, task) for task in tasks], options.jobs)),
        min(machine.memory, _at_a_time([(task.memory, task) for task in tasks], options.jobs)),
        max(gpus.at_once(tasks), min(machine.gpus, gpus.wanted(tasks, options.jobs))),
    )
    told = (options.cpus, options.memory, options.gpus)
    share = Share(*(own if one is None else one for own, one in zip(usual, told)))
    for name, wanted, there in zip(Share._fields, share, machine):
        if wanted > there:
            has = said(Share(**{name: there})) or "none"
            raise ValueError(f"the run asks for {said(Share(**{name: wanted}))}, and this machine has {has}")
    if (least := gpus.at_once(tasks)) > share.gpus:
        raise ValueError(f"--gpus {share.gpus} is not enough: {least} are needed at a time")
    return share


def _at_a_time(amounts: Sequence[tuple[int, Task]], jobs: int) -> int:
    """What those need together of which so many run at a time, at most; services run on beside them."""
    ending = sorted((amount for amount, task in amounts if task.service is None), reverse=True)
    return sum(ending[:jobs]) + sum(amount for amount, task in amounts if task.service)

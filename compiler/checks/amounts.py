"""Amounts that can be asked for, and that nobody means: a unit is missing, or another one was meant."""

from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Resources
from automl.compiler.source import Located
from automl.compiler.values.units import Quantity

_LEAST_MEMORY, _MOST_MEMORY = (
    16 * 1024**2,
    4 * 1024**4,
)  # Python alone takes 10 MB; the largest machines have 4 TiB
_MOST_CPU = 256 * 1000
_MOST_GPUS = 64
_MOST_REPLICAS = 1000
_NEXT_UNIT = {"k": (1000, "Mi"), "Ki": (1024, "Mi"), "M": (1000**2, "Gi"), "Mi": (1024**2, "Gi")}


def check_amounts(config: Config) -> Iterator[Diagnostic]:
    """Processors, memory, GPUs and pods of every step."""
    for step in config.steps:
        for key, amount, what in _sizes(step.resources):
            yield from _check_size(amount, what, step.resources.written.get(key))
        for key, amount in _cores(step.resources):
            if amount.amount > _MOST_CPU:
                yield _too_many_cores(amount, step.resources.written[key])
        if step.resources.gpu and step.resources.gpu.number > _MOST_GPUS:
            count = step.resources.gpu.written["count"]
            message = f"{count.value} GPUs are more than a machine has"
            yield _warning(message, count, "a step runs on one machine: give the number that it needs there")
        if step.replicas.value > _MOST_REPLICAS:
            message = f"{step.replicas.value} replicas are more pods than anybody runs"
            yield _warning(message, step.replicas, "give the number of pods that run at the same time")


def check_resources(config: Config) -> Iterator[Diagnostic]:
    """Amounts of a step that contradict each other."""
    for step in config.steps:
        resources, spans = step.resources, step.spans
        for amount in ("cpu", "memory"):
            old, new = f"{amount}_request", f"resources.{amount}"
            if old in spans and new in spans:
                yield _said_twice(step, old, new)
        for amount, reserved, limit in (
            ("cpu", resources.cpu, resources.cpu_limit),
            ("memory", resources.memory, resources.memory_limit),
        ):
            if limit and limit.amount < reserved.amount:
                yield _below(step, amount, reserved, limit)
        if resources.gpu and resources.tpu:
            related = (Related("the GPUs", spans["resources.gpu"]),)
            message = "no machine has GPUs and TPUs"
            help = "keep one of them"
            yield Diagnostic(Code.AMOUNTS, message, spans["resources.tpu"], help, related)


def _said_twice(step: StepConfig, old: str, new: str) -> Diagnostic:
    """An amount by the old key and by the new one; one of them may be of the defaults."""
    message = f'"{old}" and "{new}" say the same, and both are there'
    help = f"keep one of them; `{old}: null` in the step takes that of the defaults away"
    help = "keep one of them" if {old, "resources"} <= step.own else help
    return Diagnostic(Code.AMOUNTS, message, step.spans[new], help, (Related("here", step.spans[old]),))


def _below(step: StepConfig, amount: str, reserved: Quantity, limit: Quantity) -> Diagnostic:
    key = step.resources.key(amount)
    written = step.resources.written.get(key)
    whose = "are reserved" if written else "are reserved by default"
    message = f"the limit of {limit.text} is less than the {reserved.text} that {whose}"
    place = step.resources.written[f"resources.limits.{amount}"].span
    if written is None:
        help = f"reserve less, too: `resources: {{{amount}: {limit.text}}}`"
        return Diagnostic(Code.AMOUNTS, message, place, help)
    return Diagnostic(
        Code.AMOUNTS, message, place, "reserve less, or limit it to more", (Related("here", written.span),)
    )


def _sizes(resources: Resources) -> Iterator[tuple[str, Quantity, str]]:
    """The amounts in bytes, with the keys that say them and what they are of."""
    yield resources.key("memory"), resources.memory, "memory"
    for key, amount, what in (
        ("resources.limits.memory", resources.memory_limit, "memory"),
        ("resources.shm", resources.shm, "shared memory"),
        ("resources.ephemeral_storage", resources.disk, "disk"),
    ):
        if amount:
            yield key, amount, what


def _cores(resources: Resources) -> Iterator[tuple[str, Quantity]]:
    yield resources.key("cpu"), resources.cpu
    if resources.cpu_limit:
        yield "resources.limits.cpu", resources.cpu_limit


def _check_size(quantity: Quantity, what: str, written: Located[str] | None) -> Iterator[Diagnostic]:
    if written is None:
        return  # the default
    text, amount = quantity
    if amount > _MOST_MEMORY and what != "disk":
        help = "a number without a unit is megabytes; 2Gi are two gibibytes"
        yield _warning(f"{text} of {what} is more than a machine has", written, help)
    elif amount < _LEAST_MEMORY:
        unit = text.lstrip("0123456789")
        size, larger = _NEXT_UNIT.get("M" if unit == "k" and amount >= 1000**2 else unit, (1, "Mi"))
        help = f'did you mean "{amount / size:g}{larger}"?'
        yield _warning(f"{text} of {what} is less than a program needs", written, help)


def _too_many_cores(quantity: Quantity, written: Located[str]) -> Diagnostic:
    cores = quantity.amount / 1000
    is_milli = cores.is_integer() and cores <= _MOST_CPU
    help = f'did you mean "{cores:.0f}m"?' if is_milli else "give a number of cores"
    return _warning(f"{quantity.text} cores are more than a machine has", written, help)


def _warning(message: str, at: "Located[str] | Located[int]", help: str) -> Diagnostic:
    return Diagnostic(Code.UNLIKELY_AMOUNT, message, at.span, help=help)

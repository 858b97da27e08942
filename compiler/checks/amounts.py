"""Amounts that can be asked for, and that nobody means: a unit is missing, or another one was meant."""

from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Resources
from automl.compiler.source import Located

_LEAST_MEMORY, _MOST_MEMORY = (
    16 * 1024**2,
    4 * 1024**4,
)  # Python alone takes 10 MB; the largest machines have 4 TiB
_MOST_CPU = 256 * 1000
_MOST_REPLICAS = 1000
_NEXT_UNIT = {"k": (1000, "Mi"), "Ki": (1024, "Mi"), "M": (1000**2, "Gi"), "Mi": (1024**2, "Gi")}


def check_amounts(config: Config) -> Iterator[Diagnostic]:
    """Processors, memory and pods of every step."""
    for step in config.steps:
        yield from _check_memory(step.resources)
        if step.resources.cpu.amount > _MOST_CPU:
            yield _too_many_cores(step.resources)
        if step.replicas.value > _MOST_REPLICAS:
            message = f"{step.replicas.value} replicas are more pods than anybody runs"
            yield _warning(message, step.replicas, "give the number of pods that run at the same time")


def _check_memory(resources: Resources) -> Iterator[Diagnostic]:
    text, amount = resources.memory
    if amount > _MOST_MEMORY:
        help = "a number without a unit is megabytes; 2Gi are two gibibytes"
        yield _warning(
            f"{text} of memory is more than a machine has", resources.written["memory_request"], help
        )
    elif amount < _LEAST_MEMORY:
        unit = text.lstrip("0123456789")
        size, larger = _NEXT_UNIT.get("M" if unit == "k" and amount >= 1000**2 else unit, (1, "Mi"))
        help = f'did you mean "{amount / size:g}{larger}"?'
        yield _warning(
            f"{text} of memory is less than a program needs", resources.written["memory_request"], help
        )


def _too_many_cores(resources: Resources) -> Diagnostic:
    cores = resources.cpu.amount / 1000
    is_milli = cores.is_integer() and cores <= _MOST_CPU
    help = f'did you mean "{cores:.0f}m"?' if is_milli else "give a number of cores"
    return _warning(
        f"{resources.cpu.text} cores are more than a machine has", resources.written["cpu_request"], help
    )


def _warning(message: str, at: "Located[str] | Located[int]", help: str) -> Diagnostic:
    return Diagnostic(Code.UNLIKELY_AMOUNT, message, at.span, help=help)

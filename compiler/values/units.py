"""Amounts that users write: processors, memory and time."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, TypeAlias

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple

_LARGEST = 2**63 - 1  # what Kubernetes holds
_LONGEST_SECONDS = 2**31 - 1
_MOST_MEGABYTES = 10**8  # a bare number beyond 100 TB was meant as bytes

_BY_TENS = ("k", "M", "G", "T", "P", "E")
_BY_TWOS = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_BYTES = {
    **{unit: 1000**power for power, unit in enumerate(_BY_TENS, 1)},
    **{unit: 1024**power for power, unit in enumerate(_BY_TWOS, 1)},
}
_LONG_UNITS = {
    "kilo": "k",
    "mega": "M",
    "meg": "M",
    "giga": "G",
    "gig": "G",
    "tera": "T",
    "peta": "P",
    "exa": "E",
    "kibi": "Ki",
    "mebi": "Mi",
    "gibi": "Gi",
    "tebi": "Ti",
    "pebi": "Pi",
    "exbi": "Ei",
}
_CPU_WORDS = ("", "m", "milli", "millicores", "c", "core", "cores", "cpu", "cpus", "vcpu", "vcpus")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONG_TIMES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}

_NUMBER = r"([0-9]{1,18})(?:\.([0-9]{1,18}))?"
_CPU = regex(rf"{_NUMBER}(m?)")
_MEMORY = regex(rf"{_NUMBER}({'|'.join(_BYTES)})?")
_DURATION = regex("".join(rf"(?:([0-9]{{1,10}}){unit})?" for unit in _SECONDS))

# For messages only, so they are not compiled ahead.
_LOOSE = r"\+?([0-9]{0,18})(?:\.([0-9]{0,18}))?\s*([a-z]*)\.?"
_LOOSE_TIME = r"([0-9]{1,10})(?:\.([0-9]{1,6}))?\s*([a-z]+)[\s,]*(?:and\s+)?"
_COMMA = r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))"  # three digits may be thousands
_CLOCK = r"([0-9]{1,4}):([0-9]{2}):([0-9]{2})"
_EXPONENT = r"[-+]?[0-9.]+[eE][-+]?[0-9]+[A-Za-z]*"


class QuantityError(ValueError):
    """An amount that is none, or is read in different ways; the message is for the user."""


class Quantity(NamedTuple):
    """An amount of processors or memory.

    `text` is how Kubernetes writes it; `amount` is in thousandths of a processor, or in bytes, rounded up.
    """

    text: str
    amount: int


@lru_cache(maxsize=10_000)
def parse_cpu(text: str) -> Quantity:
    """Read a number of processors: `2`, `0.5` or `500m` (thousandths); the amount is in thousandths.

    Raises QuantityError for zero, for what is finer than a thousandth, and for other forms.
    """
    match = _CPU.fullmatch(text)
    if not match:
        raise QuantityError(_no_cpu(text))
    whole, fraction, milli = match[1], match[2] or "", match[3]
    amount, rest = _scaled(whole, fraction, 1 if milli else 1000)
    _refuse_extremes(text, amount or rest, amount)
    if rest:
        raise QuantityError(
            f'"{text}" is finer than a thousandth of a cpu; did you mean "{_cpu_text(amount + 1)}"?'
        )
    return Quantity(_cpu_text(amount), amount)


@lru_cache(maxsize=10_000)
def parse_memory(text: str) -> Quantity:
    """Read a size of memory: `1.5Gi`, `200M`, or a bare number of megabytes (10^6 bytes).

    The amount is in bytes, rounded up; the text keeps the kind of unit, by tens or by twos. Raises QuantityError
    for zero and for other forms.
    """
    match = _MEMORY.fullmatch(text)
    if not match:
        raise QuantityError(_no_memory(text))
    unit = match[3] or "M"
    whole = match[1]
    amount, rest = _scaled(whole, match[2] or "", _BYTES[unit])
    amount += rest > 0
    _refuse_extremes(text, amount, amount)
    if not match[3] and int(whole) > _MOST_MEGABYTES:
        raise QuantityError(
            f'"{text}" without a unit is megabytes, more than any machine has; did you mean "{_short(int(whole))}"?'
        )
    return Quantity(_memory_text(amount, unit), amount)


@lru_cache(maxsize=10_000)
def parse_duration(text: str) -> int:
    """Read a time in whole seconds: a bare number, or days, hours, minutes and seconds as in `1h30m`.

    Raises QuantityError for zero, for more than 2^31-1 seconds, and for other forms.
    """
    if re.fullmatch("[0-9]{1,10}", text):
        seconds = int(text)
    elif text and (match := _DURATION.fullmatch(text)):
        seconds = sum(
            int(count or 0) * unit for count, unit in zip(match.groups(), _SECONDS.values(), strict=True)
        )
    else:
        raise QuantityError(_no_duration(text))
    if seconds == 0:
        raise QuantityError(f'"{text}" is no time at all; expected more than 0, for example "30m"')
    if seconds > _LONGEST_SECONDS:
        raise QuantityError(f'"{text}" is too long; expected at most {_LONGEST_SECONDS} seconds (68 years)')
    return seconds


def _scaled(whole: str, fraction: str, unit: int) -> tuple[int, int]:
    """Return the decimal number times the unit: the whole part, and what is left (not 0 if rounded down)."""
    parts: int = 10 ** len(fraction)
    return divmod(int(whole + fraction) * unit, parts)


def _refuse_extremes(text: str, nonzero: int, amount: int) -> None:
    if not nonzero:
        raise QuantityError(f'"{text}" is nothing; expected more than 0, or leave it out')
    if amount > _LARGEST:
        raise QuantityError(f'"{text}" is more than kubernetes can count')


def _short(size: int) -> str:
    """A number of bytes in the largest unit that keeps it exact, or in whole gibibytes."""
    exact = [unit for unit in ("Gi", "G", "Mi") if size % _BYTES[unit] == 0]
    unit = exact[0] if exact else "Gi"
    return f"{-(-size // _BYTES[unit])}{unit}"


def _cpu_text(milli: int) -> str:
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def _memory_text(size: int, unit: str) -> str:
    """A number of bytes as the API server writes it, so that what it keeps is what was applied."""
    is_by_twos = unit in _BY_TWOS and size >= 1024
    step, units = (1024, _BY_TWOS) if is_by_twos else (1000, _BY_TENS)
    power = 0
    while size % step == 0:
        size //= step
        power += 1
    return f"{size}{('', *units)[power]}"


def _no_cpu(text: str) -> str:
    start, example = f'"{text}" is not a number of cpus', 'expected for example "2", "0.5" or "500m"'
    match = _loose(text)
    if match and match[3] in _CPU_WORDS:
        better = _decimal(match) + ("m" if match[3].startswith("m") else "")
        if _is_read(parse_cpu, _CPU, better):
            return f'{start}; did you mean "{better}"?'
    return f"{start}{_reason(text)}; {example}"


def _no_memory(text: str) -> str:
    start, example = (
        f'"{text}" is not a memory size',
        'expected for example "1.5Gi", "200M", or a number of megabytes',
    )
    match = _loose(text)
    unit = _memory_unit(match[3]) if match else ""
    if unit is None:
        return f"{start}: the units are {', '.join(_BYTES)}; {example}"
    if not (match and _is_read(parse_memory, _MEMORY, better := _decimal(match) + unit)):
        return f"{start}{_reason(text)}; {example}"
    if match[3] == "m" and "m" in text:
        return f'{start}: "m" would be thousandths of a byte; did you mean "{better}" or "{better}i"?'
    return f'{start}; did you mean "{better}"?'


def _loose(text: str) -> re.Match[str] | None:
    return re.fullmatch(_LOOSE, re.sub(_COMMA, ".", text.strip().lower()))


def _memory_unit(word: str) -> str | None:
    """Return the unit that `gb`, `gib`, `gigabytes` or the like means, or None; no word at all is no unit."""
    if word == "":
        return ""
    stem = re.sub("(b|bytes?)$", "", word)
    return _LONG_UNITS.get(stem) or next((unit for unit in _BYTES if unit.lower() == stem), None)


def _decimal(match: re.Match[str]) -> str:
    return (match[1] or "0") + (f".{match[2]}" if match[2] else "")


def _is_read(parse: Callable[[str], Quantity], form: re.Pattern[str], better: str) -> bool:
    try:
        return form.fullmatch(better) is not None and parse(better).amount > 0
    except QuantityError:
        return False


def _reason(text: str) -> str:
    if re.fullmatch(_EXPONENT, text.strip()):
        return ": exponents are not read, write the number out"
    return ": it is negative" if text.strip().startswith("-") else ""


def _no_duration(text: str) -> str:
    start = f'"{text}" is not a duration'
    seconds = _loose_seconds(text.strip().lower())
    if 0 < seconds <= _LONGEST_SECONDS:
        return f'{start}; did you mean "{_duration_text(seconds)}"?'
    return f'{start}{_reason(text)}; expected seconds or for example "30s", "5m", "1h30m", "2d"'


def _loose_seconds(lower: str) -> int:
    """Return the whole seconds that words such as `5 minutes`, `1.5 h`, `01:30:00` or `PT30M` mean, or 0."""
    if clock := re.fullmatch(_CLOCK, lower):
        lower = f"{clock[1]}h{clock[2]}m{clock[3]}s"
    lower = lower.removeprefix("pt")
    if re.fullmatch(r"[0-9]+h *[0-9]{2}", lower):
        lower += "m"
    parts = list(re.finditer(_LOOSE_TIME, lower))
    if "".join(part[0] for part in parts) != lower or any(part[3] not in _LONG_TIMES for part in parts):
        return 0
    scaled = [_scaled(part[1], part[2] or "", _LONG_TIMES[part[3]]) for part in parts]
    return 0 if any(rest for _, rest in scaled) else sum(seconds for seconds, _ in scaled)


def _duration_text(seconds: int) -> str:
    text = ""
    for name, unit in _SECONDS.items():
        count, seconds = divmod(seconds, unit)
        text += f"{count}{name}" if count else ""
    return text


Cpu: TypeAlias = Annotated[Quantity, parse_cpu]
Memory: TypeAlias = Annotated[Quantity, parse_memory]
Duration: TypeAlias = Annotated[int, parse_duration]  # in seconds

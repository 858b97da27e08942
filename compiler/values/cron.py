"""When a schedule runs: five cron fields in a form that the engines accept.

robfig/cron v3 `ParseStandard` (Kubernetes, Argo) and the pattern of Argo's CRD take what comes out. As in
crontab(5), a day fits if either of two restricted day fields fits it; `*/2` restricts for robfig/cron, but not
for crontab(5), where what begins with a star does not.
"""

from collections.abc import Sequence

from automl.compiler.records import NamedTuple

_FIELDS = "minute hour day-of-month month day-of-week"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORT_MONTHS = {
    2: ("february", 29),
    4: ("april", 30),
    6: ("june", 30),
    9: ("september", 30),
    11: ("november", 30),
}
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_UNSUPPORTED = {
    "L": "no engine knows the last day; name a day that every month has, such as 28",
    "W": "no engine knows the nearest working day; name days of the week, such as 1-5",
    "#": "no engine counts the weekdays of a month; name days of the month or of the week",
    "?": 'write "*"',
}


class CronError(ValueError):
    """A schedule that does not say when to run; the message is for the user."""


class Cron(NamedTuple):
    """The five fields of a schedule, as text; days of the week are 0 (sunday) to 6 or their names."""

    minute: str
    hour: str
    day_of_month: str
    month: str
    day_of_week: str

    @property
    def expression(self) -> str:
        """The five fields with single blanks between them."""
        return f"{self.minute} {self.hour} {self.day_of_month} {self.month} {self.day_of_week}"


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: Sequence[str] = ()

    @property
    def last(self) -> int:
        """The highest value when nothing is said: 7 is only another name of sunday."""
        return 6 if self.names is _DAYS else self.high


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY_OF_MONTH = _Field("day-of-month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAY_OF_WEEK = _Field("day-of-week", 0, 7, _DAYS)


class _Times(NamedTuple):
    text: str
    values: frozenset[int]
    star: bool  # unrestricted, as robfig/cron sees it: `*/2` restricts, and so does 0-6


def parse_cron(text: str) -> Cron:
    """Read a schedule of five cron fields, or `@daily` and its like, which are expanded.

    Blanks are normalised and the day of week 7 becomes 0; the rest stays as written. Raises CronError for
    what is no schedule, for what engines do not read, and for a date that never comes.
    """
    words = _MACROS.get(text.strip().lower(), text).split()
    _refuse_other_forms(words)
    if len(words) != 5:
        raise CronError(_wrong_count(words))
    fields = (_MINUTE, _HOUR, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK)
    minute, hour, day, month, weekday = (
        _times(field, word) for field, word in zip(fields, words, strict=True)
    )
    cron = Cron(minute.text, hour.text, day.text, month.text, weekday.text)
    if weekday.star and not day.star:
        _refuse_dates_that_never_come(cron, day.values, month.values)
    return cron


def _refuse_other_forms(words: Sequence[str]) -> None:
    whole, first = " ".join(words), words[0].lower() if words else ""
    if first.startswith(("tz=", "cron_tz=")):
        zone = words[0].partition("=")[2] or "Europe/Berlin"
        raise CronError(
            f'"{words[0]}" does not belong into the schedule; put `timezone: {zone}` beside `cron`'
        )
    if first == "@reboot":
        raise CronError(
            f'"{whole}" is not supported: a cluster has no start-up to wait for; expected {_expected()}'
        )
    if first == "@every":
        raise CronError(
            f'"{whole}" is not supported: engines count intervals from a restart or not at all;'
            ' write times, such as "*/30 * * * *"'
        )
    if first.startswith("@"):
        raise CronError(
            f'"{whole}" is not a schedule; expected {_expected()}, or one of {", ".join(_MACROS)}'
        )


def _expected() -> str:
    return f"5 fields: {_FIELDS}"


def _wrong_count(words: Sequence[str]) -> str:
    if not words:
        return f"the schedule is empty; expected {_expected()}"
    count = "1 field" if len(words) == 1 else f"{len(words)} fields"
    if len(words) == 1 and f"@{words[0].lower()}" in _MACROS:
        return f'"{words[0]}" is not a schedule; write "@{words[0].lower()}", in quotes'
    way_out = "; drop the seconds, which come first" if len(words) == 6 else ""
    return f'"{" ".join(words)}" has {count}; expected 5: {_FIELDS}{way_out}'


def _times(field: _Field, text: str) -> _Times:
    items = text.split(",")
    if "" in items:
        raise CronError(f'{field.name} "{text}" has an empty item; drop the extra comma')
    ranges = [_range(field, item) for item in items]
    values = frozenset(value for numbers in ranges for value in numbers)
    star = any(item == "*" or (item.startswith("*/") and int(item[2:]) == 1) for item in items)
    if field is _DAY_OF_WEEK and any(numbers.stop > 7 for numbers in ranges):
        values = frozenset(value % 7 for value in values)
        text = "*" if star else ",".join(str(value) for value in sorted(values))
    return _Times(text, values, star)


def _range(field: _Field, item: str) -> range:
    _refuse_unsupported(field, item)
    span, slash, step_text = item.partition("/")
    step = _step(field, item, step_text) if slash else 1
    if span == "*":
        return range(field.low, field.last + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _number(field, item, first_text)
    if dash:
        first, last = _ends(field, item, first, _number(field, item, last_text), last_text)
    else:
        last = field.last if slash else first
    if first > last:
        raise CronError(f'{field.name} "{item}" starts behind the last day; write "0/{step_text}"')
    return range(first, last + 1, step)


def _ends(field: _Field, item: str, first: int, last: int, last_text: str) -> tuple[int, int]:
    """Return the ends of a range; from a sunday written as 7, and up to a sunday by name, days count past 6."""
    if field is _DAY_OF_WEEK and first > last and (first == 7 or last_text.lower() == "sun"):
        last += 7
    if first > last:
        parts = ",".join((_span(first, field.last), _span(field.low, last)))
        way_out = "list its values one by one" if "/" in item else f'write "{parts}"'
        raise CronError(f'{field.name} "{item}" runs backwards; {way_out}')
    return first, last


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _number(field: _Field, item: str, text: str) -> int:
    if text.isascii() and text.isdigit():
        if len(text) > 9 or not field.low <= int(text) <= field.high:
            raise CronError(f'{field.name} "{text}" is out of range {field.low}-{field.high}')
        return int(text)
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.low
    if text[:3].lower() in field.names:
        raise CronError(
            f'{field.name} "{text}" is not a name that cron knows; did you mean "{text[:3].lower()}"?'
        )
    names = f" or a name {field.names[0]}-{field.names[-1]}" if field.names else ""
    raise CronError(
        f'{field.name} "{item}" is not understood; expected a number {field.low}-{field.high}{names},'
        ' a range such as 1-5, "*", or a step such as */5'
    )


def _step(field: _Field, item: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise CronError(f'{field.name} "{item}" has the step "{text}"; expected a number, such as */5')
    if int(text) == 0:
        raise CronError(f'{field.name} "{item}" has a step of 0; expected 1 or more')
    return int(text)


def _refuse_unsupported(field: _Field, item: str) -> None:
    core = item.upper().strip("0123456789-")
    if core[:-1].lower() in _DAYS and core[-1:] == "L":
        core = "L"
    of_days = field in (_DAY_OF_MONTH, _DAY_OF_WEEK) and core in ("L", "W", "LW")
    sign = core[0] if of_days else next((sign for sign in "#?" if sign in item), None)
    if sign:
        raise CronError(f'{field.name} "{item}" is not supported: {_UNSUPPORTED[sign]}')


def _refuse_dates_that_never_come(cron: Cron, days: frozenset[int], months: frozenset[int]) -> None:
    if any(min(days) <= _SHORT_MONTHS.get(month, ("", 31))[1] for month in months):
        return
    names = [_SHORT_MONTHS[month][0] for month in sorted(months)]
    have = "has" if len(names) == 1 else "have"
    missing = _listed([str(day) for day in sorted(days)], "or")
    raise CronError(f'"{cron.expression}" never happens: {_listed(names, "and")} {have} no day {missing}')


def _listed(words: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))

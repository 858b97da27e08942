import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.values.cron import Cron, CronError, parse_cron

_FIELDS = "minute hour day-of-month month day-of-week"
_FIVE = f"5 fields: {_FIELDS}"
_MACROS = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly"
# manifests/base/crds/full/argoproj.io_cronworkflows.yaml of Argo Workflows 4
_ARGO_PATTERN = re.compile(r"([A-Za-z0-9*,/?-]+\s+){4}[A-Za-z0-9*,/?-]+")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("0 3 * * *", "0 3 * * *"),
        ("  0\t3 *  * *\n", "0 3 * * *"),
        ("*/5 0-23/2 1,15 1-6 mon-fri", "*/5 0-23/2 1,15 1-6 mon-fri"),
        ("5/15 08 * JAN,Mar-may Sun", "5/15 08 * JAN,Mar-may Sun"),
        ("*/90 */1 */999999999 */13 *", "*/90 */1 */999999999 */13 *"),
        ("59 23 31 12 6", "59 23 31 12 6"),
        ("0 0 * * 0", "0 0 * * 0"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * sat-sun", "0 0 * * 0,6"),
        ("0 0 * * Mon-SUN", "0 0 * * 0,1,2,3,4,5,6"),
        ("0 0 * * mon-fri,7", "0 0 * * 0,1,2,3,4,5"),
        ("0 0 * * 0-7", "0 0 * * 0,1,2,3,4,5,6"),
        ("0 0 * * 1-7/2", "0 0 * * 0,1,3,5"),
        ("0 0 * * 7-2", "0 0 * * 0,1,2"),
        ("0 0 * * 7-7", "0 0 * * 0"),
        ("0 0 * * sun-sun", "0 0 * * sun-sun"),
        ("0 0 * * sun-mon", "0 0 * * sun-mon"),
        ("0 0 1 * *,7", "0 0 1 * *"),
        ("0 0 * * */7", "0 0 * * */7"),
        ("0 0 * * 3/2", "0 0 * * 3/2"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 29-31 feb *", "0 0 29-31 feb *"),
        ("0 0 31 4,5 *", "0 0 31 4,5 *"),
        ("0 0 31 2 mon", "0 0 31 2 mon"),
        ("0 0 31 2 */2", "0 0 31 2 */2"),
        ("0 0 31 2 0-6", "0 0 31 2 0-6"),
        ("0 0 *,31 2 *", "0 0 *,31 2 *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        (" @Daily ", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ],
)
def test_what_a_schedule_becomes(text: str, expression: str) -> None:
    assert parse_cron(text).expression == expression
    assert parse_cron(expression) == parse_cron(text)
    assert _ARGO_PATTERN.fullmatch(expression)


def test_the_fields_by_name() -> None:
    assert parse_cron("1 2 3 4 5-7") == Cron("1", "2", "3", "4", "0,5,6")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"the schedule is empty; expected {_FIVE}"),
        (" \n", f"the schedule is empty; expected {_FIVE}"),
        ("* * * *", f'"* * * *" has 4 fields; expected 5: {_FIELDS}'),
        ("daily", '"daily" is not a schedule; write "@daily", in quotes'),
        ("dayly", f'"dayly" has 1 field; expected 5: {_FIELDS}'),
        ("0 0  0 * * *", f'"0 0 0 * * *" has 6 fields; expected 5: {_FIELDS}; drop the seconds, which come first'),
        ("0 0 0 * * * 2024", f'"0 0 0 * * * 2024" has 7 fields; expected 5: {_FIELDS}'),
        (
            "TZ=Europe/Rome 0 0 * * *",
            '"TZ=Europe/Rome" does not belong into the schedule; put `timezone: Europe/Rome` beside `cron`',
        ),
        ("CRON_TZ=UTC 0 0 * * *", '"CRON_TZ=UTC" does not belong into the schedule; put `timezone: UTC` beside `cron`'),
        ("TZ=0", '"TZ=0" does not belong into the schedule; put `timezone: 0` beside `cron`'),
        ("tz=", '"tz=" does not belong into the schedule; put `timezone: Europe/Berlin` beside `cron`'),
        ("@reboot", f'"@reboot" is not supported: a cluster has no start-up to wait for; expected {_FIVE}'),
        (
            "@every  1h",
            ('"@every 1h" is not supported: engines count intervals from a restart or not at all;'
            ' write times, such as "*/30 * * * *"'),
        ),
        ("@dayly", f'"@dayly" is not a schedule; expected {_FIVE}, or one of {_MACROS}'),
        ("@daily 5", f'"@daily 5" is not a schedule; expected {_FIVE}, or one of {_MACROS}'),
        ("60 * * * *", 'minute "60" is out of range 0-59'),
        ("* 24 * * *", 'hour "24" is out of range 0-23'),
        ("* * 0 * *", 'day-of-month "0" is out of range 1-31'),
        ("* * 1-32 * *", 'day-of-month "32" is out of range 1-31'),
        ("* * * 13 *", 'month "13" is out of range 1-12'),
        ("* * * 0 *", 'month "0" is out of range 1-12'),
        ("* * * * 8", 'day-of-week "8" is out of range 0-7'),
        ("1234567890 * * * *", 'minute "1234567890" is out of range 0-59'),
        (f"{'9' * 5000} * * * *", f'minute "{"9" * 5000}" is out of range 0-59'),
        ("*/0 * * * *", 'minute "*/0" has a step of 0; expected 1 or more'),
        ("*/ * * * *", 'minute "*/" has the step ""; expected a number, such as */5'),
        ("*/-1 * * * *", 'minute "*/-1" has the step "-1"; expected a number, such as */5'),
        ("*/5/2 * * * *", 'minute "*/5/2" has the step "5/2"; expected a number, such as */5'),
        ("*/9999999999 * * * *", 'minute "*/9999999999" has the step "9999999999"; expected a number, such as */5'),
        ("* 1,,2 * * *", 'hour "1,,2" has an empty item; drop the extra comma'),
        ("* 1, * * *", 'hour "1," has an empty item; drop the extra comma'),
        ("* , * * *", 'hour "," has an empty item; drop the extra comma'),
        ("* 22-2 * * *", 'hour "22-2" runs backwards; write "22-23,0-2"'),
        ("* 23-0 * * *", 'hour "23-0" runs backwards; write "23,0"'),
        ("* 22-2/2 * * *", 'hour "22-2/2" runs backwards; list its values one by one'),
        ("* * 28-3 * *", 'day-of-month "28-3" runs backwards; write "28-31,1-3"'),
        ("* * * nov-feb *", 'month "nov-feb" runs backwards; write "11-12,1-2"'),
        ("* * * * fri-mon", 'day-of-week "fri-mon" runs backwards; write "5-6,0-1"'),
        ("* * * * 5-0", 'day-of-week "5-0" runs backwards; write "5-6,0"'),
        ("* * * * 7/2", 'day-of-week "7/2" starts behind the last day; write "0/2"'),
        ("* * * * monday", 'day-of-week "monday" is not a name that cron knows; did you mean "mon"?'),
        ("* * * January *", 'month "January" is not a name that cron knows; did you mean "jan"?'),
        (
            "mon * * * *",
            'minute "mon" is not understood; expected a number 0-59, a range such as 1-5, "*", or a step such as */5',
        ),
        (
            "* * * 1-2-3 *",
            ('month "1-2-3" is not understood; expected a number 1-12 or a name jan-dec, a range such as 1-5, "*",'
            " or a step such as */5"),
        ),
        (
            "* * * * 5L",
            ('day-of-week "5L" is not supported: no engine knows the last day; name a day that every month has,'
            " such as 28"),
        ),
        (
            "0 0 15W * *",
            ('day-of-month "15W" is not supported: no engine knows the nearest working day; name days of the week,'
            " such as 1-5"),
        ),
        (
            "0 0 * * 1#2",
            ('day-of-week "1#2" is not supported: no engine counts the weekdays of a month; name days of the month'
            " or of the week"),
        ),
        ("0 0 ? * *", 'day-of-month "?" is not supported: write "*"'),
        ("0 0 */2 * ?", 'day-of-week "?" is not supported: write "*"'),
        ("0 0 31 2 *", '"0 0 31 2 *" never happens: february has no day 31'),
        ("0 0 30,31 feb *", '"0 0 30,31 feb *" never happens: february has no day 30 or 31'),
        ("0 0 31 2,4,6,9,11 *", ('"0 0 31 2,4,6,9,11 *" never happens: february, april, june, september and november'
         " have no day 31")),
        ("0 0 31 4,6 */1", '"0 0 31 4,6 */1" never happens: april and june have no day 31'),
        ("0 0 31 2 *,7", '"0 0 31 2 *" never happens: february has no day 31'),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(CronError) as error:
        parse_cron(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "item",
    [
        "",
        "-",
        "-5",
        "5-",
        "*-5",
        "5-*",
        "**",
        "*5",
        "a",
        "\u0663",
        "\uff11",
        "0x1",
        "1.5",
        "+1",
        "H",
        "1_0",
        "%",
        "L",
        "jul",
    ],
)
def test_what_no_minute_says(item: str) -> None:
    with pytest.raises(CronError, match=r"^(minute|\"\* ).*; expected"):
        parse_cron(f"{item} * * * *")


@pytest.mark.parametrize("item", ["L", "LW", "L-3", "15W", "W", "friL", "FRIL", "6l"])
def test_the_last_and_the_nearest_day(item: str) -> None:
    for text in (f"0 0 {item} * *", f"0 0 * * {item}"):
        with pytest.raises(CronError, match=r"is not supported: no engine knows"):
            parse_cron(text)


def _items(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    steps = st.integers(1, 2 * high).map(lambda step: f"/{step}")
    ends = st.tuples(numbers, numbers).map(sorted)
    spans = ends.map(lambda pair: f"{pair[0]}-{pair[1]}")
    words = st.sampled_from(names.split() or ["*"])
    return st.one_of(
        *(st.just("*"), numbers.map(str), spans, words),
        st.tuples(st.just("*") | numbers.map(str) | spans, steps).map("".join),
    )


def _field(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    return st.lists(_items(low, high, names), min_size=1, max_size=4).map(",".join)


_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec jan-mar Jun-DEC"
_DAY_NAMES = "sun mon TUE wed thu fri sat mon-fri 5-7 7 sat-sun 7-2 0-7"


@given(_field(0, 59), _field(0, 23), _field(1, 28), _field(1, 12, _MONTH_NAMES), _field(0, 6, _DAY_NAMES))
def test_any_valid_fields_are_kept(minute: str, hour: str, day: str, month: str, weekday: str) -> None:
    cron = parse_cron(f"{minute} {hour} {day} {month} {weekday}")
    assert (cron.minute, cron.hour, cron.day_of_month, cron.month) == (minute, hour, day, month)
    if "7" not in weekday and "sat-sun" not in weekday:
        assert cron.day_of_week == weekday
    assert parse_cron(cron.expression) == cron
    assert _ARGO_PATTERN.fullmatch(cron.expression)


@given(st.text(max_size=20) | st.text(alphabet="0123456789*/-, LW#?@afnrut\n", max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        expression = parse_cron(text).expression
    except CronError:
        return
    assert _ARGO_PATTERN.fullmatch(expression)

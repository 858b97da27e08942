"""A schedule means the same times in Kubeflow, by the library that it has, as in Argo and Kubernetes by theirs."""

import json
import subprocess
from random import Random

import pytest

from automl.compiler.ir import Schedule
from automl.compiler.values.cron import CronError, parse_cron
from automl.targets.kubeflow.native import six_fields
from tests.conformance import golang

START, COUNT = "2026-01-01T00:00:00Z", 60
FIXED = (
    *(
        "0 6 */2 * mon",
        "0 6 */10 * 0-6",
        "0 6 */10,5 * mon",
        "0 6 1,*/15 * 2-4",
        "0 6 */1 * mon",
        "0 6 */31 * 1",
    ),
    *(
        "0 6 1 * */2",
        "0 6 13 * */3,5",
        "0 6 */2 * */2",
        "0 6 */12 * */7",
        "0 6 * * mon-fri",
        "30 5 1-15/2 * sun",
    ),
    *(
        "0 6 */05 * 1",
        "0 6 *,5 * mon",
        "@weekly",
        "@monthly",
        "0 0 29 2 *",
        "*/20 */6 * jan-mar 7",
        "0 6 5/10 * 3",
    ),
)
ITEMS = {
    "minute": ("0", "*/20", "5,35"),
    "hour": ("0", "6", "*/12"),
    "day": ("*", "*/1", "*/2", "*/7", "*/10", "*/31", "1", "5", "10-20/3", "28", "5/10"),
    "month": ("*", "*", "*/2", "jan-jun", "2"),
    "weekday": ("*", "*/1", "*/2", "*/3", "*/6", "mon", "0-6", "1-5", "5-7", "7", "sun", "1-6/2"),
}


def some(random: Random, field: str) -> str:
    """One or two items of a field."""
    return ",".join(random.sample(ITEMS[field], random.choice((1, 1, 1, 2))))


def expressions() -> list[str]:
    """Those that the compiler takes."""
    random, found = Random(7), []
    for text in (*FIXED, *(" ".join(some(random, field) for field in ITEMS) for _ in range(600))):
        try:
            found.append(parse_cron(text).expression)
        except CronError:
            assert text not in FIXED
    return found


def times(pairs: list[tuple[str, str]]) -> list[tuple[list[str], list[str]]]:
    """When each schedule is due: six fields in Kubeflow, five in Argo and Kubernetes."""
    asked = [{"six": six, "five": five, "start": START, "count": COUNT} for six, five in pairs]
    program, text = golang.build("cron/go.mod"), "".join(f"{json.dumps(each)}\n" for each in asked)
    done = subprocess.run([program], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def six(expression: str) -> str:
    return six_fields(Schedule(parse_cron(expression), "UTC", "forbid", False, None, None, None))


def test_a_schedule_is_due_at_the_same_times() -> None:
    pairs = [(six(expression), expression) for expression in expressions()]
    assert len(pairs) > 400
    found = dict(zip(pairs, times(pairs), strict=True))
    assert {pair: each for pair, each in found.items() if each[0] != each[1]} == {}
    assert sum(len(kubeflow) == COUNT for kubeflow, _ in found.values()) > 400


@pytest.mark.parametrize("expression", ["0 6 */2 * mon", "0 6 13 * */2", "0 6 */10,5 * mon"])
def test_it_would_not_be_as_it_is_written(expression: str) -> None:
    [(kubeflow, argo)] = times([(f"0 {expression}", expression)])
    assert kubeflow != argo

"""Text for people: columns, times, and how a run stands."""

from collections.abc import Iterable, Sequence

from automl.compiler.patterns import regex
from automl.compiler.views.printable import printable
from automl.runs.model import ENDED, RUNNING, SUCCEEDED, WAITING, Run, Task, counts, seconds_of

_LONGEST = 100  # characters of a value in a table
_STYLES = regex(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
HEAD = ("STEP", "STATE", "TIME", "")


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows under each other, each column as wide as it must be; columns with nothing in them are left out.

    Whatever a cell holds, a terminal is not driven by it.
    """
    cells = ([printable(cell) for cell in row] for row in rows)
    columns = [column for column in zip(*cells, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def duration(seconds: float | None) -> str:
    """A time as one says it."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def steps(run: Run, now: float) -> list[Sequence[str]]:
    """A row for each step, behind one with the heads of the columns."""
    return [
        HEAD,
        *(
            (task.name, task.state, duration(seconds_of(task, now)), news(task))
            for task in run.tasks
            if not task.trial_of or task.state == RUNNING
        ),
    ]


def trials(step: Task) -> str:
    """The trials of a step, the best first, with their values."""
    names = list(step.trials[0]["params"]) if step.trials else []
    rows = [
        [row["trial"], row["state"], "" if row["score"] is None else f"{row['score']:.6g}"]
        + [shortened(row["params"][name]) for name in names]
        + [f"as in {row['taken_from']}" if row.get("taken_from") else ""]
        for row in step.trials
    ]
    return f"{step.name}\n{table([['TRIAL', 'STATE', 'SCORE', *map(shortened, names), ''], *rows])}"


def news(task: Task) -> str:
    """What else there is to say of a step: why it is as it is, where it answers, what it has left."""
    if task.reason and task.state != SUCCEEDED:
        return shortened(task.reason)
    if task.url and task.state == RUNNING:
        return task.url
    if task.trials and task.state != SUCCEEDED:
        ended = sum(row["state"] in ENDED for row in task.trials)
        return ", ".join(filter(None, [f"{ended} of {len(task.trials)} trials", best_of(task)]))
    values = ", ".join(f"{name}={shortened(text)}" for name, text in task.values.items())
    return values or ("" if task.tries < 2 or task.state != RUNNING else f"try {task.tries}")


def best_of(step: Task) -> str:
    """The best trial of a step so far, if one has a number, with its values."""
    if not step.trials or step.trials[0]["score"] is None:
        return ""
    best = step.trials[0]
    number = f"{step.objective} {best['score']:.6g}"
    values = ", ".join(f"{name}={shortened(text)}" for name, text in best["params"].items())
    return f"best {best['trial']}: {number}, with {values}" if values else number


def taken_over(step: Task) -> str:
    """How many trials of a step have not run, as an earlier run had, and which that was."""
    runs = [row["taken_from"] for row in step.trials if row.get("taken_from")]
    names = [*dict.fromkeys(runs)]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{len(runs)} of {len(step.trials)} trials taken over from {names[0]}{more}" if runs else ""


def headline(run: Run, now: float) -> str:
    """How a run is, in a line."""
    time = duration(seconds_of(run, now))
    after = f" {'for' if run.state in (RUNNING, WAITING) else 'after'} {time}" if time else ""
    why = f": {run.reason}" if run.reason not in ("", run.state) else ""
    numbers = ", ".join(f"{number} {state}" for state, number in counts(run.tasks).items())
    where = f", in the context {run.context}" if run.context else ""
    return printable(f"{run.id} {run.state}{after} ({numbers}){where}{why}")


def without_styles(text: str) -> str:
    """A line of a log without what gives it colours, moves it, or names the window."""
    return _STYLES.sub("", text)


def shortened(text: str) -> str:
    """A text that has room in a row."""
    line = printable(text)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"

"""The steps that a command line chooses: what cannot be run so ends the command, and leaves no record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.cli.terminal import wrong_usage
from automl.compiler.suggest import did_you_mean
from automl.runtime.local.choice import NoStepError, choice_of, chosen
from automl.runtime.local.history import history_of
from automl.runtime.local.plan import Plan, Task
from automl.runtime.local.record import events_of


def refuse_unknown_steps(text: str, params: Mapping[str, Any]) -> Plan:
    """End a command that names a step that is not in the text of a plan; return the plan."""
    plan = Plan.from_json(text)
    try:
        chosen(plan, params["only"] or (), params["since"])
    except NoStepError as error:
        meant = did_you_mean(error.word, error.names)
        wrong_usage(f'there is no step "{error.word}"; did you mean "{meant}"?' if meant else str(error))
    except ValueError as error:
        wrong_usage(str(error))
    return plan


def refuse_choice(text: str, folder: Path, params: Mapping[str, Any]) -> list[Task]:
    """End a command that cannot be done in the folder of a run, which may be none yet, or beside it; or the tasks to run.

    What its steps take of others is to be there, or in an earlier run.
    """
    plan = refuse_unknown_steps(text, params)
    known = history_of(events_of(folder), [task.name for task in plan.tasks]) if folder.exists() else None
    try:
        names = choice_of(folder, plan, known, (params["only"] or (), params["since"])).names
    except ValueError as error:
        wrong_usage(str(error))
    return [task for task in plan.tasks if task.name in set(names)]

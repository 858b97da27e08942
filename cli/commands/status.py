"""`automl status`."""

from dataclasses import asdict

from automl.cli.account import account
from automl.cli.engines import ForPrograms, RunName, asking, is_for_programs, print_json
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import TEXT, print_text


def run(
    name: RunName = "last",
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
    format: ForPrograms = TEXT,
) -> None:
    """Say how a run is, and each of its steps; without a RUN, the one made last.

    automl status
    """
    is_json = is_for_programs(format)
    site = site_of(runs, place, contexts_of)
    with asking():
        known = site.engine.status(name)
    if is_json:
        print_json(asdict(known))
    else:
        print_text(account(known, site))

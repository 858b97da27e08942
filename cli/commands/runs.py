"""`automl runs`."""

from dataclasses import asdict
from typing import Annotated

import typer

from automl.cli.engines import ForPrograms, asking, is_for_programs, print_json, refuse_beside
from automl.cli.listing import SortError, in_order_of, listing, queue_listing
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import Site, site_of
from automl.cli.tables import trials
from automl.cli.terminal import TEXT, hint, print_text, wrong_usage


def run(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="One run: its trials, the best first.", show_default=False),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="KEY",
            help="created, state, time, params.NAME or metrics.NAME; with a - before it, the largest first.",
        ),
    ] = "-created",
    queued: Annotated[
        bool,
        typer.Option(
            "--queued",
            help="All your runs that run or wait on this machine, whatever their project, as their turns come.",
        ),
    ] = False,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
    format: ForPrograms = TEXT,
) -> None:
    """List the runs of this project, with their parameters and metrics, or the trials of one.

    automl runs --sort -metrics.auc
    """
    is_json = is_for_programs(format)
    site = site_of(runs, place, contexts_of)
    if queued:
        refuse_beside(context, "--queued lists runs as their turns come", ("sort",))
        _list_queue(site, is_json)
        return
    if name is not None:
        refuse_beside(context, "the trials of a run come with the best first", ("sort",))
        _list_trials(site, name, is_json)
        return
    _list_runs(site, sort, is_json)


def _list_runs(site: Site, sort: str, is_json: bool) -> None:
    with asking():
        known = site.engine.runs()
    try:
        known = in_order_of(sort, known)
    except SortError as error:
        wrong_usage(str(error))
    if is_json:
        print_json([asdict(one) for one in known])
    elif known:
        print_text(listing(known))
    else:
        hint("there are no runs here")


def _list_trials(site: Site, name: str, is_json: bool) -> None:
    with asking():
        run = site.engine.status(name)
    swept = [task for task in run.tasks if task.trials]
    if is_json:
        print_json([{"step": task.name, "trials": task.trials} for task in swept])
    elif swept:
        print_text("\n".join(map(trials, swept)))
    else:
        hint(f"no step of {run.id} has trials")


def _list_queue(site: Site, is_json: bool) -> None:
    with asking():
        entries = site.engine.queued()
    if is_json:
        print_json([asdict(one) for one in entries])
    elif entries:
        print_text(queue_listing(entries))
    else:
        hint("no run runs or waits")

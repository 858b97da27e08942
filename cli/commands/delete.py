"""`automl delete`."""

from automl.cli.engines import ForPrograms, RunNames, asking, is_for_programs, print_json
from automl.cli.options_of_runs import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import TEXT, hint, touching_files, wrong_usage


def run(
    names: RunNames = None,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
    format: ForPrograms = TEXT,
) -> None:
    """Delete the records of runs that have ended, with all that they have left.

    automl delete churn-abcde
    """
    is_json = is_for_programs(format)
    if not names:
        wrong_usage("give the names of runs")
    engine = site_of(runs, place, contexts_of).engine
    deleted: list[str] = []
    for name in names:
        with asking(), touching_files("delete"):
            known = engine.status(name)
            engine.delete(known.id)
        deleted.append(known.id)
        hint(f"deleted {known.id}")
    if is_json:
        print_json(deleted)

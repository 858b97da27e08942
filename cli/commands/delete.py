"""`automl delete`."""

from automl.cli.engines import RunNames, asking
from automl.cli.options import Context, ContextsOf, Runs
from automl.cli.sites import site_of
from automl.cli.terminal import hint, touching_files, wrong_usage


def run(
    names: RunNames = None,
    runs: Runs = None,
    place: Context = None,
    contexts_of: ContextsOf = None,
) -> None:
    """Delete the records of runs that have ended, with all that they have left.

    automl delete churn-abcde
    """
    if not names:
        wrong_usage("give the names of runs")
    engine = site_of(runs, place, contexts_of).engine
    for name in names:
        with asking(), touching_files("delete"):
            known = engine.status(name)
            engine.delete(known.id)
        hint(f"deleted {known.id}")

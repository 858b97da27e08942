"""What became of configs goes to files: it is written there, or compared with what is there."""

from collections.abc import Sequence
from pathlib import Path

from automl.cli import batch
from automl.cli.batch import Compiled
from automl.cli.delivery import conclude
from automl.cli.output import OutputError, destination, write_files
from automl.cli.terminal import Manner, hint, print_text, touching_files, wrong_usage
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.target import Artifact


def _places(output: str, compiled: Sequence[Compiled]) -> dict[Path, Artifact]:
    try:
        return destination(output, batch.artifacts(compiled))
    except OutputError as error:
        wrong_usage(str(error))


def write_output(output: str, compiled: Sequence[Compiled], force: bool, manner: Manner) -> None:
    """Write the artifacts, and say where on a terminal."""
    with touching_files("write"):
        places = _places(output, compiled)
        try:
            write_files(places, batch.inputs(compiled), force)
        except OutputError as error:
            wrong_usage(str(error))
    for path in () if manner.quiet else places:
        hint(f"wrote {path}")


def check_output(
    output: str, compiled: Sequence[Compiled], diagnostics: Sequence[Diagnostic], manner: Manner
) -> None:
    """Print how the files that are there differ, and end as `conclude` does."""
    from automl.cli.staleness import check_files

    with touching_files("read"):
        stale = check_files({path: artifact.text for path, artifact in _places(output, compiled).items()})
    print_text("".join(difference.diff for difference in stale))
    conclude([*diagnostics, *(difference.diagnostic for difference in stale)], (), manner)

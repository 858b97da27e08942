"""Steps in images on a machine that has nothing to run them: said with their places, before there is a run."""

from collections.abc import Sequence

import typer

from automl.cli.delivery import conclude
from automl.cli.terminal import PROBLEMS, Manner
from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.runtime.local import containers
from automl.runtime.local.plan import Task

HELP = "`apt-get install podman` (on a Mac `brew install podman`) installs one"


def refuse_images(given: Input, overrides: Overrides, tasks: Sequence[Task], manner: Manner) -> None:
    """End a command whose tasks, of this config, take what this machine does not have."""
    steps = {task.of or task.name for task in tasks if task.image is not None}
    if not steps or containers.engine() is not None:
        return
    workflow, _ = analyse(given, overrides)
    assert workflow, "it has been compiled before"
    diagnostics = [
        Diagnostic(
            Code.CANNOT_SAY,
            f'to run "{task.step}" in an image takes podman or docker, and neither is on the PATH',
            task.place("image"),
            HELP,
        )
        for task in workflow.tasks
        if task.name in steps
    ]
    conclude(in_order(diagnostics), (), manner)
    raise typer.Exit(PROBLEMS)

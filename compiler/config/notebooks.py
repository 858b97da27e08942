"""Notebooks among the scripts: who runs them, and with which kernel."""

from automl.compiler.config.step import StepConfig


def runs_notebook(step: StepConfig) -> bool:
    """Whether papermill runs the step's script."""
    is_notebook = step.path is not None and step.path.value.endswith(".ipynb")
    return is_notebook and not (step.command or step.entrypoint)


def names_kernel(step: StepConfig) -> bool:
    """Whether the arguments, which are papermill's, choose the kernel."""
    return any(word.value.startswith(("-k", "--kernel")) for word in step.args)

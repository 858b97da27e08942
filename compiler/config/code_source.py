"""Where the code of a step is: in its image, or in the project's files."""

from automl.compiler.config.code import CodeConfig
from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig


def uses_project(step: StepConfig, code: CodeConfig | None) -> bool:
    """Whether the step runs in the project's files. Without `code`, an image of its own holds its code."""
    if code is None:
        return "image" not in step.own
    return not code.in_image


def uses_bundle(config: Config) -> bool:
    """Whether some step runs in files that are packed into the output."""
    if config.code is not None and config.code.git is not None:
        return False
    return any(uses_project(step, config.code) for step in config.steps)

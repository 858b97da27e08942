"""`automl validate`."""

from automl.cli import batch
from automl.cli.choices import every_choice
from automl.cli.contexts import Asked, choices_in
from automl.cli.delivery import compile_configs, conclude, given_params, manner_of
from automl.cli.inputs import read_all
from automl.cli.options import (
    Files,
    Form,
    InContext,
    MessageFormat,
    ParamsFile,
    Quiet,
    Set,
    Strict,
    Targets,
    Version,
)
from automl.cli.terminal import TEXT, say, wrong_usage
from automl.compiler.driver import Overrides


def run(
    files: Files = None,
    target: Targets = None,
    target_version: Version = None,
    form: Form = None,
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    strict: Strict = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
) -> None:
    """Check configs without compiling them; without -t for every target.

    automl validate pipelines/*.yaml
    """
    if not target and not context and (target_version or form):
        wrong_usage("--target-version and --as say something of a target: give it with -t")
    manner = manner_of(quiet, strict, message_format, is_product=True)
    given, unreadable = read_all(files or ())
    asked = choices_in(context, Asked(target or (), target_version, form), given, manner, unreadable)
    choices = asked or every_choice()
    request = batch.Request(
        Overrides(params=given_params(set, params_file), context=context),
        choices,
        is_any_enough=not asked,
        strict=strict,
        keep=False,
    )
    compiled, diagnostics = compile_configs(given, unreadable, request)
    conclude(diagnostics, unreadable, manner)
    if not quiet:
        for line in batch.verdicts(compiled, choices, strict):
            say(line)

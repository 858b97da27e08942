"""What a context of a config says of its compilation: the target, and the version of that."""

from collections.abc import Sequence
from typing import NoReturn

from automl.cli.choices import Choice, ChoiceError, choose, what_to_choose
from automl.cli.delivery import chosen, conclude
from automl.cli.terminal import Manner, wrong_usage
from automl.compiler.config.contexts import Context
from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, contexts_of
from automl.compiler.records import NamedTuple


class Asked(NamedTuple):
    """What a command line says of targets."""

    names: Sequence[str]
    version: str | None
    form: str | None
    format: str = "yaml"


def choices_in(
    context: str | None,
    asked: Asked,
    given: Sequence[Input],
    manner: Manner,
    unreadable: Sequence[str] = (),
) -> list[Choice]:
    """The targets of a command line, or else the one of a context, which has to be the same in all configs.

    What is wrong with the contexts of a config is said when that is compiled, or here if no config has sound ones.
    """
    if context is None or not given:
        return chosen(*asked)
    read = [contexts_of(config, context) for config in given]
    sound = [contexts for contexts, wrong in read if not wrong]
    if not sound:
        conclude(in_order(diagnostic for _, wrong in read for diagnostic in wrong), unreadable, manner)
    of_configs = [_choices(_named(context, contexts), asked, manner) for contexts in sound]
    asked_of = {tuple((target.name, options) for target, options in choices) for choices in of_configs}
    if len(asked_of) > 1:
        wrong_usage(f'the context "{context}" has another target in each config: compile one at a time')
    return of_configs[0]


def has_context(given: Input, name: str) -> bool:
    """Whether a config has a context of that name."""
    return any(context.name == name for context in contexts_of(given)[0])


def refuse_no_target(context: str | None, unreadable: Sequence[str]) -> NoReturn:
    """End a command that needs a target, and was told none."""
    if context is not None:
        conclude((), unreadable, Manner())
        wrong_usage(f'the context "{context}" has no target: give it one, or {what_to_choose()}')
    wrong_usage(what_to_choose())


def _named(name: str, contexts: Sequence[Context]) -> Context | None:
    return next((context for context in contexts if context.name == name), None)


def _choices(context: Context | None, asked: Asked, manner: Manner) -> list[Choice]:
    of_context = [context.target] if context and context.target else []
    names = list(dict.fromkeys(asked.names)) or of_context
    version = context.target_version if context and names == of_context and not asked.version else None
    if version is None:
        return chosen(names, *asked[1:])
    try:
        choose(names, version.value)
    except ChoiceError as error:
        message, _, help = str(error).partition("; ")
        conclude([Diagnostic(Code.WRONG_VALUE, message, version.span, help=help)], (), manner)
    return chosen(names, version.value, *asked[2:])

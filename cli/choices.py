"""What a command line chooses: targets, their versions, forms and formats."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from automl import targets
from automl.compiler import driver
from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean
from automl.compiler.target import Artifact, Emission, Options, Target

FORMATS = ("yaml", "json")


class ChoiceError(Exception):
    """Something is chosen that is not there. The text says what is."""


class FailedTargetError(Exception):
    """Somebody's target raised what it should not. The text says which target, and what."""


class Choice(NamedTuple):
    """A target and what is asked of it."""

    target: Target
    options: Options


def choose(
    names: Sequence[str], version: str | None = None, form: str | None = None, format: str = "yaml"
) -> list[Choice]:
    """Each target that is named, once; the rest has to fit all of them. Raises ChoiceError."""
    if format not in FORMATS:
        raise ChoiceError(f'there is no format "{format}"; known formats: {", ".join(FORMATS)}')
    wanted = {target.name: target for target in map(_target, names)}
    return [
        Choice(target, Options(_version(target, version), _form(target, form), format))
        for target in wanted.values()
    ]


def every_choice() -> list[Choice]:
    """Every target that can be loaded, as it is without options."""
    loaded = (_loaded(name) for name in targets.names())
    return [
        Choice(target, Options(target.default_version, target.forms[0]))
        for target in loaded
        if target is not None
    ]


def emit(workflow: Workflow, choice: Choice) -> Emission:
    """What the driver has of the target. Raises FailedTargetError for a target of others.

    What such a target prints goes to stderr: stdout is for the manifest.
    """
    target, options = choice
    if targets.is_own(target):
        return driver.emit(workflow, target, options)
    try:
        with redirect_stdout(sys.stderr):
            emission = driver.emit(workflow, target, options)
        _refuse_nonsense(emission)
        return emission
    except (Exception, SystemExit) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise FailedTargetError(f'the target "{target.name}" is not ours, and failed: {what}') from error


def _refuse_nonsense(emission: Emission) -> None:
    """What is no text or no finding would fail later, where nobody knows any more whose it is."""
    for artifact in emission.artifacts:
        if not (
            isinstance(artifact, Artifact)
            and isinstance(artifact.path, str)
            and all(isinstance(piece, str) for piece in artifact.write())
        ):
            raise TypeError("an artifact is a path and a text")
        artifact.text.encode()
    if not all(isinstance(diagnostic, Diagnostic) for diagnostic in emission.diagnostics):
        raise TypeError("a diagnostic is one of automl.compiler.diagnostics")


def what_to_choose() -> str:
    """A sentence for who chose no target."""
    return f"say what to compile for: -t {', '.join(targets.names())}; `automl targets` says what each is"


def _loaded(name: str) -> Target | None:
    try:
        return targets.load(name)
    except targets.BrokenTargetError:
        return None


def _target(name: str) -> Target:
    try:
        target = targets.load(name)
    except targets.BrokenTargetError as error:
        raise ChoiceError(str(error)) from error
    if target is None:
        known = targets.names()
        suggestion = did_you_mean(name, known)
        way_out = f'did you mean "{suggestion}"?' if suggestion else f"known targets: {', '.join(known)}"
        raise ChoiceError(f'there is no target "{name}"; {way_out}')
    return target


def _version(target: Target, wanted: str | None) -> str:
    """One of the versions of the target; `v3.7.2` is 3.7."""
    if wanted is None:
        return target.default_version
    minor = ".".join(wanted.removeprefix("v").split(".")[:2])
    if minor not in target.versions:
        known = ", ".join(target.versions)
        raise ChoiceError(f'{target.name} has no version "{wanted}" here; known versions: {known}')
    return minor


def _form(target: Target, wanted: str | None) -> str:
    if wanted is None:
        return target.forms[0]
    if wanted not in target.forms:
        raise ChoiceError(f'{target.name} has no form "{wanted}"; known forms: {", ".join(target.forms)}')
    return wanted

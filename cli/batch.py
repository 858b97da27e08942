"""Several configs for several targets: what came of each, and what can be said of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from automl.cli.choices import Choice, FailedTargetError, emit
from automl.compiler.diagnostics import Code, Diagnostic, Related, Severity, has_errors, in_order
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.project.paths import under
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source, Span
from automl.compiler.target import Artifact, Emission


class Compiled(NamedTuple):
    """What came of one config: what is true for every engine, and what each target made of it.

    There are no emissions if the config itself has errors.
    """

    given: Input
    diagnostics: tuple[Diagnostic, ...]
    emissions: Mapping[str, Emission]
    inputs: tuple[Path, ...]  # the config and the files that its steps name

    def fits(self, target: str, strict: bool = False) -> bool:
        """Whether the target has no error in it; with `strict` no warning either."""
        if target not in self.emissions:
            return False
        diagnostics = self.emissions[target].diagnostics
        return not has_errors(diagnostics) and not (
            strict and any(diagnostic.severity is Severity.WARNING for diagnostic in diagnostics)
        )


class Request(NamedTuple):
    """What is asked of every config.

    `is_any_enough`: it has no errors if one of the targets finds none, with `strict` no warnings either.
    `keep`: the artifacts are wanted; those of very many configs take much memory.
    """

    overrides: Overrides
    choices: Sequence[Choice]
    is_any_enough: bool = False
    strict: bool = False
    keep: bool = True


def compile_one(given: Input, request: Request) -> Compiled:
    """A config for each target. Raises OSError for a project that cannot be read.

    Raises FailedTargetError, but not where any target is enough: then there is no emission of that target.
    """
    workflow, diagnostics = analyse(given, request.overrides)
    emissions: dict[str, Emission] = {}
    if workflow is not None:
        for choice in request.choices:
            with suppress(*((FailedTargetError,) if request.is_any_enough else ())):
                emission = emit(workflow, choice)
                emissions[choice.target.name] = _kept(emission, request)
    files = workflow.files if workflow else ()
    return Compiled(
        given,
        tuple(diagnostics),
        emissions,
        (given.file, *(under(given.folder, path) for path in files), *request.overrides.files),
    )


def _kept(emission: Emission, request: Request) -> Emission:
    """With its texts, if they are wanted: what a text is made of takes more memory. Nothing is written of what is refused."""
    if not request.keep:
        return emission._replace(artifacts=())
    if not has_errors(emission.diagnostics):
        for artifact in emission.artifacts:
            artifact.write()
    return emission


def diagnostics(compiled: Iterable[Compiled], request: Request) -> list[Diagnostic]:
    """All that was found, in order. Where there are several targets, what one of them says has its name.

    Of a config that fits one of the targets, where that is enough, nothing that a target says.
    """
    return in_order(diagnostic for one in compiled for diagnostic in _diagnostics(one, request))


def _diagnostics(compiled: Compiled, request: Request) -> Iterator[Diagnostic]:
    yield from compiled.diagnostics
    if request.is_any_enough and any(compiled.fits(target, request.strict) for target in compiled.emissions):
        return
    said: dict[Diagnostic, dict[str, None]] = {}  # of each target once
    for target, emission in compiled.emissions.items():
        for diagnostic in emission.diagnostics:
            said.setdefault(diagnostic, {})[target] = None
    for diagnostic, names in said.items():
        is_for_all = len(names) == len(compiled.emissions)
        message = diagnostic.message if is_for_all else f"{', '.join(names)}: {diagnostic.message}"
        yield diagnostic._replace(message=message)


def artifacts(compiled: Iterable[Compiled]) -> list[Artifact]:
    """All files of the output."""
    return [
        artifact for one in compiled for emission in one.emissions.values() for artifact in emission.artifacts
    ]


def same_paths(compiled: Iterable[Compiled]) -> list[Diagnostic]:
    """Configs whose output would be the same file."""
    owners: dict[str, Input] = {}
    return [
        _same_path(artifact.path, first, one.given)
        for one in compiled
        for emission in one.emissions.values()
        for artifact in emission.artifacts
        if (first := owners.setdefault(artifact.path, one.given)) is not one.given
    ]


def inputs(compiled: Iterable[Compiled]) -> list[Path]:
    """The files that must not be replaced by any output."""
    return [path for one in compiled for path in one.inputs]


def _same_path(path: str, first: Input, second: Input) -> Diagnostic:
    return Diagnostic(
        Code.SAME_NAME,
        f'two configs compile to "{path}"',
        _start(second.path),
        help="give each a `name` of its own",
        related=(Related("the first one", _start(first.path)),),
    )


def _start(path: str) -> Span:
    return Source(path, "").start()


def verdicts(compiled: Sequence[Compiled], choices: Sequence[Choice], strict: bool = False) -> list[str]:
    """Lines that say for which targets the configs are fine; those that are so for all are one line."""
    names = [choice.target.name for choice in choices]
    fine = sum(all(one.fits(name, strict) for name in names) for one in compiled)
    lines = [
        _fine_for_some(one, names, strict)
        for one in compiled
        if not all(one.fits(name, strict) for name in names)
    ]
    if fine:
        count = "1 config is" if fine == 1 else f"{fine} configs are"
        lines.append(f"{count} fine for {', '.join(names)}")
    return lines


def _fine_for_some(compiled: Compiled, names: Sequence[str], strict: bool) -> str:
    fits = [name for name in names if compiled.fits(name, strict)]
    others = [name for name in names if name not in fits]
    path = compiled.given.path
    return f"{path} is fine for {', '.join(fits)}, not for {', '.join(others)}: `-t {others[0]}` says why"

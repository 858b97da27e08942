"""The phases of a compilation, in their order. No printing, and no file is touched but the project's own."""

import os
from pathlib import Path, PurePosixPath

from automl.compiler.capabilities import unsupported
from automl.compiler.checks import check, check_values
from automl.compiler.config.code_source import uses_bundle, uses_project
from automl.compiler.config.config import Config, build_config
from automl.compiler.config.contexts import Context, bind_contexts, only_contexts
from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic, Severity, has_errors, in_order
from automl.compiler.expressions.presence import has_expressions
from automl.compiler.ir import Parameter, Workflow
from automl.compiler.lowering.workflow import lower
from automl.compiler.params.given import Given
from automl.compiler.params.parameters import layer_of_params, parameters_of, with_pins
from automl.compiler.project.bundle import Collection, collect_bundle
from automl.compiler.project.files import MOST_BYTES, Project, Seen
from automl.compiler.project.paths import text_of, under
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Span
from automl.compiler.structure.misspelt import has_misspelt
from automl.compiler.structure.schema import check_contexts_file, check_structure
from automl.compiler.target import Artifact, Emission, Options, Target
from automl.compiler.tree.budgets import check_defaults
from automl.compiler.tree.contexts import Layer, check_contexts, in_context, layer_of
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.layers import layer_of_options, layered, merge
from automl.compiler.tree.nodes import Mapping
from automl.compiler.tree.normal import normal
from automl.compiler.tree.other_files import recognise
from automl.compiler.tree.reader import read
from automl.compiler.trials.folds import with_folds
from automl.compiler.values.dns import digest, dns_label

STREAM = "<stdin>"
_ONLY_CONFIGS = ("config", "automl", STREAM)  # a folder has one of them, so they need no name of their own


class Input(NamedTuple):
    """A config: the path to show for it, its bytes, and the project's folder.

    `streams` are the files that the command itself writes to, each a device and a number on it; `seen` is what is
    known of the folder already; `most_bytes` is what the project's files may have together.
    """

    path: str
    data: bytes
    folder: Path
    streams: frozenset[tuple[int, int]] = frozenset()
    seen: Seen | None = None
    most_bytes: int = MOST_BYTES

    @property
    def file_name(self) -> str:
        """The last part of the path."""
        return Path(self.path).name

    @property
    def file(self) -> Path:
        """Where the bytes come from."""
        return Path("/dev/stdin") if self.path == STREAM else under(Path(), self.path)

    @property
    def default_name(self) -> str:
        """What a workflow without a name is called: as the folder, and the file where it may be one of several."""
        folder, stem = text_of(os.fsencode(self.folder.resolve().name)), Path(self.path).stem
        if stem in _ONLY_CONFIGS:
            return folder
        return f"{folder}-{stem}" if dns_label(stem) else f"{folder}-{digest(stem)}"


class Overrides(NamedTuple):
    """What the command line says instead of the config, in which context, and which values it gives to parameters."""

    name: str | None = None
    namespace: str | None = None
    params: Given = Given()
    context: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What is said, by the keys of a config."""
        said = {"name": self.name, "namespace": self.namespace}
        return {key: value for key, value in said.items() if value is not None}

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it was read from."""
        return (under(Path(), self.params.file.path),) if self.params.file else ()


class Result(NamedTuple):
    """What became of an input: artifacts only if no diagnostic is an error, made of the config and these files."""

    artifacts: tuple[Artifact, ...]
    diagnostics: tuple[Diagnostic, ...]
    inputs: tuple[Path, ...] = ()


def compile_config(given: Input, overrides: Overrides, target: Target, options: Options) -> Result:
    """All the way: from the bytes of a config to the files for an engine."""
    workflow, diagnostics = analyse(given, overrides)
    if workflow is None:
        return Result((), tuple(in_order(diagnostics)))
    emission = emit(workflow, target, options)
    diagnostics += emission.diagnostics
    files = (under(given.folder, path) for path in workflow.files)
    inputs = (given.file, *files, *overrides.files)
    return Result(() if has_errors(diagnostics) else emission.artifacts, tuple(in_order(diagnostics)), inputs)


def emit(workflow: Workflow, target: Target, options: Options) -> Emission:
    """What the target makes of a workflow, with what its table says of the keys.

    One that cannot say what trials are is not given any: it would run each step of them once.
    """
    said = tuple(unsupported(workflow, target, options))
    if has_errors(said) and any(job.trials for job in workflow.jobs):
        return Emission((), said)
    artifacts, diagnostics = target.emit(workflow, options)
    return Emission(tuple(artifacts), (*diagnostics, *said))


def analyse(given: Input, overrides: Overrides) -> tuple[Workflow | None, list[Diagnostic]]:
    """The part that is the same for every engine; no workflow if something is an error."""
    workflow, _, diagnostics = analyse_files(given, overrides)
    return workflow, diagnostics


def analyse_files(
    given: Input, overrides: Overrides
) -> tuple[Workflow | None, Collection | None, list[Diagnostic]]:
    """The same, with what became of the project's files, if the config is sound and a step needs them."""
    config, diagnostics = _configure(given, overrides)
    if config is None:
        return None, None, diagnostics
    files = _collect(config, given)
    diagnostics += files.diagnostics if files else ()
    if has_errors(diagnostics):
        return None, files, diagnostics
    workflow, renamed = lower(config, files.bundle if files else None, given.file_name)
    return workflow, files, diagnostics + renamed


def contexts_of(given: Input, name: str | None = None) -> tuple[tuple[Context, ...], list[Diagnostic]]:
    """The contexts of a config, whatever is wrong with the rest of it; none if something is wrong with them.

    If one is named, and is not there, that is wrong, too.
    """
    source, diagnostics = decode(given.path, given.data)
    written, unreadable = (None, []) if diagnostics else read(source)
    if written is None:
        return (), diagnostics + unreadable
    alone = only_contexts(written)
    wrong = [misfit for misfit in check_structure(alone)[1] if misfit.code is not Code.MISSING_KEY]
    wrong += check_contexts(alone, name)
    return () if wrong else bind_contexts(alone, wrong), wrong


def own_contexts_of(given: Input) -> tuple[Mapping | None, tuple[Context, ...], list[Diagnostic]]:
    """The tree of a file of a user's own contexts, none if it is empty or not sound, and those in it."""
    source, diagnostics = decode(given.path, given.data)
    root, unreadable = (None, []) if diagnostics or not source.text.strip() else read(source)
    wrong = [*diagnostics, *unreadable, *(check_contexts_file(root) if root else ())]
    if root is None or wrong:
        return None, (), wrong
    has_some = isinstance(root.get("contexts"), Mapping)
    return root, bind_contexts(only_contexts(root), wrong) if has_some else (), wrong


class Merged(NamedTuple):
    """A config with all that lies over it: as it was written, the layer of a context, and what comes of them."""

    written: Mapping
    context: str | None
    layer: Layer
    root: Mapping


def merged_config(given: Input, overrides: Overrides) -> Merged | None:
    """A config with complete steps, in its context, with what the command line says; its expressions stay. None if it is none."""
    source, diagnostics = decode(given.path, given.data)
    written = None if diagnostics else read(source)[0]
    if written is None:
        return None
    layer = layer_of(written, overrides.context)
    patched = in_context(written, layer)
    root = layered(patched, layer_of_options(patched, overrides.values))
    return Merged(written, overrides.context, layer, merge(root, layer_of_params(root, overrides.params)))


class _Tree(NamedTuple):
    """A config as a tree whose steps are complete, without expressions; `void` are the places of those without a value."""

    root: Mapping
    params: tuple[Parameter, ...]
    void: frozenset[Span]


def _configure(given: Input, overrides: Overrides) -> tuple[Config | None, list[Diagnostic]]:
    """The config, from its text to its checks; none if something is an error."""
    tree, diagnostics = _read(given, overrides)
    if tree is None:
        return None, diagnostics
    sound, misfits = check_structure(tree.root)
    later = misfits + (_values_beside(tree.root) if misfits else [])
    config = None
    if sound is not None:
        config, unreadable = build_config(normal(sound))
        name = config.name or Located(given.default_name, config.span)
        config = config._replace(name=name, params=tree.params)
        config, uncounted = with_folds(config, given.folder)
        later += unreadable + uncounted + check(config, given.folder)
    diagnostics += [diagnostic for diagnostic in later if diagnostic.span not in tree.void]
    return (None if has_errors(diagnostics) else config), diagnostics


def _read(given: Input, overrides: Overrides) -> tuple[_Tree | None, list[Diagnostic]]:
    """The tree of a config, whatever its shape; none for a text that is no config, or stands for too much."""
    source, diagnostics = decode(given.path, given.data)
    if diagnostics:
        return None, diagnostics
    written, diagnostics = read(source)
    if written is None or _has_zeros(diagnostics):
        return None, diagnostics
    if other := recognise(written):
        return None, [other]
    diagnostics += check_contexts(written, overrides.context)
    patched = in_context(written, layer_of(written, overrides.context))
    if too_much := check_defaults(patched):
        return None, diagnostics + too_much
    root = layered(patched, layer_of_options(patched, overrides.values))
    params, wrong = parameters_of(root, overrides.params, is_misspelt=has_misspelt("params", root))
    diagnostics += wrong
    if not has_expressions(root):
        return _Tree(root, with_pins(params, {}), frozenset()), diagnostics
    from automl.compiler.expressions.phase import expressions_of

    expressions = expressions_of(root, params)
    diagnostics += expressions.diagnostics
    if expressions.root is not root and (too_much := check_defaults(expressions.root)):
        return None, diagnostics + too_much
    return _Tree(expressions.root, with_pins(params, expressions.pinned), expressions.void), diagnostics


def _has_zeros(diagnostics: list[Diagnostic]) -> bool:
    """Whether text may have U+0000 in it, which is no name of a file, nor anything else. Of many errors one may say so."""
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    return len(errors) >= MOST_FOUND or any(error.code is Code.CONTROL_CHARACTER for error in errors)


def _values_beside(root: Mapping) -> list[Diagnostic]:
    """What is wrong with the values of sound keys, of which some stand beside keys that are not."""
    from automl.compiler.structure.mended import mended

    rest = mended(root)
    if rest is None:
        return []
    config, unreadable = build_config(normal(rest))
    return unreadable + check_values(config)


def _collect(config: Config, given: Input) -> Collection | None:
    if not uses_bundle(config):
        return None
    patterns = config.code.bundle if config.code else None
    files = {path.value for step in config.steps if uses_project(step, config.code) for path in step.files}
    needed = frozenset(str(PurePosixPath(file)) for file in files)
    span = patterns.span if patterns else config.span
    project = Project(given.folder, given.file_name, needed, given.streams, given.seen, given.most_bytes)
    return collect_bundle(project, patterns, span)

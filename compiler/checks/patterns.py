"""Patterns of `code.bundle`: a path can match them."""

from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.project.gitignore import MAX_GLOBS, Patterns, TooManyGlobsError, given_pattern
from automl.compiler.source import Located


def check_patterns(config: Config) -> Iterator[Diagnostic]:
    """Git takes some for nothing without a word; in a config they are mistakes."""
    bundle = config.code.bundle if config.code else None
    for patterns in (bundle.include, bundle.exclude) if bundle else ():
        for pattern in patterns:
            if given_pattern("", 0, pattern.value).is_void:
                message = f'no path can match the pattern "{pattern.value}"'
                yield Diagnostic(Code.PATTERN, message, pattern.span, help=_help(pattern.value))
        yield from _check_number(patterns)


def _check_number(patterns: tuple[Located[str], ...]) -> Iterator[Diagnostic]:
    try:
        Patterns(given_pattern("", 0, pattern.value) for pattern in patterns)
    except TooManyGlobsError:
        message = f"there are more than {MAX_GLOBS} patterns with wildcards"
        yield Diagnostic(Code.PATTERN, message, patterns[-1].span, help="name folders, or endings as `*.csv`")


def _help(pattern: str) -> str:
    bare = pattern.removeprefix("!")
    if pattern.startswith("#"):
        return f"a line with `#` is a comment in .gitignore; write `\\{pattern}`"
    if bare.startswith("./"):
        return f'a pattern is relative to the config without a dot: "{pattern[: -len(bare)]}{bare[1:]}"'
    if ".." in bare.split("/"):
        return "only files below the config are packed"
    if bare.endswith("\\"):
        return "a backslash stands before the character that it takes literally"
    return "patterns are written as in .gitignore: `data/`, `*.csv`, `/notes.txt`, `!keep.csv`"

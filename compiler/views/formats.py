"""Diagnostics as text for programs: editors, scripts and CI services. A credential is shown in none of them."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from automl.compiler.diagnostics import Diagnostic, Severity
from automl.compiler.source import Span
from automl.compiler.values.sha256 import sha256
from automl.compiler.views.printable import printable
from automl.compiler.views.text import shown_message

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}  # of GitHub
_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}  # of GitLab


def _concise(diagnostics: Sequence[Diagnostic]) -> str:
    """A line each, as compilers and linters write them: editors and `grep` know it."""
    return _once(
        f"{printable(diagnostic.span.source.path)}:{diagnostic.span.line}:{diagnostic.span.column}: "
        f"{diagnostic.severity.name.lower()}[{diagnostic.code}] {_message(diagnostic)}"
        f"{f' ({_help(diagnostic)})' if diagnostic.help else ''}\n"
        for diagnostic in diagnostics
    )


def _once(lines: Iterable[str]) -> str:
    """Each line once: what several configs say of an option differs in its related places alone."""
    return "".join(dict.fromkeys(lines))


def _json(diagnostics: Sequence[Diagnostic]) -> str:
    """One document. Members may be added to it; `format_version` changes when one changes its meaning."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    report = {
        "format_version": "1.0",
        "error_count": counts[Severity.ERROR],
        "warning_count": counts[Severity.WARNING],
        "diagnostics": [_as_json(diagnostic) for diagnostic in diagnostics],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code.value,
        "severity": diagnostic.severity.name.lower(),
        "message": _message(diagnostic),
        **_range(diagnostic.span),
        "help": _help(diagnostic),
        "related": [
            {"message": shown_message(related.message, related.span), **_range(related.span)}
            for related in diagnostic.related
        ],
    }


def _range(span: Span) -> dict[str, Any]:
    """Lines and columns count code points from 1; the end is the place behind it."""
    return {
        "path": printable(span.source.path),
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.end_line, "column": span.end_column},
    }


def _github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands, which GitHub Actions shows as annotations (actions/toolkit, packages/core/src/command.ts)."""
    return _once(map(_annotation, diagnostics))


def _annotation(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    properties = {
        "title": f"automl ({diagnostic.code})",
        "file": _from_here(span),
        "line": str(span.line),
        "endLine": str(span.end_line),
    }
    if span.line == span.end_line:  # GitHub takes columns for one line only
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = f"{_message(diagnostic)}\nhelp: {_help(diagnostic)}" if diagnostic.help else _message(diagnostic)
    return f"::{_LEVELS[diagnostic.severity]} {named}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """A Code Quality report: GitLab tells new findings from old ones by their fingerprints."""
    seen: Counter[str] = Counter()
    issues = []
    for diagnostic in diagnostics:
        print_ = _fingerprint(diagnostic, seen)
        issues.append(
            {
                "description": f"{diagnostic.code}: {_message(diagnostic)}",
                "check_name": diagnostic.code.value,
                "fingerprint": print_,
                "severity": _SEVERITIES[diagnostic.severity],
                "location": {"path": _from_here(diagnostic.span), "lines": {"begin": diagnostic.span.line}},
            }
        )
    return json.dumps(issues, ensure_ascii=False, indent=2) + "\n"


def _fingerprint(diagnostic: Diagnostic, seen: "Counter[str]") -> str:
    """The same while the line is, wherever it moves to; another for the second finding of its kind."""
    span = diagnostic.span
    line = span.source.line(span.line).strip()
    what = "\0".join((diagnostic.code, _from_here(span), diagnostic.message, line))
    seen[what] += 1
    return sha256(f"{what}\0{seen[what]}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _from_here(span: Span) -> str:
    """The path as both services want it: from the top of the repository, where the command is run."""
    path = span.source.path
    return printable(os.path.relpath(path) if Path(path).is_absolute() else os.path.normpath(path))


def _message(diagnostic: Diagnostic) -> str:
    return shown_message(diagnostic.message, diagnostic.span)


def _help(diagnostic: Diagnostic) -> str | None:
    return shown_message(diagnostic.help, diagnostic.span) if diagnostic.help else None


FORMATS: Mapping[str, Callable[[Sequence[Diagnostic]], str]] = MappingProxyType(
    {"concise": _concise, "json": _json, "github": _github, "gitlab": _gitlab}
)

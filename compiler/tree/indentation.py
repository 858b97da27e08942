"""Lines that are not indented as those above them: libyaml says only that it expected something else."""

import re

import yaml

from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source, Span

_HEAD = regex(r"\s*(?:- +)*")  # what stands before the first word of a line


def position(source: Source, mark: "yaml.Mark | yaml._yaml.Mark | None") -> tuple[int, int]:
    """Line and column from 1; PyYAML counts from 0, and at the end of the text a line that is not there."""
    if mark is None:
        return 1, 1
    if mark.line >= len(source.lines):
        return len(source.lines), len(source.lines[-1]) + 1
    return mark.line + 1, mark.column + 1


def wrong_indentation(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic | None:
    """How far the line is indented, and how far it could be."""
    problem = error.problem or ""
    number, column = position(source, error.problem_mark)
    text = source.line(number)
    indentation = len(indentation_of(text))
    if "mapping values" in problem:
        above = line_above(source, number)
        wanted = len(split(source.line(above))[0])
        is_deeper = above > 0 and wanted < indentation
        return _indented(source, number, [_Level(wanted, above, False)]) if is_deeper else None
    if "did not find expected" not in problem or column != indentation + 1 or not text.strip():
        return None
    levels = _levels_above(source, number)
    is_item = text[indentation:].startswith("- ")
    if not is_item and any(level.blanks == indentation and level.is_item for level in levels):
        return _no_dash(source, number, levels)
    alike = [level for level in levels if level.is_item == is_item]
    near = [level for level in alike if level.blanks > indentation][-1:]
    near += [level for level in alike if level.blanks < indentation][:1]
    if indentation == 0 and near:  # the lines above are wrong, not this one
        return _at_the_start(source, near[0])
    return _indented(source, number, near) if near else None


def _at_the_start(source: Source, level: "_Level") -> Diagnostic:
    message = f"this line is indented by {_blanks(level.blanks)}, those below by none"
    span = _first_word(source, level.line)
    return Diagnostic(Code.SYNTAX, message, span, help="remove the blanks before it")


def _no_dash(source: Source, number: int, levels: "list[_Level]") -> Diagnostic:
    indentation = len(indentation_of(source.line(number)))
    keys = next(level for level in reversed(levels) if level.blanks > indentation)
    message = (
        f'an item of a list starts with "- ", and this line is indented by {_blanks(indentation)} as one'
    )
    help = f"put `- ` before it, or indent it by {_blanks(keys.blanks)}"
    related = (Related(f"its keys are indented by {keys.blanks}", _first_word(source, keys.line)),)
    return Diagnostic(Code.SYNTAX, message, _first_word(source, number), help=help, related=related)


def _indented(source: Source, number: int, levels: "list[_Level]") -> Diagnostic:
    indentation = len(indentation_of(source.line(number)))
    amounts = " or ".join(str(level.blanks) for level in levels)
    message = f"this line is indented by {_blanks(indentation)}, those above by {amounts}"
    related = tuple(Related(f"by {level.blanks}", _first_word(source, level.line)) for level in levels)
    nearest = min(levels, key=lambda level: abs(level.blanks - indentation)).blanks
    help = f"indent it by {_blanks(nearest)}" if nearest else "remove the blanks before it"
    return Diagnostic(Code.SYNTAX, message, _first_word(source, number), help=help, related=related)


def _blanks(count: int) -> str:
    return f"{count} blank{'s' * (count != 1)}"


class _Level(NamedTuple):
    """How far a block is indented, its last line, and whether that is where the dashes of a list stand."""

    blanks: int
    line: int
    is_item: bool


def _levels_above(source: Source, number: int) -> list[_Level]:
    """The blocks that are open above a line, the innermost first."""
    levels: list[_Level] = []
    for above in range(number - 1, 0, -1):
        line = source.line(above)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        keys, dash = len(split(line)[0]), len(indentation_of(line))
        if not levels or keys < levels[-1].blanks:
            levels.append(_Level(keys, above, False))
        if dash < levels[-1].blanks:
            levels.append(_Level(dash, above, True))
        if levels[-1].blanks == 0:
            break
    return levels


def line_above(source: Source, number: int) -> int:
    """The nearest line above that says something; 0 if there is none."""
    above = range(number - 1, 0, -1)
    return next((at for at in above if source.line(at).split("#")[0].strip()), 0)


def indentation_of(line: str) -> str:
    """The blanks, and what looks like them, that a line starts with."""
    return line[: len(line) - len(line.lstrip())]


def split(line: str) -> tuple[str, str]:
    """What is before the first word of a line, dashes too, and the rest without a comment."""
    match = _HEAD.match(line)
    head = match[0] if match else ""
    return head, re.split(r"\s#", line[len(head) :])[0].rstrip()


def _first_word(source: Source, number: int) -> Span:
    head, text = len(indentation_of(source.line(number))), source.line(number).split()
    return Span(source, number, head + 1, number, head + 1 + len(text[0] if text else " "))

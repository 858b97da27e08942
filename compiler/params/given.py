"""Values of parameters that are given beside the config: `--set NAME=VALUE`, and a file of them."""

from collections.abc import Mapping as Table
from types import MappingProxyType

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping, Scalar
from automl.compiler.tree.reader import read
from automl.compiler.tree.scalars import resolve

_WAYS_OUT: Table[Code, str] = MappingProxyType(  # where that of a config would be none
    {
        Code.NOT_A_MAPPING: "write a line for each parameter, for instance `learning_rate: 0.1`",
        Code.DOCUMENTS: "put all values into one document",
    }
)


class ParamsFile(NamedTuple):
    """A file with values by name, in YAML or JSON: the path to show for it, and its bytes."""

    path: str
    data: bytes


class Given(NamedTuple):
    """What is given; an assignment wins over the file, and a later one over an earlier."""

    assignments: tuple[str, ...] = ()
    file: ParamsFile | None = None


class Assigned(NamedTuple):
    """A value, and the name by which it is given."""

    name: Scalar
    value: Scalar


def values_of(given: Given) -> tuple[dict[str, Assigned], list[Diagnostic]]:
    """The values by name, each with its place in the option or in the file."""
    values, diagnostics = _values_in(given.file) if given.file else ({}, [])
    for assignment in given.assignments:
        name, _, text = assignment.partition("=")
        source = Source("--set", assignment)
        name_span = source.span_at(0, max(1, len(name)))
        value = Scalar(text, resolve(text), source.span_at(len(name) + 1, max(1, len(text))))
        values[name] = Assigned(Scalar(name, name, name_span), value)
    return values, diagnostics


def _values_in(file: ParamsFile) -> tuple[dict[str, Assigned], list[Diagnostic]]:
    source, diagnostics = decode(file.path, file.data)
    if diagnostics:
        return {}, diagnostics
    root, diagnostics = read(source)
    diagnostics = [one._replace(help=_WAYS_OUT.get(one.code, one.help)) for one in diagnostics]
    for_what = "a file of parameters has one value for each name"
    values = {}
    for name, (key, node) in (root or Mapping(source.start())).entries.items():
        if isinstance(node, Scalar) and node.value is not None:
            values[name] = Assigned(key, node)
        else:
            message = f'the parameter "{name}" must be a single value, not {_what(node)}'
            diagnostics.append(Diagnostic(Code.PARAMETER, message, node.span, help=for_what))
    return values, diagnostics


def _what(node: object) -> str:
    if isinstance(node, Scalar):
        return "nothing"
    return "keys and values" if isinstance(node, Mapping) else "a list"

"""The parameters of a workflow with the values that count, and what is wrong with them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from automl.compiler.diagnostics import Code, Diagnostic, Findings, Related
from automl.compiler.ir import Parameter, Type, variable_of
from automl.compiler.params.declaration import Declaration, declarations_of, is_of
from automl.compiler.params.given import Assigned, Given, values_of
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree import nodes
from automl.compiler.tree.budgets import MAX_CHARACTERS
from automl.compiler.tree.nodes import Entry, Scalar
from automl.compiler.tree.scalars import resolve
from automl.compiler.tree.stages import STAGES, steps_of

MAX_BYTES = 32 * 1024  # of a text, which has to fit into a variable of a process
_NAMES = {
    Type.TEXT: "a text",
    Type.INT: "a whole number",
    Type.FLOAT: "a number",
    Type.BOOL: "true or false",
}


def parameters_of(
    root: nodes.Mapping, given: Given, *, is_misspelt: bool = False
) -> tuple[dict[str, Parameter | None], list[Diagnostic]]:
    """The parameters by name, in the order of the config; None for one that has no value, which is said.

    Of what is no parameters at all, or is called otherwise, which is said as well, every name is one without a value.
    """
    params = root.entries.get("params")
    declarations = declarations_of(params.value if params else None)
    values, unreadable = values_of(given)
    diagnostics = Findings(unreadable)
    if is_misspelt or (params and not isinstance(params.value, nodes.Mapping)):
        return defaultdict(lambda: None), diagnostics
    diagnostics.extend(_unknown(values, declarations, root))
    diagnostics.extend(_same_variables(declarations))
    parameters: dict[str, Parameter | None] = {}
    for name, declaration in declarations.items():
        parameters[name] = None
        if declaration is not None:
            wrong = [*_wrong_declaration(declaration)]
            assigned = values.get(name)
            wrong += _wrong_value(declaration, assigned) if not wrong else []
            diagnostics.extend(wrong)
            if not wrong:
                parameters[name] = _parameter(declaration, assigned)
    diagnostics.extend(_too_much(parameters, root))
    return parameters, diagnostics


def layer_of_params(root: nodes.Mapping, given: Given) -> nodes.Mapping:
    """What is given for the parameters, as a layer of the config: the defaults that they have then."""
    params = root.get("params")
    if not isinstance(params, nodes.Mapping):
        return nodes.Mapping(root.span)
    declarations = declarations_of(params)
    entries = {}
    for name, assigned in values_of(given)[0].items():
        declaration = declarations.get(name)
        if declaration is not None:
            entries[name] = Entry(params.entries[name].key, _declared(declaration, assigned.value))
    key = root.entries["params"].key
    return nodes.Mapping(
        root.span, {"params": Entry(key, nodes.Mapping(params.span, entries))} if entries else {}
    )


def _declared(declaration: Declaration, value: Scalar) -> nodes.Mapping:
    """A parameter with a value, of the type that it has."""
    texts = {"type": Scalar(declaration.type.value, declaration.type.value, value.span)}
    text = Scalar(value.text, value.text, value.span)
    texts["default"] = text if declaration.type is Type.TEXT else value
    keys = {name: Entry(Scalar(name, name, value.span), scalar) for name, scalar in texts.items()}
    return nodes.Mapping(value.span, keys)


def with_pins(params: Mapping[str, Parameter | None], pinned: Mapping[str, Span]) -> tuple[Parameter, ...]:
    """The parameters that have a value, each with the place where it is pinned."""
    return tuple(param._replace(pinned=pinned.get(param.name)) for param in params.values() if param)


def _too_much(params: Mapping[str, Parameter | None], root: nodes.Mapping) -> Iterator[Diagnostic]:
    """Whether so long parameters are too much for so many steps, all of which are given them."""
    entry, stages = root.entries.get("params"), root.get(STAGES)
    if entry is None or not isinstance(stages, nodes.Mapping):
        return
    steps = sum(len(of_stage.items) for stage in stages if (of_stage := steps_of(stage.value)))
    characters = sum(len(param.text) for param in params.values() if param)
    if characters * steps > MAX_CHARACTERS:
        message = f"parameters of {characters:,} characters in each of {steps:,} steps are too much"
        help = "put what is long into a file of the project"
        yield Diagnostic(Code.TOO_LARGE, message, entry.key.span, help)


def _parameter(declaration: Declaration, assigned: Assigned | None) -> Parameter:
    value = assigned.value if assigned else declaration.default
    assert value is not None, "one without a value is wrong"
    return Parameter(
        declaration.name, declaration.type, value.text, declaration.description, declaration.span
    )


def _unknown(
    values: Mapping[str, Assigned], declarations: Mapping[str, object], root: nodes.Mapping
) -> Iterator[Diagnostic]:
    """Values of parameters that the config does not have."""
    entry = root.entries.get("params")
    there = Related("the parameters", entry.key.span) if entry else Related("the config", root.span)
    for name, (key, _) in values.items():
        if name not in declarations:
            suggestion = did_you_mean(name, declarations)
            help = "declare it under `params` in the config, or leave it out"
            help = f'did you mean "{suggestion}"?' if suggestion else help
            message = f'the config has no parameter "{name}"'
            yield Diagnostic(Code.UNKNOWN_REFERENCE, message, key.span, help, (there,))


def _same_variables(declarations: Mapping[str, Declaration | None]) -> Iterator[Diagnostic]:
    first: dict[str, Declaration] = {}
    for declaration in filter(None, declarations.values()):
        variable = variable_of("PARAM", declaration.name)
        other = first.setdefault(variable, declaration)
        if other is not declaration:
            message = f'"{declaration.name}" and "{other.name}" both become the variable {variable}'
            related = (Related("the first one", other.span),)
            help = "give one of them another name"
            yield Diagnostic(Code.SAME_NAME, message, declaration.span, help, related)


def _wrong_declaration(declaration: Declaration) -> Iterator[Diagnostic]:
    """What does not go together in a declaration."""
    type, least, most = declaration.type, declaration.least, declaration.most
    for what, value in (("min", least), ("max", most)):
        if value and type not in (Type.INT, Type.FLOAT):
            message = f'"{what}" is for numbers, and "{declaration.name}" is {_NAMES[type]}'
            help = "write `type: int` or `type: float`, or leave it out"
            yield Diagnostic(Code.PARAMETER, message, value.span, help)
    if least and most and _number(least) > _number(most):
        message = f'"min" is {least.text}, and "max" is {most.text}: no value fits'
        yield Diagnostic(Code.PARAMETER, message, least.span, "swap them")
    for value in declaration.allowed:
        if not is_of(value, type):
            message = f'"{value.text}" is not {_NAMES[type]}, as "{declaration.name}" is'
            yield Diagnostic(Code.PARAMETER, message, value.span, _other_type(declaration, value))


def _wrong_value(declaration: Declaration, assigned: Assigned | None) -> Iterator[Diagnostic]:
    """What is wrong with the default, and with the value that is given."""
    if declaration.default is not None:
        yield from _misfit(declaration, declaration.default, ())
    if assigned:
        yield from _misfit(declaration, assigned.value, (Related("declared here", declaration.span),))
    elif declaration.default is None:
        example = next((value.text for value in declaration.allowed), "…")
        message = f'the parameter "{declaration.name}" has no value'
        help = f"give it one with `--set {declaration.name}={example}`, or write a `default`"
        yield Diagnostic(Code.NO_VALUE, message, declaration.span, help)


def _misfit(declaration: Declaration, value: Scalar, related: tuple[Related, ...]) -> Iterator[Diagnostic]:
    """The first reason why a value cannot be that of a parameter."""
    name, allowed = declaration.name, [value.text for value in declaration.allowed]
    if declaration.type is not Type.TEXT and not is_of(value, declaration.type):
        message = f'the parameter "{name}" must be {_NAMES[declaration.type]}, not "{value.text}"'
        help = _other_type(declaration, value)
    elif allowed and not any(_is_same(declaration.type, value, other) for other in declaration.allowed):
        message = f'the parameter "{name}" must be one of {", ".join(allowed)}, not "{value.text}"'
        suggestion = did_you_mean(value.text, allowed)
        help = f'did you mean "{suggestion}"?' if suggestion else "choose one of them"
    elif declaration.least and _number(value) < _number(declaration.least):
        message = f'the parameter "{name}" must be at least {declaration.least.text}, not {value.text}'
        help = "give another value, or another `min`"
    elif declaration.most and _number(value) > _number(declaration.most):
        message = f'the parameter "{name}" must be at most {declaration.most.text}, not {value.text}'
        help = "give another value, or another `max`"
    elif len(value.text.encode()) > MAX_BYTES:
        message = f'the parameter "{name}" is longer than {MAX_BYTES // 1024} KiB'
        help = "put what is long into a file of the project"
    else:
        return
    yield Diagnostic(Code.PARAMETER, message, value.span, help, related)


def _is_same(type: Type, value: Scalar, other: Scalar) -> bool:
    return value.text == other.text if type is Type.TEXT else value.value == other.value


def _number(value: Scalar) -> float:
    return value.value if isinstance(value.value, int | float) else 0


def _other_type(declaration: Declaration, value: Scalar) -> str:
    """What to write, or to declare, for a value of another type."""
    if declaration.type is Type.INT and is_of(value, Type.FLOAT):
        return f"write a whole number, or declare `{declaration.name}` with `type: float`"
    if isinstance(value.value, str) and is_of(_unquoted(value), declaration.type):
        return "write it without quotes"
    example = {Type.INT: "20", Type.FLOAT: "0.1", Type.BOOL: "true"}.get(declaration.type, "a")
    return f"for instance {example}; or declare `{declaration.name}` with `type: text`"


def _unquoted(value: Scalar) -> Scalar:
    return Scalar(value.text, resolve(value.text), value.span)

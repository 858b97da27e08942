"""The parameters of a pipeline: those of the workflow that a run may be started with other values of."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Parameter, Type, Workflow
from automl.targets.kubeflow.interface import TEXT
from automl.targets.kubeflow.quoting import is_broken, is_unsafe
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

_KINDS: Mapping[Type, str] = MappingProxyType(
    {Type.INT: "NUMBER_INTEGER", Type.FLOAT: "NUMBER_DOUBLE", Type.BOOL: "BOOLEAN"}
)
OURS = frozenset(["code", "run", "run_name"])
"""Inputs that tasks have anyway."""


def keys_of(workflow: Workflow) -> dict[str, str]:
    """The names of parameters that a run may set, each with that of the input of the pipeline."""
    return {
        parameter.name: key_of(parameter.name)
        for parameter in workflow.params
        if parameter.pinned is None and not _is_changed(parameter.text)
    }


def key_of(name: str) -> str:
    """The input for a parameter, or for a value of a trial."""
    key = name.lower().replace("-", "_")
    return f"param_{key}" if key in OURS else key


def kind_of_parameter(parameter: Parameter) -> str:
    """The type of the input, by which the page of a run knows what may be typed there.

    A step gets a number from Kubeflow's launcher as that writes it (backend/src/v2/component/launcher_v2.go, getPlaceholders:
    `strconv.FormatFloat(…, 'f', -1, 64)`): `1e-4` as `0.0001`, `1.0` as `1`. What is written in another way is text, so that
    a step sees what it sees on every other engine.
    """
    kind = _KINDS.get(parameter.type, TEXT)
    return kind if kind == TEXT or _as_launcher(parameter) == parameter.text else TEXT


def _as_launcher(parameter: Parameter) -> str | None:
    """The value as the launcher writes it, if it is one of JSON."""
    if parameter.type is Type.BOOL:
        return parameter.text.lower()
    try:
        digits = format(Decimal(repr(float(parameter.text))), "f")
    except (ValueError, OverflowError):
        return None
    return digits.removesuffix(".0")


def definitions(workflow: Workflow, keys: Mapping[str, str]) -> Object:
    """The inputs of the pipeline."""
    return {
        keys[parameter.name]: _definition(parameter)
        for parameter in workflow.params
        if parameter.name in keys
    }


def _definition(parameter: Parameter) -> Object:
    kind = kind_of_parameter(parameter)
    given: Object = {
        "parameterType": kind,
        "defaultValue": _default(kind, parameter.text),
        "isOptional": True,
    }
    return given | ({"description": parameter.description} if parameter.description else {})


def _default(kind: str, text: str) -> Value:
    if kind == "NUMBER_INTEGER":
        return int(text)
    if kind == "NUMBER_DOUBLE":
        return float(text)
    return text == "true" if kind == "BOOLEAN" else text


def of_fixed_parameters(workflow: Workflow) -> Iterator[Diagnostic]:
    """The parameters that a run cannot be started with other values of, and why."""
    keys = keys_of(workflow)
    for parameter in workflow.params:
        if parameter.name not in keys:
            why = (
                "is decided by it when the pipeline is compiled"
                if parameter.pinned
                else "has characters that Kubeflow reads as its own, so it stands in the pipeline"
            )
            what = "what is here" if parameter.pinned else "its default"
            message = (
                f'no run can be started with another value of the parameter "{parameter.name}": {what} {why}'
            )
            help = "compile again for another value: `--set " + parameter.name + "=…`"
            yield Diagnostic(Code.FIXED_PARAMETER, message, parameter.pinned or parameter.span, help)


def _is_changed(text: str) -> bool:
    return is_unsafe(text) or is_broken(text)

"""What the references of an expression stand for: parameters, outputs of steps, and the run."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from automl.compiler.diagnostics import Code
from automl.compiler.expressions.problems import ExpressionError, Problem
from automl.compiler.expressions.syntax import Call, Literal, Operation, Reference, Tree
from automl.compiler.ir import Parameter
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean


class OfOutput(NamedTuple):
    """An output of a step, by the names that its user gives."""

    step: str
    output: str


class OfRun(NamedTuple):
    """What a run is told apart by: `id` or `name`."""

    field: str


class OfTrial(NamedTuple):
    """A value of the trial, by the name of its axis."""

    name: str


class OfFold(NamedTuple):
    """Which fold it is: `index`, or of how many: `count`."""

    field: str


class OfBest(NamedTuple):
    """What the best trial of a step had or left: `params` or `outputs`, and a name."""

    step: str
    kind: str
    name: str


class OfAll(NamedTuple):
    """An output of all trials of a step."""

    step: str
    output: str


Meaning: TypeAlias = Parameter | OfOutput | OfRun | OfTrial | OfFold | OfBest | OfAll
Parameters: TypeAlias = Mapping[str, Parameter | None]
"""By their names; None for one that has no value, which is said where it is declared."""

_MOST_NAMED = 8
ROOTS = ("params", "steps", "run", "sweep", "fold")
COLLECT = "collect"
FUNCTIONS = (COLLECT,)
_FIELDS_OF_RUN = ("id", "name")
_FIELDS_OF_FOLD = ("index", "count")
_KINDS_OF_BEST = ("params", "outputs")
_STEP = "what a step hands on is `steps.x.outputs.y`"
_ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "env": "the program reads its variables itself",
        "envs": "the program reads its variables itself",
        "secrets": "name the Secret under `secrets` of the step, and read the variable",
        "inputs": "the program reads $AUTOML_INPUT_NAME; in an expression name the output: `steps.x.outputs.y`",
        "outputs": _STEP,
        "needs": _STEP,
        "tasks": _STEP,
        "jobs": _STEP,
        "stages": _STEP,
        "matrix": "a value of the trial is `sweep.x`",
        "trial": "a value of the trial is `sweep.x`",
        "item": "a value of the trial is `sweep.x`",
        "workflow": "a run is told apart by `run.id` and `run.name`",
        "github": "write the value under `params`, and give it with `--set`",
        "vars": "write it as `params.x`",
        "parameters": "write it as `params.x`",
        "param": "write it as `params.x`",
    }
)

_HOLDERS_OF_STEPS = ("steps", "needs", "tasks", "jobs", "stages")  # in other tools, too
_BESIDE_OUTPUTS = ("outputs", "output", "result", "results", "parameters", "artifacts")
_PARTS_OF_OUTPUTS = ("path", "value", "uri", "url")
_NAME = regex(r"[\w-]+")


def meaning_of(reference: Reference | Call, params: Parameters) -> Meaning | None:
    """What a reference, or a function of one, stands for; None for a parameter without a value. Raises ExpressionError."""
    if isinstance(reference, Call):
        return _meaning_of_call(reference, params)
    root, *names = reference.names
    if root == "params" and len(names) == 1:
        return _parameter(reference, names[0], params)
    if root == "steps" and len(names) == 3 and names[1] == "outputs":
        return OfOutput(names[0], names[2])
    if root == "steps" and len(names) == 4 and names[1] == "best" and names[2] in _KINDS_OF_BEST:
        return OfBest(names[0], names[2], names[3])
    if len(names) == 1 and (meaning := _of_one_name(root, names[0])):
        return meaning
    raise ExpressionError(_unknown(reference, params))


def _of_one_name(root: str, name: str) -> Meaning | None:
    if root == "run" and name in _FIELDS_OF_RUN:
        return OfRun(name)
    if root == "fold" and name in _FIELDS_OF_FOLD:
        return OfFold(name)
    return OfTrial(name) if root == "sweep" else None


def _meaning_of_call(call: Call, params: Parameters) -> OfAll:
    """`collect` stands for an output of all trials."""
    if call.name != COLLECT:
        raise ExpressionError(_unknown_function(call))
    if len(call.arguments) == 1 and isinstance(call.arguments[0], Reference):
        meaning = meaning_of(call.arguments[0], params)
        if isinstance(meaning, OfOutput):
            return OfAll(*meaning)
    help = "write `collect(steps.x.outputs.y)`"
    raise ExpressionError(
        Problem(call.start, call.end, "`collect()` takes one output of a step with trials", help)
    )


def references_in(tree: Tree) -> Iterator[Reference]:
    """The references of a tree, from left to right."""
    if isinstance(tree, Reference):
        yield tree
    elif not isinstance(tree, Literal):
        for inner in tree.operands if isinstance(tree, Operation) else tree.arguments:
            yield from references_in(inner)


def _parameter(reference: Reference, name: str, params: Parameters) -> Parameter | None:
    try:
        return params[name]  # where the parameters are none, each has no value
    except KeyError:
        message = f'there is no parameter "{name}"'
        help = _other_parameter(name, params)
        problem = Problem(reference.start, reference.end, message, help, Code.UNKNOWN_REFERENCE)
        raise ExpressionError(problem) from None


def _other_parameter(name: str, params: Parameters) -> str:
    if better := did_you_mean(name, params):
        return f'did you mean "params.{better}"?'
    known = f"; the parameters are {', '.join(params)}" if len(params) <= _MOST_NAMED else ""
    return f"declare it under `params` at the top of the file{known if params else '; there are none'}"


def _unknown(reference: Reference, params: Parameters) -> Problem:
    """What is wrong with names that lead nowhere."""
    root, *names = reference.names
    shown = ".".join(reference.names)
    if root == "run" and names == ["status"]:
        help = "compute it in a step, and hand it on as an output"
        return Problem(reference.start, reference.end, f"there is no `{shown}` yet", help)
    message = f'there is no "{shown}"'
    return Problem(
        reference.start, reference.end, message, _way_out(root, names, params), Code.UNKNOWN_REFERENCE
    )


def _way_out(root: str, names: list[str], params: Parameters) -> str:
    if root == "params":
        return "a parameter is `params.x`: it has one name, and nothing in it"
    if better := _output_meant(root, names):
        return f'did you mean "{better}"?'
    if root == "sweep":
        return "a value of the trial is `sweep.x`: it has one name, and nothing in it"
    if root == "fold":
        return "of a fold there are `fold.index` and `fold.count`"
    if "best" in names[1:2]:
        return "of the best trial there are `steps.x.best.params.y` and `steps.x.best.outputs.y`"
    if root == "steps":
        return f"{_STEP}; a step of a stage is `steps['stage/step'].outputs.y`"
    if root == "run":
        better = did_you_mean(names[0], _FIELDS_OF_RUN) if names else None
        return f'did you mean "run.{better}"?' if better else "of a run there are `run.id` and `run.name`"
    if root in params and not names:
        return f'did you mean "params.{root}"?'
    if root in _ELSEWHERE:
        return _ELSEWHERE[root]
    if root in ("True", "False", "TRUE", "FALSE"):
        return f'did you mean "{root.lower()}"?'
    if better := did_you_mean(root, ROOTS):
        return f'did you mean "{".".join([better, *names])}"?'
    if not names:
        return f"a text stands in quotes: '{root}'; a parameter is `params.{root}`"
    return "there are `params.x`, `steps.x.outputs.y`, `sweep.x`, `fold.index`, `run.id` and `run.name`"


def _output_meant(root: str, names: list[str]) -> str | None:
    """The output that is named as other tools do it: `needs.x.outputs.y`, `steps.x.y`, `x.output.y`."""
    words = [name for name in names if name not in _BESIDE_OUTPUTS]
    if root not in _HOLDERS_OF_STEPS:
        if not {"outputs", "output"} & set(names[:1]):
            return None
        words = [root, *words]
    words = words[:-1] if len(words) == 3 and words[2] in _PARTS_OF_OUTPUTS else words
    if len(words) != 2:
        return None
    step, output = words
    return f"steps.{step}.outputs.{output}" if _NAME.fullmatch(step) else f"steps['{step}'].outputs.{output}"


def _unknown_function(call: Call) -> Problem:
    end = call.start + len(call.name)
    if call.name in ("failure", "always", "success", "cancelled"):
        help = "a step runs when all that it comes after has succeeded"
        return Problem(call.start, end, f"there is no `{call.name}()` yet", help)
    message, better = f'there is no function "{call.name}"', did_you_mean(call.name, FUNCTIONS)
    help = f"did you mean `{better}()`?" if better else "compute it in the step"
    return Problem(call.start, end, message, help, Code.UNKNOWN_REFERENCE)

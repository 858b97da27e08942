"""One template for many tasks, where a template for each would be too large for Argo.

It has what they have in common; the texts in which they differ are parameters, and stand with the tasks. Argo names the pods
of a task after its template, so tasks have templates of their own as long as there is room.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.targets.dag.names import TaskNames
from automl.targets.objects.json import canonical
from automl.targets.objects.metadata import Object

Template = dict[str, Any]
MAX_TEXTS = 100
_NOT_PLAIN = regex(r"[^\t\n -~]|\{\{")
"""What may not arrive as it is: Argo writes what is not ASCII with escapes of Go, of which JSON knows some, and reads tags."""
_INPUT = regex(r"\{\{inputs\.parameters\.([^{}]+)\}\}")


class _Member(NamedTuple):
    """The template of a task, and the same with inputs whose names are no task's own."""

    own: Template
    numbered: Template


class _Use(NamedTuple):
    """How a task uses a template: with which inputs for its own, by their names, and with which texts."""

    template: str
    inputs: Mapping[str, str]
    texts: Sequence[Object]


def shared(templates: Sequence[Object], jobs: Collection[str]) -> list[Object]:
    """The templates, each after those it refers to, of which those of jobs, by their names, are one where they can be."""
    names = TaskNames()
    names.take_all(str(template["name"]) for template in templates)
    alike: dict[str, list[_Member]] = defaultdict(list)
    for template in templates:
        if template["name"] in jobs:
            numbered = _numbered(template)
            alike[_frame(numbered)].append(_Member(template, numbered))
    uses: dict[str, _Use] = {}
    of_jobs = [one for members in alike.values() for one in _merged(members, names, uses)]
    return of_jobs + [_with_uses(template, uses) for template in templates if template["name"] not in jobs]


def _frame(numbered: Template) -> str:
    """What templates that are one have in common: all but their names and the texts that can be parameters."""
    texts = (text if _NOT_PLAIN.search(text) else "" for text in _texts(numbered))
    return canonical(_with_texts(numbered, texts) | {"name": ""})


def _merged(members: list[_Member], names: TaskNames, uses: dict[str, _Use]) -> list[Template]:
    """One template for several. How each is used then is in `uses`, by its name."""
    columns = list(
        zip(*(_texts(member.numbered) for member in members), strict=True)
    )  # a text of each member
    differing = dict.fromkeys(column for column in columns if len(set(column)) > 1)
    if len(members) == 1 or len(differing) > MAX_TEXTS:
        return [member.own for member in members]
    name, keys = names.take("steps"), {column: f"text-{at}" for at, column in enumerate(differing, 1)}
    for at, member in enumerate(members):
        given: list[Object] = [{"name": key, "value": column[at]} for column, key in keys.items()]
        uses[member.own["name"]] = _Use(name, _numbers(member.own), given)
    texts = (_tag(keys[column]) if column in keys else column[0] for column in columns)
    whole = members[0].numbered
    inputs = whole.get("inputs", {})
    parameters = [*inputs.get("parameters", ()), *({"name": key} for key in keys.values())]
    return [_with_texts(whole, texts) | {"name": name, "inputs": inputs | {"parameters": parameters}}]


def _tag(key: str) -> str:
    return f"{{{{inputs.parameters.{key}}}}}"


def _numbers(template: Template) -> dict[str, str]:
    """Names for the inputs of a template that are the same in others."""
    parameters = template.get("inputs", {}).get("parameters", ())
    return {parameter["name"]: f"value-{at}" for at, parameter in enumerate(parameters, 1)}


def _numbered(template: Template) -> Template:
    """The template with inputs that have such names."""
    numbers = _numbers(template)
    if not numbers:
        return template
    numbered: Template = json.loads(_INPUT.sub(lambda match: _tag(numbers[match[1]]), canonical(template)))
    numbered["inputs"]["parameters"] = [{"name": number} for number in numbers.values()]
    return numbered


def _texts(template: Template) -> list[str]:
    """The texts of a template that may be those of one task: of its labels, its arguments and its variables."""
    container = template["container"]
    variables = [variable["value"] for variable in container.get("env", ()) if "value" in variable]
    return [*template["metadata"]["labels"].values(), *container.get("args", ()), *variables]


def _with_texts(template: Template, texts: Iterator[str]) -> Template:
    """The template with other texts, in their order."""
    metadata, container = template["metadata"], dict(template["container"])
    labels = {key: next(texts) for key in metadata["labels"]}
    if "args" in container:
        container["args"] = [next(texts) for _ in container["args"]]
    if "env" in container:
        container["env"] = [
            variable | {"value": next(texts)} if "value" in variable else variable
            for variable in container["env"]
        ]
    return template | {"metadata": metadata | {"labels": labels}, "container": container}


def _with_uses(template: Template, uses: Mapping[str, _Use]) -> Template:
    """A DAG whose tasks use the templates that there are now; other templates as they are."""
    if "dag" not in template:
        return template
    tasks = [_with_use(task, uses.get(task["template"])) for task in template["dag"]["tasks"]]
    return template | {"dag": template["dag"] | {"tasks": tasks}}


def _with_use(task: Object, use: _Use | None) -> Object:
    if use is None:
        return task
    arguments: Any = task.get("arguments", {})
    values = [value | {"name": use.inputs[value["name"]]} for value in arguments.get("parameters", ())]
    return task | {"template": use.template, "arguments": arguments | {"parameters": [*values, *use.texts]}}

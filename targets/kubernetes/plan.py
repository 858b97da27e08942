"""The coordinator's program and its plan in ConfigMaps: one, or several where the plan is too large for one."""

import re
from collections.abc import Sequence

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Workflow
from automl.compiler.patterns import regex
from automl.runtime.plan import Plan, Step
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES, config_map
from automl.targets.objects.json import size_of
from automl.targets.objects.metadata import Object, Objects, name_of
from automl.targets.objects.scripts import script
from automl.targets.writers.yaml import Value

PLAN = "/automl/plan"
MOUNT: Object = {"name": "plan", "mountPath": PLAN, "readOnly": True}
_START_OF_NODE = regex(r"^(?=  \{)", re.MULTILINE)
MODULES = (
    "coordinator",
    "states",
    "plan",
    "tasks",
    "jobs",
    "handed_on",
    "outputs",
    "deployments",
    "watch",
    "cluster",
)
OF_TRIALS = ("trial_jobs", "trials", "selection")


def planned(objects: Objects, plan: Plan) -> list[Object]:
    """The ConfigMaps: of the program and the plan, and of what of the plan does not fit into that."""
    program: Object = {f"{name}.py": script(f"{name}.py") for name in modules_of(plan)}
    rooms = [_room(objects, content) for content in (program, {})]
    parts = _parts(plan.to_json(), *rooms)
    contents: list[Object] = [{name: part} for name, part in zip(part_names(len(parts)), parts, strict=True)]
    contents[0] = program | contents[0]
    return [config_map(objects, "plan", {"data": content}) for content in contents]


def part_names(count: int) -> list[str]:
    """The files that the plan is in, in the order of its text."""
    return ["plan.json", *(f"plan-{number}.json" for number in range(2, count + 1))]


def _room(objects: Objects, content: Object) -> int:
    """How many bytes a part of the plan may take beside some content."""
    longest = {part_names(1000)[-1]: ""}
    return MAX_OBJECT_BYTES - size_of(config_map(objects, "plan", {"data": content | longest}))


def _parts(text: str, first: int, others: int) -> list[str]:
    """The text in parts: in each as many nodes as there is room for, in the first and in the others."""
    parts, room = [""], first
    for node in _START_OF_NODE.split(text):
        size = size_of(node)
        if size > room:
            parts.append("")
            room = others
        parts[-1] += node
        room -= size
    return parts


def modules_of(plan: Plan) -> tuple[str, ...]:
    """The modules of the program; some only if a step has trials."""
    has_trials = any(isinstance(task, Step) and task.trials for task in plan.tasks)
    return (*MODULES, *(OF_TRIALS if has_trials else ()))


def volume(config_maps: Sequence[Object], plan: Plan) -> Object:
    """The volume of all of them."""
    first, *others = map(name_of, config_maps)
    items = _items(plan)
    if not others:
        return {"name": "plan", "configMap": {"name": first, "items": items}}
    sources: list[Value] = [{"configMap": {"name": first, "items": items}}]
    sources += [{"configMap": {"name": name}} for name in others]
    return {"name": "plan", "projected": {"sources": sources}}


def _items(plan: Plan) -> list[Value]:
    """Where the files lie: the modules where their imports look for them."""
    modules: list[Value] = [
        {"key": f"{name}.py", "path": f"automl/runtime/{name}.py"} for name in modules_of(plan)
    ]
    return [{"key": "plan.json", "path": "plan.json"}, *modules]


def check_size(workflow: Workflow, config_maps: Sequence[Object]) -> list[Diagnostic]:
    """A node that is too large for one of them: a service, for the plan holds its Deployment."""
    size = max(map(size_of, config_maps))
    if size <= MAX_OBJECT_BYTES:
        return []
    message = (
        f"the plan of the {len(workflow.tasks)} steps takes {size // 1024} KiB in a ConfigMap; "
        f"the limit is {MAX_OBJECT_BYTES // 1024} KiB"
    )
    return [Diagnostic(Code.CANNOT_SAY, message, workflow.span, help="split it into several workflows")]

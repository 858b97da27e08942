"""The templates of a step with trials: a DAG that runs one template for each of them, and a pod that selects.

Both are in one DAG: one that has failed hands nothing on, so that a selection beside it would never start. What Argo lists
of a loop are the nodes that have succeeded (processAggregateNodeOutputs in workflow/controller/operator.go). A template
that fails fast leaves a loop of which a node has not begun, and the run, without an end; so all trials are run.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from automl.compiler.values.images import PYTHON_IMAGE
from automl.runtime import selecting_scripts
from automl.targets.argo.dags import arguments
from automl.targets.argo.data import Data, task_folder
from automl.targets.argo.overflow import MAX_TEMPLATE_BYTES
from automl.targets.argo.swept import Swept, tag
from automl.targets.dag.names import TaskNames
from automl.targets.dag.routes import Origin
from automl.targets.objects.collecting import OWN_MOUNTS, own_volumes
from automl.targets.objects.config_maps import config_map
from automl.targets.objects.container import restricted
from automl.targets.objects.disks import node_labels, on_one_node, workspace_mount
from automl.targets.objects.json import size_of
from automl.targets.objects.metadata import Object, Objects, step_metadata, with_labels
from automl.targets.objects.placement import placed
from automl.targets.objects.volumes import CODE, WORK
from automl.targets.sources import source_of, trials_of
from automl.targets.writers.yaml import Value

TRIAL, SELECT = "trial", "select"
"""The tasks of the DAG."""
RESULTS = "results"
MAX_PART_BYTES = MAX_TEMPLATE_BYTES - 16 * 1024
"""Of the items of one loop as JSON; the rest is for what is beside them."""


def trials_templates(swept: Swept, data: Data, names: TaskNames) -> list[Object]:
    """The DAG of the trials, which is to the rest what the template of a step is. It is the last one: before it are those
    of its parts, if there are more trials than one object holds."""
    taken = data.taken(swept.job)
    items = [*swept.items()]
    parts = _parts(items)
    if swept.selector or len(parts) == 1:
        selecting = [_selecting(swept)] if swept.selector else []
        return [_dag(swept, data, [_runs(swept, data, taken, items), *selecting], _handed(swept))]
    dags = [_dag(swept, data, [_runs(swept, data, taken, part)]) for part in parts]
    dags = [dag | {"name": names.take(f"{swept.name}-{at}")} for at, dag in enumerate(dags, 1)]
    given = {"arguments": passed} if (passed := _passed(taken, data)) else {}
    tasks: list[Object] = [{"name": dag["name"], "template": dag["name"]} | given for dag in dags]
    if swept.trials.max_parallel is not None:  # of each part, so they come one behind the other
        for before, task in pairwise(tasks):
            task["depends"] = f"{before['name']}.Succeeded"
    return [*dags, _dag(swept, data, [*tasks])]


def _parts(items: Iterable[Object]) -> list[list[Value]]:
    """The items in as many lists as objects hold them, each with room for what else is in its template."""
    parts: list[list[Value]] = [[]]
    room = MAX_PART_BYTES
    for item in items:
        size = size_of(item) + 1
        if size > room and parts[-1]:
            parts.append([])
            room = MAX_PART_BYTES
        parts[-1].append(item)
        room -= size
    return parts


def _dag(swept: Swept, data: Data, tasks: list[Value], handed: Sequence[Value] = ()) -> Object:
    """A DAG that is given what a run is, with as many of its tasks at a time as may be."""
    trials = swept.trials
    template: Object = {"name": swept.name}
    if trials.max_parallel is not None:
        template["parallelism"] = trials.max_parallel
    if taken := data.taken(swept.job):
        template["inputs"] = data.by_kind({key: {} for key in taken})
    if handed:
        template["outputs"] = {"parameters": handed}
    dag: Object = {"failFast": False} if trials.max_failed else {}
    return template | {"dag": dag | {"tasks": tasks}}


def _handed(swept: Swept) -> list[Value]:
    """What the selection finds, for who is outside."""
    places = {name: f"{{{{tasks.{SELECT}.outputs.parameters.{name}}}}}" for name in swept.selected}
    return [{"name": name, "valueFrom": {"parameter": place}} for name, place in places.items()]


def _runs(swept: Swept, data: Data, taken: Mapping[str, None], items: Sequence[Value]) -> Value:
    """The task that runs one for each item."""
    own: list[Value] = [{"name": name, "value": f"{{{{item.{key}}}}}"} for name, key in swept.inputs.items()]
    passed = _passed(taken, data)
    given: Object = passed | {"parameters": [*own, *passed.get("parameters", ())]}
    task: Object = {"name": TRIAL, "template": swept.runner, "arguments": given}
    return task | {"withItems": items}


def _passed(taken: Mapping[str, None], data: Data) -> dict[str, Any]:
    """What a DAG is given, handed to a task of it."""
    return arguments({key: Origin(None, key) for key in taken}, data)


def _selecting(swept: Swept) -> Value:
    """The task that selects. It gets all that have succeeded, by their names."""
    ended = f"{TRIAL}.Succeeded"
    if swept.trials.max_failed:
        ended += f" || {TRIAL}.Failed || {TRIAL}.Errored"
    results: Object = {"name": RESULTS, "value": f"{{{{tasks.{TRIAL}.outputs.parameters}}}}"}
    given: Object = {"arguments": {"parameters": [results]}}
    return {"name": SELECT, "template": swept.selector, "depends": ended} | given


def select_template(objects: Objects, swept: Swept, program: Object) -> Object:
    """The template of the pod that selects. `program` is its ConfigMap."""
    job, workflow = swept.job, objects.workflow
    head: Object = {"name": swept.selector, "metadata": step_metadata(job)}
    places: list[Value] = [{"name": name, "valueFrom": {"path": f"{WORK}/{name}"}} for name in swept.selected]
    head["inputs"] = {"parameters": [{"name": RESULTS}]}
    if places:
        head["outputs"] = {"parameters": places}
    runs = task_folder(workflow, job.name) if swept.gathered else ""
    words: list[Value] = [f"{CODE}/select_trials.py", f"{CODE}/trials.json", WORK, runs, tag(RESULTS)]
    start: Object = {"image": workflow.own_image(PYTHON_IMAGE), "command": ["python3"], "args": words}
    mounts = list(OWN_MOUNTS)
    rest: Object = placed(job.placement)
    if swept.gathered:
        mounts += workspace_mount(workflow, job)
        head = with_labels(head, node_labels(workflow, job))
        rest |= on_one_node(workflow, job)
    volumes: Object = {"volumes": own_volumes(program)}
    return head | rest | volumes | {"container": restricted(start, "50m", "64Mi", mounts)}


def select_program(objects: Objects, swept: Swept, data: Data) -> Object:
    """The ConfigMap of the program that selects, with the table of the trials."""
    scripts: Object = dict(selecting_scripts())
    return config_map(objects, "select", {"data": scripts | {"trials.json": _table(swept, data)}})


def _table(swept: Swept, data: Data) -> str:
    """What the program is told, to be read: a line for each trial."""
    trials = trials_of(swept.job)
    assert trials
    known = asdict(trials)
    rows = ",\n".join(f"  {_json(row)}" for row in known.pop("table"))
    asked = {
        "values": {name: source_of(source) for name, source in swept.selected.items()},
        "plain": [name for name in swept.selected if (swept.job.name, name) in data.taken_plain],
        "gathered": swept.gathered,
        "types": {output.name: str(output.type) for output in swept.judged},
    }
    lines = [f'"trials": {_json(known)[:-1]}, "table": [\n{rows}\n ]}}']
    lines += [f"{_json(key)}: {_json(value)}" for key, value in asked.items()]
    return "{" + ",\n ".join(lines) + "}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

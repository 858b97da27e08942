"""Files that travel by a store, in containers of ours: one fetches them before a step, one puts them there after it.

No step has the keys of the store, nor the program that talks to it. A place there has the uid of a Job: other clusters
may have the same store, and Jobs of the same name.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from automl.compiler.ir import BestOutput, Job, OutputOf, Store, Task, Workflow
from automl.compiler.patterns import regex
from automl.compiler.values.images import PYTHON_IMAGE
from automl.targets.objects.collecting import MEMORY_OF_CLIENT, OWN_MOUNTS, own_volumes, program
from automl.targets.objects.container import from_secret, restricted
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.volumes import CODE, WORK
from automl.targets.writers.yaml import Value

RUNS = "runs"
INPUTS = "/automl/inputs"
INPUTS_MOUNT: Object = {"name": "inputs", "mountPath": INPUTS}
UID: Object = {
    "name": "AUTOML_JOB_UID",
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}},
}
KEYS = {"AWS_ACCESS_KEY_ID": "accesskey", "AWS_SECRET_ACCESS_KEY": "secretkey"}
"""The variables of the client, and the keys of the Secret, which are those that Argo's users have."""
LOGIN = (*KEYS, "AWS_SESSION_TOKEN", "AWS_PROFILE")
OF_CLIENT = regex(r"(AWS|PIP)_\w+|(HTTPS?|NO|ALL)_PROXY", re.IGNORECASE)
"""The variables of a step that are for what talks to the store, too: another server, another package index, a proxy."""


def puts(workflow: Workflow, job: Job) -> bool:
    """Whether a job leaves files that go to the store."""
    return workflow.store is not None and any(output.type.is_file for output in job.outputs)


def fetches(workflow: Workflow, task: Task) -> bool:
    """Whether a task takes files from the store."""
    return workflow.store is not None and any(_files(task))


def putting(store: Store, job: Job) -> Iterator[str]:
    """What tells the start script where the files of a job go."""
    for output in job.outputs:
        if output.type.is_file:
            address = store.address(f"{RUNS}/$({UID['name']})/{job.name}/{output.name}")
            yield from ("--put", f"{output.name}={address}")


def left_for_putting(job: Job) -> Iterator[str]:
    """What tells the start script of a project to bring files to where the other container looks for them."""
    for output in job.outputs:
        if output.path is not None:
            yield from ("--to", f"{output.name}={WORK}/outputs/{output.name}")


def client_variables(store: Store, of_step: list[Value]) -> list[Value]:
    """What the client of a store needs to know: the keys, and what the step says for it."""
    entries = {str(entry["name"]): entry for entry in of_step if isinstance(entry, dict)}
    names = [name for name in entries if OF_CLIENT.fullmatch(name) and not (store.secret and name in LOGIN)]
    texts = " ".join(str(entries[name].get("value", "")) for name in names)
    wanted = [entry for name, entry in entries.items() if name in names or f"$({name})" in texts]
    keys = (
        [from_secret(variable, store.secret, key) for variable, key in KEYS.items()] if store.secret else []
    )
    return [*keys, *wanted]


def fetching(objects: Objects, task: Task, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod, with a container that fetches before that of the task, which finds the files at fixed paths."""
    store = objects.workflow.store
    if store is None or not fetches(objects.workflow, task):
        return spec
    [main] = spec["containers"]
    paths = {variable: f"{INPUTS}/{source.task}/{source.output}" for variable, source in _files(task).items()}
    env = [with_path(entry, paths) for entry in main["env"]]
    step = main | {"env": env, "volumeMounts": [*main["volumeMounts"], INPUTS_MOUNT]}
    volumes: list[Value] = [
        {"name": "inputs", "emptyDir": {}},
        *own_volumes(program(objects, for_store=True)),
    ]
    containers = [*spec.get("initContainers", []), _fetch(objects.workflow, store, paths, main["env"])]
    rest = {key: value for key, value in spec.items() if key not in ("containers", "volumes")}
    return rest | {
        "initContainers": containers,
        "containers": [step],
        "volumes": [*spec["volumes"], *volumes],
    }


def _files(task: Task) -> dict[str, OutputOf | BestOutput]:
    """The variables of a task that are files, and which."""
    sources = {reference.variable: reference.source for reference in task.values}
    return {
        variable: source
        for variable, source in sources.items()
        if isinstance(source, OutputOf | BestOutput) and source.type.is_file
    }


def with_path(entry: Object, paths: Mapping[str, str]) -> Object:
    """The variable of a container, with a path if it is one of these."""
    name = str(entry["name"])
    return {"name": name, "value": paths[name]} if name in paths else entry


def _fetch(workflow: Workflow, store: Store, paths: Mapping[str, str], of_step: list[Value]) -> Object:
    """The container that fetches each file once; who makes the object fills its variables with the addresses."""
    variables = {path: variable for variable, path in paths.items()}
    words = [word for path, variable in variables.items() for word in ("--fetch", f"{path}=$({variable})")]
    addresses: list[Value] = [{"name": variable} for variable in variables.values()]
    start: Object = {
        "name": "fetch",
        "image": workflow.own_image(PYTHON_IMAGE),
        "command": ["python3", f"{CODE}/start.py"],
        "args": [*words, "--", "true"],
        "env": [*client_variables(store, of_step), *addresses],
    }
    return restricted(start, "50m", MEMORY_OF_CLIENT, [*OWN_MOUNTS, INPUTS_MOUNT])

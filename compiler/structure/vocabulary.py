"""What a key that the language does not have was meant to be: a slip, another tool's word, or something not there yet."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from automl.compiler.suggest import did_you_mean, distance
from automl.schemas import schema

TYPES = {  # of values, as others call them
    **dict.fromkeys(("string", "str"), "text"),
    **dict.fromkeys(("integer", "long"), "int"),
    **dict.fromkeys(("number", "double", "real"), "float"),
    **dict.fromkeys(("boolean", "flag"), "bool"),
    **dict.fromkeys(("dict", "map", "object", "list", "array"), "json"),
    **dict.fromkeys(("metric", "scores"), "metrics"),
    **dict.fromkeys(("directory", "folder", "dir", "path", "artifact", "csv", "parquet", "pickle"), "file"),
    **dict.fromkeys(("data", "table", "dataframe"), "dataset"),
    **dict.fromkeys(("weights", "checkpoint"), "model"),
}
ACCESS = {
    **dict.fromkeys(("rwo", "rwop", "readwriteoncepod"), "ReadWriteOnce"),
    **dict.fromkeys(("rwx", "many", "shared"), "ReadWriteMany"),
}
OF_TRIALS = {
    **dict.fromkeys(("logarithmic", "log_uniform", "loguniform", "log10", "exponential"), "log"),
    **dict.fromkeys(("uniform", "lin"), "linear"),
    **dict.fromkeys(("max", "maximum", "maximise", "up", "higher"), "maximize"),
    **dict.fromkeys(("min", "minimum", "minimise", "down", "lower"), "minimize"),
}
_NOT_YET = {  # what the language will have, or could: what is so today
    "stages run in their order, and the steps of one in parallel, unless `needs` says otherwise": "dag",
    "every step runs": "if when condition rules only except skip",
    "write the value under `args` or `envs`": "with",
    "files travel by `outputs` and `inputs`, and a disk is one of the `volumes`": "pvc cache storage",
    "a step chooses its nodes by `node_selector` and `tolerations`": "pool runs_on tags",
    "what the steps have in common goes under `defaults`": (
        "extends include template templates uses anchors"
    ),
    "a step that fails ends the run": "continue_on_error continueon allow_failure ignore_errors trigger_rule",
    "runs stay until they are deleted, those of a schedule as its `history` says": (
        "ttl ttl_strategy ttlstrategy ttlsecondsafterfinished podgc retention"
    ),
    "a run ends with its last step": "on_exit onexit on_failure on_success notifications hooks callbacks",
}
_RUNS = {  # of one step there are many
    "each set of values makes a run of the step: `sweep: {{grid: {{lr: [0.1, 0.01]}}}}`": (
        "matrix strategy grid foreach for_each with_items withitems with_param withparam loop parallel "
        "search_space hyperparameter_search random_search"
    ),
    "each fold makes a run of the step: `cross_validation: {{folds: 5}}`": "cv fold folds k_fold kfold n_splits",
    "how many jobs run at a time says `limits: {{max_parallel: 4}}` at the top of the file": (
        "parallelism max_parallel max_active_tasks"
    ),
    "which trial is the best says the `objective` of its `sweep`": "objective metric goal",
}
_GPUS = "gpu gpus num_gpus accelerator accelerators nvidia.com/gpu"
_CONCEPTS = {
    word: f"there is no `{{}}` yet: {what}" for what, words in _NOT_YET.items() for word in words.split()
} | {
    **{word: what for what, words in _RUNS.items() for word in words.split()},
    **dict.fromkeys(_GPUS.split(), "the GPUs of a step are `resources: {{gpu: 1}}`"),
    "tpu": "the chips of a TPU are `resources: {{tpu: 4}}`",
    "shm": "the shared memory of a step is `resources: {{shm: 2Gi}}`",
    "shm_size": "the shared memory of a step is `resources: {{shm: 2Gi}}`",
    "limits": "what a step may take at most is `resources: {{limits: {{memory: 4Gi}}}}`",
    "requests": "what a step reserves stands in its `resources` itself: `resources: {{cpu: 2, memory: 4Gi}}`",
    **dict.fromkeys(
        ("affinity", "priority_class", "runtime_class", "scheduler_name"),
        "what pods have beside is `targets: {{kubernetes: {{pod: {{…}}}}}}`, and `argo` for Argo",
    ),
    "ports": "the port of a step is `service: {{port: 8080}}`",
    "stage": "a step belongs to the stage that it stands in",
    "host_path": "a folder of a node cannot be mounted; a `claim` or a `size` is a disk",
    "hostpath": "a folder of a node cannot be mounted; a `claim` or a `size` is a disk",
    "read_only": "the step that mounts it says so: `name:/path:ro`",
    "readonly": "the step that mounts it says so: `name:/path:ro`",
    "python": "the image has the Python: `image: python:3.12`",
    "python_version": "the image has the Python: `image: python:3.12`",
    "packages": "write them into a requirements.txt, and that under `dependency_path`",
    "working_dir": "a step runs in the project's folder, the folder of this file",
    "workdir": "a step runs in the project's folder, the folder of this file",
    "working_directory": "a step runs in the project's folder, the folder of this file",
    "envfrom": "write the Secret's name under `secrets`",
    "env_file": "write its variables under `envs`, and what is secret into a Secret under `secrets`",
    "before_script": "what is to run first is a part of the script, and packages go under `dependency_path`",
    "setup": "what is to run first is a part of the script, and packages go under `dependency_path`",
    "build": "automl builds no image: give the name of one under `image`, or leave it out for a bundle",
    "dockerfile": "automl builds no image: give the name of one under `image`, or leave it out for a bundle",
    "restart": "a job is tried again `backoff_limit` times, and a service is always started again",
    "restart_policy": "a job is tried again `backoff_limit` times, and a service is always started again",
    "healthcheck": "a service is ready when a path answers: `service: {{readiness: {{path: /health}}}}`",
    "type": "a step with `service` is a service, every other one a job",
    "kind": "a step with `service` is a service, every other one a job",
    "metadata": "`name`, `namespace`, `labels` and `annotations` stand at the top of the file",
    "on": "`schedule` says when the workflow runs",
    "trigger": "`schedule` says when the workflow runs",
    "triggers": "`schedule` says when the workflow runs",
}
ALL_NAMED = 7  # of more keys the nearest are named
_NEAREST = 3


@cache
def _synonyms() -> dict[str, str]:
    """What users of other tools write for a key, each `x-synonyms` of the schema to its key."""
    return dict(_synonyms_in(schema()))


def _synonyms_in(at: Any) -> Iterator[tuple[str, str]]:
    if isinstance(at, dict):
        for name, key in at.get("properties", {}).items():
            yield from ((synonym, name) for synonym in key.get("x-synonyms", ()))
        for below in at.values():
            yield from _synonyms_in(below)


def meant(name: str, known: list[str]) -> str | None:
    """The key that a name is a slip or a synonym of."""
    lower = name.lower().replace("-", "_")
    synonym = {name.lower(): _synonyms()[lower]} if _synonyms().get(lower) in known else {}
    return did_you_mean(name, known, synonym)


def help_for_unknown(name: str, known: list[str], has_words: bool, schema: dict[str, Any]) -> str:
    """The way out for a key that is none of the known ones; `has_words` where other tools' words are looked for."""
    word = name.lower().replace("-", "_")
    concept = _CONCEPTS.get(word) if has_words or {"cpu", "memory"} <= {*known} else None
    if concept and not (name == "stage" and "stages" in known) and _synonyms().get(word) not in known:
        return concept.format(name)
    if suggestion := meant(name, known):
        return f'did you mean "{suggestion}"?'
    if "stages" in schema["properties"] and (help := _place_of(name, known, has_words, schema)):
        return help
    if not known:
        return "remove it: no further key can stand here"
    if len(known) <= ALL_NAMED:
        return f"known keys: {', '.join(known)}"
    nearest = sorted(known, key=lambda word: (distance(name[:40].lower(), word), word))[:_NEAREST]
    return f"the nearest keys are {', '.join(nearest)}; `automl schema` prints them all"


def _place_of(name: str, known: list[str], has_words: bool, schema: dict[str, Any]) -> str | None:
    """Where a key of a config belongs."""
    own, steps = _synonyms().get(name.lower().replace("-", "_")), schema["$defs"]["step"]["properties"]
    if own in steps and own != "step_name" and not set(known) <= steps.keys() and has_words:
        return f'"{own}" belongs in a step, or in `defaults`'
    if own in schema["properties"] and own not in steps and has_words:
        return f'"{own}" belongs at the top of the file'
    if name in schema["properties"] and name != "name":  # many things have one
        return f'"{name}" belongs at the top of the file'
    if name in steps:
        return f'"{name}" belongs in a step, or in `defaults`'
    if name in schema["$defs"]["service"]["properties"]:
        return f'"{name}" belongs in the `service` of a step'
    return None

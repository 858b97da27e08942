"""The folders of a pod: one to write to and, for the tasks of a project, its code."""

from functools import lru_cache

from automl.targets.objects.config_maps import Files
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

WORK = "/automl/work"
CODE = "/automl/code"
WORK_MOUNT: Object = {"name": "work", "mountPath": WORK}
CODE_MOUNT: Object = {"name": "code", "mountPath": CODE, "readOnly": True}
_WORK: Object = {"name": "work", "emptyDir": {}}


def volumes(files: Files, in_project: bool) -> list[Value]:
    """What `mounts` name."""
    return [_WORK, _code(files.code)] if files.code and in_project else [_WORK]


@lru_cache  # one object, whose lines are written once
def _code(config_map: str) -> Object:
    return {"name": "code", "configMap": {"name": config_map}}


def mounts(in_project: bool) -> list[Value]:
    """Where a container finds the folders."""
    return [WORK_MOUNT, CODE_MOUNT] if in_project else [WORK_MOUNT]

"""Where Argo keeps the files that travel as artifacts: in the store of the config, or in its own repository."""

from automl.compiler.ir import Store, Workflow
from automl.targets.objects.metadata import Object
from automl.targets.writers.yaml import Value

ENDPOINT = "s3.amazonaws.com"
_KEYS = {"accessKeySecret": "accesskey", "secretKeySecret": "secretkey"}


def artifact(workflow: Workflow, name: str, path: str, key: str) -> Object:
    """An artifact that a container leaves at a path. `key` is where a store keeps it, below its prefix.

    A file arrives as it is, and a folder file by file: Argo would make an archive of them.
    """
    as_it_is: Object = {"name": name, "path": path, "archive": {"none": {}}}
    return as_it_is | kept(workflow.store, key) if workflow.store else as_it_is


def kept(store: Store, key: str) -> Object:
    """Where a store keeps an artifact. Without a Secret, the rights are those of the pod."""
    keys: dict[str, Value] = {"useSDKCreds": True}
    if store.secret:
        keys = {field: {"name": store.secret, "key": name} for field, name in _KEYS.items()}
    return {"s3": {"endpoint": ENDPOINT, "bucket": store.bucket, "key": store.key(key)} | keys}

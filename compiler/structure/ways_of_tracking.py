"""What to write instead where a config names its trackers."""

from automl.compiler.structure.vocabulary import meant
from automl.compiler.tree.stages import Path
from automl.compiler.values.credentials import is_named_like_one

_WHERE = ("uri", "url", "host", "server", "address", "base_url")


def for_unknown_of_trackers(name: str, path: Path) -> str | None:
    """The way out for a key that a tracker does not have, or for a tracker of another name; None if it is something else."""
    if path == ["tracking"]:
        known = meant(name, ["mlflow", "neptune", "wandb"])
        return None if known else "give another one its variables under `envs` and `secrets`, in `defaults`"
    if path[:1] != ["tracking"] or len(path) != 2:
        return None
    if path[1] == "neptune" and name in _WHERE:
        return "leave it out: the token of its API says where the server is"
    return "name the Secret that has it, by `secret`" if is_named_like_one(name) else None

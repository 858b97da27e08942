"""What to write instead of a key under `targets` that is none there."""

from automl.compiler.tree.stages import Path
from automl.schemas import schema_of

TARGETS = "targets"
_WITHOUT = ("kubeflow", "kubeflow-native", "local")


def for_unknown_of_targets(name: str, path: Path) -> str | None:
    """The way out for a target that has no options, and for what is no matter of a single step."""
    if path[-1:] == [TARGETS] and name in _WITHOUT:
        return f"remove it: {name} has no options of its own"
    if len(path) < 2 or path[-2] != TARGETS:
        return None
    holder = path[-1]
    if name in schema_of(f"{TARGETS}.{holder}")["properties"]:
        return (
            f"it is a matter of the whole run: `targets: {{{holder}: {{{name}: …}}}}` at the top of the file"
        )
    return None

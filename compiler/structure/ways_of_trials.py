"""What to write instead where a step says its trials."""

from automl.compiler.structure.flow import LONGEST, flow, pair
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import Path

_OF_A_SPACE = ("scale", "type", "count")
_LISTS = ("values", "value", "choices", "options", "list", "categories")


def for_unknown_of_trials(name: str, path: Path, node: Node) -> str | None:
    """The way out for a key that a sweep does not have; None if this is about something else."""
    if "sweep" not in path:
        return None
    below = path[path.index("sweep") + 1 :]
    if below in ([], ["random"]):
        holder = "space" if below else "grid"
        is_axis = below or isinstance(node, Sequence)
        return f"values stand below `{holder}`: `{holder}: {{{name}: …}}`" if is_axis else None
    if below[:1] != ["grid"] and below[:2] != ["random", "space"]:
        return None
    return _for_unknown_of_range(name, str(path[-1]), below[0] == "grid", node)


def _for_unknown_of_range(name: str, axis: str, is_of_grid: bool, node: Node) -> str | None:
    if name in _LISTS:
        return f"a list stands right behind the name: `{axis}: [0.1, 0.01]`"
    if is_of_grid and name in _OF_A_SPACE:
        return f"`{name}` belongs in the `space` of `random`, where values are drawn"
    if not is_of_grid and name == "step":
        return "a space has no steps: leave it out, or write a range below `grid`"
    if not is_of_grid and name == "log":
        return "a logarithmic space is one with `scale: log`"
    return None


def for_type_of_trials(path: Path, node: Node) -> str | None:
    """The way out for a value of the wrong type; None if this is about something else."""
    key, holder = path[-1], path[-2] if len(path) > 1 else None
    if key in ("include", "exclude") and isinstance(node, Mapping):
        return _written(str(key), f"[{flow(node)}]")
    if holder == "zip" and isinstance(node, Mapping):
        return "only lists are walked together: write the values one after the other"
    if "sweep" in path and isinstance(key, int) and isinstance(node, Mapping):
        return "give it a name, and let the program know what that stands for"
    return _of_scalar(str(key), node) if isinstance(node, Scalar) else None


def _of_scalar(key: str, node: Scalar) -> str | None:
    is_number = type(node.value) is int
    if key == "count" and is_number:
        return _written(key, f"{{min: {node.text}, max: {node.text}}}")
    if key == "objective" and not is_number:
        return _written(key, f"{{metric: {flow(node)}, goal: maximize}}")
    if key == "cross_validation":
        return _written(key, f"{{{'folds' if is_number else 'indices'}: {flow(node)}}}")
    return None


def _written(key: str, text: str) -> str | None:
    return f"write `{pair(key, text)}`" if len(text) <= LONGEST and text.isprintable() else None

"""How much a config may stand for. A small file can ask for a great deal: by aliases, by `defaults`, by mistakes."""

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import steps_of

MAX_VALUES = 400_000
"""Keys, values and collections of a file, and as many again that `defaults` may put into its steps: a few seconds."""
MAX_CHARACTERS = 16 * 1024 * 1024  # of what `defaults` puts into the steps; a file has no more itself
MAX_ALIASED_VALUES = 100_000  # what all aliases of a file together may stand for
MAX_ALIASED_CHARACTERS = 4 * 1024 * 1024


def check_defaults(root: Mapping) -> list[Diagnostic]:
    """Whether `defaults` is too much for so many steps. What has the wrong shape is left for the schema to name."""
    defaults, stages = root.entries.get("defaults"), root.get("stages")
    if defaults is None or not isinstance(stages, Mapping):
        return []
    steps = sum(len(of_stage.items) for stage in stages if (of_stage := steps_of(stage.value)))
    values, characters = _size(defaults.value)
    for count, limit, what in (
        (values, MAX_VALUES, "values"),
        (characters, MAX_CHARACTERS, "characters"),
    ):
        if count * steps > limit:
            message = (
                f"{count:,} {what} in each of {steps:,} steps are {count * steps:,}; the limit is {limit:,}"
            )
            help = "put what is long into a file of the project, or give it to the steps that need it"
            return [Diagnostic(Code.TOO_LARGE, message, defaults.key.span, help=help)]
    return []


def _size(node: Node) -> tuple[int, int]:
    """How many values, keys too, and how many characters, wherever an alias stands for them."""
    if isinstance(node, Scalar):
        return 1, len(node.text)
    if isinstance(node, Sequence):
        parts = [_size(item) for item in node.items]
    else:
        parts = [_size(part) for entry in node for part in entry]
    return 1 + sum(values for values, _ in parts), sum(characters for _, characters in parts)

"""Keys that are there under another name, so that nobody is told that they are missing."""

import re

from automl.compiler.tree.nodes import Entry, Mapping
from automl.schemas import Schema, schema


def has_misspelt(name: str, root: Mapping) -> bool:
    """Whether a key of a config is there under a name that is unknown."""
    return name not in root.entries and is_misspelt(name, root, schema())


def is_misspelt(name: str, node: Mapping, at: Schema) -> bool:
    """Whether a missing key is there under a name that is unknown, which is said already."""
    if "additionalProperties" not in at:
        return False  # no key is unknown there
    properties = at.get("properties", {})
    known = sorted(properties.keys() - node.entries.keys())
    own = list(at.get("patternProperties", ()))  # the user's
    others = [
        other
        for other in node.entries
        if other not in properties and not any(re.match(pattern, other) for pattern in own)
    ]
    if not others:
        return False
    from automl.compiler.structure.vocabulary import ALL_NAMED, meant

    if len(node.entries) == 1 and len(known) <= ALL_NAMED:  # the message of the other names it
        return True
    if name == "space":  # which are what a space has
        return True
    if name == "stages" and any(holds_a_config(node.entries[other]) for other in others):
        return True
    return any(meant(other, known) == name for other in others)


def holds_a_config(entry: Entry) -> bool:
    """Whether a whole config stands below a key."""
    return isinstance(entry.value, Mapping) and "stages" in entry.value.entries

"""What the scripts of the pods import, as the oldest Python that runs them reads it."""

import ast
import sys
from pathlib import Path

PACKAGE = "automl.runtime"


def imports(path: Path) -> set[str]:
    """What a script imports beside the standard library, as Python 3.8 reads it."""
    nodes = list(ast.walk(ast.parse(path.read_text(), feature_version=(3, 8))))
    found = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    found |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert "__future__" in found  # `str | None` is no annotation that 3.8 could evaluate
    return {module for module in found if module.partition(".")[0] not in sys.stdlib_module_names}


def needed_by(name: str, root: Path) -> set[str]:
    """The names of a script and of all that it imports, through others too."""
    needed, new = set[str](), {f"{PACKAGE}.{name}"}
    while new:
        needed |= new
        new = {
            name for module in new for name in imports(root / "runtime" / f"{module.split('.')[-1]}.py")
        } - needed
    return {module.removeprefix(f"{PACKAGE}.") for module in needed}

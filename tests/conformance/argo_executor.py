"""What Argo's executor does in a pod whose main container runs as a process of this machine, as its source has it.

The paths are those in Argo's module.
"""

from collections.abc import Mapping
from pathlib import Path

from tests.conformance.workflows import Object

MAIN_FILES = "/mainctrfs"  # ExecutorMainFilesystemDir in workflow/common/common.go


def saved_parameters(template: Object, folders: Mapping[str, Path]) -> tuple[dict[str, str], str]:
    """The values, up to the first that is not there, and the error that this is.

    SaveParameters in workflow/executor/executor.go. It reads what is on a volume there; the rest is copied for it by
    saveParameter in cmd/argoexec/commands/emissary.go.
    """
    values: dict[str, str] = {}
    for each in template.get("outputs", {}).get("parameters", []):
        source = each.get("valueFrom", {})
        if not (path := source.get("path")):
            continue
        file = on_volume(path, folders)
        if file is not None and file.exists():
            # Go's JSON has U+FFFD for what is no UTF-8
            text = file.read_bytes().decode(errors="replace")
        elif "default" in source:
            text = str(source["default"])
        else:
            return values, f"open {MAIN_FILES}{path}: no such file or directory"
        values[each["name"]] = text.removesuffix("\n")  # "Trims off a single newline for user convenience"
    return values, ""


def on_volume(path: str, folders: Mapping[str, Path]) -> Path | None:
    """Where this machine has a file of a container, if it is on a volume."""
    for mount in sorted(folders, key=len, reverse=True):
        if path.startswith(f"{mount}/"):
            return folders[mount] / path.removeprefix(f"{mount}/")
    return None

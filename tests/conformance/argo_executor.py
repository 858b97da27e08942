"""What Argo's executor does in a pod whose main container runs as a process of this machine, as its source has it.

The paths are those in Argo's module.
"""

import shutil
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


def load_artifacts(template: Object, folders: Mapping[str, Path], bucket: Path) -> None:
    """Bring the artifacts to where the main container has them: LoadArtifacts in workflow/executor/executor.go.

    Each has a mount of its own there, or is on a volume: FindOverlappingVolume in workflow/common/util.go.
    """
    for each in template.get("inputs", {}).get("artifacts", []):
        place = folders.get(each["path"]) or on_volume(each["path"], folders)
        assert place, each
        _copy(bucket / each["s3"]["key"], place)


def save_artifacts(template: Object, folders: Mapping[str, Path], bucket: Path) -> str:
    """Keep the artifacts, up to the first that is not there, and the error that this is.

    SaveArtifacts and stageArchiveFile in workflow/executor/executor.go. The driver in workflow/artifacts/s3 keeps of a
    folder its files.
    """
    for each in template.get("outputs", {}).get("artifacts", []):
        file = on_volume(each["path"], folders)
        if file is None or not file.exists():
            return f"stat {MAIN_FILES}{each['path']}: no such file or directory"
        assert each["archive"] == {"none": {}}
        _copy(file, bucket / each["s3"]["key"])
    return ""


def _copy(source: Path, place: Path) -> None:
    files = [path for path in source.rglob("*") if path.is_file()] if source.is_dir() else [source]
    for file in files:
        copy = place / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)


def on_volume(path: str, folders: Mapping[str, Path]) -> Path | None:
    """Where this machine has a file of a container, if it is on a volume."""
    for mount in sorted(folders, key=len, reverse=True):
        if path.startswith(f"{mount}/"):
            return folders[mount] / path.removeprefix(f"{mount}/")
    return None

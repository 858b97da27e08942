"""The workspace, the volumes, and where steps mount them."""

import posixpath
from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic, Related
from automl.compiler.ir import Volume
from automl.compiler.source import Located, Span
from automl.compiler.suggest import did_you_mean

_KINDS = ("claim", "size", "empty_dir", "config_map", "secret")
_OURS = (
    "/automl/work",
    "/automl/code",
    "/automl/inputs",
    "/automl/outputs",
    "/automl/plan",
    "/automl/deploy",
    "/automl/secrets",
)
_OF_THE_SYSTEM = ("/proc", "/sys", "/dev/termination-log")
DEFAULT_PATH = "/automl/workspace"


def check_workspace(config: Config) -> Iterator[Diagnostic]:
    """A workspace where automl has its files, or one that is there already and of which something else is asked."""
    workspace = config.workspace
    if workspace is None:
        return
    if place := config.spans.get("workspace.path"):
        taken = dict.fromkeys((*_OURS, *_OF_THE_SYSTEM))
        yield from _taken(Located(workspace.path, place), workspace.path.rstrip("/"), taken)
    if workspace.claim is None:
        return
    for key in ("size", "storage_class"):
        if place := config.spans.get(f"workspace.{key}"):
            message = f'"{key}" has no effect: the claim "{workspace.claim}" is there already'
            yield Diagnostic(Code.UNUSED_KEY, message, place, "leave it out")


def check_artifacts(config: Config) -> Iterator[Diagnostic]:
    """Files travel by one thing: the engine's own, or a store."""
    artifacts = config.artifacts
    if artifacts is None:
        return
    if artifacts.engine == (artifacts.store is not None):
        what = "says both `engine` and `store`" if artifacts.engine else "does not say where files travel"
        help = "keep one of them" if artifacts.engine else "give `store`, or write `artifacts: engine`"
        yield Diagnostic(Code.MOUNT, f'"artifacts" {what}', artifacts.span, help)
    elif artifacts.engine and artifacts.secret:
        message = '"secret" has no effect: the engine has the keys of its own store'
        yield Diagnostic(Code.UNUSED_KEY, message, config.spans["artifacts.secret"], "leave it out")


def check_volumes(config: Config) -> Iterator[Diagnostic]:
    """Volumes that are of no kind, or of several."""
    for volume in config.volumes:
        kinds = [kind for kind in _KINDS if getattr(volume, kind)]
        if len(kinds) != 1:
            what = "does not say what it is" if not kinds else f"is {' and '.join(kinds)} at once"
            message = f'the volume "{volume.name}" {what}'
            yield Diagnostic(Code.MOUNT, message, volume.span, f"give one of {', '.join(_KINDS)}")
        elif kinds != ["size"]:
            yield from _unused(config, volume, kinds[0])


def _unused(config: Config, volume: Volume, kind: str) -> Iterator[Diagnostic]:
    keys = ["storage_class"] if kind == "claim" else ["storage_class", "access"]
    for key in keys:
        if place := config.spans.get(f"volumes[{volume.name}].{key}"):
            message = f'"{key}" has no effect: the volume is a {kind}'
            yield Diagnostic(Code.UNUSED_KEY, message, place, "leave it out")


def check_mounts(config: Config) -> Iterator[Diagnostic]:
    """Mounts of what is no volume, and at paths that are taken."""
    known = [volume.name for volume in config.volumes]
    path = config.workspace.path.rstrip("/") if config.workspace else DEFAULT_PATH
    for step in config.steps:
        of_memory = ("/dev/shm",) if step.resources.shm else ()
        taken: dict[str, Span | None] = dict.fromkeys((*_OURS, *_OF_THE_SYSTEM, *of_memory, path))
        for word in step.volumes:
            name, place, *_ = word.value.split(":")
            if name not in known:
                nearest = did_you_mean(name, known)
                better = word.value.replace(name, nearest or "", 1)
                help = f'did you mean "{better}"?' if nearest else f"say under `volumes` what {name} is"
                yield Diagnostic(Code.MOUNT, f'there is no volume "{name}"', word.span, help)
            yield from _taken(word, place.rstrip("/"), taken)


def _taken(word: Located[str], written: str, taken: dict[str, Span | None]) -> Iterator[Diagnostic]:
    """A path at or above one that is taken, or below one of ours; or another way to write a path."""
    path = posixpath.normpath(written)
    for other, span in taken.items():
        if f"{other}/".startswith(f"{path}/") or (span is None and f"{path}/".startswith(f"{other}/")):
            message = (
                f'"{path}" is taken' if other == path else f'"{path}" would hide "{other}", or be hidden'
            )
            related = (Related("here", span),) if span else ()
            yield Diagnostic(Code.MOUNT, message, word.span, "mount it at another path", related)
            return
    if path != written:
        message = f'"{written}" is another way to write "{path}"'
        yield Diagnostic(Code.MOUNT, message, word.span, f"write {path}")
    taken[path] = word.span

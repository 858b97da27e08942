"""What to write instead where steps hand on values and files, where they mount disks, and where a workflow is to run."""

import re
from collections.abc import Sequence as Words
from pathlib import PurePosixPath

from automl.compiler.structure.flow import LONGEST, quoted_if_needed
from automl.compiler.structure.vocabulary import TYPES
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.nodes import Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import Path
from automl.schemas import Schema, schema_of

_VOLUME = "name one of the `volumes` at the top of the file, and the path: `name:/path`"
_KINDS = "say by `claim`, `size`, `empty_dir`, `config_map` or `secret` what it is"
_NO_FOLDER_OF_NODES = "a folder of a node cannot be mounted"
_CONTEXT = "give each a name, and say below it where it is: `box: {host: user@box}`"
_PATCH = "a patch has keys and values, those of steps by their names: `config: {steps: {train: {…}}}`"
_OF_A_CONFIG = "commands for runs do not read it; write it under `contexts` of the config"
_INPUTS = "give each a name, and say what it is: `table: ${{ steps.x.outputs.y }}`"


def for_type_of_data(path: Path, node: Node) -> str | None:
    """The way out for a value of the wrong type; None if this is about something else."""
    key, holder = path[-1], path[-2] if len(path) > 1 else None
    if key == "outputs" and isinstance(node, Sequence):
        return _outputs(node)
    if key == "inputs" and isinstance(node, Sequence):
        return _INPUTS
    if holder == "volumes" and isinstance(key, int) and isinstance(node, Mapping):
        return _mount(node)
    if path[:-1] == ["volumes"] and isinstance(node, Scalar):
        return f"{_NO_FOLDER_OF_NODES}: {_KINDS}" if node.text.startswith(("/", ".")) else _KINDS
    if path == ["volumes"]:
        return "give each a name, and say below it what it is: `data: {claim: …}`"
    if path[:1] == ["contexts"]:
        return _CONTEXT if len(path) < 4 else _PATCH
    return None


def for_list_of_data(key: str | None, node: Sequence) -> str | None:
    """The way out for a list below another tool's word for `outputs` or `inputs`; None if it is something else."""
    if key not in ("outputs", "inputs"):
        return None
    return f"that is `{key}`: {_INPUTS}" if key == "inputs" else f"that is `outputs`: {_outputs(node)}"


def for_unknown_of_contexts(name: str, path: Path, whole: Schema) -> str | None:
    """The way out for a key of a config that stands in a context; None if it is something else."""
    if path[:1] != ["contexts"] or len(path) != 2:
        return None
    if "stages" not in whole["properties"]:  # a file of a user's own
        return _OF_A_CONFIG if name in _properties_of_contexts() else None
    if name in whole["properties"]:
        return f"it goes below the `config` of the context: `config: {{{name}: …}}`"
    help = f"it goes below the `config` of the context: `config: {{defaults: {{{name}: …}}}}`"
    return help if name in whole["$defs"]["step"]["properties"] else None


def for_value_of_data(path: Path, text: str, at: Schema) -> str | None:
    """The way out for a value that is none of those that are allowed; None if this is about something else."""
    key, holder = path[-1] if path else "", path[-2] if len(path) > 1 else None
    if holder == "outputs":
        return _type_of_output(str(key), text, at["properties"]["type"]["enum"])
    if holder == "volumes" and isinstance(key, int):
        return _mount_in_words(text)
    if key == "empty_dir":
        return f"write `empty_dir: true`, or {_KINDS}"
    if path == ["artifacts"] and text.startswith("s3://") and len(text) <= LONGEST:
        return f"write `artifacts: {{store: {text}}}`"
    if path in (["artifacts"], ["artifacts", "engine"]):
        return "write `artifacts: engine`, or leave it out"
    if path[:1] == ["contexts"] and key == "target" and text in _properties_of_contexts()["target"]["enum"]:
        return "`automl compile` takes it there, as a context of a config; what comes out is yours to apply"
    if path[:1] == ["contexts"] and key == "host":
        return "give it a name in your ~/.ssh/config, with all that ssh has to know, and write that name"
    return None


def _properties_of_contexts() -> Schema:
    """What a context of a config may say."""
    keys: Schema = schema_of("contexts")["additionalProperties"]["properties"]
    return keys


def _outputs(node: Sequence) -> str:
    """The files or names of a list, each with a type."""
    names = [item.text for item in node.items if isinstance(item, Scalar)]
    if not names or len(names) < len(node.items) or sum(map(len, names)) > LONGEST:
        return "give each a name and a type: `model: file`"
    return f"write `outputs: {{{', '.join(_output(name) for name in names)}}}`"


def _output(written: str) -> str:
    """A file by its path, or a name alone: then its program writes it to the path in a variable."""
    name = re.sub(r"\W+", "_", PurePosixPath(written).stem, flags=re.ASCII).strip("_")
    if not name[:1].isalpha():
        name = "output"
    return f"{name}: {_file(written)}" if _is_path(written) else f"{name}: file"


def _file(path: str) -> str:
    return f"{{type: file, path: {quoted_if_needed(path)}}}"


def _is_path(text: str) -> bool:
    return "/" in text or bool(PurePosixPath(text).suffix)


def _type_of_output(name: str, text: str, types: Words[str]) -> str | None:
    if right := did_you_mean(text, types, TYPES):
        return f'did you mean "{right}"?'
    if _is_path(text) and "://" not in text and not text.startswith("/") and len(text) <= LONGEST:
        return f"write `{name}: {_file(text.rstrip('/'))}`"
    return "for instance file"


def _mount(node: Mapping) -> str:
    """A mount as Kubernetes has it."""
    names = ("name", "claim", "volume", "source"), ("mountPath", "mount_path", "path", "target")
    name, place = (
        next((value.text for key in keys if isinstance(value := node.get(key), Scalar)), "") for keys in names
    )
    if not name or not place.startswith("/") or len(name + place) > LONGEST:
        return _VOLUME
    return f'write "{name}:{place}", in quotes'


def _mount_in_words(text: str) -> str:
    """A mount that is nearly one."""
    name, _, place = text.partition(":")
    if name.startswith(("/", ".", "~")):
        return f"{_NO_FOLDER_OF_NODES}; {_VOLUME}"
    place = place.removesuffix(":rw").partition(":")[0]
    better = f"{name.lower().replace('_', '-')}:/{(place or name.lower()).strip('/')}"
    return f'did you mean "{better}"?' if re.fullmatch(r"[a-z0-9][-a-z0-9]*:/[-\w./]+", better) else _VOLUME

"""The user's own contexts, for commands that run workflows; what compiles a config never reads them."""

import os
from pathlib import Path
from typing import NamedTuple

from automl.cli.delivery import conclude
from automl.cli.terminal import Manner, cannot, wrong_usage
from automl.compiler.config.contexts import Context
from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, contexts_of
from automl.compiler.source import Span
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.decoding import decode
from automl.compiler.tree.nodes import Mapping, Scalar
from automl.compiler.tree.reader import read

CURRENT, CONTEXTS = "current", "contexts"
_OF_A_PLACE = ("target", "host")
ENGINES = (None, "local", "slurm")


class OwnContexts(NamedTuple):
    """Those of a file, and the name of the one that is used where none is named."""

    by_name: dict[str, Context]
    current: str | None


NONE = OwnContexts({}, None)


def place() -> Path:
    """The file, which need not be there."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():
        folder = Path("~/.config").expanduser()
    return folder / "automl" / "contexts.yaml"


def own_contexts() -> OwnContexts:
    """Those of the user, or the end of the command if the file is not sound."""
    try:
        data = place().read_bytes()
    except FileNotFoundError:
        return NONE
    except OSError as error:
        wrong_usage(cannot("read", error))
    own, diagnostics = of_text(data)
    conclude(diagnostics, (), Manner())
    return own


def of_text(data: bytes) -> tuple[OwnContexts, list[Diagnostic]]:
    """The contexts of a file, and what is wrong with it; then there are none."""
    source, diagnostics = decode(str(place()), data)
    root, unreadable = (None, []) if diagnostics or not source.text.strip() else read(source)
    if root is None:
        return NONE, [*diagnostics, *unreadable]
    contexts, wrong = contexts_of(Input(str(place()), data, place().parent))
    wrong += [*_wrong_keys(root, contexts)]
    by_name = {context.name: context for context in contexts}
    current = root.get(CURRENT)
    name = current.text if isinstance(current, Scalar) else ""
    if current is not None and not wrong and name not in by_name:
        wrong.append(_misfit(f'there is no context "{name}"', current.span, name, [*by_name]))
    return (NONE, in_order(wrong)) if wrong else (OwnContexts(by_name, name or None), [])


def _wrong_keys(root: Mapping, contexts: tuple[Context, ...]) -> list[Diagnostic]:
    """Keys that nothing reads: all that a place needs is where it is."""
    wrong = [
        _misfit(f'unknown key "{name}" at the top of the file', entry.key.span, name, [CURRENT, CONTEXTS])
        for name, entry in root.entries.items()
        if name not in (CURRENT, CONTEXTS) and not name.startswith("x-")
    ]
    there = root.get(CONTEXTS)
    for name, (_, keys) in there.entries.items() if isinstance(there, Mapping) else ():
        for key, entry in keys.entries.items() if isinstance(keys, Mapping) else ():
            if contexts and key not in _OF_A_PLACE and not key.startswith("x-"):
                message = f'"{key}" in "{name}" is for a context of a config'
                help = "commands for runs do not read it; write it under `contexts` of the config"
                wrong.append(Diagnostic(Code.UNKNOWN_KEY, message, entry.key.span, help=help))
    for context in contexts:
        if context.target not in ENGINES:
            message = (
                f'automl runs nothing on {context.target}: "{context.name}" can be a context of a config'
            )
            help = "`automl compile --context` takes it there; what comes out is yours to apply"
            wrong.append(Diagnostic(Code.WRONG_VALUE, message, context.span, help=help))
    return wrong


def _misfit(message: str, span: Span, name: str, known: list[str]) -> Diagnostic:
    nearest = did_you_mean(name, known)
    help = f'did you mean "{nearest}"?' if nearest else f"it is one of {', '.join(known) or 'none'}"
    return Diagnostic(Code.UNKNOWN_KEY, message, span, help=help)

"""The user's own contexts, for commands that run workflows; what compiles a config never reads them."""

import os
from pathlib import Path

from automl.cli.delivery import conclude
from automl.cli.terminal import Manner, cannot, wrong_usage
from automl.compiler.config.contexts import Context
from automl.compiler.diagnostics import Code, Diagnostic, in_order
from automl.compiler.driver import Input, own_contexts_of
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean
from automl.compiler.tree.nodes import Scalar

CURRENT, CONTEXTS = "current", "contexts"


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
    root, contexts, wrong = own_contexts_of(Input(str(place()), data, place().parent))
    if root is None:
        return NONE, in_order(wrong)
    by_name = {context.name: context for context in contexts}
    current = root.get(CURRENT)
    if not isinstance(current, Scalar):
        return OwnContexts(by_name, None), []
    if current.text in by_name:
        return OwnContexts(by_name, current.text), []
    nearest = did_you_mean(current.text, [*by_name])
    help = f'did you mean "{nearest}"?' if nearest else f"it is one of {', '.join(by_name) or 'none'}"
    message = f'there is no context "{current.text}"'
    return NONE, [Diagnostic(Code.UNKNOWN_REFERENCE, message, current.span, help=help)]

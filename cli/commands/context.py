"""`automl context`."""

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli.delivery import conclude
from automl.cli.engines import ForPrograms, is_for_programs, print_json
from automl.cli.own_contexts import CONTEXTS, CURRENT, NONE, of_text, own_contexts, place
from automl.cli.terminal import TEXT, Manner, print_text, say, touching_files, wrong_usage
from automl.compiler.config.contexts import Context
from automl.compiler.suggest import did_you_mean

group = typer.Typer(
    help="Your own places to run workflows, for `submit`, `status` and the like. `compile` never reads them.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)


def _complete_name(incomplete: str) -> list[str]:
    own = of_text(place().read_bytes())[0] if place().is_file() else NONE
    return [name for name in own.by_name if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(metavar="NAME", autocompletion=_complete_name, help="Name of a context.")
]


@group.command("list")
def list_all(format: ForPrograms = TEXT) -> None:
    """List them, the current one with a star."""
    own = own_contexts()
    if is_for_programs(format):
        print_json({"current": own.current, "contexts": [_of(context) for context in own.by_name.values()]})
        return
    for name, context in own.by_name.items():
        print_text(f"{'*' if name == own.current else ' '} {name}  {_where(context)}\n")
    if not own.by_name:
        say("you have no contexts: `automl context add box --host user@box`")


@group.command()
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", autocompletion=_complete_name, show_default=False)
    ] = None,
    format: ForPrograms = TEXT,
) -> None:
    """Show one, or the current one."""
    own = own_contexts()
    name = name or own.current
    if name is None:
        wrong_usage("no context is current: `automl context use NAME`")
    context = _known(name)
    if is_for_programs(format):
        print_json(_of(context))
    else:
        print_text(f"{name}  {_where(context)}\n")


@group.command()
def use(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", autocompletion=_complete_name, show_default=False)
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="None: this machine, where none is named.")] = False,
) -> None:
    """Use one where none is named."""
    if (name is None) != none:
        wrong_usage("name one context, or give --none")
    if name is not None:
        _known(name)

    def change(whole: Any) -> None:
        if name is not None:
            whole[CURRENT] = name
        else:
            whole.pop(CURRENT, None)

    _change(change)


@group.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    host: Annotated[
        str | None, typer.Option("--host", metavar="HOST", help="The machine, as ssh takes it.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", metavar="TARGET", help="local or slurm.")
    ] = None,
) -> None:
    """Add one; without a host it is this machine.

    automl context add box --host user@box
    """
    if name in own_contexts().by_name:
        wrong_usage(f'there is a context "{name}" already: `automl context edit`')
    keys = {key: value for key, value in (("target", target), ("host", host)) if value is not None}

    def change(whole: Any) -> None:
        if whole.get(CONTEXTS) is None:
            whole[CONTEXTS] = {}
        whole[CONTEXTS][name] = keys

    _change(change)


@group.command()
def delete(name: Name) -> None:
    """Delete one."""
    _known(name)

    def change(whole: Any) -> None:
        del whole[CONTEXTS][name]
        if whole.get(CURRENT) == name:
            del whole[CURRENT]

    _change(change)


@group.command()
def edit() -> None:
    """Open the file in $VISUAL, or $EDITOR; what is not sound is not taken."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with touching_files("write"):
        there = place().read_bytes() if place().is_file() else b"contexts:\n  # box: {host: user@box}\n"
        draft = _written(there)
        try:
            subprocess.run([*shlex.split(editor), str(draft)], check=True)
            _take(draft.read_bytes())
        except FileNotFoundError:
            wrong_usage(f'there is no program "{editor}": set $EDITOR')
        except subprocess.CalledProcessError as error:
            wrong_usage(f"the editor ended with {error.returncode}: nothing has changed")
        finally:
            draft.unlink(missing_ok=True)


def _known(name: str) -> Context:
    known = own_contexts().by_name
    if name not in known:
        nearest = did_you_mean(name, known)
        way_out = f'did you mean "{nearest}"?' if nearest else f"you have {', '.join(known) or 'none'}"
        wrong_usage(f'you have no context "{name}"; {way_out}')
    return known[name]


def _of(context: Context) -> dict[str, str | None]:
    return {"name": context.name, "target": context.target or "local", "host": context.host}


def _where(context: Context) -> str:
    return f"{context.target or 'local'} on {context.host or 'this machine'}"


def _change(change: Callable[[Any], None]) -> None:
    """Change the file, with all that is the user's own in it."""
    from io import StringIO

    from ruamel.yaml import YAML

    own_contexts()  # or the end
    yaml, text = YAML(), StringIO()
    yaml.preserve_quotes = True
    yaml.width = 10_000  # no line is folded
    with touching_files("write"):
        whole = yaml.load(place().read_text(encoding="utf-8")) if place().is_file() else None
        whole = {} if whole is None else whole
        change(whole)
        yaml.dump(whole, text)
        _take(text.getvalue().encode())


def _take(data: bytes) -> None:
    """Replace the file, at once and for the user alone; or end the command if it is not sound."""
    conclude(of_text(data)[1], (), Manner())
    _written(data).replace(place())


def _written(data: bytes) -> Path:
    """A new file beside it."""
    import tempfile

    place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=".contexts.", suffix=".yaml", dir=place().parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(path)

"""Where the runs are that a command is about: in a folder of this machine, or where a context of a config says."""

import os
import shlex
from pathlib import Path

from automl.cli.contexts import has_context
from automl.cli.delivery import conclude
from automl.cli.inputs import CONFIG_NAMES, read_all
from automl.cli.own_contexts import NONE, own_contexts
from automl.cli.terminal import Manner, wrong_usage
from automl.compiler.config.contexts import Context
from automl.compiler.driver import STREAM, Input, contexts_of
from automl.compiler.records import NamedTuple
from automl.compiler.suggest import did_you_mean
from automl.runs.local.engine import Here, LocalEngine
from automl.runs.local.places import runs_folder
from automl.runs.local.ssh import There
from automl.runs.model import Run
from automl.runs.slurm.login import Login
from automl.runtime.local.create import RUNS

LOCAL, SLURM = "local", "slurm"


class Site(NamedTuple):
    """An engine, with the folder of its runs if that is here; else the options by which a command finds it."""

    engine: LocalEngine
    runs: Path | None
    options: str = ""
    login: Login | None = None  # of a cluster with Slurm, which takes scripts
    context: str = ""  # its name, if it is that of one

    def options_for(self, run: Run) -> str:
        """What a command about a run has to be told, if it would not look where that is."""
        if self.runs is None or not run.folder or (runs := Path(run.folder).parent) == runs_folder():
            return self.options
        return f" --runs {shlex.quote(os.path.relpath(runs))}"


def site_of(
    runs: str | None,
    context: str | None,
    config: str | None,
    given: Input | None = None,
    beside: Path | None = None,
) -> Site:
    """What the options of a command name: a folder of runs, or a context.

    Without a config for it, that is one of the config that is given, or of the nearest one. The runs of this machine
    are beside the config, if that is known.
    """
    if context is None and config is not None:
        wrong_usage("--config is the config with the context: give --context, too")
    folder = runs or beside
    if context is not None:
        return _site(*_named(context, config, given), runs, folder)
    own = own_contexts() if runs is None else NONE
    return site_here(folder) if own.current is None else _site(own.by_name[own.current], "", runs, folder)


def _site(context: Context, options: str, runs: str | None, folder: str | Path | None) -> Site:
    """Where the runs of a context are."""
    host = _host_of(context)
    if host is not None:
        if runs is not None:
            wrong_usage("--runs is for this machine; on another one the runs are in ~/.automl/runs")
        refuse_windows()
        login = Login(host) if context.target == SLURM else None
        return Site(LocalEngine(There(host)), None, options, login, context.name)
    site = _cluster_here(runs, options) if context.target == SLURM else site_here(folder)
    return site._replace(context=context.name)


def _cluster_here(runs: str | None, options: str) -> Site:
    """The runs of a cluster of which this machine is a login node; they are where its scripts have them."""
    folder = Path(runs).absolute() if runs else None
    said = f"{options} --runs {shlex.quote(os.path.relpath(folder))}" if folder else options
    return Site(LocalEngine(Here(folder or Path.home() / RUNS)), None, said, Login(None, folder))


def _named(name: str, config: str | None, given: Input | None) -> tuple[Context, str]:
    """A context of a config, or else of the user's own, and the options by which other commands find it."""
    own = own_contexts().by_name if config is None else {}
    if config is None and given is None and name in own and _nearest_config() is None:
        return own[name], f" --context {shlex.quote(name)}"
    source = given if given is not None and config is None else _config_with_contexts(config)
    if name in own and not has_context(source, name):
        return own[name], f" --context {shlex.quote(name)}"
    return _context_named(name, source), _options(name, source.path)


def site_here(runs: str | Path | None) -> Site:
    """The runs of a folder; without one, of the project around here."""
    refuse_windows()
    folder = Path(runs).absolute() if runs else runs_folder()
    return Site(LocalEngine(Here(folder)), folder)


def refuse_elsewhere(name: str, given: Input) -> None:
    """End a command for this machine that names another place."""
    place = _context_named(name, given)
    if _host_of(place) is not None or place.target == SLURM:
        wrong_usage(f"run is for this machine: `automl submit --follow --context {shlex.quote(name)}`")


def _host_of(context: Context) -> str | None:
    """The machine of a context, None for this one; or the end of a command about runs that are on no machine."""
    if context.target not in (None, LOCAL, SLURM):
        way_out = f"`automl compile --context {shlex.quote(context.name)}`, and apply what comes out"
        wrong_usage(f'the context "{context.name}" is for {context.target}: {way_out}')
    return context.host


def refuse_windows() -> None:
    """End a command where processes are of another kind."""
    if os.name == "nt":
        wrong_usage("runs need Linux or macOS; on Windows, install automl within WSL (`wsl --install`)")


def _options(context: str, config: str) -> str:
    """What another command is told to find a context of a config."""
    is_found = config == STREAM or Path(config).absolute() == _nearest_config()
    words = ["--context", context, *([] if is_found else ["--config", config])]
    return f" {shlex.join(words)}"


def _context_named(name: str, given: Input) -> Context:
    """One of the contexts of a config, or the end of the command."""
    contexts, diagnostics = contexts_of(given)
    conclude(diagnostics, (), Manner())
    by_name = {context.name: context for context in contexts}
    if name not in by_name:
        nearest = did_you_mean(name, by_name)
        known = f'did you mean "{nearest}"?' if nearest else f"it has {', '.join(by_name) or 'none'}"
        wrong_usage(f'{given.path} has no context "{name}"; {known}')
    return by_name[name]


def _config_with_contexts(path: str | None) -> Input:
    """The config that is named; else that of the current folder, or of the nearest around it."""
    nearest = path or _nearest_config()
    if nearest is None:
        wrong_usage("there is no config here that could have contexts; --config names one")
    configs, unreadable = read_all([path or os.path.relpath(nearest)])
    for line in unreadable:
        wrong_usage(line)
    return configs[0]


def _nearest_config() -> Path | None:
    here = Path.cwd()
    places = (folder / name for folder in (here, *here.parents) for name in CONFIG_NAMES)
    return next((place for place in places if place.is_file()), None)

"""The files of a project, by their names: which are packed, and why the others are not."""

import os
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from automl.compiler.config.code import BundleConfig
from automl.compiler.project.gitignore import Pattern, Patterns, given_pattern
from automl.compiler.project.never_code import BUILD_FILES, ENVIRONMENT, never_code
from automl.compiler.project.paths import bytes_of, text_of, under
from automl.compiler.project.repository import Level, located, repository_around
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located

T = TypeVar("T")

MOST_BYTES = 16 * 1024 * 1024  # more fits into no manifest, however well it packs; it is not even read
EXCLUDED = "excluded by the config"
_NOT_INCLUDED = "not included by the config"
_STREAM = "what this command writes to"
_EXECUTABLE = 0o100
_LINK, _NO_FILE = "a symbolic link", "not a file"
_GIT = b".git"  # with the token of the checkout; no `!*` takes it back
_OUTPUT = b".output.ipynb"  # what papermill writes beside a notebook
_OF_ENVIRONMENT = {b"pyvenv.cfg", b"conda-meta"}


class Seen:
    """What is known of one folder and its files, for the configs of a command that share it: each is read once.

    A folder is forgotten when another one comes, so that no more is kept than one project.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._known: dict[Hashable, Any] = {}

    def once(self, folder: Path, key: Hashable, find: Callable[[], T]) -> T:
        """What `find` finds, or has found under that key while it was about the same folder."""
        if folder != self._folder:
            self._folder = folder
            self._known.clear()
        if key not in self._known:
            self._known[key] = find()
        value: T = self._known[key]
        return value


class Project(NamedTuple):
    """The folder of a config, the name of the config there, the paths that its steps name, the files, each a
    device and a number on it, that the command itself writes to, what is known already, and how many bytes its files
    may have together."""

    folder: Path
    config: str
    needed: frozenset[str] = frozenset()
    streams: frozenset[tuple[int, int]] = frozenset()
    seen: Seen | None = None
    most_bytes: int = MOST_BYTES

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        """What is found, or was found already for another config of the folder."""
        return self.seen.once(self.folder, key, find) if self.seen else find()

    def place(self, path: str = "") -> bytes:
        """Where a file of the project is. The folder itself ends with a slash."""
        return os.fsencode(self.folder) + b"/" + bytes_of(path)


class ProjectFile(NamedTuple):
    """A file to pack. `asked`: a `!pattern` of the config takes it back, whatever is in it."""

    path: str
    size: int
    executable: bool
    asked: bool = False


LeftOut: TypeAlias = Mapping[bytes, str]
"""Why something is not packed, by its path in bytes; that of a folder, which is left out whole, ends with a slash. There
may be very many, so they are no nouns, and sorted only for those who list them."""


class Selection(NamedTuple):
    """The files, sorted by path, and what is left out."""

    files: tuple[ProjectFile, ...]
    left_out: LeftOut


def patterns_of(config: BundleConfig | None) -> tuple[tuple[str, ...], ...]:
    """What the config says of the files, which is the same for many configs."""
    parts = (config.include, config.exclude) if config else ()
    return tuple(tuple(pattern.value for pattern in part) for part in parts)


def select_files(project: Project, config: BundleConfig | None) -> Selection:
    """What git keeps, less what is never code, but for what the config says. Raises OSError.

    It is found once for all configs of a folder with the same patterns. So the configs themselves may be among the files,
    and what their steps name may be left out.

    Outside the project, git's own files alone are read.
    """
    return project.once(("files", patterns_of(config)), lambda: _walked(project, config))


def _walked(project: Project, config: BundleConfig | None) -> Selection:
    walk = _Walk(project, config)
    walk.run()
    return Selection(tuple(sorted(walk.files, key=lambda file: bytes_of(file.path))), walk.left_out)


def needed_file(project: Project, path: str) -> ProjectFile:
    """A file that a step names, which is packed whatever the patterns say. Raises OSError."""
    status = under(project.folder, path).stat()
    return ProjectFile(path, status.st_size, bool(status.st_mode & _EXECUTABLE), asked=True)


class _Folder(NamedTuple):
    """A folder to look into. `path` ends with a slash, but for the project's own, which is empty."""

    path: bytes
    levels: tuple[Level, ...]
    included: bool
    asked: bool


class _Walk:
    """One way through all folders. It keeps its own stack, so that no depth is too deep."""

    def __init__(self, project: Project, config: BundleConfig | None) -> None:
        self.files: list[ProjectFile] = []
        self.left_out: dict[bytes, str] = {}
        self._top = project.place()
        self._streams = project.streams
        self._repository = repository_around(project.folder)
        is_built = any((project.folder / name).exists() for name in BUILD_FILES)
        self._never_code = never_code(is_built)
        self._exclude = Patterns(_given(config.exclude if config else ()))
        self._include = Patterns(_given(config.include)) if config and config.include else None
        self._reason = cache(_reason)

    def run(self) -> None:
        """Fill `found` and `left_out`. Raises OSError for a folder that cannot be listed."""
        folders = [_Folder(b"", self._repository.levels, self._include is None, False)]
        while folders:
            folders += self._enter(folders.pop())

    def _enter(self, folder: _Folder) -> Iterator[_Folder]:
        """Look at all that is in a folder. The folders among it that are worth a look."""
        entries = {entry.name: entry for entry in _entries(self._top + folder.path)}
        if folder.path and not folder.asked and not _OF_ENVIRONMENT.isdisjoint(entries):
            self.left_out[folder.path] = ENVIRONMENT
            return
        here = folder._replace(levels=self._levels(folder, entries.get(b".gitignore")))
        for name, entry in entries.items():
            path = folder.path + name
            if entry.is_file(follow_symlinks=False):
                self._file(here, path, entry, entries)
            elif entry.is_dir(follow_symlinks=False):
                if below := self._below(here, path):
                    yield below
            else:
                self.left_out[path] = _LINK if entry.is_symlink() else _NO_FILE

    def _levels(self, folder: _Folder, git: "os.DirEntry[bytes] | None") -> tuple[Level, ...]:
        if git is None or not git.is_file(follow_symlinks=False):
            return folder.levels
        file = folder.path + git.name
        return self._repository.below(folder.levels, folder.path, self._top + file, text_of(file))

    def _below(self, parent: _Folder, path: bytes) -> _Folder | None:
        """What is to be known of a folder in another, if it is not left out whole."""
        folder = path + b"/"
        if ignored := self._repository.ignoring(path, True, parent.levels):
            self.left_out[folder] = self._reason(ignored)
            return None
        included = self._is_included(parent, path, True)
        rule = self._rule(path, True)
        if rule and not rule.negated:
            self.left_out[folder] = self._reason(rule) if included else _NOT_INCLUDED
            return None
        return _Folder(folder, parent.levels, included, parent.asked or _asks(rule))

    def _file(
        self, folder: _Folder, path: bytes, entry: "os.DirEntry[bytes]", beside: Collection[bytes]
    ) -> None:
        if folder.levels and (ignored := self._repository.ignoring(path, False, folder.levels)):
            self.left_out[path] = self._reason(ignored)
            return
        if not (self._is_included(folder, path, False) if self._include else folder.included):
            self.left_out[path] = _NOT_INCLUDED
            return
        rule = self._rule(path, False)
        if rule and not rule.negated:
            self.left_out[path] = self._reason(rule)
            return
        asked = folder.asked or _asks(rule)
        if not asked and entry.name.endswith(_OUTPUT) and _notebook_of(entry.name) in beside:
            self.left_out[path] = f"the output of {text_of(_notebook_of(entry.name))}"
        elif status := _status(entry):
            if (status.st_dev, status.st_ino) in self._streams:
                self.left_out[path] = _STREAM
            else:
                is_executable = bool(status.st_mode & _EXECUTABLE)
                self.files.append(ProjectFile(text_of(path), status.st_size, is_executable, asked))

    def _rule(self, path: bytes, is_folder: bool) -> Pattern | None:
        """What decides by the name alone: the config, which has the last word but for what is git's own, or the table
        of what is never code."""
        is_git = path.endswith(_GIT) and path.removesuffix(_GIT)[-1:] in (b"", b"/")
        given = None if is_git else self._exclude.decide(path, is_folder)
        return given or self._never_code.decide(path, is_folder)

    def _is_included(self, folder: _Folder, path: bytes, is_folder: bool) -> bool:
        """As a pattern of `include` says of it, or of the nearest folder around it."""
        rule = self._include.decide(path, is_folder) if self._include else None
        return folder.included if rule is None else not rule.negated


def _given(patterns: Iterable[Located[str]]) -> list[Pattern]:
    return [given_pattern(EXCLUDED, number, pattern.value) for number, pattern in enumerate(patterns)]


def _asks(rule: Pattern | None) -> bool:
    return rule is not None and rule.negated and rule.source == EXCLUDED


def _reason(pattern: Pattern) -> str:
    if pattern.source == EXCLUDED:
        return f"{EXCLUDED}: {pattern}"
    return f"{pattern.source}:{pattern.number} {pattern}" if pattern.number else pattern.source


def _notebook_of(output: bytes) -> bytes:
    return output.removesuffix(_OUTPUT) + b".ipynb"


def _entries(folder: bytes) -> list["os.DirEntry[bytes]"]:
    """What is in a folder; nothing if it is gone by now. Raises OSError."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise located(error, folder) from None


def _status(file: "os.DirEntry[bytes]") -> os.stat_result | None:
    """What is known of a file; nothing if it is gone by now."""
    try:
        return file.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None

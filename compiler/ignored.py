"""What git ignores: by the .gitignore files of a project, and by those of the repository around it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


# Everything within a folder, and not the folder itself: pathspec takes `src/**` for `src/` too, where git may yet
# have to look for what a later line keeps.
_ALL_WITHIN = re.compile(r"/\*\*(?=\s*\Z)")


class Ignored:
    """The paths of a project, relative to it, that git ignores. Folders end with a slash."""

    def __init__(self, project: Path) -> None:
        self._inside, self._specs = _of_repository(project)

    def read(self, prefix: str, file: Path) -> None:
        """Add the .gitignore of the folder `prefix` of the project; folders come before those inside them."""
        self._specs.append((self._inside + prefix, _parse(file)))

    def __contains__(self, path: str) -> bool:
        return _verdict(self._inside + path, self._specs)


def _of_repository(project: Path) -> tuple[str, list[tuple[str, "GitIgnoreSpec"]]]:
    """The path of the project in its repository, and the .gitignore files above it. They say nothing about a
    project that they ignore as a whole."""
    real = project.resolve()
    for top in (real, *real.parents):
        if (top / ".git").exists():
            break
    else:
        return "", []
    inside = "" if top == real else f"{real.relative_to(top).as_posix()}/"
    folders = [folder for folder in reversed(real.parents) if folder.is_relative_to(top)]
    files = [folder / ".gitignore" for folder in folders if (folder / ".gitignore").is_file()]
    specs = [(_prefix(file.parent, top), _parse(file)) for file in files]
    return ("", []) if _verdict(inside, specs) else (inside, specs)


def _prefix(folder: Path, top: Path) -> str:
    return "" if folder == top else f"{folder.relative_to(top).as_posix()}/"


def _verdict(path: str, specs: list[tuple[str, "GitIgnoreSpec"]]) -> bool:
    """As git sees it: the innermost .gitignore that has something to say decides."""
    for prefix, spec in reversed(specs):
        if path.startswith(prefix) and path != prefix:
            verdict = spec.check_file(path[len(prefix) :]).include
            if verdict is not None:
                return verdict
    return False


def _parse(file: Path) -> "GitIgnoreSpec":
    return patterns(file.read_text(encoding="utf-8-sig", errors="replace").splitlines())


def patterns(lines: Iterable[str]) -> "GitIgnoreSpec":
    """Patterns in the manner of .gitignore."""
    from pathspec import GitIgnoreSpec  # a tenth of the start-up time, for projects that need it only

    return GitIgnoreSpec.from_lines(_ALL_WITHIN.sub(r"/**/*", line) for line in lines)

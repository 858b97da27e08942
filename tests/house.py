"""Prints the shape of the house: `python -m tests.house [ROOT]`.

For each folder: its rooms (modules and folders), the arrows between them (who imports whom, each pair once), those that
run back up (both ways, or in a circle), and the longest module and function in lines.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TOPS = ("cli", "compiler", "schemas", "targets", "runtime", "runs", "images")


class Folder(NamedTuple):
    """A folder: its rooms, and pairs of rooms of which the first imports the second."""

    rooms: frozenset[str]
    arrows: frozenset[tuple[str, str]]

    @property
    def back_up(self) -> frozenset[tuple[str, str]]:
        """Arrows within a circle."""
        return frozenset((a, b) for a, b in self.arrows if a in _reached(b, self.arrows))


def _reached(start: str, arrows: frozenset[tuple[str, str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        room = waiting.pop()
        if room not in seen:
            seen.add(room)
            waiting += [b for a, b in arrows if a == room]
    return seen


def modules_of(root: Path) -> dict[tuple[str, ...], Path]:
    """Every module of the product by the parts of its name; a package is its `__init__`."""
    paths = [path for top in TOPS for path in sorted((root / top).rglob("*.py"))]
    names = [path.relative_to(root).with_suffix("").parts for path in paths]
    return {
        name[:-1] if name[-1] == "__init__" else name: path for name, path in zip(names, paths, strict=True)
    }


def imports_of(path: Path, modules: dict[tuple[str, ...], Path]) -> Iterator[tuple[str, ...]]:
    """The modules of ours that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        first, *rest = node.module.split(".")
        if first == "automl":
            for alias in node.names:
                named = (*rest, alias.name)
                yield named if named in modules else tuple(rest)


def folders_of(root: Path) -> dict[str, Folder]:
    """Each folder with two rooms or more, the house itself as `.`."""
    modules = modules_of(root)
    imports = {(name, used) for name, path in modules.items() for used in imports_of(path, modules)}
    holders = {name[:length] for name in modules for length in range(len(name))}
    folders = {holder: _folder(holder, set(modules), imports) for holder in holders}
    return {
        "/".join(holder) or ".": folder for holder, folder in sorted(folders.items()) if len(folder.rooms) > 1
    }


def _folder(
    holder: tuple[str, ...],
    modules: set[tuple[str, ...]],
    imports: set[tuple[tuple[str, ...], tuple[str, ...]]],
) -> Folder:
    depth = len(holder)
    within = {name for name in modules if name[:depth] == holder}
    room = {name: name[depth] if len(name) > depth else "__init__" for name in within}
    arrows = {(room[a], room[b]) for a, b in imports if a in within and b in within and room[a] != room[b]}
    return Folder(frozenset(room.values()), frozenset(arrows))


def functions_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines and the name of each function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or 0) - node.lineno + 1, node.name


def parameters_of(path: Path) -> Iterator[tuple[int, str]]:
    """How many parameters each function has, the object of a method left out, and its name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            yield len([name for name in names if name not in ("self", "cls")]), node.name


def names_given_in(path: Path) -> Iterator[str]:
    """Every name that a module gives: to a value, in a loop, to a parameter, to a function, to a part of an object."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name


def main(root: Path) -> None:
    """Print it all."""
    modules = modules_of(root)
    print(f"{'folder':24}{'rooms':>6}{'arrows':>8}{'back up':>9}")
    for name, folder in folders_of(root).items():
        print(f"{name:24}{len(folder.rooms):6}{len(folder.arrows):8}{len(folder.back_up):9}")
    lengths = sorted((len(path.read_text().splitlines()), ".".join(name)) for name, path in modules.items())
    functions = sorted(one for path in modules.values() for one in functions_of(path))
    for what, sizes in (("modules", lengths), ("functions", functions)):
        middle, high = (sizes[int(len(sizes) * share)] for share in (0.5, 0.95))
        print(
            f"{len(sizes)} {what}: median {middle[0]} lines, p95 {high[0]}, longest {sizes[-1][0]} ({sizes[-1][1]})"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent)

"""What is said of a project's files that are too large, by whoever finds it: who collects them, or who packs them."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.patterns import regex
from automl.compiler.source import Span

_LISTED = 5
_CODE = (".py", ".sh", ".ipynb")
_PLAIN = regex(r"[\w./-]+", re.ASCII)  # what stands in a list of YAML as it is, and for itself in a pattern


def too_large(sizes: Mapping[str, int], packed: int | None, limit: int, span: Span) -> Diagnostic:
    """The diagnostic for files of these sizes: too large to be packed at all, or `packed` into so many bytes."""
    total = amount(sum(sizes.values()))
    if packed is None:
        message = f"the project's files have {total} together; {amount(limit)} is the most that is packed"
    else:
        message = (
            f"the project's files, {total} together, take {amount(packed)} in the manifest; "
            f"the limit is {amount(limit)}"
        )
    largest = sorted(sizes, key=lambda path: (-sizes[path], path))[:_LISTED]
    listed = ", ".join(f"{path} ({amount(sizes[path])})" for path in largest)
    exclude = f"code: {{bundle: {{exclude: [{exclude_pattern(_data_around(largest[0], sizes))}]}}}}"
    help = f"the largest are {listed}: leave out what no step needs, for instance with `{exclude}`, or use `code: {{git: …}}`"
    return Diagnostic(Code.BUNDLE_SIZE, message, span, help)


def amount(size: int) -> str:
    """A size for people, rounded up: 240 KiB, 1.3 MiB."""
    if size < 1024:
        return f"{size} B"
    unit = min((size.bit_length() - 1) // 10, 4)
    value = math.ceil(size * 10 / 1024**unit) / 10
    return f"{value:.1f}".removesuffix(".0") + f" {'BKMGT'[unit]}iB"


def _data_around(path: str, sizes: Mapping[str, int]) -> str:
    """The outermost folder around a file, with a slash at its end, that holds no code; or the file."""
    with_code = {
        folder for other in sizes if other.endswith(_CODE) for folder in PurePosixPath(other).parents
    }
    folders = [folder for folder in PurePosixPath(path).parents if folder not in with_code and folder.name]
    return f"{folders[-1]}/" if folders else path


def exclude_pattern(path: str, start: str = "") -> str:
    """A pattern that matches this path alone, as a word of YAML."""
    pattern = f"{start}/" + re.sub(r"([*?[\\]| \Z)", r"\\\1", path)
    return pattern if _PLAIN.fullmatch(pattern) else json.dumps(pattern, ensure_ascii=False)

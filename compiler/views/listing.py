"""What becomes of the files of a project, as text for people and for scripts."""

from collections.abc import Sequence

from automl.compiler.bundle_size import amount
from automl.compiler.project.bundle import Collection
from automl.compiler.project.paths import text_of
from automl.compiler.views.printable import printable

_WIDEST = 60  # a longer path pushes what stands behind it to the right


def packed_paths(files: Collection) -> str:
    """The files to pack, one a line."""
    return "".join(f"{printable(path)}\n" for path in files.sizes)


def listing(files: Collection, in_manifest: int | None, limit: int) -> str:
    """What is packed and what is left out, each with its size or the reason, and the sums.

    `in_manifest` is what the files take there, in bytes, as `limit` counts it; None: too much to be known.
    """
    packed = [(path, amount(size)) for path, size in files.sizes.items()]
    left_out = [(text_of(path), reason) for path, reason in sorted(files.left_out.items())]
    count = f"{len(packed)} file{'s' * (len(packed) != 1)}"
    takes = "" if in_manifest is None else f"; {amount(in_manifest)} of {amount(limit)} in the manifest"
    total = f"{count}, {amount(sum(files.sizes.values()))}{takes}\n"
    return _table("packed", packed) + _table("left out", left_out) + total


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    shown = [(printable(path), printable(text)) for path, text in rows]
    width = min(max(len(path) for path, _ in shown), _WIDEST)
    return f"{title}:\n" + "".join(f"  {path:<{width}}  {text}\n" for path, text in shown) + "\n"

"""Takes what comes from a run to its place: whole, and over nothing that is there."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from automl.runs.engine import EngineError


class Stream:
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        while len(self._rest) < size and (piece := next(self._pieces, None)) is not None:
            self._rest += piece
        content, self._rest = self._rest[:size], self._rest[size:]
        return content


def take(pieces: Iterator[bytes], folder: Path, force: bool) -> list[Path]:
    """Unpack a tar to a folder, when all of it is there. EngineError if that would replace a file."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".automl-", dir=folder) as temporary:
        new = Path(temporary)
        _unpack(pieces, new)
        paths = sorted(new.rglob("*"))
        places = {path: folder / path.relative_to(new) for path in paths}
        files = {path: place for path, place in places.items() if path.is_symlink() or not path.is_dir()}
        taken = [place for place in files.values() if os.path.lexists(place)]
        if taken and not force:
            more = f" (and {len(taken) - 1} more files)" if len(taken) > 1 else ""
            raise EngineError(f'"{taken[0]}"{more} is there already; --force replaces it')
        for place in (place for path, place in places.items() if path not in files):
            place.mkdir(parents=True, exist_ok=True)
        for path, place in files.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
        return [*files.values()]


def _unpack(pieces: Iterator[bytes], folder: Path) -> None:
    try:
        with tarfile.open(fileobj=Stream(pieces), mode="r|") as archive:  # type: ignore[call-overload]
            archive.extraction_filter = tarfile.data_filter
            archive.extractall(folder)
    except tarfile.TarError as error:
        raise EngineError(f"what the run has left cannot be taken: {error}") from error

"""Where the artifacts go, what they may replace there, and writing them: whole or not at all."""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from automl.cli.links import is_stream, leads_out, output_leads_out, place_of, stream_number
from automl.compiler.generated import is_generated
from automl.compiler.target import Artifact

_LARGEST = 64 * 2**20  # of a file that is looked at for our mark


class OutputError(ValueError):
    """The output cannot go where it should, for the reason that the message gives."""


def destination(output: str, artifacts: Sequence[Artifact]) -> dict[Path, Artifact]:
    """The files to write: into a folder, or the one artifact to a file. Raises OutputError and OSError.

    A link on the way there stays in the current folder, and one in the folder of the output in that.
    """
    if not output:
        raise OutputError("-o needs a file, or a folder with a / at its end")
    path = Path(output)
    if not is_stream(path) and (problem := output_leads_out(path)):
        raise OutputError(problem)
    if output.endswith(("/", os.sep)) or path.is_dir():
        return _in_folder(path, artifacts)
    if len(artifacts) != 1:
        raise OutputError(f'the output has {len(artifacts)} files; give a folder: "{output}/"')
    return {path: artifacts[0]}


def _in_folder(folder: Path, artifacts: Sequence[Artifact]) -> dict[Path, Artifact]:
    files: dict[Path, Artifact] = {}
    for artifact in artifacts:
        inside = PurePosixPath(artifact.path)
        if inside.is_absolute() or ".." in inside.parts or not inside.parts:
            raise OutputError(f'the target names a file "{artifact.path}", which is not in the output folder')
        place = folder / inside
        if place in files:
            raise OutputError(f'the target names two files "{artifact.path}"')
        if problem := leads_out(place, folder):
            raise OutputError(problem)
        files[place] = artifact
    return files


def write_files(files: Mapping[Path, Artifact], inputs: Iterable[Path] = (), force: bool = False) -> None:
    """Write every file beside its place first, then put all of them there. Raises OutputError and OSError.

    Before the first is written, all are judged: what is replaced is empty or output of ours, or anything with
    `force`, but never one of `inputs`, under whatever name. A link stays one, and what it leads to is written; so
    is what is no file, such as a pipe or /dev/null.
    """
    kept = tuple(inputs)
    places = {place_of(path): artifact for path, artifact in files.items()}
    if len(places) < len(files):
        raise OutputError("two files of the output have the same place")
    for place, artifact in places.items():
        _judge(place, artifact, kept, force)
    ready: list[tuple[Path, Path]] = []
    try:
        for place, artifact in places.items():
            if _is_written_to(place):
                _write_to(place, artifact)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            temporary = place.with_name(f".automl-{os.urandom(8).hex()}")
            ready.append((temporary, place))
            _write_beside(temporary, place, artifact)
        while ready:
            temporary, place = ready[-1]
            temporary.replace(place)
            ready.pop()
    finally:
        for temporary, _ in ready:
            temporary.unlink(missing_ok=True)


def _judge(place: Path, artifact: Artifact, inputs: Sequence[Path], force: bool) -> None:
    if any(_is_same(place, given) for given in inputs):
        raise OutputError(f'"{place}" is read by this compilation and never replaced; give another place')
    if force or not place.is_file() or is_stream(place) or _is_replaceable(place, artifact):
        return
    raise OutputError(f'"{place}" is not output of automl; --force replaces it all the same')


def _is_same(path: Path, given: Path) -> bool:
    try:
        return path.samefile(given)
    except OSError:  # one of them is not there
        return False


def _is_replaceable(path: Path, artifact: Artifact) -> bool:
    """Whether the file is empty, output of ours, or what would be written."""
    if path.stat().st_size > _LARGEST:
        return False
    content = path.read_bytes()
    return not content or is_generated(content) or content == artifact.text.encode()


def _is_written_to(path: Path) -> bool:
    """Whether it is there and no file: a device, a pipe, a stream that is open already. A folder fails as one."""
    return is_stream(path) or (path.exists() and not path.is_file())


def _write_to(path: Path, artifact: Artifact) -> None:
    number = stream_number(path)
    try:
        # A stream that is open for reading is no place to write to, and one may lead to a file with something in it.
        with path.open("ab") if number is None else os.fdopen(os.dup(number), "ab") as file:
            file.writelines(piece.encode() for piece in artifact.write())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write_beside(temporary: Path, place: Path, artifact: Artifact) -> None:
    try:
        with temporary.open("xb") as file:
            if place.exists():
                temporary.chmod(stat.S_IMODE(place.stat().st_mode))
            file.writelines(piece.encode() for piece in artifact.write())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(place)) from error

"""What an image is built of: a Dockerfile and the files beside it, and its name by what they hold."""

import hashlib
from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import NamedTuple

from automl.compiler.ir import Bundle, BundledFile, Workflow
from automl.images.dockerfile import dockerfile, instructions
from automl.images.image import Image
from automl.images.listed import listing_files
from automl.runtime import start_scripts

EMPTY = ("start/work/project", "start/work/home")
"""Folders in which nothing is yet."""
_LETTERS = 12  # of the digest


class Named(NamedTuple):
    """An image with its name, and the files that say what is installed, if these are enough for that."""

    image: Image
    name: str
    listing: list[BundledFile] | None


class Context(NamedTuple):
    """The text of the Dockerfile, and the files beside it, by their paths in the folder of the context."""

    images: list[Named]
    text: str
    files: tuple[BundledFile, ...]


def context_of(workflow: Workflow, images: Sequence[Image], registry: str | None) -> Context:
    """All that images of a workflow are built of."""
    assert isinstance(workflow.code, Bundle)
    place = f"{registry.rstrip('/')}/{workflow.name}" if registry else workflow.name
    named = [_named(workflow.code, image, place) for image in images]
    text = dockerfile(workflow.origin, [(image, name, listing is not None) for image, name, listing in named])
    files = [*_started(), *_below("project", workflow.code.files)]
    for image, _, listing in named:
        files += _below(f"dependencies/{image.stage}", listing or ())
    return Context(named, text, tuple(files))


def _named(bundle: Bundle, image: Image, place: str) -> Named:
    files = {file.path: file for file in bundle.files}
    path = image.recipe.dependencies
    listing = listing_files(normpath(path), files) if path else []
    parts = [image.recipe.base, *instructions(image.recipe, None if listing is None else "dependencies")]
    digest = hashlib.sha256("\n".join(parts).encode())
    for file in (*_started(), *bundle.files):
        digest.update(
            f"\n{file.executable} {len(file.content)} {file.path}\n".encode(errors="surrogateescape")
        )
        digest.update(file.content)
    return Named(image, f"{place}:{digest.hexdigest()[:_LETTERS]}", listing)


def _started() -> Iterator[BundledFile]:
    """What installs."""
    scripts = start_scripts(for_values=False)
    return (BundledFile(f"start/{name}", text.encode(), False) for name, text in scripts.items())


def _below(folder: str, files: Sequence[BundledFile]) -> Iterator[BundledFile]:
    return (file._replace(path=f"{folder}/{file.path}") for file in files)

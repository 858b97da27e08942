"""What an image is built of: a Dockerfile and the files beside it, and its name by what they hold."""

import hashlib
from collections.abc import Iterator, Sequence

from automl.compiler.ir import Bundle, BundledFile, Workflow
from automl.compiler.records import NamedTuple
from automl.images.dockerfile import dockerfile, instructions
from automl.images.image import Image
from automl.images.listed import Listing, listing_of
from automl.runtime import image_scripts

EMPTY = ("start/work/project", "start/work/home")
"""Folders in which nothing is yet."""
_LETTERS = 12  # of the digest


class Named(NamedTuple):
    """An image with its name, and what says what is installed."""

    image: Image
    name: str
    listing: Listing


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
    text = dockerfile(workflow.origin, named)
    files = [*_started(), *_below("project", workflow.code.files)]
    for image, _, listing in named:
        files += _below(f"dependencies/{image.stage}", listing.files or ())
    return Context(named, text, tuple(files))


def _named(bundle: Bundle, image: Image, place: str) -> Named:
    files = {file.path: file for file in bundle.files}
    listing = listing_of(image.recipe.dependencies, files)
    parts = [image.recipe.base, *instructions(image.recipe, listing, "dependencies")]
    digest = hashlib.sha256("\n".join(parts).encode())
    for file in (*_started(), *bundle.files):
        digest.update(
            f"\n{file.executable} {len(file.content)} {file.path}\n".encode(errors="surrogateescape")
        )
        digest.update(file.content)
    return Named(image, f"{place}:{digest.hexdigest()[:_LETTERS]}", listing)


def _started() -> Iterator[BundledFile]:
    """What installs."""
    scripts = image_scripts().items()
    return (BundledFile(f"start/{name}", text.encode(), False) for name, text in scripts)


def _below(folder: str, files: Sequence[BundledFile]) -> Iterator[BundledFile]:
    return (file._replace(path=f"{folder}/{file.path}") for file in files)

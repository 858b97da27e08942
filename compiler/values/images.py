"""The images of our own: of Python, for steps whose config names none and for our own programs, and where they come from."""

_HUB = "docker.io/"
PYTHON_IMAGE = (  # pinned, so that a run next year is the same; `defaults.image` takes another for steps
    f"{_HUB}library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)


def mirrored(image: str, registry: str | None) -> str:
    """An image of ours where a registry has it: by the path of Docker Hub, as those that pull through have it."""
    return image.replace(_HUB, f"{registry.rstrip('/')}/", 1) if registry else image


def is_default(image: str) -> bool:
    """Whether an image is that of the steps that name none, wherever it comes from."""
    return image.endswith(PYTHON_IMAGE.removeprefix(_HUB))

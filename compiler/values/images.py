"""The image of Python: of steps whose config names none, and of our own programs in the cluster."""

PYTHON_IMAGE = (  # pinned, so that a run next year is the same; `defaults.image` takes another for steps
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)

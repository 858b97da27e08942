from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.runtime import kubelet


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder like `tmp_path`, which the container's user can look into."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def image() -> Iterator[Path]:
    """What a container sees of an image for Python: a folder on its PATH."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        programs = Path(folder) / "bin"
        programs.mkdir()
        for name in ("python", "python3"):
            (programs / name).symlink_to(kubelet.python())
        yield Path(folder)

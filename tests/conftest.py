import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    wanted = bool(request.config.getoption("--update-golden"))
    if wanted and os.environ.get("CI"):
        pytest.fail("goldens are not rewritten in CI; run `make golden` and commit the result")
    return wanted


@pytest.fixture
def root() -> Path:
    return ROOT


_REPORTED: list[str] = []


@pytest.fixture
def report() -> Callable[[str], None]:
    """For a line that should be read even when all is well; it is printed at the end of the run."""
    return _REPORTED.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _REPORTED:
        terminalreporter.write_line(line)

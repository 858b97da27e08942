import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

pytest_plugins = ["tests.examples"]  # its profile has to be there before one is chosen
ROOT = Path(__file__).parent.parent
_ASKING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
# What changes what programs do or print; how they reach the network is the machine's own.
_SETTINGS = re.compile(
    r"GIT_(?!SSL_)\w+|PIP_(CONSTRAINT|NO_BINARY|NO_DEPS|PREFIX|PRE|QUIET|REQUIRE_\w+|TARGET|USER|VERBOSE)"
    r"|UV_(?!\w*(INDEX|CACHE|LINKS|CERTS|TLS|HTTP|HOST|KEYRING|OFFLINE))\w+|VIRTUAL_ENV"
    r"|PYTHON(DEVMODE|OPTIMIZE|VERBOSE|WARNINGS)|FORCE_COLOR|NO_COLOR|CLICOLOR(_FORCE)?|COLUMNS|LINES"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The runs of tests wait for those of no other process of the tests, and not for the developer's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(_SETTINGS.fullmatch, list(os.environ)):
            patch.delenv(name)
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _usual_signals() -> Iterator[None]:
    """Signals as a terminal leaves them: what runs in the background has been told to ignore some, and so is what it starts."""
    ignored = [number for number in _ASKING if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The engines' tests come first: they wait the longest, and in another process the others run beside them."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(test: str) -> int:
    """When a test is run, by the place of its file: before all others those that start control planes."""
    files = (
        r"tests/conformance/test_argo_",
        r"tests/conformance/test_(\w*cluster|golden_kubeflow)\b",
        r"tests/conformance/",
    )
    return next((turn for turn, file in enumerate(files) if re.match(file, test)), len(files))


class _ByEngine(LoadFileScheduling):  # type: ignore[misc]
    """The tests of a file run in one process, and those of all files that share the control planes of an engine."""

    def _split_scope(self, nodeid: str) -> str:
        return f"engine {turn}" if (turn := _turn(nodeid)) < 2 else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByEngine | None:
    return _ByEngine(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    wanted = bool(request.config.getoption("--update-golden"))
    if wanted and os.environ.get("CI"):
        pytest.fail("goldens are not rewritten in CI; run `make golden` and commit the result")
    return wanted


@pytest.fixture
def root() -> Path:
    return ROOT


_REPORTED = "reported"


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """For a line that should be read even when all is well; it is printed at the end of the run."""
    return partial(record_property, _REPORTED)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test has reported goes with its own reports, since it may run in another process than this."""
    done = [each for reports in terminalreporter.stats.values() for each in reports]
    ended = [each for each in done if isinstance(each, pytest.TestReport) and each.when == "teardown"]
    properties = [each for report in ended for each in report.user_properties]
    for line in (value for name, value in properties if name == _REPORTED):
        terminalreporter.write_line(str(line))
    for line in _table([value for name, value in properties if name == "corpus"]):
        terminalreporter.write_line(line)


def _table(cells: Sequence[Any]) -> list[str]:
    """The workflows of the corpus by engines, from (workflow, engine, what became of it)."""
    outcomes = {(workflow, engine): outcome for workflow, engine, outcome in cells}
    engines = sorted({engine for _, engine in outcomes})
    rows = [["corpus", *engines]] if cells else []
    for workflow in sorted({workflow for workflow, _ in outcomes}):
        rows.append([workflow, *(outcomes.get((workflow, engine), "-") for engine in engines)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]

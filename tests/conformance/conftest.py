import secrets
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.conformance import s3
from tests.conformance.argo_controller import Controller, at_work
from tests.conformance.cluster import Cluster, running
from tests.conformance.kfp_runs import open_folder
from tests.conformance.tools import ARGO_VERSIONS
from tests.conformance.workflows import Place, placed


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(scope="session", params=ARGO_VERSIONS)
def argo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """Argo's controller of each version."""
    with at_work(request.param, tmp_path_factory.mktemp("argo")) as controller:
        yield controller


@pytest.fixture(scope="session")
def store() -> Iterator[s3.Store]:
    with open_folder() as folder, s3.serving(folder) as started:
        yield started


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace of the test's own, with the strictest Pod Security."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.create_namespace(name)
    return name


@pytest.fixture
def place(cluster: Cluster, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A namespace in which the test plays the coordinator and the kubelet."""
    with placed(cluster, request.node.name, tmp_path, Place) as place:
        yield place


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside the failure of a test that uses the cluster stand the ends of the cluster's logs."""
    report = yield
    started = item.funcargs.get("cluster")
    if report.failed and isinstance(started, Cluster):
        report.sections.append(("Logs of the cluster", started.logs()))
    return report

"""What the Job does that registers a schedule: its container, as a process, and an API server on the other side.

Kubeflow's own server cannot be had from a registry, so it is `pipelines_server`, which Kubeflow's own client knows too.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kfp_server_api  # type: ignore[import-untyped]
import pytest

from tests.conformance.kfp_runs import compiled, documents
from tests.runtime.kubelet import Container, Done, make_volumes, write_files
from tests.runtime.pipelines_server import Object, PipelinesServer, serving

CONFIG = {
    "name": "nightly",
    "schedule": {"cron": "30 6 * * mon-fri", "concurrency": "forbid"},
    "stages": {"train": [{"step_name": "train", "path_to_executable": "a.py"}]},
}
DESCRIPTION = "made by automl for the pipeline nightly"
TOKEN = "t0ken"


class Scheduler:
    """The Job of a project, in a cluster that has nothing but the API server."""

    def __init__(self, folder: Path, image: Path, server: PipelinesServer) -> None:
        self.folder, self.image, self.server = folder, image, server
        folder.joinpath("pod").mkdir()
        make_volumes(folder / "pod", [{"name": "work"}], {})
        self.token = folder / "token"
        self.objects: dict[str, Object] = {}
        self.compile(CONFIG)

    def compile(self, config: Object) -> None:
        """Apply what automl makes of a config: from now on its Job is the one to run."""
        project = self.folder / "p"
        project.mkdir(exist_ok=True)
        write_files(project, {"config.yaml": json.dumps(config), "a.py": ""})
        self.objects = {each["kind"]: each for each in documents(compiled(project, "kubeflow-native"))}

    @property
    def wanted(self) -> Any:
        """What the Job is told."""
        return json.loads(self._container["args"][0])

    @property
    def _container(self) -> Object:
        [found] = self.objects["Job"]["spec"]["template"]["spec"]["containers"]
        return dict(found)

    def upload(self) -> None:
        """Let the server know the pipeline and its version, as it does soon after they were applied."""
        known = [each["pipeline_id"] for each in self.server.pipelines if each["name"] == "nightly"]
        [pipeline] = known or [self.server.add_pipeline("nightly")]
        self.server.add_version(pipeline, self.wanted["version"])

    def container(self) -> Container:
        values = {
            "KFP_ENDPOINT": self.server.url,
            "KFP_NAMESPACE": self.server.namespace or "kubeflow",
            "KF_PIPELINES_SA_TOKEN_PATH": str(self.token),
        }
        found = self._container
        assert [each["name"] for each in found["env"]] == list(values)
        found["env"] = [{"name": name, "value": value} for name, value in values.items()]
        return Container(self.folder / "pod", self.image, found, {})

    def run(self, patience: float = 0) -> Done:
        return self.container().run(KFP_PATIENCE=str(patience))

    def changes(self) -> list[tuple[str, str]]:
        """What the server was told to change, since the last time this was asked."""
        found = [request for request in self.server.requests if request[0] != "GET"]
        self.server.requests.clear()
        return found


@pytest.fixture(params=["one user", "many users"])
def server(request: pytest.FixtureRequest) -> Iterator[PipelinesServer]:
    many = request.param == "many users"
    with serving(PipelinesServer("team", TOKEN) if many else PipelinesServer()) as server:
        yield server


@pytest.fixture
def scheduler(place: Path, image: Path, server: PipelinesServer) -> Scheduler:
    found = Scheduler(place, image, server)
    if server.token:
        found.token.write_text(f"{TOKEN}\n")
    return found


def succeeded(done: Done) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def failed(done: Done) -> str:
    """The one line that says why."""
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    return line


def test_the_schedule_is_registered(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    name = scheduler.wanted["recurring_run"]["display_name"]
    assert succeeded(scheduler.run()) == f"{name}: created\n"
    [found] = server.recurring_runs
    [experiment] = server.experiments
    source = {"pipeline_id": "pipeline-1", "pipeline_version_id": "version-2"}
    assert experiment["display_name"] == "nightly"
    assert found == {
        "recurring_run_id": found["recurring_run_id"],
        "display_name": name,
        "description": DESCRIPTION,
        "mode": "ENABLE",
        "max_concurrency": "1",
        "no_catchup": True,
        "trigger": {"cron_schedule": {"cron": "0 30 6 * * mon-fri"}},
        "pipeline_version_reference": source,
        "experiment_id": experiment["experiment_id"],
        "namespace": server.namespace,
        "status": "ENABLED",
    }


def test_the_second_time_nothing_changes(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    assert scheduler.changes() == [("POST", "experiments"), ("POST", "recurringruns")]
    name = scheduler.wanted["recurring_run"]["display_name"]
    assert succeeded(scheduler.run()) == f"{name}: is there already\n"
    assert scheduler.changes() == []
    assert len(server.recurring_runs) == 1


@pytest.mark.parametrize("change", [{"cron": "0 7 * * *"}, {"suspend": True}, {"concurrency": "allow"}])
def test_a_changed_schedule_replaces_the_older_one(
    change: Object, scheduler: Scheduler, server: PipelinesServer
) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    [older] = server.recurring_runs
    scheduler.changes()
    scheduler.compile({**CONFIG, "schedule": {"cron": "30 6 * * mon-fri", "concurrency": "forbid"} | change})
    assert f"{older['display_name']}: deleted\n" in succeeded(scheduler.run())
    [newer] = server.recurring_runs
    assert newer["display_name"] == scheduler.wanted["recurring_run"]["display_name"] != older["display_name"]
    deleted = ("DELETE", f"recurringruns/{older['recurring_run_id']}")
    assert scheduler.changes() == [("POST", "recurringruns"), deleted]  # so that no run is left out


def test_a_changed_pipeline_replaces_the_older_schedule(
    scheduler: Scheduler, server: PipelinesServer
) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    [step] = CONFIG["stages"]["train"]  # type: ignore[index]
    scheduler.compile({**CONFIG, "stages": {"train": [{**step, "args": ["new"]}]}})
    scheduler.upload()
    succeeded(scheduler.run())
    [found] = server.recurring_runs
    assert found["pipeline_version_reference"]["pipeline_version_id"] == "version-5"


def test_what_an_interrupted_job_left_is_deleted(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    server.recurring_runs.insert(
        0, server.recurring_runs[0] | {"recurring_run_id": "old", "display_name": "old"}
    )
    scheduler.changes()
    assert succeeded(scheduler.run()).splitlines()[-1] == "old: deleted"
    assert scheduler.changes() == [("DELETE", "recurringruns/old")]


def test_others_are_left_alone_also_on_later_pages(scheduler: Scheduler, server: PipelinesServer) -> None:
    for number in range(5):
        other = server.add_pipeline(f"other-{number}")
        server.add_version(other, "1")
        server.experiments.append(
            {"experiment_id": f"e{number}", "display_name": f"e{number}", "namespace": server.namespace}
        )
    others: list[Object] = [
        {"recurring_run_id": "0", "display_name": "no-description"},
        {"recurring_run_id": "1", "display_name": "by hand", "description": "nightly"},
        {"recurring_run_id": "2", "display_name": "a", "description": f"{DESCRIPTION}-2"},
        {"recurring_run_id": "3", "display_name": "b", "description": DESCRIPTION.upper()},
    ]
    server.recurring_runs += others
    pipeline = server.add_pipeline("nightly")
    for number in range(5):
        server.add_version(pipeline, f"older-{number}")
    scheduler.upload()
    server.recurring_runs.append(
        {"recurring_run_id": "old", "display_name": "old", "description": DESCRIPTION}
    )
    assert "old: deleted\n" in succeeded(scheduler.run())
    *kept, made = server.recurring_runs
    assert kept == others
    assert made["display_name"] == scheduler.wanted["recurring_run"]["display_name"]
    assert (
        made["pipeline_version_reference"]["pipeline_version_id"]
        == server.versions[pipeline][-1]["pipeline_version_id"]
    )


@pytest.mark.parametrize("other", ["name", "display_name"])
def test_a_version_is_known_by_either_name(other: str, scheduler: Scheduler, server: PipelinesServer) -> None:
    """What Kubernetes calls it stands in one of the two; the other may be free text."""
    scheduler.upload()
    [[version]] = server.versions.values()
    version[other] = "Something else"
    succeeded(scheduler.run())
    [made] = server.recurring_runs
    source = made["pipeline_version_reference"]
    assert source["pipeline_version_id"] == version["pipeline_version_id"]


def test_an_experiment_of_an_earlier_time_is_used(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    for name in ("a", "b", "nightly"):
        server.experiments.append(
            {"experiment_id": name, "display_name": name, "namespace": server.namespace}
        )
    succeeded(scheduler.run())
    assert server.recurring_runs[0]["experiment_id"] == "nightly"
    assert len(server.experiments) == 3


def test_the_pipeline_and_its_version_may_come_later(scheduler: Scheduler, server: PipelinesServer) -> None:
    with scheduler.container().start(KFP_PATIENCE="10", PYTHONUNBUFFERED="1") as process:
        assert process.stdout is not None
        assert "nightly not found" in process.stdout.readline()
        pipeline = server.add_pipeline("nightly")
        line = next(line for line in process.stdout if "nightly not found" not in line)
        assert f"there is no pipeline version '{scheduler.wanted['version']}'" in line
        server.add_version(pipeline, scheduler.wanted["version"])
        *_, last = process.stdout
    assert last.endswith(": created\n")
    assert process.returncode == 0


def test_the_server_may_start_later(place: Path, image: Path) -> None:
    server = PipelinesServer()  # it listens, and answers nobody yet
    scheduler = Scheduler(place, image, server)
    scheduler.upload()
    server.broken = "still starting"
    with serving(server), scheduler.container().start(KFP_PATIENCE="10") as process:
        assert process.stdout is not None
        assert "HTTP 500" in process.stdout.readline()
        server.broken = ""
        *_, last = process.stdout
    assert last.endswith(": created\n")


def test_it_gives_up(scheduler: Scheduler) -> None:
    done = scheduler.run(patience=0.5)
    line = failed(done)
    assert line.startswith("automl: GET pipelines/names/nightly?namespace=")
    assert "HTTP 404: " in line
    assert "ResourceNotFoundError: nightly not found." in line
    assert len(done.stdout.splitlines()) >= 2
    assert scheduler.changes() == []


def test_it_gives_up_on_a_server_that_is_not_there(place: Path, image: Path) -> None:
    server = PipelinesServer()
    server.server_close()
    scheduler = Scheduler(place, image, server)
    assert "Connection refused" in failed(scheduler.run(patience=0.2))


def test_what_the_server_says_is_shown(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    container = scheduler.container()
    container.container["args"] = [container.container["args"][0].replace('"0 30 6', '"30 6')]
    line = failed(container.run())
    assert line.startswith("automl: POST recurringruns: HTTP 400: ")
    assert "Schedule cron is not a supported format" in line
    assert server.recurring_runs == []


def test_the_token_is_sent(scheduler: Scheduler, server: PipelinesServer) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    assert server.tokens == ({f"Bearer {TOKEN}"} if server.token else {""})


def test_a_wrong_token_is_refused_and_not_shown(scheduler: Scheduler, server: PipelinesServer) -> None:
    server.token = "another"
    scheduler.token.write_text("wr0ng")
    scheduler.upload()
    line = failed(scheduler.run())
    assert "HTTP 401: " in line
    assert "wr0ng" not in line


def test_kubeflows_own_client_reads_what_was_registered(
    scheduler: Scheduler, server: PipelinesServer
) -> None:
    scheduler.upload()
    succeeded(scheduler.run())
    [made] = server.recurring_runs
    assert made.keys() <= set(kfp_server_api.V2beta1RecurringRun.attribute_map.values())
    settings = kfp_server_api.Configuration(host=server.url)
    with kfp_server_api.ApiClient(settings, "Authorization", f"Bearer {server.token}") as client:
        pipelines = kfp_server_api.PipelineServiceApi(client)
        runs = kfp_server_api.RecurringRunServiceApi(client)
        place = {"namespace": server.namespace}
        pipeline = pipelines.pipeline_service_get_pipeline_by_name("nightly", **place).pipeline_id
        [version] = pipelines.pipeline_service_list_pipeline_versions(pipeline).pipeline_versions
        [found] = runs.recurring_run_service_list_recurring_runs(**place, page_size=100).recurring_runs
        assert found.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id
        assert (found.trigger.cron_schedule.cron, found.mode) == ("0 30 6 * * mon-fri", "ENABLE")
        runs.recurring_run_service_delete_recurring_run(found.recurring_run_id)
    assert server.recurring_runs == []


def test_it_runs_on_python_3_8(root: Path) -> None:
    text = (root / "runtime" / "recurring_run.py").read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert "__future__" in names

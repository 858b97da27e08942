"""Every golden of plain Kubernetes on a real control plane, as a user applies it; the tests play the kubelet.

Coordinators run as processes, with the scripts, the account and the rights that the golden gives them. Pods of
steps succeed, those of services get ready. The namespaces enforce the Pod Security Standard `restricted`.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.ir import Type
from automl.compiler.target import Options
from automl.compiler.values.units import parse_cpu, parse_memory
from automl.runtime.outputs import framed
from automl.runtime.plan import Plan, Service, Step
from automl.targets.kubernetes.coordinator import PROGRAM
from tests.conformance.cluster import Cluster, until
from tests.conformance.workflows import READY, SAFE, Object, Place, is_alive, placed, terminated
from tests.golden import manifests, project_copy
from tests.runtime.coordinator_pod import program_of
from tests.runtime.kubelet import Sources, config_maps

MANIFESTS = manifests("kubernetes.yaml")
ENOUGH = 60  # steps of a stage; all three hundred take the cluster minutes, and show nothing else
AT_ONCE = 4
DIGEST = re.compile(r"-([0-9a-f]{16}|[0-9a-f]{8})$")  # of what a Job is; of trials there are thousands


class Applied(Place):
    """A golden in a namespace of its own."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        super().__init__(cluster, namespace, folder)
        self.text = ""

    def apply_all(self) -> list[str]:
        """What kubectl says of each object."""
        done = self.cluster.kubectl(
            "apply", "--validate=strict", "-n", self.namespace, "-f", "-", input=self.text
        )
        return done.stdout.splitlines()

    def changes(self) -> list[str]:
        """What applying it again changes; nobody may lose a pod by it."""
        pods = {pod["metadata"]["uid"] for pod in self.pods()}
        said = [line for line in self.apply_all() if not line.endswith(" unchanged")]
        assert pods <= {pod["metadata"]["uid"] for pod in self.pods()}
        return said

    def all_jobs(self) -> list[Object]:
        return list(self.ask("GET", f"{self.batch}/jobs")["items"])

    def coordinators(self) -> list[Object]:
        return [job for job in self.all_jobs() if "automl.dev/step" not in labels(job)]

    def is_over(self, before: set[str]) -> bool:
        """Whether there is one coordinator, a new one, and it is done."""
        found = self.coordinators()
        return len(found) == 1 and found[0]["metadata"]["name"] not in before and is_done(found[0])

    def rolled_out(self) -> set[str]:
        """The steps with a Deployment whose pods are all new and available."""
        found = self.ask("GET", f"/apis/apps/v1/namespaces/{self.namespace}/deployments")["items"]
        return {labels(each)["automl.dev/step"] for each in found if is_rolled_out(each)}

    def config_maps(self) -> Sources:
        """The ConfigMaps of the namespace, by their names."""
        found = self.ask("GET", f"/api/v1/namespaces/{self.namespace}/configmaps")["items"]
        return config_maps([{"kind": "ConfigMap", **each} for each in found])

    def coordinate(self, pod: Object) -> None:
        """Run the program of a coordinator's pod; its exit status becomes that of the pod."""
        name = pod["metadata"]["name"]
        account = pod["spec"]["serviceAccountName"]
        if not (self.folder / account).exists():
            self.mount(account)
        program = program_of(self.folder / name, pod["spec"], self.config_maps())
        job = pod["metadata"]["labels"]["batch.kubernetes.io/job-name"]
        process = self.start_program(program.command, program.folder, account, AUTOML_JOB=job)
        status = process.end(300)
        state = {"terminated": {"exitCode": status}}
        ended: Object = {
            "name": "main",
            "state": state,
            "image": "",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
        }
        phase = "Failed" if status else "Succeeded"
        self.set_status(pod, phase=phase, containerStatuses=[ended])


def last_words(pod: Object, metrics: str) -> bytes:
    """What the start script says of the values that a step has to leave; `metrics` is what all have measured."""
    words = pod["spec"]["containers"][0].get("args", [])
    declared = [word.split(":") for option, word in pairwise(words) if option == "--output"]
    types = {name: Type(type) for name, type, *_ in declared}
    return framed(
        {name: metrics if type is Type.METRICS else "1" for name, type in types.items() if not type.is_file}
    )


@contextmanager
def playing_kubelet(place: Applied, at_first_pod: Callable[[], object]) -> Iterator[list[str]]:
    """All goes well with every pod; the Jobs of steps in the order in which their pods ended."""
    closed, ended, seen = threading.Event(), list[str](), set[str]()
    attended: list[Object] = []
    coordinators: list[threading.Thread] = []
    swept = [
        task.trials
        for plan in plans([*yaml.safe_load_all(place.text)])
        for task in plan.tasks
        if isinstance(task, Step)
    ]
    objectives = [trials.objective for trials in swept if trials and trials.objective]
    metrics = json.dumps({"auc": 1} | {objective["metric"]: 1 for objective in objectives})

    def attend(pod: Object) -> None:
        if PROGRAM in pod["spec"]["containers"][0].get("command", []):
            coordinators.append(threading.Thread(target=place.coordinate, args=(pod,)))
            coordinators[-1].start()
            return
        if not attended:
            at_first_pod()
        attended.append(pod)
        if pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet":
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # `minReadySeconds` counts from it
            place.set_status(pod, phase="Running", conditions=[{**READY[0], "lastTransitionTime": now}])
        else:
            ended.append(pod["metadata"]["labels"]["batch.kubernetes.io/job-name"])
            place.set_status(pod, phase="Succeeded", containerStatuses=[terminated(last_words(pod, metrics))])

    def work() -> None:
        while not closed.wait(0.2):
            for pod in filter(is_alive, place.pods()):
                if pod["metadata"]["uid"] not in seen:
                    seen.add(pod["metadata"]["uid"])
                    attend(pod)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ended
    finally:
        closed.set()
        thread.join()
        for each in coordinators:
            each.join()


@contextmanager
def place_of(manifest: Path, cluster: Cluster, folder: Path) -> Iterator[Applied]:
    """The namespace of a golden, which is not applied yet."""
    text = manifest.read_text()
    if manifest.parent.name == "three-hundred-steps":
        text = with_fewer_steps(project_copy(manifest.parent.name, folder))
    name = f"golden-{manifest.parent.name}"
    text = re.sub(r'("?namespace"?: )("?)[a-z-]+("?)', rf"\g<1>\g<2>{name}\g<3>", text)
    with placed(cluster, name, folder, Applied) as place:
        place.text = text
        place.make_accounts(text)
        yield place


@pytest.fixture(scope="module")
def runs(
    cluster: Cluster, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[Path, Future[None]]]:
    """The goldens that are asked for, some of them side by side: most of the time each waits for the cluster."""
    items = [each for each in request.session.items if isinstance(each, pytest.Function)]
    asked: list[Any] = [
        each.callspec.params["manifest"] for each in items if each.function is test_golden_runs_to_its_end
    ]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {
            manifest: threads.submit(run_golden, manifest, cluster, tmp_path_factory.mktemp("golden"))
            for manifest in asked
        }


def with_fewer_steps(project: Path) -> str:
    config = yaml.safe_load((project / "config.yaml").read_text())
    for steps in config["stages"].values():
        del steps[ENOUGH:]
    return compiled(json.dumps(config), project)


def is_rolled_out(deployment: Object) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    counts = [status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return bool(counts == 3 * [wanted])


def is_done(job: Object) -> bool:
    return any(each["type"] == "Complete" for each in job["status"].get("conditions", []))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_golden_runs_to_its_end(manifest: Path, runs: Mapping[Path, Future[None]]) -> None:
    runs[manifest].result()


def run_golden(manifest: Path, cluster: Cluster, folder: Path) -> None:
    """Apply a golden, and look at what becomes of it, to its end."""
    with place_of(manifest, cluster, folder) as place:
        check_run(place)


def check_run(place: Applied) -> None:
    documents = list(yaml.load_all(place.text, yaml.CSafeLoader))
    scheduled = [each for each in documents if each["kind"] == "CronJob" and "timeZone" in each["spec"]]
    during: list[list[str]] = []
    with playing_kubelet(place, lambda: during.append(place.changes())) as ended:
        assert {line.rpartition(" ")[2] for line in place.apply_all()} == {"created"}
        for each in scheduled:
            name = each["metadata"]["name"]
            place.cluster.kubectl(
                "create", "job", f"run-of-{name}", f"--from=cronjob/{name}", "-n", place.namespace
            )
        until(
            lambda: (jobs := place.all_jobs()) and all(map(is_done, jobs)),
            "the end of all Jobs",
            seconds=600,
            details=lambda: str([process.lines for process in place.processes]),
        )
        assert place.changes() == []
    assert during == [[]]
    assert len(ended) == len(set(ended)) == sum("automl.dev/step" in labels(job) for job in place.all_jobs())
    for plan in plans(documents):
        check_order(plan, [DIGEST.sub("", name) for name in ended])
        assert place.rolled_out() == {task.name for task in plan.tasks if isinstance(task, Service)}


def labels(found: Object) -> Any:
    return found["metadata"]["labels"]


def plans(documents: list[Any]) -> list[Plan]:
    data = [each["data"] for each in documents if each["kind"] == "ConfigMap"]
    return [Plan.from_json(each["plan.json"]) for each in data if "plan.json" in each]


def check_order(plan: Plan, ended: list[str]) -> None:
    """Every step has run, and after all those that it comes after."""
    steps = {task.name: task for task in plan.tasks if isinstance(task, Step)}
    barriers = {barrier.name: barrier.after for barrier in plan.barriers}
    runs = {name: step.after if step.trials else (name,) for name, step in steps.items()}
    assert sorted(ended) == sorted(step.template for step in steps.values() if not step.trials)
    for task in steps.values():
        before = [name for node in task.after for name in barriers.get(node, (node,)) if name in steps]
        templates = {steps[run].template for name in before for run in runs[name]}
        if templates and not task.trials:
            last = max(at for at, template in enumerate(ended) if template in templates)
            assert ended.index(task.template) > last


CONFIG = """
name: churn
code: {image: true}
defaults: {image: i, entrypoint: [run]}
stages:
  load: [{step_name: load}]
  train:
    - {step_name: train, args: [RATE]}
    - {step_name: other}
  report: [{step_name: report}]
  serve: [{step_name: api, timeout: 60, min_ready_seconds: 0, service: {}}]
"""


def compiled(text: str, folder: Path) -> str:
    target = targets.load("kubernetes")
    assert target
    options = Options(target.default_version, target.forms[0])
    result = compile_config(Input("config.yaml", text.encode(), folder), Overrides(), target, options)
    return result.artifacts[0].text


def apply_and_wait(place: Applied, text: str, always: Callable[[], bool] = lambda: True) -> None:
    """Apply a config and wait for the end of its run, all the while of which something holds."""
    before = {job["metadata"]["name"] for job in place.coordinators()}
    place.text = compiled(text, place.folder)
    place.apply_all()

    def is_over() -> bool:
        assert always()
        return place.is_over(before)

    until(is_over, "the end of the run", seconds=240)
    assert place.rolled_out() == {"api"}
    time.sleep(1.1)  # a newer run is known by its time of creation, in seconds


def test_a_change_runs_what_has_changed_and_what_follows(cluster: Cluster, tmp_path: Path) -> None:
    changes = {
        "first": ["churn--load", "churn--other", "churn--report", "churn--train"],
        "second": ["churn--report", "churn--train"],
        "first ": ["churn--report", "churn--train"],  # what it made has been overwritten since
    }
    with placed(cluster, "a-change", tmp_path, Applied) as place, playing_kubelet(place, list) as ended:
        for rate, wanted in changes.items():
            ended.clear()
            apply_and_wait(place, CONFIG.replace("RATE", rate.strip()))
            assert sorted(name[: -len("-01234567")] for name in ended) == wanted


def rename_the_stage(config: Object) -> None:
    config["stages"]["deploy"] = config["stages"].pop("serve")


def move_the_service(config: Object) -> None:
    config["stages"]["train"] += config["stages"].pop("serve")


def describe(config: Object) -> None:
    config["description"] = "new"


def open_another_port(config: Object) -> None:
    config["stages"]["serve"][0]["service"]["port"] = 8080


@pytest.mark.parametrize(
    ("edit", "again"),
    [(rename_the_stage, []), (move_the_service, ["churn--report"]), (describe, []), (open_another_port, [])],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_edit_leaves_the_service_running(
    edit: Callable[[Object], None], again: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    """It is accepted, runs no other steps again, and the address has pods behind it at any moment."""
    config = yaml.safe_load(CONFIG)
    edit(config)
    with (
        placed(cluster, f"edit-{edit.__name__}", tmp_path, Applied) as place,
        playing_kubelet(place, list) as ended,
    ):
        apply_and_wait(place, CONFIG)
        pods = uids(behind_the_service(place))
        assert len(pods) == 2
        ended.clear()
        apply_and_wait(place, json.dumps(config), lambda: bool(behind_the_service(place)))
        assert sorted(name[: -len("-01234567")] for name in ended) == again
        assert (uids(behind_the_service(place)) == pods) == (edit is describe)


def behind_the_service(place: Applied) -> list[Object]:
    """The pods that its address leads to."""
    address = place.ask("GET", f"/api/v1/namespaces/{place.namespace}/services/churn--api")
    selector = ",".join(f"{key}={value}" for key, value in address["spec"]["selector"].items())
    return [pod for pod in place.pods(selector) if pod["status"]["phase"] == "Running"]


def uids(pods: list[Object]) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods}


@pytest.mark.parametrize(
    "texts", [["200", "1.5", "1.5Gi", "1024Ki", "1.3Ki", "0.5Ki", "0.0001k", "0.3Gi", "1000"]]
)
def test_amounts_are_kept_as_they_are_written(texts: list[str], cluster: Cluster, namespace: str) -> None:
    """What the API server would write otherwise is a change whenever it is applied again."""
    written = [
        (parse_cpu(str(number / 8)).text, parse_memory(text).text) for number, text in enumerate(texts, 1)
    ]
    containers = [
        {
            "name": f"c{number}",
            "image": "i",
            "securityContext": SAFE,
            "resources": {"requests": {"cpu": cpu, "memory": memory}},
        }
        for number, (cpu, memory) in enumerate(written)
    ]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}}
    status, kept = cluster.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
    assert status == 201, kept
    found = [each["resources"]["requests"] for each in kept["spec"]["containers"]]
    assert [(each["cpu"], each["memory"]) for each in found] == written

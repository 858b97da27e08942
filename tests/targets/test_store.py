"""Files that travel by a store on plain Kubernetes: which containers bring them, with which variables."""

from typing import Any

import pytest

from automl.compiler.ir import (
    Command,
    Job,
    Node,
    Output,
    OutputOf,
    Project,
    Reference,
    Secret,
    Store,
    Text,
    Type,
    Variable,
    Workflow,
)
from tests.by_hand import SPAN, job, workflow
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
STORE = Store("s3://churn/all/", "store-keys", SPAN)
TABLE = Output("table", Type.FILE, None, SPAN)
MODEL = Output("model", Type.MODEL, "out/model", SPAN)
ROWS = Output("rows", Type.INT, None, SPAN)
TAKEN = (
    Reference("AUTOML_INPUT_TABLE", OutputOf("load", "table", Type.FILE)),
    Reference("AUTOML_FROM_LOAD_TABLE", OutputOf("load", "table", Type.FILE)),
    Reference("AUTOML_INPUT_ROWS", OutputOf("load", "rows", Type.INT)),
)
IN_PROJECT: Object = {"project": Project(None), "command": Command((Text.of("true", SPAN),), ())}


def in_store(*nodes: Node, store: Store = STORE) -> Workflow:
    return workflow(list(nodes))._replace(store=store)


def pods(wanted: Workflow) -> dict[str, Object]:
    """The pods of the jobs, by their names: of templates, and of Jobs where there is no coordinator."""
    specs = [
        document["spec"].get("jobTemplate", document)["spec"]
        for document in emitted("kubernetes", None, wanted)
        if document["kind"] in ("CronJob", "Job")
    ]
    templates = [spec["template"] for spec in specs]
    steps = [
        (template["metadata"]["labels"].get("automl.dev/step"), template["spec"]) for template in templates
    ]
    return {name: spec for name, spec in steps if name}


def containers(pod: Object) -> dict[str, Object]:
    return {
        container["name"]: container for container in [*pod.get("initContainers", []), *pod["containers"]]
    }


def env(container: Object) -> Object:
    """The variables of a container, each with its value, the key of a Secret, or None for one to be filled."""
    variables = {}
    for entry in container.get("env", []):
        key = entry.get("valueFrom", {}).get("secretKeyRef")
        variables[entry["name"]] = (key["name"], key["key"]) if key else entry.get("value")
    return variables


KEYS = {
    "AWS_ACCESS_KEY_ID": ("store-keys", "accesskey"),
    "AWS_SECRET_ACCESS_KEY": ("store-keys", "secretkey"),
}


@pytest.mark.parametrize("of_project", [True, False])
def test_who_leaves_a_file_has_a_container_that_puts_it(of_project: bool) -> None:
    more = IN_PROJECT if of_project else {}
    outputs = (TABLE, MODEL, ROWS) if of_project else (TABLE, ROWS)
    pod = pods(in_store(job("load", outputs=outputs, **more), job("train", "load")))["load"]
    assert [container["name"] for container in pod["containers"]] == ["main"]
    assert list(containers(pod)) == ["step", "main"]
    step, main = containers(pod)["step"], containers(pod)["main"]
    assert not KEYS.keys() & env(step).keys()
    assert env(main).items() >= KEYS.items()
    options = list(zip(main["args"], main["args"][1:], strict=False))
    address = "s3://churn/all/runs/$(AUTOML_JOB_UID)/load"
    assert ("--put", f"table={address}/table") in options
    assert (("--put", f"model={address}/model") in options) == of_project
    assert ("--message", "/dev/termination-log") in options
    assert not any(word.startswith("rows=") for word in main["args"])
    if of_project:
        assert "model=/automl/work/outputs/model" in step["args"]
        assert not {"--put", "--message"} & set(step["args"])
        assert ("--output", "model:model") in options  # there is no folder of the project


def test_who_takes_a_file_has_a_container_that_fetches_it_once() -> None:
    jobs = job("load", outputs=(TABLE, ROWS)), job("train", "load", values=TAKEN)
    pod = pods(in_store(*jobs))["train"]
    assert list(containers(pod)) == ["fetch", "main"]
    fetch, main = containers(pod)["fetch"], containers(pod)["main"]
    [variable] = [name for name, value in env(fetch).items() if value is None]
    assert fetch["args"] == ["--fetch", f"/automl/inputs/load/table=$({variable})", "--", "true"]
    assert env(fetch) == {**KEYS, variable: None}
    assert not KEYS.keys() & env(main).keys()
    path = "/automl/inputs/load/table"
    assert env(main).items() >= {"AUTOML_INPUT_TABLE": path, "AUTOML_FROM_LOAD_TABLE": path}.items()
    assert env(main)["AUTOML_INPUT_ROWS"] is None
    mounts = [{mount["mountPath"] for mount in container["volumeMounts"]} for container in (fetch, main)]
    assert "/automl/inputs" in mounts[0] & mounts[1]


def test_who_takes_and_leaves_has_one_environment_for_both() -> None:
    outputs = (replace_name(TABLE, "copy"),)
    pod = pods(
        in_store(job("load", outputs=(TABLE, ROWS)), job("train", "load", values=TAKEN, outputs=outputs))
    )["train"]
    assert list(containers(pod)) == ["fetch", "step", "main"]
    work = {
        name: next(
            mount["name"] for mount in container["volumeMounts"] if mount["mountPath"] == "/automl/work"
        )
        for name, container in containers(pod).items()
    }
    assert work["fetch"] == work["main"] != work["step"]
    names = [volume["name"] for volume in pod["volumes"]]
    assert len(set(names)) == len(names)


def replace_name(output: Output, name: str) -> Output:
    return output._replace(name=name)


def test_what_hands_on_no_file_is_as_ever() -> None:
    def wanted(store: Store | None) -> Workflow:
        jobs = job("load", outputs=(ROWS,)), job("train", "load", values=TAKEN[2:], **IN_PROJECT)
        return workflow(list(jobs))._replace(store=store)

    by_store, by_disk = pods(wanted(STORE)), pods(wanted(None))
    assert by_store["train"] == by_disk["train"]
    assert list(containers(by_store["load"])) == ["step", "main"]
    assert not KEYS.keys() & env(containers(by_store["load"])["main"]).keys()


def test_a_service_fetches() -> None:
    serving = service(job("serve", "load", values=TAKEN[:1]))
    plan = [
        document
        for document in emitted("kubernetes", None, in_store(job("load", outputs=(TABLE,)), serving))
        if document["kind"] == "ConfigMap" and "plan.json" in document.get("data", {})
    ]
    text = plan[0]["data"]["plan.json"]
    assert "/automl/inputs/load/table=$(AUTOML_INPUT_TABLE)" in text
    assert '"store": "s3://churn/all/runs"' in text


@pytest.mark.parametrize("secret", ["store-keys", None])
def test_what_the_step_says_for_the_client_it_is_told(secret: str | None) -> None:
    words = {
        "AWS_ENDPOINT_URL": "http://minio:9000/$(X)",
        "https_proxy": "http://proxy",
        "PIP_INDEX_URL": "https://pypi",
        "AWS_ACCESS_KEY_ID": "of-the-step",
        "AWS_PROFILE": "of-the-step",
        "MINE": "mine",
        "MY_AWS_THING": "mine",
    }
    variables = tuple(Variable(name, Text.of(word, SPAN)) for name, word in words.items())
    secrets = (Secret("index", (("token", "PIP_TOKEN"), ("other", "OTHER")), SPAN),)
    loading = job("load", outputs=(TABLE,), variables=variables, secrets=secrets)
    pod = pods(in_store(loading, store=STORE._replace(secret=secret)))["load"]
    told = env(containers(pod)["main"])
    assert told.pop("AUTOML_JOB_UID", "") is None
    of_step = {
        "AWS_ENDPOINT_URL": "http://minio:9000/$$(X)",
        "https_proxy": "http://proxy",
        "PIP_INDEX_URL": "https://pypi",
        "PIP_TOKEN": ("index", "token"),
    }
    login = KEYS if secret else {"AWS_ACCESS_KEY_ID": "of-the-step", "AWS_PROFILE": "of-the-step"}
    assert told == of_step | login


def test_what_a_variable_for_the_client_is_made_of_is_told_too() -> None:
    region = Reference("AUTOML_FROM_LOAD_REGION", OutputOf("load", "region", Type.TEXT))
    variables = (Variable("AWS_REGION", Text((region,), SPAN)),)
    jobs: list[Job] = [
        job("load", outputs=(Output("region", Type.TEXT, None, SPAN),)),
        job("train", "load", values=(region,), variables=variables, outputs=(TABLE,)),
    ]
    told = env(containers(pods(in_store(*jobs))["train"])["main"])
    assert told["AWS_REGION"] == "$(AUTOML_FROM_LOAD_REGION)"
    assert told["AUTOML_FROM_LOAD_REGION"] is None
    assert list(told).index("AUTOML_FROM_LOAD_REGION") < list(told).index("AWS_REGION")


def test_a_bucket_without_a_prefix_is_one() -> None:
    for url in ("s3://churn", "s3://churn/", "s3://churn//"):
        assert STORE._replace(url=url).address("a/b") == "s3://churn/a/b"
    assert STORE.address("a/b") == "s3://churn/all/a/b"

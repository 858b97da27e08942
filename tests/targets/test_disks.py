"""The disks of a workflow: claims, where pods mount them, and who has to be on one node."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from automl.compiler.diagnostics import Code
from automl.compiler.ir import Access, Mount, Node, Placement, Service, Volume, Workflow, Workspace
from automl.compiler.source import Located, Pair
from automl.compiler.target import Options
from automl.compiler.values.units import parse_memory
from automl.targets import load
from automl.targets.objects.disks import NODE
from tests.by_hand import SPAN, job, workflow
from tests.targets.test_references import emitted, service

Object = dict[str, Any]
SHARED = Workspace(
    parse_memory("10Gi"), None, Access.ONE_NODE, None, "/automl/workspace", SPAN, is_written=True
)
NOTHING = Volume("v", None, None, Access.ONE_NODE, None, False, None, None, SPAN)
VOLUMES = (
    NOTHING._replace(name="team", claim="team-data"),
    NOTHING._replace(name="models", size=parse_memory("1Ti"), storage_class="fast"),
    NOTHING._replace(name="scratch", empty_dir=True),
    NOTHING._replace(name="settings", config_map="labels"),
    NOTHING._replace(name="certificates", secret="tls"),
    NOTHING._replace(name="unused", claim="nobody"),
    NOTHING._replace(name="written", claim="ours", written={"access": Located("ReadWriteOnce", SPAN)}),
)
TARGETS = ["argo", "kubernetes"]


def mounted(*volumes: str, **more: Any) -> Workflow:
    """A job that mounts these volumes, one that mounts the workspace, one that mounts nothing, and a service."""
    mounts = tuple(Mount(volume, f"/data/{volume}", volume == "team", SPAN) for volume in volumes)
    api: Service = service(job("api", "second"))._replace(uses_workspace=True)
    nodes: list[Node] = [
        job("first", mounts=mounts),
        job("second", "first", uses_workspace=True),
        job("third"),
        api,
    ]
    return workflow(nodes)._replace(workspace=SHARED, volumes=VOLUMES, **more)


def pods(documents: list[Object]) -> dict[str, Object]:
    """The pod template of every step, by its name; those of Argo with what the Workflow says for all."""
    found: dict[str, Object] = {}
    for value in every(documents):
        if value.get("kind") == "Workflow":
            for template in (each for each in value["spec"]["templates"] if "container" in each):
                pod = {**value["spec"], **template, "containers": [template["container"]]}
                found[template["name"]] = {"metadata": template["metadata"], "spec": pod}
        elif "containers" in value.get("spec", {}) and (
            name := value["metadata"]["labels"].get("automl.dev/step")
        ):
            found[name] = value
    return found


def every(value: Any) -> Iterator[Object]:
    """All mappings in a value, those in its JSON too."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from every(item)
    if isinstance(value, str) and value.lstrip().startswith("{\n"):
        yield from every(json.loads(value))


def claims_in(documents: list[Object]) -> list[Object]:
    return [document for document in documents if document["kind"] == "PersistentVolumeClaim"]


@pytest.mark.parametrize("target", TARGETS)
def test_the_claims_of_a_workflow_are_made_with_it(target: str) -> None:
    wanted = mounted("models", namespace="ml")
    first, second = claims_in(emitted(target, None, wanted))
    assert first["metadata"]["name"] == "by-hand-workspace"
    assert second["metadata"]["name"] == "by-hand--models"
    assert first["metadata"]["namespace"] == second["metadata"]["namespace"] == "ml"
    storage = {"requests": {"storage": "10Gi"}}
    assert first["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": storage}
    assert second["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "1Ti"}},
    }


@pytest.mark.parametrize("target", TARGETS)
def test_a_claim_that_is_there_is_not_made(target: str) -> None:
    wanted = mounted()._replace(workspace=SHARED._replace(claim="ours"), volumes=())
    documents = emitted(target, None, wanted)
    assert claims_in(documents) == []
    [volume] = [each for each in pods(documents)["second"]["spec"]["volumes"] if each["name"] == "workspace"]
    assert volume["persistentVolumeClaim"] == {"claimName": "ours"}


@pytest.mark.parametrize("target", TARGETS)
def test_a_pod_has_every_volume_that_it_mounts_where_it_is_said(target: str) -> None:
    names = [volume.name for volume in VOLUMES if volume.name not in ("unused", "written")]
    found = pods(emitted(target, None, mounted(*names)))
    for pod in found.values():
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        assert {mount["name"] for mount in pod["spec"]["containers"][0]["volumeMounts"]} <= volumes
    spec = found["first"]["spec"]
    of_user = {
        volume.pop("name"): volume for volume in spec["volumes"] if volume["name"].startswith("volume-")
    }
    assert of_user == {
        "volume-team": {"persistentVolumeClaim": {"claimName": "team-data"}},
        "volume-models": {"persistentVolumeClaim": {"claimName": "by-hand--models"}},
        "volume-scratch": {"emptyDir": {}},
        "volume-settings": {"configMap": {"name": "labels"}},
        "volume-certificates": {"secret": {"secretName": "tls"}},
    }
    assert mounts_of(found["first"]) == {f"/data/{name}": name == "team" for name in names}
    assert mounts_of(found["second"]) == {"/automl/workspace": False}
    assert mounts_of(found["third"]) == {}


@pytest.mark.parametrize("target", TARGETS)
def test_a_service_only_reads_the_workspace(target: str) -> None:
    [pod] = [
        value["spec"]["template"]
        for value in every(emitted(target, None, mounted()))
        if value.get("kind") == "Deployment"
    ]
    assert mounts_of(pod) == {"/automl/workspace": True}


def mounts_of(pod: Object) -> dict[str, bool]:
    """The paths that are no folders of ours, and whether they are read only."""
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    ours = ("work", "code", "deploy")
    return {mount["mountPath"]: "readOnly" in mount for mount in mounts if mount["name"] not in ours}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("volume", "access", "together"),
    [
        ("scratch", Access.ONE_NODE, {"second", "api"}),
        ("team", Access.ONE_NODE, {"second", "api"}),  # nobody has said how many nodes may have it
        ("written", Access.ONE_NODE, {"first", "second", "api"}),
        ("models", Access.ONE_NODE, {"first", "second", "api"}),
        ("models", Access.MANY_NODES, {"first"}),
        ("scratch", Access.MANY_NODES, set()),
    ],
)
def test_only_those_who_share_a_disk_of_one_node_are_on_one_node(
    target: str, volume: str, access: Access, together: set[str]
) -> None:
    wanted = mounted(volume)._replace(workspace=SHARED._replace(access=access))
    documents = emitted(target, None, wanted)
    templates = [value for value in every(documents) if "metadata" in value and "labels" in value["metadata"]]
    labelled = {
        template["metadata"]["labels"]["automl.dev/step"]
        for template in templates
        if NODE in template["metadata"]["labels"]
    }
    assert labelled == together
    terms = [
        value["requiredDuringSchedulingIgnoredDuringExecution"]
        for value in every(documents)
        if "requiredDuringSchedulingIgnoredDuringExecution" in value
    ]
    assert len(terms) == len(together)
    selector = {"matchLabels": {NODE: "by-hand"}}
    for [term] in terms:
        assert term == {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}


@pytest.mark.parametrize("target", TARGETS)
def test_the_files_of_a_disk_get_their_owners_once(target: str) -> None:
    """Kubernetes would go through all of them at every start."""
    without = workflow([job("first")])._replace()
    for wanted, policy in ((mounted(), "OnRootMismatch"), (without, None)):
        found = pods(emitted(target, None, wanted))
        name = "second" if policy else "first"
        assert found[name]["spec"]["securityContext"].get("fsGroupChangePolicy") == policy


def pool(name: str) -> Placement:
    """Nodes with a label."""
    pair = Pair(Located("pool", SPAN), Located(name, SPAN))
    return Placement(node_selector=(pair,))


GPU, CPU, ANY = pool("gpu"), pool("cpu"), Placement()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("places", "access", "codes"),
    [
        ((GPU, GPU, GPU), Access.ONE_NODE, []),
        ((CPU, GPU, ANY), Access.MANY_NODES, []),
        (
            (CPU, GPU, GPU),
            Access.ONE_NODE,
            [Code.CANNOT_SAY],
        ),  # the service of the last run is on a node for ever
        ((GPU, CPU, GPU), Access.ONE_NODE, [Code.CANNOT_SAY]),
        ((ANY, GPU, GPU), Access.ONE_NODE, [Code.ENGINE_LIMIT]),
        ((GPU, GPU, ANY), Access.ONE_NODE, [Code.ENGINE_LIMIT]),
    ],
)
def test_who_shares_a_disk_of_one_node_is_not_sent_to_several(
    target: str, places: tuple[Placement, ...], access: Access, codes: list[Code]
) -> None:
    first, second, api = (
        job(name, *after, placement=place, uses_workspace=True)
        for name, after, place in zip("abc", ((), ("a",), ("b",)), places, strict=True)
    )
    apart = job("apart", placement=pool("other"))  # it mounts nothing
    wanted = workflow([first, second, service(api), apart])._replace(workspace=SHARED._replace(access=access))
    assert diagnosed(target, wanted) == codes


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("after", "codes"), [((), [Code.ENGINE_LIMIT]), (("a",), [])])
def test_jobs_that_follow_each_other_may_be_sent_to_several_nodes(
    target: str, after: tuple[str, ...], codes: list[Code]
) -> None:
    nodes = [
        job("a", placement=CPU, uses_workspace=True),
        job("b", *after, placement=GPU, uses_workspace=True),
    ]
    assert diagnosed(target, workflow(nodes)._replace(workspace=SHARED)) == codes


@pytest.mark.parametrize("target", TARGETS)
def test_a_service_in_the_way_is_said_first(target: str) -> None:
    one, two = (job(name, placement=place, uses_workspace=True) for name, place in (("a", CPU), ("b", GPU)))
    nodes: list[Node] = [one, two, service(job("c", "a", "b", placement=GPU, uses_workspace=True))]
    assert diagnosed(target, workflow(nodes)._replace(workspace=SHARED)) == [Code.CANNOT_SAY]


def diagnosed(target: str, wanted: Workflow) -> list[Code]:
    engine = load(target)
    assert engine
    emission = engine.emit(wanted, Options(engine.default_version, engine.forms[0]))
    return [diagnostic.code for diagnostic in emission.diagnostics if "`node_selector`" in diagnostic.message]

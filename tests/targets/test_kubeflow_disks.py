"""The disks and folders of a pipeline: what its jobs mount, the claims beside it, and what Kubeflow cannot say of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl.compiler.diagnostics import Severity
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.targets import load

Object = dict[str, Any]
STEPS = """
stages:
  one: [{step_name: first, image: i, entrypoint: [run], volumes: VOLUMES}]
  two: [{step_name: second, image: i, entrypoint: [run]}]
"""
ONE = "volumes: {data: {claim: shared-data}, own: {size: 1Gi}, empty: {empty_dir: true}, map: {config_map: m}, key: {secret: k}}"


def compiled(
    text: str, target: str = "kubeflow-native", version: str = "2.17"
) -> tuple[list[Object], list[str]]:
    """The documents, and what is said that is no info."""
    engine = load(target)
    assert engine
    given = Input("config.yaml", f"name: w\n{text}".encode(), Path("/nowhere"))
    result = compile_config(given, Overrides(), engine, Options(version, engine.forms[0]))
    said = [each.message for each in result.diagnostics if each.severity is not Severity.INFO]
    documents = list(yaml.safe_load_all(result.artifacts[0].text)) if result.artifacts else []
    return documents, said


def executors(documents: list[Object]) -> Object:
    """What the platform document says, by the names of the steps."""
    version = next((each["spec"] for each in documents if each.get("kind") == "PipelineVersion"), None)
    platform = version["platformSpec"] if version else documents[1]
    found = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    return {name.removeprefix("exec-"): value for name, value in found.items()}


def mounts(executor: Object) -> dict[str, str]:
    """What is mounted by its path: the field, and the name."""
    found = {}
    for field in ("pvcMount", "secretAsVolume", "configMapAsVolume", "emptyDirMounts"):
        for entry in executor.get(field, []):
            [name] = [value for key, value in entry.items() if key != "mountPath"]
            constant = name if isinstance(name, str) else name["runtimeValue"]["constant"]
            assert entry["mountPath"] not in found
            found[entry["mountPath"]] = f"{field} {constant}"
    return found


def steps(*volumes: str, more: str = "") -> str:
    return STEPS.replace("VOLUMES", str(list(volumes))) + more


WORK = {"/automl/work": "emptyDirMounts work"}


def test_a_job_mounts_each_kind_and_another_none_of_them() -> None:
    paths = ("data:/d", "own:/o", "empty:/e", "map:/m", "key:/k:ro")
    documents, said = compiled(ONE + steps(*paths))
    assert said == []
    found = executors(documents)
    assert mounts(found["first"]) == WORK | {
        "/d": "pvcMount shared-data",
        "/o": "pvcMount w--own",
        "/e": "emptyDirMounts volume-empty",
        "/m": "configMapAsVolume m",
        "/k": "secretAsVolume k",
    }
    assert mounts(found["second"]) == WORK


def test_claims_of_its_own_come_before_the_pipeline_and_no_others() -> None:
    config = "workspace: {size: 5Gi, storage_class: fast, access: ReadWriteMany}\n" + ONE
    documents, _ = compiled(config + steps("data:/d", "own:/o"))
    claims = [each for each in documents if each["kind"] == "PersistentVolumeClaim"]
    assert documents[: len(claims)] == claims
    found = {each["metadata"]["name"]: each["spec"] for each in claims}
    assert found == {
        "w-workspace": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "5Gi"}},
        },
        "w--own": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }


@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_a_workspace_is_where_it_is_written_in_every_job(target: str) -> None:
    documents, said = compiled("workspace: {claim: shared, path: /w/}" + steps(), target)
    assert said == []
    there = WORK | {"/w": "pvcMount shared"}
    assert {name: mounts(value) for name, value in executors(documents).items()} == dict.fromkeys(
        ("first", "second"), there
    )


def test_files_alone_ask_for_no_workspace() -> None:
    config = STEPS.replace("volumes: VOLUMES", "outputs: {table: file}")
    documents, said = compiled(config)
    assert said == []
    assert [each["kind"] for each in documents] == ["Pipeline", "PipelineVersion"]
    assert mounts(executors(documents)["first"]) == WORK


def test_a_job_with_a_disk_keeps_the_user_of_its_image() -> None:
    """No `fsGroup` could give a new disk to another user; an empty folder is everybody's anyway."""
    for volume, is_set in (("data:/d", False), ("own:/o", False), ("empty:/e", True), ("key:/k", True)):
        documents, _ = compiled(ONE + steps(volume))
        found = executors(documents)
        assert ("securityContext" in found["first"]) == is_set, volume
        assert "securityContext" in found["second"]
        containers = next(each for each in documents if each["kind"] == "PipelineVersion")["spec"]
        first = containers["pipelineSpec"]["deploymentSpec"]["executors"]["exec-first"]["container"]
        assert ({"name": "HOME", "value": "/automl/work"} in first["env"]) == is_set


@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_the_pods_of_a_service_have_all_that_kubernetes_says(target: str) -> None:
    service = "{step_name: api, image: i, volumes: ['data:/d:ro'], timeout: 60, service: {}}"
    config = (
        f"workspace: {{claim: c, path: /w}}\nvolumes: {{data: {{claim: data}}}}\nstages: {{s: [{service}]}}"
    )
    documents, said = compiled(config, target)
    assert said == []
    spec = next(
        (each["spec"]["pipelineSpec"] for each in documents if "pipelineSpec" in each.get("spec", {})), None
    )
    container = (spec or documents[0])["deploymentSpec"]["executors"]["exec-api"]["container"]
    [pod] = [
        applied["spec"]["template"]["spec"]
        for applied in (json.loads(word) for word in container["args"] if word.startswith("{\n"))
        if applied["kind"] == "Deployment"
    ]
    mounted = {each["mountPath"]: each for each in pod["containers"][0]["volumeMounts"]}
    assert mounted["/d"]["readOnly"] is True
    assert mounted["/w"]["readOnly"] is True
    claims = [each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"] if "emptyDir" not in each]
    assert claims == ["c", "data"]
    assert set(mounts(executors(documents)["api"]).values()) == {"emptyDirMounts work"}


REFUSED = [
    ("volumes: {v: {claim: c}}", ["v:/v:ro"], '"ro" cannot be said of "v"'),
    ("volumes: {v: {empty_dir: true}}", ["v:/v:ro"], '"ro" cannot be said of "v"'),
    ("volumes: {v: {claim: a.b}}", ["v:/v"], 'Kubeflow cannot mount the claim "a.b"'),
    ("volumes: {v: {secret: a.b}}", ["v:/v"], 'Kubeflow cannot mount the secret "a.b"'),
    (f"volumes: {{v: {{config_map: {'a' * 64}}}}}", ["v:/v"], "Kubeflow cannot mount the config_map"),
    ("volumes: {v: {claim: work}}", ["v:/v"], 'Kubeflow cannot mount the claim "work"'),
    ("workspace: {claim: minio-scratch}", [], 'Kubeflow cannot mount the claim "minio-scratch"'),
    ("volumes: {v: {claim: c}, s: {secret: c}}", ["v:/v", "s:/s"], 'the secret and the claim "c"'),
    (
        "volumes: {v: {claim: volume-s}, s: {empty_dir: true}}",
        ["v:/v", "s:/s"],
        "the empty_dir and the claim",
    ),
    ("workspace: {claim: c}\nvolumes: {s: {config_map: c}}", ["s:/s"], 'the config_map and the claim "c"'),
    ("volumes: {v: {claim: c}}", ["v:/gcs"], '"/gcs" cannot be mounted'),
    ("volumes: {v: {claim: c}}", ["v:/var/run"], 'files of its own at "/var/run/argo"'),
    ("volumes: {v: {claim: c}}", ["v:/tmp"], 'files of its own at "/tmp/kfp"'),
    ("workspace: {claim: c, path: /minio}", [], '"/minio" cannot be mounted'),
]


@pytest.mark.parametrize(("config", "volumes", "message"), REFUSED)
@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_what_cannot_be_mounted_is_said_once(
    target: str, config: str, volumes: list[str], message: str
) -> None:
    documents, [said] = compiled(f"{config}\n{steps(*volumes)}", target)
    assert documents == []
    assert message in said


@pytest.mark.parametrize(
    ("config", "volumes"),
    [
        ("volumes: {v: {claim: c}}", ["v:/a", "v:/b"]),  # Argo makes one volume of both
        ("volumes: {v: {claim: c}, w: {claim: c}}", ["v:/a", "w:/b"]),
        ("volumes: {v: {empty_dir: true}}", ["v:/tmp"]),
        ("volumes: {v: {empty_dir: true}}", ["v:/.cache/models"]),
        ("volumes: {v: {secret: s}, w: {config_map: m}}", ["v:/a:ro", "w:/b:ro"]),
    ],
)
def test_what_looks_alike_and_works_is_taken(config: str, volumes: list[str]) -> None:
    documents, said = compiled(f"{config}\n{steps(*volumes)}")
    assert said == []
    assert len(mounts(executors(documents)["first"])) == len(volumes) + 1


def test_a_secret_may_be_mounted_beside_the_variables_that_are_made_of_it() -> None:
    step = "step_name: a, path_to_executable: a.py, secrets: [s], volumes: ['v:/v']"
    code = "code: {git: {url: https://git.example.com/a.git, ref: main}}"
    documents, said = compiled(
        f"{code}\nvolumes: {{v: {{secret: s}}}}\nstages: {{one: [{{{step}}}]}}", "kubeflow"
    )
    assert said == []
    there = {"/automl/secrets/s": "secretAsVolume s", "/v": "secretAsVolume s"}
    assert mounts(executors(documents)["a"]) == WORK | there
    _, said = compiled(f"{code}\nvolumes: {{v: {{claim: s}}}}\nstages: {{one: [{{{step}}}]}}", "kubeflow")
    assert len(said) == 1
    assert 'the claim and the secret "s"' in said[0]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("workspace: {size: 1Gi, storage_class: fast, access: ReadWriteMany, path: /w}", ['"size"']),
        ("workspace: {access: ReadWriteMany}", ["a package holds no claim for the workspace"]),
        ("workspace: {path: /w}", ["a package holds no claim for the workspace"]),
        ("volumes: {v: {size: 1Gi, access: ReadWriteMany, storage_class: fast}}", ['"size"']),
        ("volumes: {v: {size: 1Gi}, w: {storage_class: fast, size: 1Gi}}", ['"size"', '"storage_class"']),
        ("volumes: {v: {claim: c, access: ReadWriteMany}}", []),
    ],
)
def test_a_package_says_once_of_each_disk_that_it_makes_none(config: str, said: list[str]) -> None:
    names = [name for name in ("v", "w") if f"{name}: {{" in config]
    _, found = compiled(f"{config}\n{steps(*(f'{name}:/{name}' for name in names))}", "kubeflow")
    assert len(found) == len(said)
    assert all(text.startswith(start) for text, start in zip(found, said, strict=True))


TWO = "stages:\n  one: [{step_name: a, image: i, entrypoint: [run], volumes: ['v:/v']AA}, {step_name: b, image: i, entrypoint: [run], volumes: ['v:/v']BB}]"
SELECTOR = ", node_selector: {kubernetes.io/hostname: NODE}"


@pytest.mark.parametrize(
    ("disk", "of_a", "of_b", "words"),
    [
        ("size: 1Gi", "", "", "one may wait until the other has ended"),
        ("size: 1Gi, access: ReadWriteMany", "", "", None),
        ("claim: c", "", "", None),
        ("claim: c, access: ReadWriteOnce", "", "", "one may wait until the other has ended"),
        ("empty_dir: true", "", "", None),
        ("size: 1Gi", "", ", needs: [a]", None),
        ("size: 1Gi", SELECTOR, SELECTOR, None),
        ("size: 1Gi", SELECTOR, SELECTOR.replace("NODE", "other"), "one may wait"),
        ("size: 1Gi", SELECTOR, "", "one may wait"),
        ("size: 1Gi", "", ", timeout: 60, service: {}", '"a" of the next run may never start'),
        ("size: 1Gi", SELECTOR, SELECTOR + ", timeout: 60, service: {}", None),
    ],
)
def test_steps_that_wait_for_a_disk_are_said(disk: str, of_a: str, of_b: str, words: str | None) -> None:
    config = f"volumes: {{v: {{{disk}}}}}\n" + TWO.replace("AA", of_a).replace("BB", of_b)
    documents, said = compiled(config)
    assert [words in each for each in said if words] == [True] * bool(words)
    assert len(said) == bool(words)
    assert bool(documents) == (words is None or "may wait" in words)


def test_of_steps_that_share_a_disk_any_two_are_looked_at() -> None:
    """Two that run side by side, with others before and behind them."""
    job = "image: i, entrypoint: [run], volumes: ['v:/v']"
    names = [["a"], ["b", "c"], ["d"]]
    stages = "".join(
        f"\n  s{number}: [{', '.join(f'{{step_name: {name}, {job}}}' for name in stage)}]"
        for number, stage in enumerate(names)
    )
    _, [said] = compiled(f"volumes: {{v: {{size: 1Gi}}}}\nstages:{stages}")
    assert said.startswith('"b" and "c" share a disk')


def test_vertex_says_once_of_each_disk_and_each_step_that_there_is_none() -> None:
    engine = load("kubeflow")
    assert engine
    config = (
        "workspace: {claim: c, path: /w}\n" + ONE + steps("own:/o", "data:/d", "key:/k", "map:/m", "empty:/e")
    )
    given = Input("config.yaml", f"name: w\n{config}".encode(), Path("/nowhere"))
    result = compile_config(given, Overrides(), engine, Options("2.17", "vertex"))
    names = [
        re.findall('^"(.*?)"', each.message)[0] for each in result.diagnostics if "Kubernetes" in each.message
    ]
    assert names == ["claim", "claim", "size", "empty_dir", "config_map", "secret", "volumes"]

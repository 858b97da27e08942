"""What the schema says of pods, held to Kubernetes: no key that it lacks, and nothing accepted that the API server refuses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.schemas import schema
from tests.conformance import schemas
from tests.conformance.cluster import Cluster
from tests.conformance.test_applied_on_a_cluster import dry_run

Schema = dict[str, Any]
OURS: Schema = schema()
AS_OF = "1.36"
NAME = {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["node-1"]}]}
GPU = {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["a100", "h100"]}], **NAME}
SOME = {
    "matchLabels": {"corp.example/app": "a"},
    "matchExpressions": [
        {"key": "tier", "operator": "Exists"},
        {"key": "app", "operator": "In", "values": ["a"]},
    ],
}
BESIDE = {
    "topologyKey": "kubernetes.io/hostname",
    "labelSelector": SOME,
    "namespaces": ["ml"],
    "namespaceSelector": SOME,
    "matchLabelKeys": ["a"],
    "mismatchLabelKeys": ["b"],
}
PODS = {
    "requiredDuringSchedulingIgnoredDuringExecution": [
        BESIDE,
        {"topologyKey": "zone", "namespaceSelector": {}},
    ],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": BESIDE}],
}
OPERATORS = [
    {"key": "a", "operator": "NotIn", "values": ["x"]},
    {"key": "corp.example/b", "operator": "DoesNotExist"},
    {"key": "c", "operator": "Gt", "values": ["8"]},
    {"key": "d", "operator": "Lt", "values": ["80"]},
]
PATCHES: list[dict[str, Any]] = [
    {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [GPU, NAME, {"matchExpressions": OPERATORS}]
                },
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": GPU}],
            },
            "podAffinity": PODS,
            "podAntiAffinity": PODS,
        }
    },
    {"affinity": {"nodeAffinity": None, "podAffinity": None}, "hostAliases": None},
    {
        "tolerations": [
            {"operator": "Exists"},
            {"key": "gpu", "value": "a100"},
            {"key": "spot", "operator": "Equal", "value": "", "effect": "NoSchedule"},
            {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60},
            {"key": "corp.example/b", "operator": "Exists", "value": "", "effect": "PreferNoSchedule"},
        ]
    },
    {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "zone",
                "whenUnsatisfiable": "DoNotSchedule",
                "minDomains": 2,
                "labelSelector": SOME,
                "matchLabelKeys": ["version"],
                "nodeAffinityPolicy": "Honor",
                "nodeTaintsPolicy": "Ignore",
            },
            {"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "ScheduleAnyway"},
        ]
    },
    {
        "securityContext": {
            "runAsUser": 2000,
            "runAsGroup": 3000,
            "runAsNonRoot": True,
            "fsGroup": 4000,
            "fsGroupChangePolicy": "OnRootMismatch",
            "supplementalGroups": [5000],
            "supplementalGroupsPolicy": "Strict",
            "seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/audit.json"},
            "appArmorProfile": {"type": "Localhost", "localhostProfile": "audit"},
            "seLinuxOptions": {"level": "s0:c1", "role": "r", "type": "t", "user": "u"},
            "seLinuxChangePolicy": "Recursive",
            "sysctls": [{"name": "net.core.somaxconn", "value": "1024"}],
        }
    },
    {
        "securityContext": {
            "fsGroup": None,
            "fsGroupChangePolicy": None,
            "seccompProfile": {"type": "Unconfined"},
            "appArmorProfile": {"type": "RuntimeDefault"},
            "windowsOptions": {
                "gmsaCredentialSpec": "spec",
                "gmsaCredentialSpecName": "name",
                "hostProcess": False,
                "runAsUserName": "user",
            },
        }
    },
    {
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": ["192.0.2.1", "2001:db8::1"],
            "searches": ["corp.example"],
            "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
        },
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["db.corp", "db"]}, {"ip": "::1"}],
    },
    {
        "enableServiceLinks": False,
        "hostIPC": True,
        "hostNetwork": True,
        "hostPID": True,
        "nodeSelector": {"corp.example/pool": "gpu"},
        "preemptionPolicy": "PreemptLowerPriority",
        "priorityClassName": "system-cluster-critical",
        "schedulerName": "volcano",
        "terminationGracePeriodSeconds": 60,
    },
    {"hostUsers": False, "shareProcessNamespace": True},
]


def test_the_schema_has_the_keys_and_types_of_kubernetes() -> None:
    whole = json.loads((schemas.kubernetes(AS_OF) / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    [theirs] = [each for name, each in whole.items() if name.endswith("core.v1.PodSpec")]
    of_pod = theirs["properties"]
    keys = OURS["$defs"]["targets.pod"]["properties"]
    assert keys.keys() <= of_pod.keys()
    compared = [pair for name, key in keys.items() for pair in compare(name, key, of_pod[name], whole)]
    assert [(path, ours, theirs) for path, ours, theirs in compared if ours != theirs] == []
    assert len(compared) > 120


def compare(path: str, ours: Schema, theirs: Schema, whole: Schema) -> Iterator[tuple[str, Any, Any]]:
    """The types and the keys of a place in both, and those of all below it."""
    ours, theirs = resolved(ours), theirs_of(theirs, whole)
    if kinds(ours):
        yield path, kinds(ours), kinds(theirs)
    if "properties" in theirs:
        yield path, set(ours["properties"]), set(theirs["properties"])
        assert ours["additionalProperties"] is False, path
        for name in ours["properties"].keys() & theirs["properties"].keys():
            yield from compare(f"{path}.{name}", ours["properties"][name], theirs["properties"][name], whole)
        missing = set(theirs.get("required", ())) - set(ours.get("required", ()))
        yield path, missing, set()
    if "items" in theirs:
        yield from compare(f"{path}[]", ours["items"], theirs["items"], whole)


def kinds(at: Schema) -> set[str]:
    """The types that a value may have, null aside."""
    types = at.get("type", "string" if "enum" in at else [])
    return {types} - {"null"} if isinstance(types, str) else set(types) - {"null"}


def resolved(at: Schema) -> Schema:
    """A place of ours, with what it refers to."""
    references = [part["$ref"] for part in at.get("allOf", ()) if "$ref" in part]
    references += [at["$ref"]] if "$ref" in at else []
    for reference in references:
        at = OURS["$defs"][reference.removeprefix("#/$defs/")] | at
    return at


def theirs_of(at: Schema, whole: Schema) -> Schema:
    """A place of Kubernetes, with what it refers to."""
    for part in (at, *at.get("anyOf", ()), *at.get("oneOf", ()), *at.get("allOf", ())):
        if "$ref" in part:
            return theirs_of(whole[part["$ref"].rpartition("/")[2]], whole)
    return at


def test_every_key_is_tried() -> None:
    there = {path for path, _ in places("", OURS["$defs"]["targets.pod"], None)}
    tried = {path for patch in PATCHES for path, _ in places("", OURS["$defs"]["targets.pod"], patch)}
    assert there - tried == {".runtimeClassName"}  # which has to be there


def places(path: str, at: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    """The keys of the schema, or those that a value has."""
    at = resolved(at)
    if "items" in at and not isinstance(value, str):
        for item in value if isinstance(value, list) else [None]:
            yield from places(path, at["items"], item)
    for name, below in at.get("properties", {}).items():
        if value is None or (isinstance(value, dict) and name in value):
            inner = value[name] if value else None
            if value is None or inner is not None:
                yield f"{path}.{name}", inner
                yield from places(f"{path}.{name}", below, inner)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: next(iter(patch)))
def test_the_api_server_takes_what_is_accepted(
    patch: dict[str, Any], cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    step = "{step_name: a, image: i, entrypoint: [r]}"
    config = f"name: w\ntargets: {{kubernetes: {{pod: {json.dumps(patch)}}}}}\nstages: {{s: [{step}]}}\n"
    target = targets.load("kubernetes")
    assert target
    options = Options(target.default_version, target.forms[0])
    result = compile_config(Input("config.yaml", config.encode(), tmp_path), Overrides(), target, options)
    assert result.artifacts, result.diagnostics
    jobs = [each for each in yaml.safe_load_all(result.artifacts[0].text) if each["kind"] == "Job"]
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "pod"},
            "spec": job["spec"]["template"]["spec"],
        }
        for job in jobs
    ]
    assert pods
    is_restricted = all(each.code is not Code.NOT_RESTRICTED for each in result.diagnostics)
    for each in (*jobs, *pods):
        answer = dry_run(each, cluster, namespace)
        if each in jobs or is_restricted:
            assert answer.status < 300, answer
        else:
            assert "violates PodSecurity" in answer.body["message"], answer

"""The patch of pods: what is merged, what it may not break, and where a pod leaves `restricted`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from automl.targets.objects.pod_patch import patched

STEPS = """
  one: [{step_name: a, image: "a:1", entrypoint: [a]}]
  two: [{step_name: b, image: "b:1", entrypoint: [b]}]
"""
ONE_NODE = """
workspace: {size: 1Gi}
stages:
  one: [{step_name: a, image: "a:1", entrypoint: [a], outputs: {m: model}}]
  two: [{step_name: b, image: "b:1", entrypoint: [b], inputs: {m: "${{ steps.a.outputs.m }}"}}]
"""
LABELS = "[{topologyKey: zone, labelSelector: {}}]"


def compiled(target: str, config: str) -> Result:
    engine = targets.load(target)
    assert engine
    given = Input("config.yaml", f"name: n\n{config}".encode(), Path())
    return compile_config(given, Overrides(), engine, Options(engine.default_version, engine.forms[0]))


def said(target: str, config: str) -> list[tuple[Code, int, str]]:
    loud = (Code.NOT_RESTRICTED, Code.CANNOT_SAY)
    diagnostics = compiled(target, config).diagnostics
    return [
        (each.code, each.span.line, each.message.split('"')[1]) for each in diagnostics if each.code in loud
    ]


@pytest.mark.parametrize(
    ("under", "patch", "merged"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {"a": None, "b": None}, {}),
    ],
)
def test_it_is_a_json_merge_patch(under: Any, patch: Any, merged: Any) -> None:
    """The cases of RFC 7386, appendix A, that a pod can have."""
    assert patched(under, patch) == merged


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
@pytest.mark.parametrize(
    ("patch", "keys"),
    [
        ("hostNetwork: true", ["hostNetwork"]),
        ("hostNetwork: false", []),
        ("hostPID: true, hostIPC: true", ["hostIPC", "hostPID"]),
        ("securityContext: {runAsUser: 0}", ["runAsUser"]),
        ("securityContext: {runAsUser: 5}", []),
        ("securityContext: {runAsUser: null}", []),
        ("securityContext: {runAsNonRoot: false, runAsUser: 0}", ["runAsNonRoot", "runAsUser"]),
        ("securityContext: {seccompProfile: {type: Unconfined}}", ["type"]),
        ("securityContext: {seccompProfile: {type: Localhost, localhostProfile: a}}", []),
        ("securityContext: null", ["runAsNonRoot", "type"]),
        ("securityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}]}", ["sysctls"]),
        ("securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: '1'}]}", []),
        ("securityContext: {seLinuxOptions: {type: spc_t}}", ["seLinuxOptions"]),
        ("securityContext: {seLinuxOptions: {level: s0}}", []),
        ("securityContext: {appArmorProfile: {type: Unconfined}}", ["appArmorProfile"]),
    ],
)
def test_what_restricted_does_not_admit_is_named_where_it_is_written(
    target: str, patch: str, keys: list[str]
) -> None:
    config = f"targets:\n  {target}:\n    pod: {{{patch}}}\nstages:{STEPS}"
    found = said(target, config)
    assert sorted(key for _, _, key in found) == sorted(keys)
    assert {(code, line) for code, line, _ in found} <= {(Code.NOT_RESTRICTED, 4)}
    assert compiled(target, config).artifacts


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
@pytest.mark.parametrize(
    ("affinity", "is_broken"),
    [
        (f"{{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {LABELS}}}}}", True),
        ("{podAffinity: null}", True),
        ("null", True),
        ("{podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}", False),
        ("{podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}", False),
        ("{nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}", False),
    ],
)
def test_nothing_takes_a_step_away_from_its_disk(target: str, affinity: str, is_broken: bool) -> None:
    patch = f"targets:\n  {target}:\n    pod: {{affinity: {affinity}}}\n"
    assert bool(said(target, patch + ONE_NODE)) == is_broken
    assert {(code, line) for code, line, _ in said(target, patch + ONE_NODE)} <= {(Code.CANNOT_SAY, 4)}
    assert said(target, f"{patch}stages:{STEPS}") == []


def test_argo_finds_no_tag_in_a_patch() -> None:
    config = "targets:\n  argo:\n    pod:\n      nodeSelector: {pool: '{{a}}'}\nstages:" + STEPS
    assert said("argo", config) == [(Code.CANNOT_SAY, 5, "nodeSelector")]
    assert said("kubernetes", config) == []


def test_the_coordinator_has_the_patch_of_the_run_and_steps_have_their_own() -> None:
    """Also that of the defaults is of the steps alone."""
    config = "targets: {kubernetes: {pod: {schedulerName: run}}}\n"
    config += "defaults: {targets: {kubernetes: {pod: {schedulerName: steps}}}}\nstages:"
    config += STEPS.replace(
        "entrypoint: [b]", "targets: {kubernetes: {pod: {schedulerName: null}}}, entrypoint: [b]"
    )
    [artifact] = compiled("kubernetes", config).artifacts
    names = {}
    for each in yaml.load_all(artifact.text, yaml.CSafeLoader):
        if each["kind"] in ("Job", "CronJob"):
            spec = each["spec"].get("jobTemplate", each)["spec"]["template"]["spec"]
            names[each["metadata"]["labels"].get("automl.dev/step", "coordinator")] = spec.get(
                "schedulerName"
            )
    assert names == {"coordinator": "run", "a": "steps", "b": "run"}

"""What a config says of pods by Kubernetes' own names, for one target: merged into them, without breaking what they need."""

from collections.abc import Iterator, Mapping
from typing import Any

from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Option, RunAs, TargetOptions, Workflow
from automl.targets.objects.disks import needs_node
from automl.targets.objects.metadata import Object
from automl.targets.objects.security import pod_security

POD = "pod"
_NAMESPACES_OF_NODE = ("hostNetwork", "hostPID", "hostIPC")
_SYSCTLS = (  # https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of 1.36
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
)
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")


def patch_of(options: TargetOptions) -> Object:
    """The patch, as objects are written."""
    patch = _plain(options.values.get(POD, {}))
    return patch if isinstance(patch, dict) else {}


def _plain(option: Option) -> Any:
    if isinstance(option, Mapping):
        return {name: _plain(value) for name, value in option.items()}
    return [_plain(item) for item in option] if isinstance(option, tuple) else option


def patched(spec: Mapping[str, Any], patch: Mapping[str, Any]) -> Object:
    """The spec with a JSON merge patch (RFC 7386) in it: keys are merged, null removes, all else replaces."""
    merged = dict(spec)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            below = merged.get(name)
            merged[name] = patched(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def of_patches(workflow: Workflow, target: str) -> Iterator[Diagnostic]:
    """What a patch breaks, and where a pod is no longer what `restricted` asks for."""
    yield from _unrestricted(workflow.options(target), None)
    for task in workflow.tasks:
        options = task.options(target)
        yield from _unrestricted(options, task.run_as)
        place = options.place("pod.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution")
        if place and needs_node(workflow, task) and _moves(patch_of(options)):
            message = (
                f'"{task.step}" shares a disk that one node has at a time, so automl says beside which pods it runs; '
                "this would replace it"
            )
            help = "say it by `nodeAffinity` or `preferredDuringScheduling…`, or give the disk `access: ReadWriteMany`"
            yield Diagnostic(Code.CANNOT_SAY, message, place, help)


def _moves(patch: Mapping[str, Any]) -> bool:
    """Whether the pods that another has to be beside are no longer those that automl says."""
    for key in ("affinity", "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"):
        if key not in patch:
            return False
        if not isinstance(patch[key], Mapping):
            return True
        patch = patch[key]
    return True


def _unrestricted(options: TargetOptions, run_as: RunAs | None) -> Iterator[Diagnostic]:
    if not options.places:
        return
    patch = patch_of(options)
    security = patched({"securityContext": pod_security(False, run_as)}, patch).get("securityContext", {})
    assert isinstance(security, Mapping)
    hosts = (name for name in _NAMESPACES_OF_NODE if patch.get(name) is True)
    for key in (*hosts, *(f"securityContext.{key}" for key in _lax(security))):
        place = options.places.get(f"pod.{key}") or options.place(f"pod.{key}")
        if place and _is_said(patch, key):
            message = (
                f'a namespace that enforces `restricted` admits no pod with this "{key.rpartition(".")[2]}"'
            )
            help = "leave it out where it is not needed; the namespace has to admit it"
            yield Diagnostic(Code.NOT_RESTRICTED, message, place, help)


def _is_said(patch: Mapping[str, Any], key: str) -> bool:
    """Whether a patch has a key, or removes one around it."""
    for name in key.split("."):
        if name not in patch:
            return False
        if not isinstance(patch[name], Mapping):
            return True
        patch = patch[name]
    return True


def _lax(security: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a pod's security context by which the Pod Security Standard `restricted` refuses it."""
    if security.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if security.get("runAsUser") == 0:
        yield "runAsUser"
    if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile.type"
    if any(sysctl.get("name") not in _SYSCTLS for sysctl in security.get("sysctls", ())):
        yield "sysctls"
    linux = security.get("seLinuxOptions", {})
    if linux.get("type", "") not in _SELINUX_TYPES or linux.keys() & {"user", "role"}:
        yield "seLinuxOptions"
    if security.get("appArmorProfile", {}).get("type") == "Unconfined":
        yield "appArmorProfile"
    if security.get("windowsOptions", {}).get("hostProcess"):
        yield "windowsOptions"

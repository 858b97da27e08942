"""Rights in the cluster: roles with no right that is not used, and the service accounts that have them."""

from collections.abc import Iterable, Mapping, Sequence

from automl.compiler.ir import Workflow
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.service import service_name
from automl.targets.writers.yaml import Value

_GROUP = "rbac.authorization.k8s.io"


def service_account(
    objects: Objects, name: str, rules: Sequence[Value], others: Iterable[str] = ()
) -> list[Object]:
    """A ServiceAccount of its own, with the rights that the rules give it, and others that are there."""
    return [objects.object("v1", "ServiceAccount", name, {}), *role(objects, name, rules, [name, *others])]


def role(
    objects: Objects, name: str, rules: Sequence[Value], service_accounts: Sequence[str]
) -> list[Object]:
    """A Role, and a RoleBinding that gives it to service accounts, which need not be there."""
    namespace = objects.workflow.namespace
    place: Object = {"namespace": namespace} if namespace else {}
    subjects: list[Value] = [
        {"kind": "ServiceAccount", "name": service_account} | place for service_account in service_accounts
    ]
    reference: Object = {"apiGroup": _GROUP, "kind": "Role", "name": name}
    binding: Object = {"roleRef": reference, "subjects": subjects}
    return [
        objects.object(f"{_GROUP}/v1", "Role", name, {"rules": list(rules)}),
        objects.object(f"{_GROUP}/v1", "RoleBinding", name, binding),
    ]


def deploy_rules(workflow: Workflow, only: str | None = None) -> list[Value]:
    """What it takes to apply the objects of all services, or one kind of them, and to see how they are."""
    names: list[Value] = [service_name(workflow, service) for service in workflow.services]
    exposed: list[Value] = [
        service_name(workflow, service) for service in workflow.services if service.ingress
    ]
    kinds: Mapping[tuple[str, str], list[Value]] = {
        ("apps", "deployments"): names,
        ("", "services"): names,
        ("networking.k8s.io", "ingresses"): exposed,
    }
    rules: list[Value] = []
    for (group, resource), allowed in kinds.items():
        if allowed and only in (None, resource):
            kind: Object = {"apiGroups": [group], "resources": [resource]}
            rules.append(kind | {"verbs": ["create"]})  # a name cannot be checked before there is an object
            rules.append(kind | {"resourceNames": allowed, "verbs": ["get", "patch"]})
    return rules

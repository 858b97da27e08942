"""Who may do what: a service account for the pods of the steps, another for those that apply services."""

from collections.abc import Mapping

from automl.compiler.ir import Task, Workflow
from automl.compiler.names import with_suffix
from automl.targets.metadata import Object, metadata
from automl.targets.services import service_name
from automl.targets.yaml_writer import Value

_RESULTS: Object = {  # how the executor in each pod reports what became of it
    "apiGroups": ["argoproj.io"],
    "resources": ["workflowtaskresults"],
    "verbs": ["create", "patch"],
}


def runner_name(workflow: Workflow) -> str:
    """The service account of the steps."""
    return with_suffix(workflow.name, "runner")


def deployer_name(workflow: Workflow) -> str:
    """The service account of the pods that apply the objects of services."""
    return with_suffix(workflow.name, "deployer")


def access(workflow: Workflow) -> list[Object]:
    """ServiceAccounts, Roles and RoleBindings, with no right that is not used."""
    objects = _account(runner_name(workflow), workflow, [_RESULTS])
    services = [task for task in workflow.tasks if task.service]
    if services:
        objects += _account(deployer_name(workflow), workflow, [_RESULTS, *_deploy_rules(workflow, services)])
    return objects


def _deploy_rules(workflow: Workflow, services: list[Task]) -> list[Value]:
    names: list[Value] = [service_name(workflow, task) for task in services]
    exposed: list[Value] = [
        service_name(workflow, task) for task in services if task.service and task.service.ingress
    ]
    kinds: Mapping[tuple[str, str], list[Value]] = {
        ("apps", "deployments"): names,
        ("", "services"): names,
        ("networking.k8s.io", "ingresses"): exposed,
    }
    rules: list[Value] = []
    for (group, resource), allowed in kinds.items():
        if allowed:
            kind: Object = {"apiGroups": [group], "resources": [resource]}
            rules.append(kind | {"verbs": ["create"]})  # a name cannot be checked before there is an object
            rules.append(kind | {"resourceNames": allowed, "verbs": ["get", "patch"]})
    return rules


def _account(name: str, workflow: Workflow, rules: list[Value]) -> list[Object]:
    def head(version: str, kind: str) -> Object:
        return {"apiVersion": version, "kind": kind, "metadata": metadata(name, workflow)}

    subject: Object = {"kind": "ServiceAccount", "name": name}
    if workflow.namespace:
        subject["namespace"] = workflow.namespace
    role: Object = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    return [
        head("v1", "ServiceAccount"),
        head("rbac.authorization.k8s.io/v1", "Role") | {"rules": rules},
        head("rbac.authorization.k8s.io/v1", "RoleBinding") | {"roleRef": role, "subjects": [subject]},
    ]

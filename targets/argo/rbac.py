"""Who may do what: a service account for the pods of the steps, another for those that apply services."""

from automl.compiler.ir import Workflow
from automl.compiler.values.dns import with_suffix
from automl.targets.objects.metadata import Object, Objects
from automl.targets.objects.rbac import deploy_rules, service_account

_RESULTS: Object = {  # how the executor in each pod reports what became of it
    "apiGroups": ["argoproj.io"],
    "resources": ["workflowtaskresults"],
    "verbs": ["create", "patch"],
}


def runner_name(workflow: Workflow) -> str:
    """The service account of the steps."""
    return workflow.service_account or with_suffix(workflow.name, "runner")


def deployer_name(workflow: Workflow) -> str:
    """The service account of the pods that apply the objects of services."""
    return workflow.service_account or with_suffix(workflow.name, "deployer")


def service_accounts(objects: Objects) -> list[Object]:
    """The ServiceAccounts, with their Roles and RoleBindings; none if the config names one that has the rights.

    The executor in a pod reports with the account of the pod, also where a step names another.
    """
    workflow = objects.workflow
    if workflow.service_account:
        return []
    named = [job.service_account for job in workflow.jobs if job.service_account]
    runner = runner_name(workflow)
    documents = service_account(objects, runner, [_RESULTS], dict.fromkeys(named))
    if workflow.services:
        rules = [_RESULTS, *deploy_rules(workflow)]
        documents += service_account(objects, deployer_name(workflow), rules)
    return documents

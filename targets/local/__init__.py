"""This machine: one program that needs nothing but Python."""

from automl.compiler.ir import Workflow
from automl.compiler.target import Artifact, Emission, Options
from automl.targets.local.capabilities import CAPABILITIES
from automl.targets.local.checks import amounts, same_ports
from automl.targets.local.mounts import of_processes
from automl.targets.local.plan import plan_of
from automl.targets.local.program import program
from automl.targets.writers.scalars import without_unseen


class Local:
    """The target `local`."""

    name = "local"
    summary = "this machine, or another one: a program that needs nothing but Python"
    versions = ("3.9",)
    default_version = "3.9"
    forms = ("program", "plan")
    capabilities = CAPABILITIES

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One program; or its plan alone, for who wants to see what it would do."""
        diagnostics = (*same_ports(workflow), *of_processes(workflow), *amounts(workflow))
        if options.form == "plan":
            return Emission((Artifact(f"{workflow.name}.local.json", lambda: _plan(workflow)),), diagnostics)
        output = Artifact(f"{workflow.name}.local.py", lambda: program(workflow, _plan(workflow), options))
        return Emission((output,), diagnostics)


def _plan(workflow: Workflow) -> str:
    return without_unseen(plan_of(workflow).to_json())

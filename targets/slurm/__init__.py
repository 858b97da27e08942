"""A Slurm cluster: one script that submits a job for each step."""

from automl.compiler.ir import Workflow
from automl.compiler.target import Artifact, Emission, Options
from automl.targets.local.mounts import of_processes
from automl.targets.local.plan import plan_of
from automl.targets.slurm.capabilities import CAPABILITIES
from automl.targets.slurm.checks import checks
from automl.targets.slurm.script import script


class Slurm:
    """The target `slurm`."""

    name = "slurm"
    summary = "a Slurm cluster: one script that submits a job for each step"
    versions = ("20.11", "21.08", "22.05", "23.02", "23.11", "24.05", "24.11", "25.05")
    default_version = "22.05"
    forms = ("script", "jobs")
    capabilities = CAPABILITIES

    def emit(self, workflow: Workflow, options: Options) -> Emission:
        """One script; or without what it carries, for who wants to see what it submits."""
        output = Artifact(f"{workflow.name}.slurm.sh", lambda: script(workflow, plan_of(workflow), options))
        return Emission((output,), (*of_processes(workflow), *checks(workflow)))

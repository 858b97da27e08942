"""What a run on this machine is made of, for who starts it from here and not from a program in one file."""

import bz2

from automl.compiler.ir import Bundle, Workflow
from automl.runtime import local_scripts
from automl.runtime.local.create import Program
from automl.targets.objects.config_maps import archive


def pieces(workflow: Workflow, plan: str, config: str) -> Program:
    """A plan with the files of its project, and the modules that run it."""
    code = workflow.code
    project = bz2.decompress(archive(code.files)) if isinstance(code, Bundle) else None
    return Program(plan, local_scripts(), project, config)

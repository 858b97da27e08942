"""The text of the script that submits a workflow, with all in it that its jobs need."""

import base64
import json
import textwrap
from collections.abc import Iterator
from functools import cache
from typing import Any

from automl.compiler.generated import header
from automl.compiler.ir import Bundle, Workflow
from automl.compiler.target import Options
from automl.compiler.values.sha256 import sha256
from automl.runtime import script as runtime_script
from automl.runtime import slurm_scripts
from automl.runtime.local.plan import Plan
from automl.targets.objects.config_maps import archive
from automl.targets.slurm.jobs import jobs
from automl.targets.slurm.options import options_of
from automl.targets.slurm.schedule import scheduled
from automl.targets.writers.scalars import without_unseen
from automl.targets.writers.shell import fed, line, path

_TEXT = """\
#!/usr/bin/env bash
# {header}
#
# Runs the workflow "{name}" on a Slurm cluster: `bash {name}.slurm.sh` on a login node of it, or from elsewhere
# `ssh LOGIN bash < {name}.slurm.sh`. Once more, it submits only what has not succeeded and has no job that waits or runs.
# `bash {name}.slurm.sh --new` makes a run of its own.

# shellcheck disable=SC2016,SC2034,SC2329 # not every workflow needs all of it
{{ # bash reads all of it before it does anything

set -euo pipefail
umask 077

{settings}
{carried}
{load}begin "$@"

if is_new; then
{files}fi

prepare

{jobs}
finish
}} </dev/null
"""
_DIGITS = 10  # of the hash in the name of a run


def script(workflow: Workflow, plan: Plan, options: Options) -> str:
    """The whole script; in the form `jobs` it lacks the program, and the files of the project."""
    run = _of_run(workflow, plan, options)
    return scheduled(workflow, workflow.schedule, run, options) if workflow.schedule else run


def _of_run(workflow: Workflow, plan: Plan, options: Options) -> str:
    text, submitted = without_unseen(plan.to_json()), "\n".join(jobs(workflow))
    of_runtime = _of_runtime(workflow)
    is_whole, modules = options.form == "script", options_of(workflow.targets).modules
    return _TEXT.format(
        header=header(workflow.origin, "slurm", options.version),
        name=workflow.name,
        settings="\n".join(_settings(workflow, f"{text}\n{of_runtime}\n{submitted}")),
        carried=f"\n{runtime_script('submit.sh')}" if is_whole else "",
        load=f"load {line(modules)}\n" if modules else "",
        files="".join(_files(workflow, plan, text, is_whole)),
        jobs=submitted,
    )


def _settings(workflow: Workflow, content: str) -> Iterator[str]:
    """What the functions are told; the run is named by what it does, whatever release of automl does it."""
    digest = sha256(content.encode()).hexdigest()[:_DIGITS]
    options = options_of(workflow.targets)
    yield f"workflow='{workflow.name}'"  # for `gpus-2`, where `gpus` is a variable, looks like arithmetic
    yield f"name='{workflow.name}-{digest}'"
    yield f"folder={path(options.folder)}"
    yield f"python={path(options.python)}"
    yield f"array_size={options.max_array_size}"
    yield f"at_once={workflow.max_parallel or 0}"
    yield f"gpus={options.option_of_gpus}"


def _files(workflow: Workflow, plan: Plan, text: str, is_whole: bool) -> Iterator[str]:
    yield fed("put plan.json", text)
    if settings := _of_runtime(workflow):
        yield fed("put slurm.json", without_unseen(json.dumps(settings, ensure_ascii=False, indent=1)))
    if is_whole:
        yield _program()
        if isinstance(workflow.code, Bundle):
            packed = base64.b64encode(archive(workflow.code.files)).decode()
            yield fed("unpack", "\n".join(textwrap.wrap(packed, 100)))
    yield f"keep {line([without_unseen(json.dumps(plan.params, ensure_ascii=False))])}\n"


@cache
def _program() -> str:
    """What runs a workflow, which is the same of every one."""
    return "".join(fed(f"put runtime/{path}", module) for path, module in slurm_scripts().items())


def _of_runtime(workflow: Workflow) -> dict[str, Any]:
    """What the jobs have to know that is in no plan; what is as by default is left out."""
    tasks = {}
    for task in workflow.tasks:
        options = options_of(task.targets)
        said = {"container": options.container, "image": options.image}
        tasks[task.name] = {name: value for name, value in said.items() if value is not None}
    tasks = {name: said for name, said in tasks.items() if said}
    install = options_of(workflow.targets).install
    return {**({"install": install} if install != "login" else {}), **({"tasks": tasks} if tasks else {})}

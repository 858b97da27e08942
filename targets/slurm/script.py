"""The text of the script that submits a workflow, with all in it that its jobs need."""

import base64
import hashlib
import json
import textwrap
from collections.abc import Iterator

from automl.compiler.generated import header
from automl.compiler.ir import Bundle, Workflow
from automl.compiler.target import Options
from automl.runtime import script as runtime_script
from automl.runtime import slurm_scripts
from automl.runtime.local.plan import Plan
from automl.targets.objects.config_maps import archive
from automl.targets.slurm.jobs import jobs
from automl.targets.writers.scalars import without_unseen
from automl.targets.writers.shell import fed, words

_TEXT = """\
#!/usr/bin/env bash
# {header}
#
# Runs the workflow "{name}" on a Slurm cluster: `bash {name}.slurm.sh` on a login node of it, or from elsewhere
# `ssh LOGIN bash < {name}.slurm.sh`. Once more, it submits only what has not succeeded and has no job that waits or runs.
# `bash {name}.slurm.sh --new` makes a run of its own.

# shellcheck disable=SC2034,SC2329 # not every workflow needs all of it
{{ # bash reads all of it before it does anything

set -euo pipefail
umask 077

{settings}
{carried}
begin "$@"

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
    text, submitted = without_unseen(plan.to_json()), "\n".join(jobs(workflow))
    is_whole = options.form == "script"
    return _TEXT.format(
        header=header(workflow.origin, "slurm", options.version),
        name=workflow.name,
        settings="\n".join(_settings(workflow, f"{text}\n{submitted}")),
        carried=f"\n{runtime_script('submit.sh')}" if is_whole else "",
        files="".join(_files(workflow, plan, text, is_whole)),
        jobs=submitted,
    )


def _settings(workflow: Workflow, content: str) -> Iterator[str]:
    """What the functions are told; the run is named by what it does, whatever release of automl does it."""
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    yield f"workflow={workflow.name}"
    yield f"name={workflow.name}-{digest}"
    yield 'folder="$HOME/.automl/runs"'
    yield "python=python3"
    yield "array_size=1001"
    yield f"at_once={workflow.max_parallel or 0}"


def _files(workflow: Workflow, plan: Plan, text: str, is_whole: bool) -> Iterator[str]:
    yield fed("put plan.json", text)
    if is_whole:
        for path, module in slurm_scripts().items():
            yield fed(f"put runtime/{path}", module)
        if isinstance(workflow.code, Bundle):
            packed = base64.b64encode(archive(workflow.code.files)).decode()
            yield fed("unpack", "\n".join(textwrap.wrap(packed, 100)))
    yield f"keep {words([without_unseen(json.dumps(plan.params, ensure_ascii=False))])}\n"

"""The script of a workflow with a schedule: it keeps that of a run on the cluster, where Slurm starts it."""

from automl.compiler.generated import header
from automl.compiler.ir import Schedule, Workflow
from automl.compiler.target import Options
from automl.runtime import script as runtime_script
from automl.targets.slurm.options import options_of
from automl.targets.writers.shell import command, fed, line, path

_TEXT = """\
#!/usr/bin/env bash
# {header}
#
# Has Slurm run the workflow "{name}" at the times {cron} of {zone}: `bash {name}.slurm.sh` on a login node, or from
# elsewhere `ssh LOGIN bash < {name}.slurm.sh`. `bash {name}.slurm.sh --remove` ends that.

# shellcheck disable=SC2016,SC2034,SC2329 # not every workflow needs all of it
{{ # bash reads all of it before it does anything

set -euo pipefail
umask 077

workflow='{name}'
folder={folder}
zone={quoted_zone}
concurrency={concurrency}
suspended={suspended}
{carried}
begin "$@"

{kept}
{schedule}}} </dev/null
"""
_JOB = ("--cpus-per-task=1", "--mem=500M", "--time=60")


def scheduled(workflow: Workflow, schedule: Schedule, run: str, options: Options) -> str:
    """The whole script, with that of a run in it."""
    own, cron = options_of(workflow.targets), schedule.cron.expression
    return _TEXT.format(
        header=header(workflow.origin, "slurm", options.version),
        name=workflow.name,
        cron=cron,
        zone=schedule.timezone,
        folder=path(own.folder),
        quoted_zone=line([schedule.timezone]),
        concurrency=schedule.concurrency,
        suspended="yes" if schedule.suspend else "no",
        carried=f"\n{runtime_script('schedule.sh')}" if options.form == "script" else "",
        kept=fed("keep", run, "SCRIPT"),
        schedule=command(["schedule", cron, *own.whose, *_JOB]),
    )

"""The text of a program that has all in itself: the plan, the project's files, and what runs them."""

import base64
import textwrap
from functools import cache
from itertools import starmap

from automl.compiler.generated import header
from automl.compiler.ir import Bundle, Workflow
from automl.compiler.target import Options
from automl.runtime import local_scripts, script
from automl.targets.objects.config_maps import archive

_TEXT = '''\
#!/usr/bin/env python3
# {header}
"""Runs the workflow "{name}" on this machine: `python3 {name}.local.py`; with `--help` it says what else it can.

Behind the plan come the files of the project, in a tar that is packed by bzip2 and written in base64, then the modules
that run the plan, and in the end what starts them.
"""

PLAN = r"""
{plan}"""

PROJECT = """
{project}
"""

MODULES = {{}}
{modules}

if __name__ == "__main__":
{start}
'''
_START = """\
import sys

if sys.version_info < (3, 9):
    sys.exit("automl: Python 3.9 or newer is needed")

{finder}

carry(MODULES)
from automl.runtime.local.program import main

main(PLAN, PROJECT, MODULES, sys.argv[1:])
"""


def program(workflow: Workflow, plan: str, options: Options) -> str:
    """The whole program."""
    start = _START.format(finder=script("local/carried.py").rstrip())
    return _TEXT.format(
        header=header(workflow.origin, "local", options.version),
        name=workflow.name,
        plan=plan,
        project=_project(workflow),
        modules=_modules(),
        start=textwrap.indent(start, "    ", lambda line: bool(line.strip())).rstrip(),
    )


def _project(workflow: Workflow) -> str:
    if not isinstance(workflow.code, Bundle):
        return ""
    return "\n".join(textwrap.wrap(base64.b64encode(archive(workflow.code.files)).decode(), 100))


@cache
def _modules() -> str:
    """The same of every workflow."""
    return "\n".join(starmap(_module, local_scripts().items()))


def _module(name: str, text: str) -> str:
    return f"MODULES[{name!r}] = r'''{text}'''\n"

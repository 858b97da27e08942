"""The texts of the programs that run in pods: each is read once, for however many configs."""

from functools import cache

from automl import runtime

script = cache(runtime.script)
start_scripts = cache(runtime.start_scripts)

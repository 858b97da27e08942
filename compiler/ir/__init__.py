"""The workflow that a config means, for every engine: frozen, worked out, without YAML.

The config's own nouns and `lowering` make it, the targets read it, from here: this is the API of other people's targets.
Times are whole seconds, amounts of CPU are in millicores and of memory in bytes; every name is a DNS label. `spans` maps a key of the config, with those
around it (`service.readiness.path`), to the place where it was written, for diagnostics; those of a task begin in its step.
`written` has what was written for the keys of a noun, and where; what stands in its fields may be a default.
"""

from automl.compiler.ir.code import Bundle, BundledFile, Git
from automl.compiler.ir.data import (
    Access,
    Mount,
    Output,
    Parameter,
    Store,
    Type,
    Volume,
    Workspace,
    variable_of,
)
from automl.compiler.ir.edges import Barrier, Edge, On
from automl.compiler.ir.options import NO_OPTIONS, Option, TargetOptions
from automl.compiler.ir.placement import Placement, Toleration
from automl.compiler.ir.run_as import RunAs
from automl.compiler.ir.schedule import Schedule
from automl.compiler.ir.task import (
    BaseTask,
    Command,
    Gpus,
    Ingress,
    Job,
    Project,
    Resources,
    Secret,
    Service,
    Task,
    Titles,
    Variable,
)
from automl.compiler.ir.text import (
    BestOutput,
    BestParam,
    Collected,
    Constant,
    OfFold,
    OfRun,
    OfTrial,
    OutputOf,
    Reference,
    Source,
    Text,
)
from automl.compiler.ir.trials import Axis, Objective, Trial, Trials
from automl.compiler.ir.workflow import Node, Workflow
from automl.compiler.source import Spans

__all__ = [
    "NO_OPTIONS",
    "Access",
    "Axis",
    "Barrier",
    "BaseTask",
    "BestOutput",
    "BestParam",
    "Bundle",
    "BundledFile",
    "Collected",
    "Command",
    "Constant",
    "Edge",
    "Git",
    "Gpus",
    "Ingress",
    "Job",
    "Mount",
    "Node",
    "Objective",
    "OfFold",
    "OfRun",
    "OfTrial",
    "On",
    "Option",
    "Output",
    "OutputOf",
    "Parameter",
    "Placement",
    "Project",
    "Reference",
    "Resources",
    "RunAs",
    "Schedule",
    "Secret",
    "Service",
    "Source",
    "Spans",
    "Store",
    "TargetOptions",
    "Task",
    "Text",
    "Titles",
    "Toleration",
    "Trial",
    "Trials",
    "Type",
    "Variable",
    "Volume",
    "Workflow",
    "Workspace",
    "variable_of",
]

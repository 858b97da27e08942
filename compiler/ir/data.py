"""What tasks hand to each other: values and files, and the disks and stores by which they travel."""

from typing import Annotated

from automl.compiler.enumerations import StrEnum
from automl.compiler.records import NamedTuple
from automl.compiler.source import NOTHING_WRITTEN, Span, Written
from automl.compiler.values.units import Memory


class Type(StrEnum):
    """What a parameter, an input or an output is. Values travel as text on every engine; types are for checks."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    JSON = "json"
    METRICS = "metrics"  # a JSON object of numbers
    FILE = "file"  # or a folder
    MODEL = "model"  # a file with a kind that engines show
    DATASET = "dataset"

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a folder, and no value."""
        return self in (Type.FILE, Type.MODEL, Type.DATASET)


class Output(NamedTuple):
    """What a job leaves behind. `path` is where its program leaves a file, relative to the project; None: at $variable."""

    name: Annotated[str, "*"]
    type: Annotated[Type, Type]
    path: str | None
    span: Annotated[Span, "*"]

    @property
    def variable(self) -> str:
        """The variable with the path that the program writes to."""
        return variable_of("OUTPUT", self.name)


class Parameter(NamedTuple):
    """A parameter of the workflow, and a source of values: the text is the value as it was written.

    `pinned` is the first place where it decides something that no engine can change when a run starts.
    """

    name: str
    type: Type
    text: str
    description: str | None
    span: Span
    pinned: Span | None = None

    @property
    def variable(self) -> str:
        """The variable by which every program may read it."""
        return variable_of("PARAM", self.name)


def variable_of(kind: str, name: str) -> str:
    """The variable for a parameter, an input or an output: `AUTOML_PARAM_LEARNING_RATE` for `learning-rate`."""
    return f"AUTOML_{kind}_{name.replace('-', '_').upper()}"


class Access(StrEnum):
    """How many nodes may have a disk at a time."""

    ONE_NODE = "ReadWriteOnce"
    MANY_NODES = "ReadWriteMany"


class Workspace(NamedTuple):
    """The disk that the steps of a run share, at `path` in each. `claim` is one that is there already.

    `is_written` is whether the config asks for it; else it is there because files travel by it.
    """

    size: Memory
    storage_class: str | None
    access: Annotated[Access, Access]
    claim: str | None
    path: str
    span: Span
    is_written: Annotated[bool, "*"] = True
    written: Written = NOTHING_WRITTEN


class Store(NamedTuple):
    """Where files travel instead: a bucket below `url`, with the variables of a secret for its clients."""

    url: str
    secret: str | None
    span: Span

    @property
    def bucket(self) -> str:
        """The name of the bucket."""
        return self.url.removeprefix("s3://").partition("/")[0]

    def key(self, path: str) -> str:
        """What a path below the prefix is in the bucket."""
        prefix = self.url.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{prefix}/{path}" if prefix else path

    def address(self, path: str) -> str:
        """The whole address of a path below the prefix."""
        return f"s3://{self.bucket}/{self.key(path)}"


class Volume(NamedTuple):
    """What steps may mount: of `claim`, `size`, `empty_dir`, `config_map` and `secret` exactly one says what it is."""

    name: Annotated[str, "*"]
    claim: str | None
    size: Memory | None
    access: Annotated[Access, Access]
    storage_class: str | None
    empty_dir: bool
    config_map: str | None
    secret: str | None
    span: Annotated[Span, "*"]
    written: Written = NOTHING_WRITTEN


class Mount(NamedTuple):
    """A volume of the workflow, at a path of a container."""

    volume: str
    path: str
    read_only: bool
    span: Span

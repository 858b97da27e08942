"""A step of a config, and its `service`."""

from typing import Annotated

from automl.compiler.config.kinds import GIVEN
from automl.compiler.config.located import Name, Template
from automl.compiler.config.sweep import CrossValidationConfig, SweepConfig
from automl.compiler.ir import Ingress, Output, Placement, Resources, RunAs, Secret
from automl.compiler.records import NamedTuple
from automl.compiler.source import Located, Pair, Spans
from automl.compiler.tree.nodes import Mapping
from automl.compiler.values.units import Duration


class ServiceConfig(NamedTuple):
    """The `service` of a step."""

    port: int
    ingress: Ingress | None
    max_startup_seconds: Annotated[int | None, "max_startup_time_seconds"]
    readiness_path: Annotated[Located[str] | None, "readiness.path"]


class StepConfig(NamedTuple):
    """A step with its defaults merged.

    `spans` has the place of every key; `own` names those of the step itself, not of `defaults`.
    """

    name: Annotated[Name, "step_name"]
    path: Annotated[Located[str] | None, "path_to_executable"]
    dependencies: Annotated[Located[str] | None, "dependency_path"]
    image: Located[str] | None
    command: tuple[Located[str], ...]
    entrypoint: tuple[Located[str], ...]
    args: tuple[Located[str], ...]
    envs: tuple[Pair, ...]
    inputs: tuple[Pair, ...]
    outputs: tuple[Output, ...]
    needs: tuple[Located[str], ...] | None
    sweep: SweepConfig | None
    cross_validation: CrossValidationConfig | None
    params_file: Annotated[Located[str] | None, "params_file.path"]
    volumes: tuple[Located[str], ...]
    secrets: tuple[Secret, ...]
    image_pull_secrets: tuple[Located[str], ...]
    resources: Annotated[Resources, ""]
    placement: Annotated[Placement, ""]
    backoff_limit: int
    timeout: Duration | None
    polling_time: int | None
    wait_before_start_time: int | None
    replicas: Located[int]
    min_ready_seconds: int
    revision_history_limit: int
    service: ServiceConfig | None
    service_account: Located[str] | None
    run_as: RunAs | None
    targets: Mapping | None
    labels: tuple[Pair, ...]
    annotations: tuple[Pair, ...]
    spans: Annotated[Spans, GIVEN]
    own: Annotated[frozenset[str], GIVEN]

    @property
    def indices_file(self) -> Located[str] | None:
        """The file of the project that says who belongs to which fold."""
        indices = self.cross_validation and self.cross_validation.indices
        return None if isinstance(indices, Template) else indices

    @property
    def files(self) -> tuple[Located[str], ...]:
        """The files that the step names."""
        return tuple(path for path in (self.path, self.dependencies, self.indices_file) if path is not None)

"""What a schema cannot say. Each check is one small function of a literal list; each collects, none raises."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from automl.compiler.checks import (
    amounts,
    data,
    disks,
    files,
    metadata,
    names,
    notebooks,
    patterns,
    placement,
    programs,
    secrets,
    services,
    sizes,
    templates,
    tracking,
)
from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Diagnostic, Findings

Check: TypeAlias = Callable[[Config], Iterator[Diagnostic]]

VALUES: tuple[Check, ...] = (  # each looks at one value alone, whatever stands beside it
    names.check_namespace,
    names.check_references,
    programs.check_images,
    programs.check_commands,
    metadata.check_version,
    metadata.check_labels,
    metadata.check_annotations,
    metadata.check_variables,
    metadata.check_timezone,
    secrets.check_plain_secrets,
    secrets.check_params,
    secrets.check_sweeps,
    secrets.check_words,
    secrets.check_texts,
    secrets.check_git,
    amounts.check_amounts,
    amounts.check_resources,
    patterns.check_patterns,
    placement.check_node_selectors,
    placement.check_tolerations,
    sizes.check_words,
    data.check_names,
    data.check_trial_names,
    data.check_output_paths,
    data.check_params_files,
    templates.check_texts,
    disks.check_workspace,
    services.check_hosts,
    services.check_paths,
    services.check_readiness_paths,
    tracking.check_uris,
)
CHECKS: tuple[Check, ...] = (
    *VALUES,
    names.check_workflow_name,
    names.check_stage_names,
    names.check_step_names,
    programs.check_something_runs,
    programs.check_unused_keys,
    programs.check_trials,
    sizes.check_annotation_sizes,
    sizes.check_all,
    services.check_ingresses,
    services.check_service_names,
    notebooks.check_parameters,
    disks.check_artifacts,
    disks.check_volumes,
    disks.check_mounts,
)


def check_values(config: Config) -> list[Diagnostic]:
    """The findings of those that can be had of a config of which parts are missing."""
    diagnostics = Findings()
    for function in VALUES:
        diagnostics.extend(function(config))
    return diagnostics


def check(config: Config, folder: Path) -> list[Diagnostic]:
    """The findings of every check, in no order. `folder` is the project's."""
    diagnostics = Findings()
    for function in CHECKS:
        diagnostics.extend(function(config))
    diagnostics.extend(files.check_files(config, folder))
    diagnostics.extend(notebooks.check_notebooks(config, folder))
    return diagnostics

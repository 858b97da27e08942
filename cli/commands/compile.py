"""`automl compile`."""

from automl.cli import batch
from automl.cli.batch import Compiled
from automl.cli.contexts import Asked, choices_in, refuse_no_target
from automl.cli.delivery import (
    compile_configs,
    conclude,
    given_params,
    manner_of,
)
from automl.cli.inputs import STDIN, read_all
from automl.cli.options import (
    Check,
    Files,
    Force,
    Form,
    Format,
    InContext,
    MessageFormat,
    Name,
    Namespace,
    Output,
    ParamsFile,
    PrintMerged,
    Quiet,
    Set,
    Strict,
    Targets,
    Version,
)
from automl.cli.terminal import TEXT, Manner, are_refused, print_text, wrong_usage
from automl.compiler.diagnostics import Diagnostic, in_order
from automl.compiler.driver import Input, Overrides, analyse, merged_config


def run(
    files: Files = None,
    target: Targets = None,
    output: Output = None,
    check: Check = False,
    name: Name = None,
    namespace: Namespace = None,
    context: InContext = None,
    set: Set = None,
    params_file: ParamsFile = None,
    format: Format = "yaml",
    target_version: Version = None,
    form: Form = None,
    force: Force = False,
    strict: Strict = False,
    print_config: PrintMerged = False,
    message_format: MessageFormat = TEXT,
    quiet: Quiet = False,
) -> None:
    """Compile configs and print the result, or write it with -o.

    automl compile config.yaml -t argo | kubectl apply -f -

    automl compile config.yaml -t argo --set learning_rate=0.01

    automl compile config.yaml --context prod

    automl compile config.yaml -t argo -o manifests/ --check

    automl compile pipelines/*.automl.yaml -t argo -t kubernetes -o manifests/
    """
    manner = manner_of(quiet, strict, message_format)
    given, unreadable = read_all(files or ())
    overrides = Overrides(name, namespace, given_params(set, params_file), context)
    if print_config:
        _print_config(given, unreadable, overrides, manner)
        return
    choices = choices_in(
        context, Asked(target or (), target_version, form, format), given, manner, unreadable
    )
    if not choices:
        refuse_no_target(context, unreadable)
    count = len(given) + len(unreadable)
    if name is not None and count > 1:
        wrong_usage("--name is the name of one workflow, and there are several configs")
    if output in (None, STDIN):
        _refuse_without_place(check, count * len(choices))
    request = batch.Request(overrides, choices)
    compiled, diagnostics = compile_configs(given, unreadable, request)
    _deliver(compiled, diagnostics, unreadable, manner, output, check, force)


def _deliver(
    compiled: list[Compiled],
    diagnostics: list[Diagnostic],
    unreadable: list[str],
    manner: Manner,
    output: str | None,
    check: bool,
    force: bool,
) -> None:
    """Print, write or compare what came of the configs, if nothing is wrong with them."""
    diagnostics += batch.same_paths(compiled)
    if output is None or output == STDIN or unreadable or are_refused(diagnostics, manner):
        conclude(diagnostics, unreadable, manner)
        print_text(piece for artifact in batch.artifacts(compiled) for piece in artifact.write())
    else:
        _place(compiled, diagnostics, manner, output, check, force)


def _place(
    compiled: list[Compiled],
    diagnostics: list[Diagnostic],
    manner: Manner,
    output: str,
    check: bool,
    force: bool,
) -> None:
    """Write or compare. What does so is imported where there are files."""
    from automl.cli.placing import check_output, write_output

    if check:
        check_output(output, compiled, diagnostics, manner)
    else:
        conclude(diagnostics, (), manner)
        write_output(output, compiled, force, manner)


def _print_config(given: list[Input], unreadable: list[str], overrides: Overrides, manner: Manner) -> None:
    """Print one config as it is compiled, if nothing is wrong with it."""
    if len(given) + len(unreadable) > 1:
        wrong_usage("--print-config prints one config, and there are several")
    diagnostics = [diagnostic for config in given for diagnostic in analyse(config, overrides)[1]]
    conclude(in_order(diagnostics), unreadable, manner)
    from automl.cli.printed_config import printed

    merged = merged_config(given[0], overrides)
    print_text(printed(merged) if merged else "")


def _refuse_without_place(check: bool, count: int) -> None:
    """End a command that needs files to write or to compare with, and was given none."""
    if check:
        wrong_usage("--check needs -o, the file or folder to compare with")
    if count > 1:
        wrong_usage("several configs or targets need a folder to write to: -o DIR/")

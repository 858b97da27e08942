"""Node selectors and tolerations: what Kubernetes takes only when a pod is made, and refuses then."""

from collections.abc import Iterator

from automl.compiler.checks.metadata import check_label_key, check_label_value
from automl.compiler.config.config import Config
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.ir import Toleration


def check_node_selectors(config: Config) -> Iterator[Diagnostic]:
    """Keys and values are those of labels."""
    for step in config.steps:
        for pair in step.placement.node_selector:
            yield from check_label_key(pair.key, "label")
            yield from check_label_value(pair.value, "label")


def check_tolerations(config: Config) -> Iterator[Diagnostic]:
    """What belongs together (Kubernetes 1.36, pkg/apis/core/validation/validation.go, ValidateTolerations)."""
    for step in config.steps:
        for toleration in step.placement.tolerations:
            yield from _check(toleration)


def _check(toleration: Toleration) -> Iterator[Diagnostic]:
    written = toleration.written
    if toleration.key is not None:
        yield from check_label_key(written["key"], "taint")
    elif toleration.operator != "Exists":
        message = "a toleration without a key is one of every taint, and has the operator Exists"
        help = "give the `key` of the taint, or write `operator: Exists`"
        yield Diagnostic(Code.TOLERATION, message, toleration.span, help=help)
    if toleration.value and toleration.operator == "Exists":
        message = "the operator Exists is for every value, and there is one"
        yield Diagnostic(Code.TOLERATION, message, written["value"].span, help="remove `value` or `operator`")
    elif toleration.value:
        yield from check_label_value(written["value"], "taint")
    if toleration.seconds is not None and toleration.effect != "NoExecute":
        message = "only a taint with the effect NoExecute takes a pod away, after so many seconds"
        help = "write `effect: NoExecute`, or remove `toleration_seconds`"
        yield Diagnostic(Code.TOLERATION, message, written["toleration_seconds"].span, help=help)

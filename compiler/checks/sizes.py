"""Texts that are longer than what carries them."""

from collections.abc import Iterable, Iterator
from itertools import chain

from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Located, Pair, Span

LONGEST_WORD = 131_071
"""Bytes of a word of a command, and of a variable as NAME=value: Linux' MAX_ARG_STRLEN, less the zero at the end."""
MOST_ANNOTATIONS = 255 * 1024
"""Bytes of the annotations of an object: Kubernetes takes 256 KiB, and controllers add some of their own."""
MOST_OF_ALL = 32 * 1024 * 1024
"""Bytes of a manifest, as far as the config tells: ten thousand steps take nine MiB, and no cluster keeps more than this."""
_OF_A_STEP = 1250  # what an object has besides
_IN_A_FILE = "put it into a file of the project"


def check_words(config: Config) -> Iterator[Diagnostic]:
    """Words of commands, and variables: a program with a longer one cannot be started."""
    for step in config.steps:
        for word in (*(step.entrypoint or ()), *(step.command or ()), *step.args):
            if (size := _size(word)) > LONGEST_WORD:
                message = f"a word of {size:,} bytes; a command takes {LONGEST_WORD:,} in one word"
                yield Diagnostic(Code.TOO_LONG, message, word.span, help=_IN_A_FILE)
        for pair in step.envs:
            if (size := _size(pair.key) + 1 + _size(pair.value)) > LONGEST_WORD:
                message = (
                    f'"{pair.key.value}" takes {size:,} bytes; a variable and its name have {LONGEST_WORD:,}'
                )
                yield Diagnostic(Code.TOO_LONG, message, pair.key.span, help=_IN_A_FILE)


def check_annotation_sizes(config: Config) -> Iterator[Diagnostic]:
    """The annotations of each object: those of the workflow, with the description, and those of a step."""
    around = _total(config.annotations) + (_size(config.description) if config.description else 0)
    if around > MOST_ANNOTATIONS:
        key = "annotations" if config.annotations else "description"
        yield _too_many(around, config.spans[key])
        return
    for step in config.steps:
        if (size := around + _total(step.annotations)) > MOST_ANNOTATIONS:
            yield _too_many(size, step.spans["annotations"])


def check_all(config: Config) -> Iterator[Diagnostic]:
    """The whole: what stands beside the steps is on the object of each, and on its pods."""
    steps = list(config.steps)
    shared = {
        "description": _size(config.description) if config.description else 0,
        "annotations": _total(config.annotations),
        "labels": _total(config.labels),
    }
    of_steps = sum(_OF_A_STEP + _of_a_step(step) for step in steps)
    size = of_steps + 2 * len(steps) * sum(shared.values())
    if size > MOST_OF_ALL:
        key = max(shared, key=lambda key: shared[key])
        span = config.spans[key] if shared[key] else config.span
        message = f"all steps together take {size:,} bytes; a manifest has at most {MOST_OF_ALL:,}"
        yield Diagnostic(Code.TOO_LONG, message, span, help=f"{_IN_A_FILE}, or split the workflow")


def _of_a_step(step: StepConfig) -> int:
    pairs = (*step.envs, *step.labels, *step.annotations)
    texts = (*step.entrypoint, *step.command, *step.args, *chain.from_iterable(pairs))
    return len("".join([text.value for text in texts]).encode())


def _too_many(size: int, span: Span) -> Diagnostic:
    message = (
        f"the annotations of an object take {size:,} bytes; Kubernetes has room for {MOST_ANNOTATIONS:,}"
    )
    return Diagnostic(Code.TOO_LONG, message, span, help=_IN_A_FILE)


def _total(pairs: Iterable[Pair]) -> int:
    return sum(_size(pair.key) + _size(pair.value) for pair in pairs)


def _size(text: Located[str]) -> int:
    return len(text.value.encode())

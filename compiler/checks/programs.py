"""What a step runs, and keys that have no effect on it."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from automl.compiler.config.code_source import uses_project
from automl.compiler.config.config import Config
from automl.compiler.config.step import StepConfig
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.patterns import regex
from automl.compiler.source import Located

_IMAGE_FORM = (
    "a name is registry/repository:tag, the repository in lower case, for instance ghcr.io/acme/train:1.4.2"
)
_SHELLS = ("sh", "bash", "dash", "ash", "zsh")
_BETWEEN_COMMANDS = ("&&", "||", "|", ">>", "2>&1")  # `find` and `expr` take `;` and `>`
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*=")
_SERVICE_KEYS = ("replicas", "min_ready_seconds", "revision_history_limit")
_SHELL_SIGNS = regex("[$&|;<>*?`'\"\\\\(){}~#\n]")
# As github.com/distribution/reference has it, which every registry and the kubelet go by. A first part with a dot, a
# port, or the name localhost is a host; one with capitals alone is nobody's.
_HOST_PART = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:localhost|{_HOST_PART}(?:\.{_HOST_PART})+|{_HOST_PART}(?:\.{_HOST_PART})*:[0-9]+|\[[a-fA-F0-9:]+\](?::[0-9]+)?)"
_PATH_PART = "[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*"
_IMAGE = regex(
    rf"(?:{_HOST}/)?{_PATH_PART}(?:/{_PATH_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128}))?\Z"
)
_TRIALS = ("sweep", "cross_validation")
_LONGEST_IMAGE = 255 + 1 + 128 + 136  # the name, the tag and the digest


def check_something_runs(config: Config) -> Iterator[Diagnostic]:
    """A step needs a script, a command, or an image that has one."""
    for step in config.steps:
        if step.path or step.command or step.entrypoint:
            continue
        if uses_project(step, config.code):
            message = f'the step "{step.name.written}" does not say what it runs'
            help = "give `path_to_executable`, or an `image` of its own"
            yield Diagnostic(Code.NOTHING_TO_RUN, message, step.name.span, help=help)
        elif not step.image:
            message = f'the step "{step.name.written}" has its code in an image, but does not say which'
            yield Diagnostic(Code.NOTHING_TO_RUN, message, step.name.span, help="give `image`")


def check_unused_keys(config: Config) -> Iterator[Diagnostic]:
    """Keys of the step itself that do nothing there; `defaults` may have them for other steps."""
    for step in config.steps:
        yield from (
            Diagnostic(Code.UNUSED_KEY, f'"{key}" has no effect: {why}', step.spans[key], help="leave it out")
            for key, why in _unused(step, config)
            if key in step.own
        )
        if "path_to_executable" in step.own and (step.command or step.entrypoint):
            message = '"path_to_executable" is not needed: the command runs instead'
            yield Diagnostic(Code.NOT_NEEDED, message, step.spans["path_to_executable"])


def check_trials(config: Config) -> Iterator[Diagnostic]:
    """A service that says trials itself; those that `defaults` say are for the jobs."""
    for step in config.steps:
        for key in [key for key in _TRIALS if step.service and key in step.own][:1]:
            message = f'"{key}" is for jobs: a service runs once'
            help = "leave it out; a job can have it, and leave its best for the service"
            yield Diagnostic(Code.SWEEP, message, step.spans[key], help)


def check_commands(config: Config) -> Iterator[Diagnostic]:
    """A command line in one word: no shell takes it apart, so a program of that name would be looked for."""
    for step in config.steps:
        words = step.command or ()
        if len(words) == 1 and not step.entrypoint and _is_command_line(words[0].value):
            line = words[0].value
            split = ["sh", "-c", line] if _SHELL_SIGNS.search(line) else line.split()
            message = f'"{line}" is one word: no shell takes it apart'
            help = f"write `command: {json.dumps(split, ensure_ascii=False)}`"
            yield Diagnostic(Code.COMMAND_LINE, message, words[0].span, help=help)
        elif words and not step.entrypoint:
            yield from _for_a_shell(words)


def _for_a_shell(words: Sequence[Located[str]]) -> Iterator[Diagnostic]:
    """Words that only a shell understands, where none runs: the first of them."""
    is_shell = PurePosixPath(words[0].value).name in _SHELLS
    first, *others = words
    wrong = next((word for word in others if word.value in _BETWEEN_COMMANDS), None)
    wrong = first if "=" in first.value and _ASSIGNMENT.match(first.value) else wrong
    if wrong and not is_shell:
        message = f'"{wrong.value}" is for a shell, and none runs here'
        help = 'give the whole line to a shell, `[sh, -c, "…"]`; variables go under `envs`'
        yield Diagnostic(Code.COMMAND_LINE, message, wrong.span, help=help)


def _is_command_line(word: str) -> bool:
    """Whether it has blanks, and is no path with blanks in it."""
    return len(word.split()) > 1 and not word.startswith((".", "/"))


def _unused(step: StepConfig, config: Config) -> Iterator[tuple[str, str]]:
    if not uses_project(step, config.code):
        yield "dependency_path", "the image holds the dependencies too"
    if step.service:
        yield "backoff_limit", "the pods of a service are always started again"
        yield "outputs", "a service does not end, so it leaves nothing behind"
    else:
        yield from ((key, "the step has no `service`") for key in _SERVICE_KEYS)


def check_images(config: Config) -> Iterator[Diagnostic]:
    """An image reference that no registry can have."""
    for step in config.steps:
        if step.image and not _is_image(step.image.value):
            message = f'"{step.image.value}" is not the name of an image'
            better = _as_image(step.image.value)
            help = f'did you mean "{better}"?' if _is_image(better) else _IMAGE_FORM
            if "$" in step.image.value:
                help = "variables are not replaced here: write the name itself"
            yield Diagnostic(Code.IMAGE, message, step.image.span, help=help)


def _as_image(text: str) -> str:
    """The name with its usual slips mended: an address, blanks around it, capitals before the tag."""
    text = re.sub(r"\A(https?|docker|oci)://", "", text.strip()[: _LONGEST_IMAGE + 1])
    path, digest_at, digest = text.partition("@")
    name, colon, tag = path.rpartition(":") if ":" in path.rpartition("/")[2] else (path, "", "")
    return f"{name.lower()}{colon}{tag.strip()}{digest_at}{digest}"


def _is_image(text: str) -> bool:
    return len(text) <= _LONGEST_IMAGE and _IMAGE.match(text) is not None

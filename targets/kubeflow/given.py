"""How a job is given what is known in a run only: by the start script of a project, or by a line of shell in an image."""

from collections.abc import Iterator, Sequence

from automl.compiler.ir import Job, Reference, Text
from automl.compiler.records import NamedTuple
from automl.targets.kubeflow.data import Data, handed_on, keys_of_outputs, notebook_of, shows_metrics
from automl.targets.kubeflow.quoting import Filled, Word, Words
from automl.targets.kubeflow.trials import RESULT, Loop, plan_of
from automl.targets.objects.escape import scripted
from automl.targets.objects.start import late_options, start_arguments

Variables = list[tuple[str, Word]]


class Given(NamedTuple):
    """Words and variables with what is filled in, and the variables that name files which the job has to leave."""

    words: Words
    variables: Variables
    files: Sequence[str] = ()


def in_project(job: Job, data: Data, options: Sequence[str]) -> Given:
    """The start script puts values into texts, and what the job leaves where Kubeflow takes it."""
    late = late_options(job, lambda text: _is_late(text, data))
    told = [*options, *data.options(job), *_left(job, data), *late]
    own = job._replace(outputs=tuple(output for output in job.outputs if output.name != RESULT))
    words = [word if isinstance(word, str) else _by_script(word, data) for word in start_arguments(own, told)]
    variables: Variables = [(name, (value,)) for name, value in data.known(job)]
    variables += [
        (variable.name, (_folded(variable.value, data),))
        for variable in job.variables
        if not _is_late(variable.value, data)
    ]
    return Given(Words([], words), variables)


def in_image(job: Job, data: Data) -> Given:
    """What the launcher fills in are words of a line of shell, which makes variables and words of the job of them."""
    variables: Variables = [(name, (value,)) for name, value in data.known(job)]
    variables += [(reference.variable, (data.filled(job, reference),)) for reference in data.late(job)]
    places = dict(_places(job))
    variables += [(output.variable, (Filled(places[output.name]),)) for output in job.outputs]
    variables += [(variable.name, _filled(job, variable.value, data)) for variable in job.variables]
    command, arguments = job.command.entrypoint or (), job.command.arguments
    words = Words(
        [_filled(job, word, data) for word in command], [_filled(job, word, data) for word in arguments]
    )
    return Given(words, variables, [output.variable for output in job.outputs if output.type.is_file])


def _is_late(text: Text, data: Data) -> bool:
    references = text.references
    return bool(references) and any(map(data.is_late, references))


def _by_script(text: Text, data: Data) -> Word:
    return (scripted(_known(text, data), _no_stand_in) if _is_late(text, data) else _folded(text, data),)


def _no_stand_in(_: str) -> None:
    return None


def _folded(text: Text, data: Data) -> str:
    return _known(text, data).literal


def _known(text: Text, data: Data) -> Text:
    """The text with what is known in the place of references."""
    if not text.references:
        return text
    parts = (part if isinstance(part, str) or data.is_late(part) else str(part.known) for part in text.parts)
    return Text(tuple(parts), text.span)


def _filled(job: Job, text: Text, data: Data) -> Word:
    """The parts of a text, of which those that are known are one."""
    parts: list[str | Filled] = []
    for part in _known(text, data).parts:
        if isinstance(part, Reference):
            parts.append(data.filled(job, part))
        elif parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _left(job: Job, data: Data) -> Iterator[str]:
    """What tells the start script where to put what the command leaves."""
    places = dict(_places(job))
    for output in handed_on(job):
        if output.name == RESULT:
            yield from _result(job, data, places[RESULT])
            continue
        yield from ("--to", f"{output.name}={places[output.name]}")
        if data.is_plain(job, output):
            yield from ("--unencoded", output.name)
    if shows_metrics(job):
        yield from ("--plain", "AUTOML_EXECUTOR_INPUT={{$}}")
    if (notebook := notebook_of(job)) and job.project:
        yield from ("--output", f"{notebook}:file:{job.project.notebook}")
        yield from ("--to", f"{notebook}={{{{$.outputs.artifacts['{notebook}'].path}}}}")


def collecting(job: Job, data: Data) -> Iterator[str]:
    """What tells the program that looks after values what they are, where each is, and where it goes."""
    places, loop = dict(_places(job)), data.loop(job)
    if loop and RESULT in places:
        yield from ("--result", places[RESULT], _run(loop))
    for output, reference in zip(
        job.outputs, job.values, strict=False
    ):  # without a result, which is the last
        is_judged = loop is not None and output.name in loop.judged
        how = ":judged" if is_judged else ":plain" if data.is_plain(job, output) else ""
        yield f"{output.name}:{output.type}{how}"
        yield from (data.filled(job, reference).placeholder, places.get(output.name, ""))


def selecting(job: Job, data: Data) -> Iterator[str]:
    """What tells the program that judges trials what is asked of them, and where it goes; `job` is the selection."""
    places, results = dict(_places(job)), job.values[0]
    yield from (plan_of(job), data.filled(job, results).placeholder)
    for output in job.outputs:
        yield output.name + (":plain" if data.is_plain(job, output) else "")
        yield places[output.name]


def _result(job: Job, data: Data, place: str) -> Iterator[str]:
    """What tells the start script of a run of a trial what to hand on."""
    loop = data.loop(job)
    assert loop
    assert job.trials
    yield from ("--result", place, "--trial", _run(loop))
    for name in sorted(loop.judged):
        yield from ("--judged", name)
    if job.trials.max_failed:
        yield from ("--tolerate", str(job.retries + 1))


def _run(loop: Loop) -> str:
    return Filled(f"{{{{$.inputs.parameters['{loop.trial}']}}}}").placeholder


def _places(job: Job) -> Iterator[tuple[str, str]]:
    """Where the launcher takes each output when the job has ended."""
    keys = keys_of_outputs(job)
    for output in handed_on(job):
        key = keys[output.name]
        kind = f"artifacts['{key}'].path" if output.type.is_file else f"parameters['{key}'].output_file"
        yield output.name, f"{{{{$.outputs.{kind}}}}}"

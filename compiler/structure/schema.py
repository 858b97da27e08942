"""The structure of a config: its JSON Schema decides, and what it refuses is explained."""

from collections.abc import Callable, Iterator

from automl.compiler.diagnostics import MOST_FOUND, Code, Diagnostic, Findings
from automl.compiler.source import Span
from automl.compiler.structure.misfits import Misfit, misfits
from automl.compiler.tree.nodes import Entry, Mapping, Node
from automl.compiler.tree.stages import Path, place_of, steps_of, with_steps
from automl.schemas import Schema, schema, schema_of_contexts


def check_structure(root: Mapping) -> tuple[Mapping | None, list[Diagnostic]]:
    """Every place where the tree is not what the schema asks for, and the part that is sound.

    A step with such a place is left out of that part, so that what can be said of the others is said in the same
    run, and nothing is said twice. There is none if the rest would not mean what was written.
    """
    wrong = sorted(misfits(root, schema), key=lambda misfit: misfit.path[:1] != ["defaults"])
    diagnostics = _explained(wrong, root, schema)
    sound = None if len(wrong) > MOST_FOUND else _sound_part(root, [misfit.path for misfit in wrong])
    return sound, list(_each_once(diagnostics))


def check_contexts_file(root: Mapping) -> list[Diagnostic]:
    """Every place where a file of a user's own contexts is not what its schema asks for."""
    return _explained(misfits(root, schema_of_contexts), root, schema_of_contexts)


def _explained(wrong: list[Misfit], root: Mapping, whole: Callable[[], Schema]) -> Findings:
    """What is to be said of each place. What knows the words is imported when there is one."""
    if not wrong:
        return Findings()
    from automl.compiler.structure.explanations import explain

    return Findings(diagnostic for misfit in wrong for diagnostic in explain(misfit, root, whole()))


def _each_once(diagnostics: list[Diagnostic]) -> Iterator[Diagnostic]:
    """What stands in `defaults` is wrong there, and in every step that it is merged into."""
    seen: set[tuple[Code, Span, str]] = set()
    for diagnostic in diagnostics:
        cause = (
            diagnostic.code,
            diagnostic.span,
            diagnostic.message if diagnostic.code is Code.MISSING_KEY else "",
        )
        if cause not in seen:
            seen.add(cause)
            yield diagnostic


def _sound_part(root: Mapping, paths: list[Path]) -> Mapping | None:
    places = [place for path in paths if (place := place_of(path))]
    stages = {place.stage for place in places if place.step is None}
    top = {path[0] for path in paths if path and path[0] != "stages"}
    there = root.get("stages")
    if not isinstance(there, Mapping) or top & {"code", "defaults", "volumes"}:
        return None
    kept = {
        name: Entry(stage.key, _without(stage.value, {place.step for place in places if place.stage == name}))
        for name, stage in there.entries.items()
        if name not in stages
    }
    entries = {name: entry for name, entry in root.entries.items() if name not in top}
    entries["stages"] = Entry(root.entries["stages"].key, Mapping(there.span, kept))
    return Mapping(root.span, entries)


def _without(stage: Node, indices: set[int | None]) -> Node:
    steps = steps_of(stage)
    assert steps, "a stage that has no list is left out as a whole"
    if not indices:
        return stage
    return with_steps(stage, [item for index, item in enumerate(steps.items) if index not in indices])

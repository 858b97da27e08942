"""The tree of a config without its expressions: those that are known are computed, the others become references.

Expressions stand in values. They are looked for where a source has `${{`, and nothing is done where none has.
"""

from collections.abc import Callable

from automl.compiler.diagnostics import Code, Diagnostic, Findings
from automl.compiler.expressions.places import Places
from automl.compiler.expressions.presence import OPEN
from automl.compiler.expressions.scalar import Place, computed
from automl.compiler.expressions.scope import Parameters
from automl.compiler.expressions.tokens import CLOSE
from automl.compiler.records import NamedTuple
from automl.compiler.source import Span
from automl.compiler.tree.budgets import MAX_CHARACTERS
from automl.compiler.tree.contexts import CONTEXTS, PATCH
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.tree.stages import STAGES, STEPS

PARAMS = "params"
_KEEPING_REFERENCES = ("args", "envs", "inputs")
_KEYS_OF_THE_USER = ("labels", "annotations", "envs", "inputs", "outputs", "node_selector", "keys")


class Read(NamedTuple):
    """The tree after its expressions have been read.

    `pinned` is the first place where a parameter is used so that no engine can change it when a run starts; `void` are
    the places of scalars that could not be computed, of which nothing more is to be said.
    """

    root: Mapping
    diagnostics: list[Diagnostic]
    pinned: dict[str, Span]
    void: frozenset[Span]


def expressions_of(root: Mapping, params: Parameters) -> Read:
    """The tree with a value, or parts, where expressions were; what is the user's own is left alone."""
    walk = _Walk(params)
    return Read(walk.root(root), walk.diagnostics, walk.pinned, frozenset(walk.void))


def _below(place: Place, name: str) -> Place:
    """Where a value stands that is behind a key: the indices of folds may come from a step, or be a file of ours."""
    is_file = (place.key, name) == ("cross_validation", "indices")
    return Place(name, keeps_references=is_file, pins=is_file)


class _Walk:
    """Goes over a tree once. What stands in several places, by `defaults` or an alias, is looked at once a kind of place."""

    def __init__(self, params: Parameters) -> None:
        self.params = params
        self.diagnostics = Findings()
        self.pinned: dict[str, Span] = {}
        self.void: set[Span] = set()
        self._seen: dict[tuple[int, bool], Node] = {}
        self._characters = 0  # of what the expressions became

    def root(self, root: Mapping) -> Mapping:
        """The whole config."""
        return self._keys(root, self._below_root)

    def _below_root(self, name: str, value: Node) -> Node:
        if name == PARAMS:
            return self._refused(value, "a parameter has a value of its own")
        if name == CONTEXTS:
            return self._contexts(value)
        if name == STAGES and isinstance(value, Mapping):
            return self._keys(value, lambda _, stage: self._stage(stage), of_the_user=True)
        if name == "defaults" and isinstance(value, Mapping):
            return self._step(value)
        return self._node(value, Place(name, False))

    def _contexts(self, contexts: Node) -> Node:
        """What contexts say of the config is read where it stands in it."""
        help = "a context is the same whatever the parameters are"
        for context in contexts if isinstance(contexts, Mapping) else ():
            if isinstance(context.value, Mapping):
                rest = {key: entry for key, entry in context.value.entries.items() if key != PATCH}
                self._refused(Mapping(context.value.span, rest), help)
        return contexts if isinstance(contexts, Mapping) else self._refused(contexts, help)

    def _stage(self, stage: Node) -> Node:
        if isinstance(stage, Mapping):
            return self._keys(stage, self._below_stage)
        return self._steps(stage) if isinstance(stage, Sequence) else self._node(stage, Place(STEPS, False))

    def _below_stage(self, name: str, value: Node) -> Node:
        is_list = name == STEPS and isinstance(value, Sequence)
        return self._steps(value) if is_list else self._node(value, Place(name, False))

    def _steps(self, steps: Node) -> Node:
        assert isinstance(steps, Sequence), "the steps are a list"
        return _items(steps, lambda step: self._step(step) if isinstance(step, Mapping) else step)

    def _step(self, step: Mapping) -> Mapping:
        return self._keys(step, self._below_step)

    def _below_step(self, name: str, value: Node) -> Node:
        if name == "step_name":
            return self._refused(value, "a step is called the same in every run")
        return self._node(value, Place(name, name in _KEEPING_REFERENCES))

    def _node(self, node: Node, place: Place) -> Node:
        """A node with what is below it; the same one if there is no expression in it."""
        there = self._seen.get((id(node), place.keeps_references))
        if there is None:
            there = self._seen[id(node), place.keeps_references] = self._read(node, place)
        return there

    def _read(self, node: Node, place: Place) -> Node:
        if isinstance(node, Scalar):
            return self._scalar(node, place) if OPEN in node.text else node
        if isinstance(node, Sequence):
            return _items(node, lambda item: self._node(item, place))
        return self._keys(
            node,
            lambda name, value: self._node(value, place if place.keeps_references else _below(place, name)),
            of_the_user=place.key in _KEYS_OF_THE_USER,
        )

    def _scalar(self, scalar: Scalar, place: Place) -> Scalar:
        computation = computed(scalar, place, self.params)
        self.diagnostics.extend(computation.diagnostics)
        for name, span in computation.pinned.items():
            self.pinned.setdefault(name, span)
        if computation.scalar is None:
            self.void.add(scalar.span)
            return scalar
        self._characters += len(computation.scalar.text)
        if self._characters > MAX_CHARACTERS:
            message = f"the expressions become more than {MAX_CHARACTERS:,} characters"
            help = "put what is long into a file of the project"
            self.diagnostics.append(Diagnostic(Code.TOO_LARGE, message, scalar.span, help=help))
            return scalar
        return computation.scalar

    def _keys(
        self, node: Mapping, below: Callable[[str, Node], Node], *, of_the_user: bool = False
    ) -> Mapping:
        """Keys, which are no expressions, with what is below them; those for notes are left alone."""
        changed = {}
        for name, (key, value) in node.entries.items():
            if not of_the_user and (name.startswith("x-") or name == "$schema"):
                continue
            if OPEN in name:
                self._refuse_key(key, node)
            there = below(name, value)
            if there is not value:
                changed[name] = Entry(key, there)
        return Mapping(node.span, node.entries | changed) if changed else node

    def _refuse_key(self, key: Scalar, node: Mapping) -> None:
        if CLOSE in key.text:
            self._refuse(key, "an expression cannot stand in a key", "write the key itself")
        else:  # it was cut at its colon
            self._refuse(key, 'a text with ": " in it needs quotes', "put quotes around the whole")
            self.void.add(node.span)

    def _refused(self, node: Node, help: str) -> Node:
        """A node in which no expression may be."""
        if isinstance(node, Mapping):
            return self._keys(node, lambda _, value: self._refused(value, help))
        if isinstance(node, Sequence):
            return _items(node, lambda item: self._refused(item, help))
        if OPEN in node.text:
            self._refuse(node, "an expression cannot stand here", help)
        return node

    def _refuse(self, scalar: Scalar, message: str, help: str) -> None:
        start = scalar.text.index(OPEN)
        end = scalar.text.find(CLOSE, start)
        places = Places(scalar.text, scalar.span)
        span = places.span(start, end + len(CLOSE) if end >= 0 else len(scalar.text))
        self.diagnostics.append(Diagnostic(Code.EXPRESSION, message, span, help=help))
        self.void.add(scalar.span)


def _items(node: Sequence, of_each: Callable[[Node], Node]) -> Sequence:
    """A list of what its items become; the same one if all stay."""
    items = [of_each(item) for item in node.items]
    is_same = all(new is old for new, old in zip(items, node.items, strict=True))
    return node if is_same else Sequence(node.span, items)

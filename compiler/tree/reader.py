"""From text to a tree of nodes: strict YAML 1.2 over PyYAML's parser, which is used for its events only."""

from collections.abc import Callable
from typing import Any

import yaml

from automl.compiler.diagnostics import Code, Diagnostic, Findings, Related
from automl.compiler.patterns import regex
from automl.compiler.records import NamedTuple
from automl.compiler.source import Source, Span
from automl.compiler.tree.budgets import MAX_ALIASED_CHARACTERS, MAX_ALIASED_VALUES, MAX_VALUES
from automl.compiler.tree.merge_keys import check_merge, merge
from automl.compiler.tree.nodes import Entry, Mapping, Node, Scalar, Sequence
from automl.compiler.tree.scalars import interpret

MAX_DEPTH = 64

_PARSER = yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader
_new = tuple.__new__  # of a named tuple whose fields are there, without its own constructor: there are many
_UNWRITABLE = regex("[\0\ud800-\udfff]")
_TAGS = {
    "tag:yaml.org,2002:str": (yaml.ScalarEvent,),
    "tag:yaml.org,2002:map": (yaml.MappingStartEvent,),
    "tag:yaml.org,2002:seq": (yaml.SequenceStartEvent,),
}


def read(source: Source) -> tuple[Mapping | None, list[Diagnostic]]:
    """The tree of the one mapping that the text holds; None if it cannot be read."""
    builder = _Builder(source)
    try:
        builder.take_all(_PARSER(source.text).get_event)
    except yaml.MarkedYAMLError as error:
        from automl.compiler.tree.syntax_errors import syntax_error

        builder.diagnostics.append(syntax_error(source, error))
    except _Stop as stop:
        builder.diagnostics.append(stop.diagnostic)
    else:
        root = builder.root if isinstance(builder.root, Mapping) else None
        return root, builder.diagnostics + _not_a_mapping(source, builder.root)
    return None, builder.diagnostics


def _not_a_mapping(source: Source, root: Node | None) -> list[Diagnostic]:
    if isinstance(root, Mapping):
        return []
    empty = root is None or (isinstance(root, Scalar) and root.text == "")
    message = "the file is empty" if empty else "the file must hold keys and values at its top level"
    span = source.start() if empty or root is None else root.span
    return [Diagnostic(Code.NOT_A_MAPPING, message, span, help="a config starts with `stages:`")]


class _Stop(Exception):
    """Reading on makes no sense."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


class _Measured(NamedTuple):
    """A finished node: how many nodes and characters it is, and how many levels, with its aliases expanded."""

    node: Node
    size: int
    characters: int
    height: int


class _Frame:
    """A collection that is being read: keys and values, or else items."""

    __slots__ = ("anchor", "characters", "entries", "height", "items", "key", "merges", "size", "start")

    def __init__(self, start: Any, anchor: str | None, items: list[Node] | None) -> None:
        self.start = start  # the mark of its first character
        self.anchor = anchor
        self.entries: dict[str, Entry] = {}
        self.items = items
        self.size = 1  # nodes, aliases expanded
        self.characters = 0  # aliases expanded
        self.height = 1  # levels, aliases expanded
        self.key: Scalar | None = None
        self.merges: list[Node] = []


class _Builder:
    """Takes the parser's events, one after the other, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.diagnostics = Findings()
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Measured | None] = {}  # None: still being read
        self._merge_keys: set[Scalar] = set()  # `<<` without quotes
        self._values = 0
        self._aliased = 0
        self._aliased_characters = 0
        self._documents = 0
        self._line_count = source.line_count
        self._numbers = list(range(1, self._line_count + 1))  # each of them once, for all that stands there

    def take_all(self, next_event: Callable[[], yaml.Event | None]) -> None:
        """Handle the events of the parser, to the end."""
        scalar = yaml.ScalarEvent
        while event := next_event():
            if type(event) is not scalar or not self._take_simple(event):
                self.take(event)

    def take(self, event: yaml.Event) -> None:
        """Handle one event of the parser."""
        match (
            event
        ):  # and no table of its own methods, which would keep it, and all that it has read, in a circle
            case yaml.ScalarEvent():
                self._take_scalar(event)
            case yaml.CollectionStartEvent():
                self._open(event)
            case yaml.CollectionEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._start_document(event)

    def _take_simple(self, event: Any) -> bool:
        """Handle a scalar that nothing can be said about, as most are; False, and nothing is done, if it is another."""
        text, end, end_line = event.value, event.end_mark, event.end_mark.line
        if event.anchor or event.tag or not self._frames or end_line >= self._line_count:
            return False
        value, meaning = (text, None) if event.style else interpret(text)
        if meaning or value is None or text == "<<":
            return False
        is_odd = event.style and not text.isprintable() and _UNWRITABLE.search(text)
        if is_odd or self._values >= MAX_VALUES:
            return False
        self._values += 1
        start, frame = event.start_mark, self._frames[-1]
        numbers = self._numbers
        place = (self.source, numbers[start.line], start.column + 1, numbers[end_line], end.column + 1)
        # A text that was met before is kept once: `interpret` remembers the first of them.
        node = Scalar(value if type(value) is str else text, value, _new(Span, place))
        if self._anchors:
            frame.size += 1
            frame.characters += len(text)
        if frame.items is not None:
            frame.items.append(node)
        elif (key := frame.key) is None:
            frame.key = node
        elif key.text in frame.entries or key.value is None or key.text == "<<":
            self._add_entry(frame, key, node)
            frame.key = None
        else:
            frame.entries[key.text] = _new(Entry, (key, node))
            frame.key = None
        return True

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        self._count(event)
        self._add(self._scalar(event), 1, len(event.value), 0, event.anchor)

    def _span(self, event: yaml.Event) -> Span:
        return self._between(event.start_mark, event.end_mark)

    def _between(self, start: Any, end: Any) -> Span:
        if end is None or start is None or end.line >= self._line_count:
            from automl.compiler.tree.indentation import position

            return Span(self.source, *position(self.source, start), *position(self.source, end))
        return Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _start_document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            help = "put each config in a file of its own"
            message = "a file holds one document only"
            raise _Stop(Diagnostic(Code.DOCUMENTS, message, self._span(event), help=help))

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if event.tag is not None:
            self._check_tag(event)
        text, span = event.value, self._span(event)
        if event.style and _UNWRITABLE.search(text):  # a plain scalar has no escapes
            message = "text cannot hold U+0000 or a surrogate"
            self.diagnostics.append(Diagnostic(Code.CONTROL_CHARACTER, message, span))
        if not event.implicit[0]:  # quoted, or tagged as text
            return Scalar(text, text, span)
        if text == "<<":
            return self._merge_key(span)
        value, meaning = interpret(text)
        if meaning:
            message = f'"{text}" is text here, but other YAML readers take it for {meaning}'
            help = f'write "{text}", in quotes'
            self.diagnostics.append(Diagnostic(Code.AMBIGUOUS_SCALAR, message, span, help))
        return Scalar(text, value, span)

    def _merge_key(self, span: Span) -> Scalar:
        key = Scalar("<<", "<<", span)
        self._merge_keys.add(key)
        return key

    def _check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag in (None, "!") or isinstance(event, _TAGS.get(event.tag, ())):
            return
        tag = event.tag.replace("tag:yaml.org,2002:", "!!")
        message = f'the tag "{tag}" is not allowed'
        help = "write the value without a tag"
        self.diagnostics.append(Diagnostic(Code.TAG, message, self._span(event), help))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        self._count(event)
        self._check_tag(event)
        self._check_depth(event, 1)
        if event.anchor:
            self._anchors[event.anchor] = None
        items: list[Node] | None = [] if isinstance(event, yaml.SequenceStartEvent) else None
        self._frames.append(_Frame(event.start_mark, event.anchor, items))

    def _count(self, event: yaml.Event) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            message = f"the file has more than {MAX_VALUES:,} keys and values"
            raise _Stop(Diagnostic(Code.TOO_LARGE, message, self._span(event), help="split it into several"))

    def _check_depth(self, event: yaml.Event, height: int) -> None:
        if len(self._frames) + height > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise _Stop(Diagnostic(Code.TOO_LARGE, message, self._span(event)))

    def _close(self, event: yaml.CollectionEndEvent) -> None:
        frame = self._frames.pop()
        span = self._between(frame.start, event.end_mark)
        node = Mapping(span, frame.entries) if frame.items is None else Sequence(span, frame.items)
        if frame.merges and isinstance(node, Mapping):
            merge(node, frame.merges)
        self._add(node, frame.size, frame.characters, frame.height, frame.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        span = self._span(event)
        if event.anchor not in self._anchors:
            help = f'give the anchor above, or write "*{event.anchor}", in quotes'
            message = f'there is no anchor "&{event.anchor}" above'
            raise _Stop(Diagnostic(Code.ALIAS, message, span, help=help))
        measured = self._anchors[event.anchor]
        if measured is None:
            raise _Stop(Diagnostic(Code.ALIAS, f'the alias "*{event.anchor}" contains itself', span))
        self._aliased += measured.size
        self._aliased_characters += measured.characters
        if self._aliased > MAX_ALIASED_VALUES:
            message = f"the aliases of this file stand for more than {MAX_ALIASED_VALUES:,} values"
            raise _Stop(Diagnostic(Code.ALIAS, message, span))
        if self._aliased_characters > MAX_ALIASED_CHARACTERS:
            message = f"the aliases of this file stand for more than {MAX_ALIASED_CHARACTERS // 1024**2} MiB of text"
            raise _Stop(Diagnostic(Code.ALIAS, message, span))
        self._check_depth(event, measured.height)
        self._add(*measured, None)

    def _add(self, node: Node, size: int, characters: int, height: int, anchor: str | None) -> None:
        """Put a finished node where it belongs: the root, a list, a key or a value."""
        if anchor:
            self._anchors[anchor] = _Measured(node, size, characters, height)
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        frame.size += size
        frame.characters += characters
        if height >= frame.height:
            frame.height = height + 1
        if frame.items is not None:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._key(node)
        else:
            self._add_entry(frame, frame.key, node)
            frame.key = None

    def _key(self, node: Node) -> Scalar:
        if isinstance(node, Scalar) and node.value is not None:
            return node
        from automl.compiler.tree.syntax_errors import wrong_key

        self.diagnostics.append(wrong_key(self.source, node))
        return Scalar("", None, node.span)  # its value is left out

    def _add_entry(self, frame: _Frame, key: Scalar, value: Node) -> None:
        name = key.text
        if key.value is None:
            return
        if name == "<<" and key in self._merge_keys:
            frame.merges.append(value)
            self.diagnostics.extend(check_merge(value))
        elif name in frame.entries:
            first = Related("first written here", frame.entries[name].key.span)
            what, help = f'the key "{name}" stands twice in the same place', "remove one of them"
            self.diagnostics.append(Diagnostic(Code.DUPLICATE_KEY, what, key.span, help, (first,)))
        else:
            frame.entries[name] = Entry(key, value)

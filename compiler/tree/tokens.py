"""The tokens of a text that is no YAML, as far as it can be read."""

from collections.abc import Iterator

import yaml

_PARSER = yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader
_OPENING = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def tokens(text: str) -> Iterator[yaml.Token]:
    """Those up to where nothing can be read any more."""
    try:
        yield from yaml.scan(text, Loader=_PARSER)
    except yaml.YAMLError:
        return


def last_open_bracket(text: str) -> yaml.Mark | None:
    """Where the bracket is that nothing closes: of several, the one that is opened last."""
    opened = []
    for token in tokens(text):
        if isinstance(token, _OPENING):
            opened.append(token.start_mark)
        elif isinstance(token, _CLOSING) and opened:
            opened.pop()
    return opened[-1] if opened else None

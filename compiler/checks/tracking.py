"""Where trackers are: an address that stands in the output for all to read."""

import re
from collections.abc import Iterator

from automl.compiler.config.config import Config
from automl.compiler.config.tracking import Tracker
from automl.compiler.diagnostics import Code, Diagnostic
from automl.compiler.source import Located
from automl.compiler.values.credentials import has_one

_PASSWORD = re.compile(r"[\w.+-]+://[^/:]*:[^/]*@")
_HELP = "leave them out, and name the Secret that has them with `secret: …`"


def uris_of(config: Config) -> Iterator[Located[str]]:
    """The addresses of trackers."""
    for tracker in config.tracking.all if config.tracking else ():
        if isinstance(tracker, Tracker) and tracker.uri:
            yield tracker.uri


def check_uris(config: Config) -> Iterator[Diagnostic]:
    """No address of a tracker has a password in it."""
    for uri in uris_of(config):
        if _PASSWORD.match(uri.value) or has_one(uri.value):
            message = "the address of the tracker has credentials in it"
            yield Diagnostic(Code.URL_CREDENTIALS, message, uri.span, help=_HELP)

"""The command `automl`, and `python -m automl.cli`."""

import gc
import signal
import sys
from typing import NoReturn

MANY_OBJECTS = 100_000
"""So many new objects before a search for those that only hold each other, of which a compilation makes few. It takes a
tenth of its time otherwise."""


def main() -> NoReturn:
    """Run the command line. An interrupt ends it without a traceback, also while its modules are imported."""
    interrupt = signal.getsignal(signal.SIGINT)
    if interrupt is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if __name__ == "__main__" and not sys.flags.safe_path:
        sys.path.pop(0)  # the current folder is the user's: none of its files is a module of ours

    gc.set_threshold(MANY_OBJECTS)
    from automl.compiler.patterns import compiled_later

    with compiled_later():
        from automl.cli import app

    signal.signal(signal.SIGINT, interrupt)
    app.main()


if __name__ == "__main__":
    main()

"""Names inside one workflow of Argo, which runs Kubeflow's too: templates and tasks share them."""

from collections.abc import Iterable

from automl.compiler.values.dns import dns_label

# Words of the expression language in which Argo evaluates `depends`. As the name of a task each passes
# `argo lint` and fails when the workflow runs.
EXPRESSION_WORDS = frozenset(
    [
        "if",
        "else",
        "let",
        "in",
        "not",
        "and",
        "or",
        "matches",
        "contains",
        "true",
        "false",
        "nil",
    ]
)


class TaskNames:
    """Gives each name once. With a name, it is taken with every one of the suffixes too."""

    def __init__(self, suffixes: Iterable[str] = ()) -> None:
        self._suffixes = ("", *suffixes)
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """A name that is free and that Argo can evaluate, as near to the wanted one as can be."""
        base = f"step-{wanted}" if wanted[0].isdigit() or wanted in EXPRESSION_WORDS else wanted
        base, number = dns_label(base), 1
        name = base
        while not self._taken.isdisjoint(self._with_suffixes(name)):
            number += 1
            name = dns_label(f"{base}-{number}")
        self._taken.update(self._with_suffixes(name))
        return name

    def take_all(self, wanted: Iterable[str]) -> dict[str, str]:
        """A name for each, in order."""
        return {name: self.take(name) for name in wanted}

    def _with_suffixes(self, name: str) -> list[str]:
        return [name + suffix for suffix in self._suffixes]

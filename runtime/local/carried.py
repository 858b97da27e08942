"""Finds our modules among texts that a program has in itself, where there are no files of them."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any


class Carried:
    """The modules, by the texts of their files."""

    def __init__(self, texts: "dict[str, str]") -> None:
        self.texts = texts

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """What Python asks first for a module."""
        parts = name.split(".")
        if parts[:1] != ["automl"]:
            return None
        file = "/".join(parts[2:]) + ".py"
        return spec_from_loader(name, self, origin=file, is_package=file not in self.texts)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Python makes it."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the text of a module; a folder has none."""
        origin = str(module.__spec__ and module.__spec__.origin)
        if origin in self.texts:
            exec(compile(self.texts[origin], origin, "exec"), module.__dict__)  # noqa: S102 it is ours


def carry(texts: "dict[str, str]") -> None:
    """Let these be found from now on."""
    sys.meta_path.insert(0, Carried(texts))

"""SHA-256 by Python's own code for it: OpenSSL, by which `hashlib` has it, takes twenty times as long to start."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        sha256 = import_module("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256
    except ImportError:  # a Python may be built without
        sha256 = import_module("hashlib").sha256

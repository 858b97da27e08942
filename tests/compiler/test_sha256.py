"""Our SHA-256 is that of `hashlib`, which takes long to start."""

import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from automl.compiler.values.sha256 import sha256


@given(st.binary(max_size=300))
def test_it_is_that_of_hashlib(data: bytes) -> None:
    assert sha256(data).digest() == hashlib.sha256(data).digest()
    assert sha256(data).hexdigest() == hashlib.sha256(data).hexdigest()


def test_a_python_without_it_takes_that_of_hashlib() -> None:
    program = """
import sys
sys.modules |= {"_sha2": None, "_sha256": None}
from automl.compiler.values.sha256 import sha256
import hashlib
print(sha256 is hashlib.sha256)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"

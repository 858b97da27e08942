from difflib import unified_diff
from pathlib import Path

import pytest

from automl.compiler.diagnostics import Code
from tests.golden import GOLDEN, MAX_LINES, cases, compiled, kept, stored


@pytest.mark.parametrize("case", cases())
def test_golden(case: str, tmp_path: Path, update_golden: bool) -> None:
    now = kept(compiled(case, tmp_path))
    if update_golden:
        for name in stored(case).keys() - now.keys():
            (GOLDEN / case / name).unlink()
        for name, text in now.items():
            (GOLDEN / case / name).write_bytes(text.encode())
    there = stored(case)
    assert there.keys() == now.keys(), "run `make golden` and read the diff"
    for name, text in now.items():
        diff = "".join(unified_diff(there[name].splitlines(True), text.splitlines(True), "golden", "now"))
        assert there[name] == text, f"{case}/{name} differs; if that is right, run `make golden`\n{diff}"


def test_no_golden_is_too_long_to_be_read() -> None:
    lines = {path: path.read_bytes().count(b"\n") for path in GOLDEN.rglob("*") if path.is_file()}
    assert {str(path): count for path, count in lines.items() if count > MAX_LINES} == {}


def test_every_code_has_a_golden() -> None:
    texts = "".join(text for case in cases() for name, text in stored(case).items() if name.endswith(".txt"))
    without = {code for code in Code if f"[{code}]" not in texts}
    # these need bytes that are no text, large files, a target of others, an output that is there, or a bug
    assert without == {
        Code.ENCODING,
        Code.CONTROL_CHARACTER,
        Code.BUNDLE_SIZE,
        Code.TOO_LONG,
        Code.NOT_IN_TABLE,
        Code.STALE_OUTPUT,
        Code.INTERNAL,
    }

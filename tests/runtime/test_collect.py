"""What looks after the values of an image in Kubeflow: a program of one text, in a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from automl.runtime import collecting_script
from automl.runtime.outputs import LIMIT, encode
from tests.runtime.test_outputs import NASTY

Done = subprocess.CompletedProcess[str]


def collected(folder: Path, declared: dict[str, bytes]) -> tuple[Done, dict[str, bytes]]:
    """The program has ended, with these values as an image has left them; and what it has written."""
    words = []
    for number, (word, left) in enumerate(declared.items()):
        (folder / f"from-{number}").write_bytes(left)
        words += [word, str(folder / f"from-{number}"), str(folder / f"to-{number}")]
    command = [sys.executable, "-I", "-c", collecting_script(), *words]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done, {path.name: path.read_bytes() for path in folder.glob("to-*")}


def test_values_are_encoded_less_a_newline(tmp_path: Path) -> None:
    declared = {f"v{number}:text": f"{text}\n".encode() for number, text in enumerate(NASTY)}
    done, texts = collected(tmp_path, declared)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert texts == {f"to-{number}": encode(text).encode() for number, text in enumerate(NASTY)}


def test_a_plain_value_is_as_it_is_or_refused(tmp_path: Path) -> None:
    assert collected(tmp_path, {"a:json:plain": b'{"a%41": "\'"}\n'})[1] == {"to-0": b'{"a%41": "\'"}'}
    (tmp_path / "to-0").unlink()
    done, texts = collected(tmp_path, {"a:text:plain": b"$(HOME)", "b:text": b"$(HOME)"})
    assert (done.returncode, texts) == (1, {})
    assert done.stderr == (
        "automl: the output 'a' goes to a step whose code is in its image, which would not get '$(HOME)' as it is: "
        "'$(HOME)'; hand it on as a file\n"
    )


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (
            {"rows:int": b"many", "word:text": b"\xff", "good:bool": b"True"},
            ["the output 'rows' is not a whole number: 'many'", "the output 'word' is no text in UTF-8; hand it on as a file"],
        ),
        ({"a:text": b"x" * 2000, "b:text": b"x" * 2000}, ["the values a, b take 4,000 bytes; at most 3,072 can be handed on, so hand on a file"]),
        ({"a:text": b"x" * (LIMIT + 2)}, ["the output 'a' takes 3,074 bytes; a value may have 3,072, so make it a file"]),
    ],
)  # fmt: skip
def test_what_is_no_value_is_said_and_nothing_is_written(
    declared: dict[str, bytes], says: list[str], tmp_path: Path
) -> None:
    done, texts = collected(tmp_path, declared)
    assert (done.returncode, texts) == (1, {})
    assert done.stderr.splitlines() == [f"automl: {line}" for line in says]


def test_a_folder_is_no_value(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-I",
        "-c",
        collecting_script(),
        "rows:int",
        str(tmp_path),
        str(tmp_path / "to"),
    ]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr == "automl: the output 'rows' is a value (int), but the step has left a folder\n"

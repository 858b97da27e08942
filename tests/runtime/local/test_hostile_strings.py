"""Every text arrives as it is: in variables, in arguments, as a parameter, and from step to step, after a crash too."""

import json
from pathlib import Path

from automl.runtime.local.plan import Task, Text
from tests.runtime.local.plans import finish, history, new_run
from tests.targets.nasty import NASTY

TEXTS = [text for text in NASTY if "\0" not in text]
"""No process can be given the others; no config with such a text is compiled."""

SAY = """
import json, os, sys
from pathlib import Path

names = sorted(name for name in os.environ if name.startswith("AUTOML_INPUT_") or name.startswith("OWN_"))
said = {"words": sys.argv[2:], "variables": {name: os.environ[name] for name in names}}
Path(sys.argv[1]).write_text(json.dumps(said))
for name in os.environ:
    if name.startswith("AUTOML_OUTPUT_"):
        text = os.environ["OWN_" + name.removeprefix("AUTOML_OUTPUT_")]
        Path(os.environ[name]).write_bytes(text.encode() + b"\\n")
"""


def say(name: str, target: Path, texts: list[str], takes: str = "") -> Task:
    """A task that has the texts in variables and as words, hands all of them on, and takes those of another."""
    outputs = {f"t{number}": "text" for number in range(len(texts))}
    inputs = {
        f"AUTOML_INPUT_T{number}": {"task": takes, "output": output} for number, output in enumerate(outputs)
    }
    composed: list[Text] = [["<", {"value": variable}, ">"] for variable in inputs] if takes else []
    return Task(
        name,
        "stage",
        name,
        ["python3", "say.py", str(target), *texts, *composed],
        [takes] if takes else [],
        project=True,
        variables={f"OWN_T{number}": text for number, text in enumerate(texts)},
        values=inputs if takes else {},
        outputs=outputs,
        options=[word for output in outputs for word in ("--output", f"{output}:text")],
    )


def chunks() -> list[list[str]]:
    """So many in a task that its values are not too long together."""
    parts: list[list[str]] = [[]]
    for text in TEXTS:
        if sum(len(other.encode()) for other in [*parts[-1], text]) > 2000 or len(parts[-1]) == 60:
            parts.append([])
        parts[-1].append(text)
    return parts


def test_hostile_texts_arrive(tmp_path: Path) -> None:
    assert len(TEXTS) > 200
    parts = chunks()
    tasks = [
        say(f"first-{number}", tmp_path / f"first-{number}", texts) for number, texts in enumerate(parts)
    ]
    tasks += [
        say(f"last-{number}", tmp_path / f"last-{number}", texts, f"first-{number}")
        for number, texts in enumerate(parts)
    ]
    folder = new_run(tmp_path, tasks, {"say.py": SAY})
    assert (
        finish(folder, *(word for number in range(len(parts)) for word in ("--only", f"first-{number}")))[0]
        == 0
    )
    status, text = finish(
        folder, *(word for number in range(len(parts)) for word in ("--only", f"last-{number}"))
    )
    assert status == 0, text
    known = history(folder).tasks
    for number, texts in enumerate(parts):
        expected = {f"OWN_T{index}": text for index, text in enumerate(texts)}
        first = json.loads((tmp_path / f"first-{number}").read_text())
        assert first == {"words": texts, "variables": dict(sorted(expected.items()))}
        assert known[f"first-{number}"].values == {f"t{index}": text for index, text in enumerate(texts)}
        expected |= {f"AUTOML_INPUT_T{index}": text for index, text in enumerate(texts)}
        last = json.loads((tmp_path / f"last-{number}").read_text())
        assert last["variables"] == dict(sorted(expected.items()))
        assert last["words"] == [*texts, *(f"<{text}>" for text in texts)]


def test_tasks_are_named_by_no_path(tmp_path: Path) -> None:
    """A project with blanks and signs in its path is run, too."""
    place = tmp_path / "a 'b' \"c\" $d é\n"
    place.mkdir()
    target = tmp_path / "said"
    folder = new_run(place, [say("a", target, ["x"])], {"say.py": SAY})
    status, text = finish(folder)
    assert status == 0, text
    assert json.loads(target.read_text())["words"] == ["x"]

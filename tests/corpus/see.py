"""Writes down what a step of the corpus sees: `import see` in a script of a project, `see ARGUMENT...` in an image.

Paths differ from engine to engine: a text that is the path of something stands as what is there.
"""

import hashlib
import http.server
import json
import os
import sys
import time
from pathlib import Path

LONG = 100
SECONDS = 240
TRACE = Path(os.environ["CORPUS_TRACE"])
if TRACE.is_dir():  # on a machine, where all steps have the variable from who runs them
    STEP = json.loads((TRACE / "steps.json").read_text(encoding="utf-8"))[os.environ["AUTOML_TASK"]]
    TRACE /= f"{STEP}.{os.urandom(4).hex()}.json"
MINE = ("AUTOML_INPUT_", "AUTOML_PARAM_", "MY_")
TRACKERS = ("MLFLOW_", "WANDB_", "NEPTUNE_")


def everything() -> dict[str, object]:
    """The arguments, the variables that a workflow can mean, and the file of all parameters."""
    variables = {name: value for name, value in sorted(os.environ.items()) if name.startswith(MINE)}
    params = os.environ.get("AUTOML_PARAMS_FILE", "")
    found = {
        "args": [shown(text) for text in sys.argv[1:]],
        "variables": {name: shown(value) for name, value in variables.items()},
        "params": json.loads(Path(params).read_text(encoding="utf-8")) if params else {},
        "trackers": told_of_trackers(),
    }
    return {key: value for key, value in found.items() if value}


def told_of_trackers() -> dict[str, object]:
    """What the clients of trackers read; each time the run is another one."""
    run = os.environ.get("AUTOML_RUN_TAG") or "nothing"
    told = {name: text for name, text in sorted(os.environ.items()) if name.startswith(TRACKERS)}
    told = {name: text.replace(run, "THE RUN") for name, text in told.items()}
    return {name: json.loads(text) if text.startswith("{") else text for name, text in told.items()}


def shown(text: str) -> object:
    """A text, or what is at the path that it is."""
    path = Path(text)
    if not path.is_absolute() or not path.exists():
        return short(os.fsencode(text))
    if path.is_dir():
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        return {"folder": {str(each.relative_to(path)): short(each.read_bytes()) for each in inside}}
    return {"file": short(path.read_bytes())}


def short(content: bytes) -> str:
    """The bytes as text; many of them by their number and hash."""
    if len(content) > LONG:
        return f"{len(content)} bytes {hashlib.sha256(content).hexdigest()[:16]}"
    return content.decode(errors="backslashreplace")


def count_try() -> int:
    """Which try of its step this is."""
    step = TRACE.name.partition(".")[0]
    counted = TRACE.with_name(f"tries-of-{step}")
    with counted.open("a") as file:
        file.write(".")
    return counted.stat().st_size


def wait_for(step: str) -> None:
    """Go on when another step has begun, where an engine runs steps side by side: nothing lets that one wait for us."""
    end = time.monotonic() + SECONDS
    while "CORPUS_ALONE" not in os.environ and not list(TRACE.parent.glob(f"{step}.*")):
        if time.monotonic() > end:
            sys.exit(f"{step} has not begun")
        time.sleep(0.1)


def serve() -> None:
    """Be a service, where nobody plays that one is ready."""
    if "AUTOML_TASK" in os.environ:
        http.server.HTTPServer(("127.0.0.1", 18461), http.server.BaseHTTPRequestHandler).serve_forever()


TRACE.write_text(json.dumps(everything()), encoding="utf-8")

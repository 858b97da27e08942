"""A project whose steps can be told to fail or to wait, and the command that runs it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.forked import AUTOML
from tests.waiting import PATIENCE

CONFIG = """\
name: churn
params: {lr: 0.5}
stages:
  prepare:
    - step_name: prepare
      path_to_executable: prepare.py
      outputs: {table: dataset, rows: int}
  train:
    - step_name: train
      path_to_executable: train.py
      inputs: {table: "${{ steps.prepare.outputs.table }}"}
      outputs: {model: model, scores: metrics}
  check:
    - step_name: check
      path_to_executable: check.py
"""
PREPARE = """\
import os
print("preparing")
open(os.environ["TRACE"], "a").write("prepare\\n")
open(os.environ["AUTOML_OUTPUT_TABLE"], "w").write("a,b\\n1,2\\n")
open(os.environ["AUTOML_OUTPUT_ROWS"], "w").write("1")
"""
TRAIN = """\
import json, os, sys, time
open(os.environ["TRACE"], "a").write("train\\n")
if os.path.exists(os.environ["TRACE"] + ".fail"):
    sys.exit("the learning rate is too high")
if os.path.exists(os.environ["TRACE"] + ".wait"):
    print("epoch 7 of 9", flush=True)
while os.path.exists(os.environ["TRACE"] + ".wait"):
    time.sleep(0.02)
open(os.environ["AUTOML_OUTPUT_MODEL"], "w").write(open(os.environ["AUTOML_INPUT_TABLE"]).read())
json.dump({"auc": float(os.environ["AUTOML_PARAM_LR"]), "loss": 2}, open(os.environ["AUTOML_OUTPUT_SCORES"], "w"))
"""


class Project:
    """A folder with a config, and what its steps leave outside of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trace = folder / "project", folder / "trace"
        self.runs = self.folder / ".automl" / "runs"
        self.folder.mkdir()
        files = {
            "automl.yaml": CONFIG,
            "prepare.py": PREPARE,
            "train.py": TRAIN,
            "check.py": "print('checked')\n",
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TRACE": str(self.trace),
            "TERM": "xterm-256color",
            "USER": "somebody",
        }

    def start(self, *words: str, **more: Any) -> "subprocess.Popen[str]":
        """The command, as it runs."""
        return subprocess.Popen(
            [str(AUTOML), *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            **{"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
        )

    def automl(self, *words: str) -> "Done":
        """The command, when it has ended."""
        process = self.start(*words)
        out, err = process.communicate(timeout=PATIENCE)
        return Done(process.returncode, out, err)

    def switch(self, name: str, on: bool) -> None:
        """Let `train` fail, or wait."""
        path = Path(f"{self.trace}.{name}")
        path.touch() if on else path.unlink()

    def done(self) -> list[str]:
        """The steps that have begun, outside of any record."""
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    def run(self) -> Path:
        """The folder of the only run."""
        [folder] = [path for path in self.runs.iterdir() if not path.name.startswith(".")]
        return folder

    def run_names(self) -> list[str]:
        """The names of all runs, as they were made."""
        return [line.split()[0] for line in self.automl("runs", "--sort", "created").out.splitlines()[1:]]


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def without_times(text: str) -> str:
    return re.sub(r"[\d.]+ s\b", "0 s", text)

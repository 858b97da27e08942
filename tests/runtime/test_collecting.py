"""The container that looks after what an image has left, as a process of this machine."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.ir import Command, Output, Text, Type
from automl.runtime.outputs import unframed
from tests.by_hand import SPAN, job, workflow
from tests.runtime.kubelet import Done, config_maps, expanded, make_volumes, python
from tests.targets.test_disks import SHARED
from tests.targets.test_references import emitted

Object = dict[str, Any]
OUTPUTS = (Output("table", Type.FILE, None, SPAN), Output("n-rows", Type.INT, None, SPAN))
BOTH = 'echo 3 > "$AUTOML_OUTPUT_N_ROWS"; echo a,b > "$AUTOML_OUTPUT_TABLE"'


class Pod:
    """The pod of a job that runs a line of shell in an image. Its folders are in `folder`."""

    def __init__(self, folder: Path, line: str) -> None:
        words = tuple(Text.of(word, SPAN) for word in ("sh", "-c", line))
        made = job("a", outputs=OUTPUTS, uses_workspace=True, command=Command(words, ()))
        documents = emitted("kubernetes", None, workflow([made])._replace(workspace=SHARED))
        [template] = [each for each in documents if each["kind"] == "CronJob"]
        self.spec: Object = template["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        self.folder, self.disk, self.message = folder, folder / "workspace", folder / "message"
        make_volumes(folder, self.spec["volumes"], config_maps(documents))

    def run(self) -> list[Done]:
        """The image, and then, if it has succeeded, the container that collects; as the kubelet does."""
        done = [self._run(self.spec["initContainers"][0])]
        if done[0].returncode == 0:
            done.append(self._run(self.spec["containers"][0]))
        return done

    def _run(self, container: Object) -> Done:
        variables = {"AUTOML_JOB": "a-12"}
        for entry in container["env"]:
            if "valueFrom" not in entry:
                variables[entry["name"]] = self._here(container, entry.get("value", ""))
        words = [*container.get("command", []), *container.get("args", [])]
        command = [self._here(container, expanded(word, variables)) for word in words]
        command[0] = {"python3": str(python())}.get(command[0], command[0])
        path = {"PATH": os.defpath, "AUTOML_WORK": self._here(container, "/automl/work")}
        return subprocess.run(
            command, env=path | variables, capture_output=True, text=True, check=False, cwd="/"
        )

    def _here(self, container: Object, text: str) -> str:
        places: Mapping[str, Path] = {
            mount["mountPath"]: self.folder / mount["name"] for mount in container["volumeMounts"]
        }
        for place in sorted(places, reverse=True):  # /automl/workspace before /automl/work
            text = text.replace(place, str(places[place]))
        return text.replace("/dev/termination-log", str(self.message))


def test_what_an_image_leaves_gets_to_its_place(tmp_path: Path) -> None:
    pod = Pod(tmp_path, BOTH)
    step, main = pod.run()
    assert (step.returncode, main.returncode, main.stderr) == (0, 0, "")
    assert (pod.disk / "runs" / "a-12" / "table").read_text() == "a,b\n"
    assert unframed(pod.message.read_bytes()) == {"n-rows": "3"}


def test_a_folder_gets_there_with_what_its_links_lead_to(tmp_path: Path) -> None:
    line = 'echo 1 > "$AUTOML_OUTPUT_N_ROWS"; mkdir "$AUTOML_OUTPUT_TABLE"; cd "$AUTOML_OUTPUT_TABLE"; echo x > a; ln -s a b'
    pod = Pod(tmp_path, line)
    assert pod.run()[-1].returncode == 0
    table = pod.disk / "runs" / "a-12" / "table"
    assert {file.name: (file.read_text(), file.is_symlink()) for file in table.iterdir()} == {
        "a": ("x\n", False),
        "b": ("x\n", False),
    }


def test_another_try_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    old = tmp_path / "workspace" / "runs" / "a-12" / "table"
    pod = Pod(tmp_path, BOTH)
    (old / "deep").mkdir(parents=True)
    assert pod.run()[-1].returncode == 0
    assert old.read_text() == "a,b\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('echo 3 > "$AUTOML_OUTPUT_N_ROWS"', "'table' is missing"),
        ('echo a > "$AUTOML_OUTPUT_TABLE"', "'n-rows' is missing"),
        (
            f'{BOTH}; rm "$AUTOML_OUTPUT_TABLE"; mkdir "$AUTOML_OUTPUT_TABLE"; ln -s /gone "$AUTOML_OUTPUT_TABLE"',
            "gone",
        ),
        ('echo many > "$AUTOML_OUTPUT_N_ROWS"; echo a > "$AUTOML_OUTPUT_TABLE"', "many"),
    ],
)
def test_what_is_missing_fails_the_step(line: str, said: str, tmp_path: Path) -> None:
    pod = Pod(tmp_path, line)
    step, main = pod.run()
    assert (step.returncode, main.returncode) == (0, 1)
    assert said in main.stderr
    assert not pod.message.exists()


def test_an_image_that_fails_leaves_nothing(tmp_path: Path) -> None:
    pod = Pod(tmp_path, f"{BOTH}; exit 7")
    [step] = pod.run()
    assert step.returncode == 7
    assert not (pod.disk / "runs").exists()

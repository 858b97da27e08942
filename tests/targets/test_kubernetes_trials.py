"""The files of all trials on plain Kubernetes: who finds them, and who cannot."""

import pytest

from automl.compiler.ir import Axis, Collected, Job, Reference, Service, Trial, Trials, Type, Workflow
from automl.targets.kubernetes.checks import MAX_FILES_BYTES, files_of_all
from tests.by_hand import job, output
from tests.targets.test_argo_trials import STORE
from tests.targets.test_kubernetes_values import Object, made_of, pod_of, project, tasks_of
from tests.targets.test_references import emitted, service

MODELS = Reference("AUTOML_INPUT_MODELS", Collected("train", "model", Type.MODEL))
TAKING: dict[str, Job | Service] = {
    "report": project("report", "train", values=(MODELS,), uses_workspace=True),
    "image": job("image", "train", values=(MODELS,), uses_workspace=True),
    "image-that-leaves": job(
        "image-that-leaves", "train", values=(MODELS,), uses_workspace=True, outputs=(output("n", Type.INT),)
    ),
    "api": service(project("api", "train", values=(MODELS,), uses_workspace=True)),
}


def sweeping(count: int) -> Workflow:
    """Trials, of which everybody takes the files."""
    table = tuple(Trial(f"{number:010x}", (str(number),)) for number in range(count))
    trials = Trials((Axis("n", Type.INT),), table)
    leaves = (output("model", Type.MODEL),)
    train = project("train", outputs=leaves, trials=trials, uses_workspace=True)
    return made_of([train, *TAKING.values()])


@pytest.mark.parametrize("name", TAKING)
def test_a_container_before_the_task_makes_the_folder(name: str) -> None:
    """The task finds it at a path that is known; the place of each file is said to that container alone."""
    wanted = sweeping(3)
    if name == "api":
        pod = tasks_of(wanted)["api"]["deployment"]["spec"]["template"]
    else:
        pod = pod_of(emitted("kubernetes", None, wanted), name)
    spec = pod["spec"]
    containers: list[Object] = [*spec["initContainers"], *spec["containers"]]
    [at] = [number for number, container in enumerate(containers) if container["name"] == "gather"]
    gather, task = containers[at], containers[at + 1]
    assert gather["args"] == ["/automl/gathered/train/model=AUTOML_INPUT_MODELS"]
    assert gather["env"] == [{"name": "AUTOML_INPUT_MODELS"}]
    assert {"name": "AUTOML_INPUT_MODELS", "value": "/automl/gathered/train/model"} in task["env"]
    mounts = [[one["mountPath"] for one in container["volumeMounts"]] for container in (gather, task)]
    assert all({"/automl/gathered", "/data"} <= {*paths} for paths in mounts)


def test_files_in_a_bucket_are_refused() -> None:
    refusals = list(files_of_all(sweeping(3)._replace(store=STORE, workspace=None)))
    assert [one.message for one in refusals] == [
        f'"{name}" cannot take the files of all trials: they are in a bucket, one by one' for name in TAKING
    ]


def test_more_runs_than_a_pod_can_be_told_are_refused() -> None:
    """What is told of one takes fewer bytes than is reckoned here: no name is longer."""
    assert list(files_of_all(sweeping(2000))) == []
    [refusal, *_] = files_of_all(sweeping(5000))
    assert refusal.message.startswith(
        '"report" cannot take the files of all trials: the names of 5,000 runs take '
    )
    assert refusal.message.endswith(f" in a variable; the limit is {MAX_FILES_BYTES // 1024} KiB")

"""A sweep as a hera program prints it: the least that says the same, one template that all trials share.

The arguments are how many values each of the two parameters has, and then `loop` for one task that loops over a list, or
`tasks` for a task a trial, as a loop of Python makes them; `c` prints with PyYAML's C emitter. There are no names of trials,
no labels, no rights and no code of a project, which automl writes too.
"""

import sys

import yaml
from hera.workflows import DAG, Container, Parameter, Workflow

IMAGE = "docker.io/library/python:3.12.12-slim-bookworm"


def workflow(trials: list[dict[str, str]], is_loop: bool) -> Workflow:
    with Workflow(name="bench", entrypoint="main") as made:
        train = Container(
            name="train",
            image=IMAGE,
            command=["python3", "step.py"],
            args=["--lr", "{{inputs.parameters.lr}}", "--k", "{{inputs.parameters.k}}"],
            inputs=[Parameter(name="lr"), Parameter(name="k")],
        )
        with DAG(name="main"):
            if is_loop:
                train(arguments={"lr": "{{item.lr}}", "k": "{{item.k}}"}, with_items=trials)
            else:
                for number, trial in enumerate(trials):
                    train(name=f"train-{number}", arguments=trial)
    return made


rates, sizes, shape, *options = sys.argv[1:]
trials = [{"lr": str(lr), "k": str(k)} for lr in range(1, int(rates) + 1) for k in range(1, int(sizes) + 1)]
dumper = {"Dumper": yaml.CSafeDumper} if options else {}
sys.stdout.write(workflow(trials, shape == "loop").to_yaml(**dumper))

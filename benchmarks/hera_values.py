"""Steps that each hand a value to one of the next stage, as a hera program prints them: the least that says the same.

The argument is the number of steps. Every step is a template with its container, a parameter that it takes and one that it
leaves; the tasks stand in one DAG. There are no labels, no rights, no disks and no deadlines, which automl writes too.
"""

import sys

import yaml
from hera.workflows import DAG, Container, Parameter, Task, Workflow
from hera.workflows.models import ValueFrom

STEPS_PER_STAGE = 100
IMAGE = "docker.io/library/python:3.12.12-slim-bookworm"


def step(number: int) -> Container:
    takes = [Parameter(name="rows")] if number >= STEPS_PER_STAGE else []
    return Container(
        name=f"step-{number:04}",
        image=IMAGE,
        command=["python3", "step.py"],
        args=["--rows", "{{inputs.parameters.rows}}"] if takes else [],
        inputs=takes,
        outputs=[Parameter(name="rows", value_from=ValueFrom(path="/tmp/rows"))],
    )


def task(number: int, before: list[str]) -> Task:
    producer = f"step-{number - STEPS_PER_STAGE:04}"
    arguments = {"rows": f"{{{{tasks.{producer}.outputs.parameters.rows}}}}"} if before else {}
    depends = " && ".join(f"{name}.Succeeded" for name in before) or None
    return Task(name=f"step-{number:04}", template=f"step-{number:04}", arguments=arguments, depends=depends)


def workflow(count: int) -> Workflow:
    with Workflow(name="bench", entrypoint="main") as made:
        made.templates.extend(step(number) for number in range(count))
        with DAG(name="main"):
            for number in range(count):
                stage = number // STEPS_PER_STAGE * STEPS_PER_STAGE
                task(
                    number,
                    [f"step-{other:04}" for other in range(stage - STEPS_PER_STAGE, stage)] if stage else [],
                )
    return made


print(workflow(int(sys.argv[1])).to_yaml(Dumper=yaml.CSafeDumper))

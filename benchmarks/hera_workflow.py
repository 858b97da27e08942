"""The workflow of the 1,000 steps of compare.py as a hera program prints it: as YAML, to standard output.

The same objects, in the same order, as `automl compile` makes of the config, but for what hera does not know: service
account, role and ConfigMap. What all steps share is made once. `c` as the argument prints with PyYAML's C emitter,
which hera takes only if it is told to.
"""

import sys

import yaml
from hera.workflows import DAG, Container, Env, Resources, Task, Workflow, WorkflowTemplate
from hera.workflows.models import (
    Capabilities,
    ConfigMapVolumeSource,
    EmptyDirVolumeSource,
    Metadata,
    PodSecurityContext,
    SeccompProfile,
    SecurityContext,
    TemplateRef,
    Volume,
    VolumeMount,
)

STAGES, STEPS_PER_STAGE, TEMPLATES_PER_OBJECT = 10, 100, 200
STEPS = STAGES * STEPS_PER_STAGE
IMAGE = (
    "docker.io/library/python:3.12.12-slim-bookworm"
    "@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c"
)
LABELS = {
    "app.kubernetes.io/name": "bench",
    "app.kubernetes.io/managed-by": "automl",
    "automl.dev/workflow": "bench",
    "automl.dev/version": "1.0.0",
}
SECURITY = SecurityContext(allow_privilege_escalation=False, capabilities=Capabilities(drop=["ALL"]))
MOUNTS = [
    VolumeMount(name="work", mount_path="/automl/work"),
    VolumeMount(name="code", mount_path="/automl/code", read_only=True),
]
EXECUTOR_PATCH = """\
initContainers:
- name: init
  securityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop:
      - ALL
containers:
- name: wait
  securityContext:
    allowPrivilegeEscalation: false
    capabilities:
      drop:
      - ALL
"""


def step(number: int) -> Container:
    name = f"step-{number:04}"
    return Container(
        name=name,
        labels={"automl.dev/stage": f"batch-{number // STEPS_PER_STAGE}", "automl.dev/step": name},
        active_deadline_seconds=1800,
        image=IMAGE,
        command=["python3", "/automl/code/start.py"],
        args=["--", "python", "step.py", "--part", str(number)],
        env=[Env(name="SEED", value=str(number)), Env(name="STORE_URL", value=f"s3://bench/part-{number}")],
        resources=Resources(cpu_request="250m", memory_request="512Mi"),
        security_context=SECURITY,
        volume_mounts=MOUNTS,
    )


def reference(place: int, name: str, depends: str | None = None) -> Task:
    return Task(
        name=name, template_ref=TemplateRef(name=f"bench-templates-{place}", template=name), depends=depends
    )


def stage(number: int) -> DAG:
    first = number * STEPS_PER_STAGE
    steps = range(first, first + STEPS_PER_STAGE)
    tasks = [reference(each // TEMPLATES_PER_OBJECT, f"step-{each:04}") for each in steps]
    return DAG(name=f"stage-batch-{number}", tasks=list(tasks))


def templates(number: int, content: list[Container] | list[DAG]) -> WorkflowTemplate:
    return WorkflowTemplate(name=f"bench-templates-{number}", labels=LABELS, templates=list(content))


def workflow(place_of_stages: int) -> Workflow:
    names = [f"stage-batch-{number}" for number in range(STAGES)]
    after = [None, *(f"{name}.Succeeded" for name in names)]
    tasks = [reference(place_of_stages, *pair) for pair in zip(names, after, strict=False)]
    return Workflow(
        name="bench",
        labels=LABELS,
        entrypoint="main",
        service_account_name="bench-runner",
        pod_metadata=Metadata(labels=LABELS),
        security_context=PodSecurityContext(
            run_as_non_root=True,
            run_as_user=1000,
            run_as_group=1000,
            fs_group=1000,
            seccomp_profile=SeccompProfile(type="RuntimeDefault"),
        ),
        pod_spec_patch=EXECUTOR_PATCH,
        volumes=[
            Volume(name="work", empty_dir=EmptyDirVolumeSource()),
            Volume(name="code", config_map=ConfigMapVolumeSource(name="bench-code")),
        ],
        templates=[DAG(name="main", tasks=list(tasks))],
    )


def objects() -> list[Workflow]:
    starts = range(0, STEPS, TEMPLATES_PER_OBJECT)
    steps = [[step(start + offset) for offset in range(TEMPLATES_PER_OBJECT)] for start in starts]
    found: list[Workflow] = [templates(number, content) for number, content in enumerate(steps)]
    found.append(templates(len(found), [stage(number) for number in range(STAGES)]))
    return [*found, workflow(len(found) - 1)]


options = {"Dumper": yaml.CSafeDumper} if sys.argv[1:] == ["c"] else {}
sys.stdout.write("---\n".join(each.to_yaml(**options) for each in objects()))

"""The program of a pod that Argo made, as a process of this machine: what kubelet and executor make of the pod.

`run_main` is for `Run` of `argo_runs`: `Run(cluster, namespace, folder, run_main)`. It has the rights of the pod's
service account, if its token is mounted, and the volumes of the pod, as folders. There is no image: the programs
are those of this machine.
"""

import sys
from pathlib import Path

from tests.conformance.argo_runs import Ending, Run
from tests.conformance.node import Command, Node, container_of
from tests.conformance.workflows import Object

EXECUTOR = "/var/run/argo/argoexec"
PROGRAMS = Path(sys.executable).parent


def run_main(run: Run, pod: Object) -> Ending:
    """Run the main container of a pod; what it says is in the run's `processes`."""
    ended = Node(run, PROGRAMS).run(without_executor(pod))
    return Ending(ended.exit_code, message="\n".join(ended.lines)[-4096:])


def command_of(run: Run, pod: Object) -> Command:
    """The words and the variables of the main container, but those that come from Secrets, which need not exist."""
    main = container_of(without_executor(pod))
    env = [each for each in main.get("env", []) if "secretKeyRef" not in each.get("valueFrom", {})]
    return Node(run, PROGRAMS).command_of(pod, {**main, "env": env})


def without_executor(pod: Object) -> Object:
    """The pod as its template has it.

    The controller puts the executor before the words: createWorkflowPod in workflow/controller/workflowpod.go.
    """
    containers = [_as_in_template(each) for each in pod["spec"]["containers"]]
    return {**pod, "spec": {**pod["spec"], "containers": containers}}


def _as_in_template(container: Object) -> Object:
    command = container.get("command", [])
    if command[:1] != [EXECUTOR] or "--" not in command:
        return dict(container)
    return {**container, "command": command[command.index("--") + 1 :]}

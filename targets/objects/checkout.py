"""How a repository is checked out where a task runs."""

from automl.compiler.ir import Git, Workflow
from automl.targets.objects.container import from_secret, restricted
from automl.targets.objects.escape import escaped
from automl.targets.objects.metadata import Object
from automl.targets.objects.volumes import CODE, WORK, mounts
from automl.targets.writers.yaml import Value

GIT_IMAGE = (
    "docker.io/alpine/git:2.47.2@sha256:062a01ad7a0eb17cff382bc5e26086b4d710e56dfdfdf001109a49b6d9bd378c"
)


_START = ("sh", f"{CODE}/checkout.sh")


def checkout_variables(git: Git) -> list[tuple[str, str]]:
    """What the script `checkout.sh` is told, as variables with their values."""
    return [("AUTOML_WORK", WORK), ("AUTOML_GIT_URL", git.url), ("AUTOML_GIT_REF", git.ref)]


def checkout_keys(git: Git) -> list[tuple[str, str]]:
    """The keys of the Secret of the repository, each with the variable that it is for."""
    keys = ((git.token_key, "AUTOML_GIT_TOKEN"), (git.username_key, "AUTOML_GIT_USERNAME"))
    return [(key, variable) for key, variable in keys if key] if git.token_secret else []


def checkout_container(workflow: Workflow, git: Git, is_for_others: bool) -> Object:
    """An init container that checks the project out, for pods that no engine does it for.

    `is_for_others`: its user, that of its image, is not the one who then works in the folder.
    """
    variables: list[Value] = [
        {"name": name, "value": escaped(value)} for name, value in checkout_variables(git)
    ]
    variables += [from_secret(variable, git.token_secret or "", key) for key, variable in checkout_keys(git)]
    start: Object = {
        "name": "checkout",
        "image": workflow.own_image(GIT_IMAGE),
        "command": ["sh", "-c", f"umask 0; . {CODE}/checkout.sh"] if is_for_others else [*_START],
    }
    return restricted(start | {"env": variables}, "100m", "100M", mounts(in_project=True))

"""Where the templates are kept: in the Workflow, or, where they are too many for it, in WorkflowTemplates.

A WorkflowTemplate that is made here takes what would overflow. It is named after its content and never changed.
"""

from collections.abc import Iterable

from automl.compiler.values.dns import digest, with_suffix
from automl.targets.dag.nesting import MAX_ITEMS
from automl.targets.objects.config_maps import MAX_OBJECT_BYTES
from automl.targets.objects.json import canonical
from automl.targets.objects.metadata import Object, Objects
from automl.targets.writers.yaml import Value

MAX_TEMPLATE_BYTES = MAX_OBJECT_BYTES - 16 * 1024
"""As JSON, of one or more in an object; the rest is for what it has besides."""


class _Overflow:
    """Templates that share a WorkflowTemplate."""

    def __init__(self) -> None:
        self.templates: list[Object] = []
        self.size = 0

    def has_room(self, size: int) -> bool:
        return len(self.templates) < MAX_ITEMS and self.size + size <= MAX_TEMPLATE_BYTES

    def put(self, template: Object, size: int) -> None:
        self.templates.append(template)
        self.size += size


def sizes_of(texts: Iterable[str]) -> list[int]:
    """The bytes of each template, given as JSON, the form in which Argo keeps it."""
    return [len(text.encode()) + 1 for text in texts]


def split(objects: Objects, templates: list[Object], texts: list[str]) -> tuple[list[Object], list[Object]]:
    """The WorkflowTemplates, in the order of their creation, and the templates that stay in the Workflow.

    Every template comes after those it refers to; the last is the entrypoint, which always stays. `texts` are the
    templates as JSON.
    """
    sizes = sizes_of(texts)
    if len(templates) <= MAX_ITEMS and sum(sizes) <= MAX_TEMPLATE_BYTES:
        return [], templates
    parts = _fill(templates[:-1], sizes[:-1])
    known = {id(template): text for template, text in zip(templates, texts, strict=True)}
    holders: dict[str, str] = {}
    documents = []
    for part in parts:
        local = {str(template["name"]) for template in part.templates}
        placed: list[Value] = [_resolved(template, holders, local) for template in part.templates]
        written = (known.get(id(template)) or canonical(template) for template in placed)
        name = with_suffix(
            f"{objects.workflow.name}-templates", digest(f'{{"templates":[{",".join(written)}]}}')
        )
        holders |= dict.fromkeys(local, name)
        body: Object = {"spec": {"templates": placed}}
        documents.append(objects.object("argoproj.io/v1alpha1", "WorkflowTemplate", name, body))
    return documents, [_resolved(templates[-1], holders, set())]


def _fill(templates: list[Object], sizes: list[int]) -> list[_Overflow]:
    parts = [_Overflow()]
    for template, size in zip(templates, sizes, strict=True):
        if not parts[-1].has_room(size):
            parts.append(_Overflow())
        parts[-1].put(template, size)
    return parts


def _resolved(template: Object, holders: dict[str, str], local: set[str]) -> Object:
    """The template with its references to those in other objects by the name of the object."""
    dag = template.get("dag")
    if not isinstance(dag, dict):
        return template
    tasks = [_resolved_task(task, holders, local) for task in dag["tasks"]]
    return template | {"dag": dag | {"tasks": tasks}}


def _resolved_task(task: Object, holders: dict[str, str], local: set[str]) -> Object:
    name = str(task["template"])
    if name in local:
        return task
    rest = {key: value for key, value in task.items() if key not in ("name", "template")}
    return {"name": task["name"], "templateRef": {"name": holders[name], "template": name}} | rest

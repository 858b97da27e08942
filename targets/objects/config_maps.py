"""How a project's files travel in a manifest: ConfigMaps named after their content."""

import base64
import bz2
import io
import tarfile
from collections.abc import Callable
from functools import lru_cache

from automl.compiler.diagnostics import Diagnostic
from automl.compiler.ir import Bundle, BundledFile, Git, Job, Task, Workflow
from automl.compiler.records import NamedTuple
from automl.compiler.values.dns import digest, with_suffix
from automl.targets.objects.escape import Texts, collect_texts
from automl.targets.objects.json import canonical, size_of
from automl.targets.objects.metadata import Object, Objects, name_of
from automl.targets.objects.scripts import script, start_scripts

MAX_OBJECT_BYTES = 240 * 1024
"""As JSON. kubectl apply copies an object into an annotation, and those may have 256 KiB together."""

FILE_TIME = 315619200
"""1980-01-02 00:00 UTC, in seconds: the first day that is in 1980 in every time zone. Zip files know none before."""


class Files(NamedTuple):
    """The ConfigMaps of a workflow: code (None: no task has a project) and user text.

    Beside the one of the code there may be a repository, which the pods check out themselves.
    """

    code: str | None
    git: Git | None
    texts: Texts
    objects: tuple[Object, ...]
    diagnostics: tuple[Diagnostic, ...]


def config_maps(
    objects: Objects, is_unsafe: Callable[[str], bool] | None = None, *, for_results: bool = False
) -> Files:
    """What the pods of a workflow mount or read besides their image. Unsafe text is kept in a ConfigMap.

    `for_results`: runs of trials say by themselves what they are judged by.
    """
    workflow = objects.workflow
    documents: list[Object] = []
    diagnostics: list[Diagnostic] = []
    code = _code(objects, for_results)
    if code is not None:
        documents.append(code)
        if isinstance(workflow.code, Bundle):
            diagnostics += _check_size(code, workflow.code)
    keys = collect_texts(workflow, is_unsafe) if is_unsafe else {}
    if keys:
        documents.append(config_map(objects, "text", {"data": {key: text for text, key in keys.items()}}))
    texts = Texts(name_of(documents[-1]) if keys else "", keys)
    git = workflow.code if isinstance(workflow.code, Git) else None
    return Files(name_of(code) if code else None, git, texts, tuple(documents), tuple(diagnostics))


def _code(objects: Objects, for_results: bool = False) -> Object | None:
    source = objects.workflow.code
    if source is None:
        return None
    scripts = scripts_of(objects.workflow, for_results=for_results)
    if isinstance(source, Git):
        return config_map(objects, "code", {"data": {**scripts, "checkout.sh": script("checkout.sh")}})
    return _config_map(objects, "code", *_packed(source.files, tuple(scripts.items())))


@lru_cache(maxsize=2)  # several targets take the same
def _packed(files: tuple[BundledFile, ...], scripts: tuple[tuple[str, str], ...]) -> tuple[Object, str]:
    """What the ConfigMap of a bundle holds, and the hash of that."""
    packed = base64.b64encode(archive(files)).decode()
    content: Object = {"data": dict(scripts), "binaryData": {"code.tar.bz2": packed}}
    return content, digest(canonical(content))


def scripts_of(workflow: Workflow, *, for_results: bool = False) -> dict[str, str]:
    """What starts the tasks of a project, by the names of the files."""
    tasks = [task for task in workflow.tasks if task.project]
    has_trials = any(isinstance(task, Job) and task.trials for task in tasks)
    has_values = any(map(_has_values, tasks))
    return {**start_scripts(for_values=has_values, for_results=for_results and has_trials)}


def _has_values(task: Task) -> bool:
    """Whether it is given something, or leaves something; an engine may take an executed notebook, too."""
    project = task.project
    return bool(task.values or task.outputs or (project and (project.params_file or project.notebook)))


def code_size(workflow: Workflow) -> tuple[int, list[Diagnostic]]:
    """What the project's files take in the manifest, as the limit counts it, and whether that is too much."""
    code = _code(Objects(workflow))
    if code is None or not isinstance(workflow.code, Bundle):
        return 0, []
    return size_of(code), _check_size(code, workflow.code)


def config_map(objects: Objects, suffix: str, content: Object) -> Object:
    """A ConfigMap named after its content, which never changes."""
    return _config_map(objects, suffix, content, digest(canonical(content)))


def _config_map(objects: Objects, suffix: str, content: Object, hash: str) -> Object:
    name = with_suffix(f"{objects.workflow.name}-{suffix}", hash)
    return objects.object("v1", "ConfigMap", name, {"immutable": True} | content)


def _check_size(config_map: Object, bundle: Bundle) -> list[Diagnostic]:
    size = size_of(config_map)
    if size <= MAX_OBJECT_BYTES:
        return []
    sizes = {file.path: len(file.content) for file in bundle.files}
    from automl.compiler.bundle_size import too_large

    return [too_large(sizes, size, MAX_OBJECT_BYTES, bundle.span)]


@lru_cache(maxsize=1)
def archive(files: tuple[BundledFile, ...]) -> bytes:
    """A tar.bz2 whose bytes depend on the files alone: bzip2 has one implementation, zlib has several."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as tar:
        for file in files:
            member = tarfile.TarInfo(file.path)
            member.size = len(file.content)
            member.mode = 0o755 if file.executable else 0o644
            member.mtime = FILE_TIME
            tar.addfile(member, io.BytesIO(file.content))
    return bz2.compress(buffer.getvalue())

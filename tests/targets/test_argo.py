"""What holds for every Workflow that the target `argo` makes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl import targets
from automl.compiler.diagnostics import has_errors
from automl.compiler.driver import Input, Overrides, Result, compile_config
from automl.compiler.target import Options
from automl.targets.argo.templates import DEPLOY
from automl.targets.dag.nesting import MAX_FLAT_EDGES, MAX_ITEMS
from automl.targets.writers.yaml import write_yaml
from tests import configs
from tests.examples import examples
from tests.runtime.kubelet import expanded

Object = dict[str, Any]
MAX_OBJECT_BYTES = 262144  # what kubectl apply can copy into an annotation
WORKFLOWS = ("Workflow", "WorkflowTemplate", "CronWorkflow")


def emitted(config: Mapping[str, Any], folder: Path, form: str = "workflow") -> str:
    """What a config without errors compiles to."""
    result = compile_text(write_yaml([config]), folder, Options("3.7", form))
    assert result.artifacts, result.diagnostics
    [artifact] = result.artifacts
    return artifact.text


def compile_text(text: str, folder: Path, options: Options) -> Result:
    target = targets.load("argo")
    assert target
    return compile_config(Input("config.yaml", text.encode(), folder), Overrides(), target, options)


def documents_of(config: Mapping[str, Any], folder: Path, form: str = "workflow") -> list[Object]:
    return list(yaml.load_all(emitted(config, folder, form), yaml.CSafeLoader))


class Manifest:
    """The objects of one file, as Argo's controller looks at them."""

    def __init__(self, documents: Sequence[Object]) -> None:
        self.documents = documents
        self.templates: dict[tuple[str, str], Object] = {}
        for document in documents:
            for template in spec_of(document).get("templates", []):
                self.templates[document["metadata"]["name"], template["name"]] = template
        self.top = next(each for each in reversed(documents) if "entrypoint" in spec_of(each))

    @property
    def spec(self) -> Object:
        """What holds for every pod of a run, wherever its template is kept."""
        return spec_of(self.top)

    @property
    def entrypoint(self) -> tuple[str, str]:
        return self.top["metadata"]["name"], self.spec["entrypoint"]

    def called(self, owner: str, task: Object) -> tuple[str, str]:
        """The object and the name of the template that a task of a DAG runs."""
        if "templateRef" in task:
            assert "template" not in task
            return task["templateRef"]["name"], task["templateRef"]["template"]
        return owner, task["template"]

    def texts(self, kinds: Sequence[str]) -> Iterator[str]:
        for document in self.documents:
            if document["kind"] in kinds:
                yield from strings(document)


def spec_of(document: Object) -> Object:
    spec: Object = document.get("spec", {})
    found: Object = spec.get("workflowSpec", spec)
    return found


def strings(value: Any) -> Iterator[str]:
    """Every text of a document, keys and the manifests inside of it too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


# the order of the steps


class Run(NamedTuple):
    """What runs in a run of a template: the leaves, and for each the set of those that have ended before it."""

    before: dict[str, frozenset[str]]


def run(manifest: Manifest, place: tuple[str, str], path: str = "") -> Run:
    template = manifest.templates[place]
    if "dag" not in template:
        return Run({f"{path}/{place[1]}": frozenset()})
    tasks = {task["name"]: task for task in template["dag"]["tasks"]}
    parts = {
        name: run(manifest, manifest.called(place[0], task), f"{path}/{name}") for name, task in tasks.items()
    }
    ended: dict[str, frozenset[str]] = {}  # all leaves that have ended when a task starts
    before: dict[str, frozenset[str]] = {}
    for name in in_order({name: depends(task) for name, task in tasks.items()}):
        after = depends(tasks[name])
        ended[name] = frozenset().union(*(ended[other] | parts[other].before.keys() for other in after))
        before |= {leaf: own | ended[name] for leaf, own in parts[name].before.items()}
    return Run(before)


def depends(task: Object) -> list[str]:
    words = task.get("depends", "").split(" && ")
    assert all(word.endswith(".Succeeded") for word in words if word)
    return [word.removesuffix(".Succeeded") for word in words if word]


def in_order(after: Mapping[str, Sequence[str]]) -> list[str]:
    found: list[str] = []
    while len(found) < len(after):
        ready = [name for name, others in after.items() if name not in found and set(others) <= set(found)]
        assert ready, "a cycle"
        found += ready
    return found


def steps_of_leaves(manifest: Manifest) -> dict[str, tuple[str, str]]:
    """The stage and the step that each template without a DAG belongs to, by the name of the template."""
    found: dict[str, tuple[str, str]] = {}
    for (_, name), template in manifest.templates.items():
        if "container" in template:
            labels = template["metadata"]["labels"]
            found[name] = (labels["automl.dev/stage"], labels["automl.dev/step"])
    return found


def applied_by(template: Object) -> list[Object]:
    """The objects that the pod of a service applies; of a job there are none.

    On its way there each word has been expanded once: of a pod's words by the kubelet (Kubernetes,
    pkg/kubelet/container/helpers.go, ExpandContainerCommandAndArgs). Argo fills in its tags before
    (util/template/replace.go), and there must be none in them.
    """
    arguments = template.get("container", {}).get("args", [])
    if arguments[:1] != [f"{DEPLOY}/cluster.py"]:
        return []
    texts = [word for word in arguments if word.startswith("{") and not word.startswith("{{")]
    assert all("{{" not in text for text in texts)
    return [json.loads(expanded(text, {"HOME": "wrong", "A": "wrong"})) for text in texts]


def assert_barriers(config: Mapping[str, Any], manifest: Manifest) -> None:
    """Every step of a stage starts when all of the stage before have ended, services last; nothing else waits."""
    groups: list[set[tuple[str, str]]] = []
    for stage, steps in config["stages"].items():
        for is_service in (False, True):
            group = {(stage, step["step_name"]) for step in steps if ("service" in step) == is_service}
            groups += [group] if group else []
    rank = {step: number for number, group in enumerate(groups) for step in group}
    owner = steps_of_leaves(manifest)
    found = run(manifest, manifest.entrypoint)
    steps = {leaf: owner[leaf.rpartition("/")[2]] for leaf in found.before}
    assert set(steps.values()) == set(rank)
    leaves_of_rank = [
        {leaf for leaf, step in steps.items() if rank[step] == each} for each in range(len(groups))
    ]
    for leaf, before in found.before.items():
        assert before == set().union(*leaves_of_rank[: rank[steps[leaf]]])


# configs


_names = st.text("abcdefgh019", min_size=1, max_size=6).map(lambda text: f"s{text}") | st.sampled_from(
    ["main", "in", "true", "nil", "rollout", "deployment", "stage-a", "api", "part", "if", "s-2", "9x"]
)
_texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.text("$(){}A\\= '\"\n", max_size=10),
    st.sampled_from(
        ["$(HOME)", "$$(A)", "$$", "$(", "$((1+1))", "$(A)$(B)", "{{x}}", "{{=1+1}}", "{{", "-rf", "", "é😀"]
    ),
).filter(lambda text: "${{" not in text)  # that is an expression
_variables = st.dictionaries(st.sampled_from(["A", "B", "HOME", "X_1"]), _texts, max_size=3)


@st.composite
def image_steps(draw: st.DrawFn) -> Object:
    step: Object = {"image": draw(st.sampled_from(["busybox:1.37", "ghcr.io/acme/a@sha256:" + "0" * 64]))}
    if draw(st.booleans()):
        step["entrypoint"] = draw(st.lists(_texts, min_size=1, max_size=3))
    if draw(st.booleans()):
        step["command"] = draw(st.lists(_texts, min_size=1, max_size=3))
    step["args"] = draw(st.lists(_texts, max_size=3))
    return step


@st.composite
def workflows(draw: st.DrawFn) -> Object:
    """Stages of jobs and services, with code in images and in the project's files."""
    stages: Object = {}
    for stage in draw(st.lists(_names, min_size=1, max_size=4, unique=True)):
        stages[stage] = []
        for name in draw(st.lists(_names, min_size=1, max_size=4, unique=True)):
            step: Object = {"step_name": name}
            step |= draw(
                image_steps()
                | st.just({"path_to_executable": "run.py", "args": draw(st.lists(_texts, max_size=2))})
            )
            if not step["args"]:
                del step["args"]
            step["envs"] = draw(_variables)
            if draw(st.integers(0, 2)) == 0:
                step["service"] = draw(st.sampled_from([{}, {"port": 80, "max_startup_time_seconds": 9}]))
                step["timeout"] = 60
            elif draw(st.booleans()):
                step["backoff_limit"] = draw(st.integers(0, 3))
            stages[stage].append(step)
    config: Object = {"name": draw(st.sampled_from(["demo", "a" * 63])), "stages": stages}
    if draw(st.booleans()):
        config["labels"] = {"team": "ml"}
        config["version"] = draw(st.sampled_from(["1.0.0", "a b/c", "-", "x" * 100]))
    if draw(st.integers(0, 3)) == 0:
        config["schedule"] = "@daily"
    if draw(st.integers(0, 3)) == 0 and any(
        "path_to_executable" in step for steps in stages.values() for step in steps
    ):
        config["code"] = {"git": {"url": "https://example.com/a.git", "ref": "main"}}
        for step in (step for steps in stages.values() for step in steps):
            step.pop("entrypoint", None)
            step.setdefault("path_to_executable", "run.py")
    return config


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "run.py").touch()
    return folder


_SOME = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def job(name: str, **more: Any) -> Object:
    return {"step_name": name, "image": "busybox:1.37", "entrypoint": ["true"], **more}


def shaped(*sizes: int, **more: Any) -> Object:
    """A workflow with so many jobs in each stage."""
    return {
        "name": "shaped",
        "stages": {
            f"s{stage}": [job(f"j{stage}-{number}", **more) for number in range(size)]
            for stage, size in enumerate(sizes)
        },
    }


SHAPES = {
    "one": shaped(1),
    "as large as it stays flat": shaped(MAX_ITEMS),
    "larger": shaped(MAX_ITEMS + 1),
    "as many edges as it stays flat": shaped(24, MAX_FLAT_EDGES // 24),
    "more edges": shaped(25, MAX_FLAT_EDGES // 25 + 1),
    "a chain as long as it stays flat": shaped(*[1] * MAX_ITEMS),
    "a longer chain": shaped(*[1] * (MAX_ITEMS + 1)),
    "wide, then narrow, then wide": shaped(450, 1, 450),
    "wide and long": shaped(*[3] * 250),
    "large templates": shaped(3, 120, 3, args=["x" * 3000]),
    "services between": {
        "name": "services",
        "stages": {
            f"s{stage}": [
                *(job(f"j{stage}-{number}") for number in range(30)),
                *(job(f"api{stage}-{number}", service={}, timeout=60) for number in range(30)),
            ]
            for stage in range(3)
        },
    },
}


@pytest.mark.parametrize("form", ["workflow", "template"])
@pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES)
def test_large_workflows_keep_the_order_and_the_limits(config: Object, form: str, folder: Path) -> None:
    documents = documents_of(config, folder, form)
    assert_limits(documents)
    assert_names(documents)
    assert_barriers(config, Manifest(documents))


@_SOME
@given(workflows(), st.sampled_from(["workflow", "template"]))
def test_any_workflow_keeps_the_order_and_the_limits(folder: Path, config: Object, form: str) -> None:
    documents = documents_of(config, folder, form)
    assert_limits(documents)
    assert_names(documents)
    assert_barriers(config, Manifest(documents))


@pytest.mark.parametrize(
    ("number", "more", "is_refused"),
    [
        (1640, {}, False),
        (1720, {}, True),
        (1220, {"backoff_limit": 1}, False),
        (1290, {"backoff_limit": 1}, True),
        (20, {"args": ["x" * 50_000]}, False),
        (21, {"args": ["x" * 50_000]}, True),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value),
)
def test_what_the_controller_would_give_up_is_refused(
    number: int, more: Object, is_refused: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps a copy of all templates and a node for each try; held against it in tests/conformance."""
    monkeypatch.setattr("automl.targets.argo.sharing.shared", lambda templates, jobs: templates)
    text = write_yaml([shaped(number, **more)])
    said = compile_text(text, folder, Options("3.7", "workflow")).diagnostics
    assert [each.message.split(" takes ")[0] for each in said] == is_refused * ["the workflow"]
    assert all(f"the limit is 1024 KiB ({number} steps)" in each.message for each in said)


def test_steps_share_a_template_only_where_they_would_be_too_large_otherwise(folder: Path) -> None:
    for number, count in ((1640, 1640), (1720, 1)):
        manifest = Manifest(documents_of(shaped(number), folder))
        leaves = [template for template in manifest.templates.values() if "container" in template]
        assert len(leaves) == count
        assert_limits(manifest.documents)


def test_a_dag_that_would_not_hold_the_texts_of_its_steps_is_not_made(folder: Path) -> None:
    stages = {"short": [job(f"a{number}") for number in range(1250)]}
    stages["long"] = [job(f"b{number}", args=[f"{number}{'x' * 1130}"]) for number in range(200)]
    text = write_yaml([{"name": "long", "stages": stages}])
    said = compile_text(text, folder, Options("3.7", "workflow")).diagnostics
    assert [each.message.split(" takes ")[0] for each in said] == ["the workflow"]


def assert_limits(documents: Sequence[Object]) -> None:
    for document in documents:
        assert (
            len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_OBJECT_BYTES
        )
        templates = spec_of(document).get("templates", [])
        assert len(templates) <= 200
        assert all(len(template["dag"]["tasks"]) <= 200 for template in templates if "dag" in template)


def assert_names(documents: Sequence[Object]) -> None:
    objects = [(each["kind"], each["metadata"]["name"]) for each in documents]
    assert len(set(objects)) == len(objects)
    for kind, name in objects:
        assert re.fullmatch("[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)
        assert len(name) <= (52 if kind == "CronWorkflow" else 63)
    for document in documents:
        templates = spec_of(document).get("templates", [])
        names = [template["name"] for template in templates]
        assert len(set(names)) == len(names)
        for template in (template for template in templates if "dag" in template):
            tasks = [task["name"] for task in template["dag"]["tasks"]]
            assert len(set(tasks)) == len(tasks)


def test_what_a_run_uses_is_applied_before_it(folder: Path) -> None:
    for config in (SHAPES["wide, then narrow, then wide"], SHAPES["services between"]):
        documents = documents_of(config, folder)
        seen: set[str] = set()
        for document in documents:
            for template in spec_of(document).get("templates", []):
                for task in template.get("dag", {}).get("tasks", []):
                    assert task.get("templateRef", {}).get("name", document["metadata"]["name"]) in {
                        *seen,
                        document["metadata"]["name"],
                    }
            seen.add(document["metadata"]["name"])
        assert documents[-1]["kind"] == "Workflow"


# the same and not the same


@_SOME
@given(workflows())
def test_the_order_of_the_keys_changes_nothing(folder: Path, config: Object) -> None:
    """But that of the stages, the steps and the variables, which has a meaning."""
    stages = {
        stage: [dict(reversed(step.items())) for step in steps] for stage, steps in config["stages"].items()
    }
    turned = dict(reversed((config | {"stages": stages}).items()))
    assert emitted(turned, folder) == emitted(config, folder)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows(), st.data())
def test_a_changed_argument_changes_the_name_of_the_run_and_nothing_of_its_labels(
    folder: Path, config: Object, data: st.DataObject
) -> None:
    config.pop("schedule", None)
    changed = json.loads(json.dumps(config))
    stage = data.draw(st.sampled_from(sorted(changed["stages"])))
    step = data.draw(st.integers(0, len(changed["stages"][stage]) - 1))
    changed["stages"][stage][step].setdefault("args", []).append("one more")
    before, after = documents_of(config, folder), documents_of(changed, folder)
    assert before[-1]["kind"] == after[-1]["kind"] == "Workflow"
    assert before[-1]["metadata"]["name"] != after[-1]["metadata"]["name"]
    for one, other in zip(before, after, strict=False):
        if one["kind"] == other["kind"]:
            assert one["metadata"]["labels"] == other["metadata"]["labels"]
    assert spec_of(before[-1])["podMetadata"] == spec_of(after[-1])["podMetadata"]


_LABEL_KEY = re.compile(
    r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?", re.ASCII
)
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?", re.ASCII)


def label_maps(value: Any) -> Iterator[Mapping[str, str]]:
    """All labels and selectors, those of the manifests inside of templates too."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("labels", "matchLabels") and isinstance(item, dict):
                yield item
            elif key == "container":
                yield from label_maps(applied_by({key: item}))
            else:
                yield from label_maps(item)
    elif isinstance(value, list):
        for item in value:
            yield from label_maps(item)


@_SOME
@given(workflows())
def test_labels_are_legal_and_on_every_object(folder: Path, config: Object) -> None:
    documents = documents_of(config, folder)
    for document in documents:
        assert document["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "automl"
        for labels in label_maps(document):
            assert labels
            for key, value in labels.items():
                assert _LABEL_KEY.fullmatch(key)
                assert isinstance(value, str)
                assert _LABEL_VALUE.fullmatch(value)


# anything


@pytest.fixture(scope="module")
def full_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configs.write_files(tmp_path_factory.mktemp("full"))


@_SOME
@given(configs.changed(), st.sampled_from(["workflow", "template"]), st.sampled_from(["yaml", "json"]))
def test_any_config_is_compiled_or_refused_in_words(
    full_project: Path, config: Object, form: str, format: str
) -> None:
    text = write_yaml([config or {"a": 1}])
    result = compile_text(text, full_project, Options("3.7", form, format))
    assert bool(result.artifacts) != has_errors(result.diagnostics)
    for artifact in result.artifacts:
        documents = parsed(artifact.text, format)
        assert_limits(documents)
        assert_names(documents)
        assert Manifest(documents).entrypoint in Manifest(documents).templates
    for each in result.diagnostics:
        assert each.message.strip()
        assert (1, 1) <= each.span[1:3] < each.span[3:]
        assert each.span.end_line <= len(each.span.source.lines)


def parsed(text: str, format: str) -> list[Object]:
    """The objects of a file; in JSON several are one list."""
    if format == "yaml":
        return list(yaml.load_all(text, yaml.CSafeLoader))
    found = json.loads(text)
    return list(found["items"]) if found["kind"] == "List" else [found]


@pytest.mark.parametrize("more", ["service: {}, replicas: 9007199254740993", "service: {}, replicas: 1e300"])
def test_a_number_that_no_engine_holds_is_refused(more: str, folder: Path) -> None:
    text = f"stages: {{s: [{{step_name: a, image: c, entrypoint: [d], {more}}}]}}\n"
    assert has_errors(compile_text(text, folder, Options("3.7", "workflow")).diagnostics)


# pods


NAMESPACES_OF_THE_NODE = ("hostNetwork", "hostPID", "hostIPC")


class Pod(NamedTuple):
    """A pod as it is made, and the step it is for."""

    spec: Object
    step: tuple[str, str]


def pods(manifest: Manifest) -> Iterator[Pod]:
    """The pods of the jobs, as Argo's controller puts them together, and those of the Deployments."""
    owner = steps_of_leaves(manifest)
    for (_, name), template in manifest.templates.items():
        if "container" not in template:
            continue
        applied = applied_by(template)
        if not applied:
            yield Pod(pod_of_job(manifest.spec, template), owner[name])
        for found in applied:
            if found["kind"] == "Deployment":
                assert_restricted(pod_of_job(manifest.spec, template))
                yield Pod(found["spec"]["template"]["spec"], owner[name])


def pod_of_job(spec: Object, template: Object) -> Object:
    """Argo adds a container that prepares and one that waits, and then applies the patches."""
    pod = {
        **{field: spec[field] for field in NAMESPACES_OF_THE_NODE if field in spec},
        "securityContext": template.get("securityContext", spec["securityContext"]),
        "volumes": [*spec["volumes"], *template.get("volumes", [])],
        "initContainers": [{"name": "init"}, *template.get("initContainers", [])],
        "containers": [
            *({"name": "wait"}, {"name": "main", **template["container"]}),
            *template.get("sidecars", []),
        ],
    }
    for patch in filter(None, (spec.get("podSpecPatch"), template.get("podSpecPatch"))):
        for field, value in yaml.safe_load(patch).items():
            if field not in ("initContainers", "containers"):
                pod[field] = value
                continue
            for each in value:
                [container] = [one for one in pod[field] if one["name"] == each["name"]]
                container.update(each)
    return pod


def assert_restricted(pod: Object) -> None:
    """The Pod Security Standard `restricted` of Kubernetes, as far as these fields go."""
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] > 0
    assert security["seccompProfile"]["type"] in ("RuntimeDefault", "Localhost")
    for field in NAMESPACES_OF_THE_NODE:
        assert not pod.get(field)
    for volume in pod["volumes"]:
        assert volume.keys() - {"name"} <= {
            "configMap",
            "emptyDir",
            "projected",
            "secret",
            "persistentVolumeClaim",
        }
    for container in pod.get("initContainers", []) + pod["containers"]:
        own = container.get("securityContext", {})
        assert own.get("allowPrivilegeEscalation") is False
        assert own.get("capabilities") == {"drop": ["ALL"]}
        assert not own.get("privileged")
        assert own.get("runAsNonRoot", True) is True
        assert own.get("runAsUser", 1) > 0
        assert all("hostPort" not in port for port in container.get("ports", []))


@_SOME
@given(workflows(), st.sampled_from(["workflow", "template"]))
def test_every_pod_is_restricted_and_mounts_what_is_there(folder: Path, config: Object, form: str) -> None:
    manifest = Manifest(documents_of(config, folder, form))
    config_maps = {each["metadata"]["name"] for each in manifest.documents if each["kind"] == "ConfigMap"}
    found = list(pods(manifest))
    assert {pod.step for pod in found} == {
        (stage, re.sub("[^a-z0-9]+", "-", step["step_name"]))
        for stage, steps in config["stages"].items()
        for step in steps
    }
    for pod in found:
        assert_restricted(pod.spec)
        volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
        for container in pod.spec.get("initContainers", []) + pod.spec["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", [])} <= volumes.keys()
        assert {
            volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume
        } <= config_maps


@pytest.mark.parametrize(
    ("of_spec", "of_template"),
    [
        ({"hostNetwork": True}, {}),
        ({"podSpecPatch": '{"hostPID": true}'}, {}),
        ({}, {"podSpecPatch": '{"hostIPC": true}'}),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, {}),
        ({}, {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}),
        ({}, {"initContainers": [{"name": "first", "image": "i"}]}),
        ({}, {"sidecars": [{"name": "beside", "image": "i"}]}),
        ({}, {"securityContext": {"runAsNonRoot": False}}),
        ({}, {"podSpecPatch": '{"containers": [{"name": "main", "securityContext": {}}]}'}),
        ({}, {"podSpecPatch": '{"containers": [{"name": "wait", "securityContext": {"privileged": true}}]}'}),
    ],
)
def test_a_pod_that_is_not_restricted_is_seen(of_spec: Object, of_template: Object, folder: Path) -> None:
    manifest = Manifest(documents_of(SHAPES["one"], folder))
    [template] = [each for each in manifest.templates.values() if "container" in each]
    assert_restricted(pod_of_job(manifest.spec, template))
    patch = of_spec.get("podSpecPatch")
    if patch:
        of_spec = {
            "podSpecPatch": json.dumps(yaml.safe_load(manifest.spec["podSpecPatch"]) | json.loads(patch))
        }
    with pytest.raises(AssertionError):
        assert_restricted(pod_of_job(manifest.spec | of_spec, template | of_template))


def test_pods_of_overflowing_templates_are_restricted_too(folder: Path) -> None:
    for config in (SHAPES["large templates"], SHAPES["services between"]):
        found = list(pods(Manifest(documents_of(config, folder))))
        assert len(found) == sum(len(steps) for steps in config["stages"].values())
        for pod in found:
            assert_restricted(pod.spec)


# text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(B)", "$(B)"),
        ("$", "$"),
        ("$$", "$"),
        ("$(", "$("),
        ("$(A", "$(A"),
        ("$x", "$x"),
        ("a$(A)$(A)b$", "a11b$"),
        ("$()", "$()"),
        ("$(A)(A)", "1(A)"),
    ],
)
def test_the_expansion_of_kubernetes(text: str, seen: str) -> None:
    assert expanded(text, {"A": "1"}) == seen


def seen_by(
    container: Object, config_maps: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], list[str], dict[str, str]]:
    """The command, the arguments and the variables of a container, as its process sees them."""
    variables: dict[str, str] = {}
    for variable in container.get("env", []):
        if "valueFrom" not in variable:
            variables[variable["name"]] = expanded(variable.get("value", ""), variables)
        else:
            reference = variable["valueFrom"]["configMapKeyRef"]
            variables[variable["name"]] = config_maps[reference["name"]][reference["key"]]
    command, arguments = (
        [expanded(word, variables) for word in container.get(field, [])] for field in ("command", "args")
    )
    return (
        command,
        arguments,
        {name: text for name, text in variables.items() if not name.startswith("AUTOML_")},
    )


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows())
def test_every_word_reaches_its_container_as_it_was_written(folder: Path, config: Object) -> None:
    manifest = Manifest(documents_of(config, folder))
    config_maps = {each["metadata"]["name"]: each.get("data", {}) for each in manifest.documents}
    steps = {(stage, step["step_name"]): step for stage, steps in config["stages"].items() for step in steps}
    for pod in pods(manifest):
        step = steps[pod.step]
        [main] = [container for container in pod.spec["containers"] if container["name"] == "main"]
        command, arguments, variables = seen_by(main, config_maps)
        if "path_to_executable" in step:
            assert command == ["python3", "/automl/code/start.py"]
            words = [*step.get("entrypoint", []), *step.get("command", [])] or ["python", "run.py"]
            assert arguments[arguments.index("--") + 1 :] == [*words, *step.get("args", [])]
            assert variables == step["envs"]
        else:
            assert command == step.get("entrypoint", [])
            assert arguments == [*step.get("command", []), *step.get("args", [])]
            assert variables == {"HOME": "/automl/work", **step["envs"]}


OUR_TAGS = ("{{workflow.uid}}", "{{workflow.creationTimestamp.s}}")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workflows(), st.lists(_texts, min_size=1, max_size=3), st.sampled_from(["workflow", "template"]))
def test_no_text_that_argo_would_expand_is_in_a_workflow(
    folder: Path, config: Object, texts: list[str], form: str
) -> None:
    mine = [f"mine{{{{{text}" for text in texts]
    for steps in config["stages"].values():
        for step in steps:
            step["args"] = [*step.get("args", []), *mine]
            step["envs"]["MINE"] = mine[0]
    documents = documents_of(config, folder, form)
    manifest = Manifest(documents)
    has_jobs = any("service" not in step for steps in config["stages"].values() for step in steps)
    assert any(mine[0] in text for text in manifest.texts(["ConfigMap"])) == has_jobs
    assert not [text for text in manifest.texts(WORKFLOWS) if "mine{{" in text]
    for text in manifest.texts(WORKFLOWS):
        assert text.count("{{") == sum(text.count(tag) for tag in OUR_TAGS)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=_texts.filter(lambda text: "{{" not in text))
def test_annotations_of_a_service_arrive_as_they_were_written(folder: Path, text: str) -> None:
    service = job("api", service={}, timeout=60, annotations={"note": text})
    manifest = Manifest(documents_of({"name": "w", "stages": {"s": [service]}}, folder))
    [deployment, address] = [
        each for template in manifest.templates.values() for each in applied_by(template)
    ]
    pod = deployment["spec"]["template"]
    assert [each["metadata"]["annotations"] for each in (deployment, address, pod)] == 3 * [{"note": text}]


def test_a_longer_prefix_of_a_chain_comes_first(folder: Path) -> None:
    """The order of a long chain, seen from one end to the other."""
    manifest = Manifest(documents_of(SHAPES["a longer chain"], folder))
    before = run(manifest, manifest.entrypoint).before
    sizes = sorted(len(each) for each in before.values())
    assert sizes == list(range(MAX_ITEMS + 1))
    ordered = sorted(before.values(), key=len)
    assert all(one < other for one, other in pairwise(ordered))


@pytest.mark.parametrize(
    ("sign", "count"), [("x", 130_000), ("<", 25_000), ('"', 65_000), ("\u2028", 25_000)]
)
def test_a_command_that_argo_would_move_elsewhere_is_refused(folder: Path, sign: str, count: int) -> None:
    """What counts is how Go writes it: createWorkflowPod of Argo measures JSON, and `<` has six bytes there."""
    config = {
        "stages": {"s": [{"step_name": "a", "image": "c", "entrypoint": ["d"], "args": [sign * count]}]}
    }
    text = json.dumps(config, ensure_ascii=False)
    [found] = [
        each
        for each in compile_text(text, folder, Options("3.7", "workflow")).diagnostics
        if each.severity == 0
    ]
    assert found.message.startswith("the command takes 1")
    assert found.message.endswith(" KiB in Argo; the limit is 120 KiB")
    short = compile_text(
        text.replace(json.dumps(sign * count, ensure_ascii=False), json.dumps(sign)),
        folder,
        Options("3.7", "workflow"),
    )
    assert not has_errors(short.diagnostics)

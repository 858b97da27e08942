"""What Kubeflow's own Python packages make of ours: their messages know it, the SDK loads it, kfp.local runs it."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.targets.kubeflow import VERSIONS
from automl.targets.kubeflow.quoting import Protected, Words, is_unsafe, protected
from tests.conformance.kfp_runs import (
    ROOT,
    Job,
    Object,
    Run,
    compiled,
    documents,
    make_image,
    open_folder,
    package_in,
    run,
    write_package,
)
from tests.conformance.kfp_versions import install, strange_fields
from tests.golden import GOLDEN, manifests, project_copy
from tests.runtime.git_server import GitServer, serving
from tests.runtime.kubelet import expanded, python, write_files
from tests.targets.nasty import NASTY, TEXTS

PACKAGES = manifests("kubeflow.yaml")

EVERYTHING: Object = {
    "version": "1.2.3",
    "name": "everything",
    "description": "All that Kubeflow can be told.",
    "labels": {"team": "ml"},
    "annotations": {"example.com/a": "b"},
    "schedule": "0 6 * * 1-5",
    "stages": {
        "train": [
            {
                "step_name": "script",
                "path_to_executable": "a.py",
                "dependency_path": "requirements.txt",
                "args": ["{{x}}", "$(y)"],
                "envs": {"A": "{{x}}", "B": "$(y)"},
                "secrets": [{"name": "store", "keys": {"key": "KEY"}}, "whole"],
                "image_pull_secrets": ["login"],
                "cpu_request": "250m",
                "memory_request": "1.5Gi",
                "backoff_limit": 2,
                "timeout": "10m",
                "labels": {"tier": "batch"},
                "annotations": {"example.com/c": "d"},
            },
            {"step_name": "image", "image": "busybox:1.36", "entrypoint": ["echo"], "args": ["hi"]},
        ],
        "serve": [
            {
                "step_name": "api",
                "path_to_executable": "a.py",
                "timeout": "5m",
                "service": {"ingress": {"host": "example.com"}, "readiness": {"path": "/health"}},
            }
        ],
    },
}
GIT: Object = {
    "name": "in-git",
    "code": {
        "git": {"url": "https://example.com/a.git", "ref": "main", "token_secret": {"name": "t", "key": "k"}}
    },
    "stages": {"train": [{"step_name": "script", "path_to_executable": "a.py"}]},
}
ON_VERTEX: Object = {
    "name": "on-vertex",
    "stages": {
        "train": [
            {"step_name": "script", "path_to_executable": "a.py", "args": ["{{x}}"], "backoff_limit": 1}
        ]
    },
}


def write_config(folder: Path, config: Object, **files: str) -> Path:
    """A project."""
    texts = {"a.py": "print('ran')", "requirements.txt": "", **files}
    folder.mkdir(parents=True, exist_ok=True)
    return write_files(folder, {"config.yaml": yaml.safe_dump(config, sort_keys=False), **texts})


# Messages


def goldens() -> dict[str, list[Object]]:
    """The packages of all goldens, also those inside of objects."""
    paths = manifests("kubeflow*.yaml")
    return {f"{path.parent.name}/{path.name}": package_in(documents(path.read_text())) for path in paths}


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_the_messages_know_every_golden(version: str) -> None:
    found = goldens()
    assert len(found) >= 35
    errors = dict(zip(found, strange_fields(version, list(found.values())), strict=True))
    assert {name: lines for name, lines in errors.items() if lines} == {}


@pytest.fixture(scope="module")
def of_versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[Object]]]:
    """For each version all that we write for it, with every field that we know."""
    folder = tmp_path_factory.mktemp("projects")
    everything = write_config(folder / "everything", EVERYTHING)
    git, vertex = write_config(folder / "git", GIT), write_config(folder / "vertex", ON_VERTEX)
    texts = {
        version: {
            "package": compiled(everything, version=version),
            "native": compiled(everything, "kubeflow-native", version),
            "git": compiled(git, version=version),
            "vertex": compiled(vertex, version=version, form="vertex"),
        }
        for version in VERSIONS
    }
    return {
        version: {name: package_in(documents(text)) for name, text in each.items()}
        for version, each in texts.items()
    }


@pytest.mark.parametrize("reader", VERSIONS)
def test_a_version_knows_what_is_written_for_it_or_an_older_one(
    reader: str, of_versions: dict[str, dict[str, list[Object]]]
) -> None:
    older = VERSIONS[: VERSIONS.index(reader) + 1]
    names = [(version, name) for version in older for name in of_versions[version]]
    errors = strange_fields(reader, [of_versions[version][name] for version, name in names])
    assert dict(zip(names, errors, strict=True)) == {name: [] for name in names}


def test_a_version_is_not_written_for_in_vain(of_versions: dict[str, dict[str, list[Object]]]) -> None:
    newer = of_versions["2.16"]["package"]
    assert strange_fields("2.16", [newer]) == [[]]
    [errors] = strange_fields("2.15", [newer])
    assert {line.partition(":")[0] for line in errors} == {
        "exec-script",
        "exec-image",
        "exec-api",
        "exec-code",
    }
    assert all('no field named "securityContext"' in line for line in errors)


TASK = "0/components/comp-stage-train/dag/tasks/script"
EXECUTOR = "1/platforms/kubernetes/deploymentSpec/executors/exec-script"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("0/other", "pipelineSpec"),
        (f"{TASK}/after", "pipelineSpec"),
        (f"{TASK}/retryPolicy/backoffDuration", "pipelineSpec"),
        ("0/deploymentSpec/executors/exec-script/container/ports", "deploymentSpec"),
        ("1/other", "platformSpec"),
        (f"{EXECUTOR}/other", "exec-script"),
        (f"{EXECUTOR}/activeDeadlineSeconds", "exec-script"),
    ],
)
def test_the_reading_is_strict(
    path: str, place: str, of_versions: dict[str, dict[str, list[Object]]]
) -> None:
    package = copy.deepcopy(of_versions["2.15"]["package"])
    number, *parents, last = path.split("/")
    target = package[int(number)]
    for part in parents:
        target = target[part]
    target[last] = 600
    [errors] = strange_fields("2.15", [package])
    assert [line.partition(":")[0] for line in errors] == [place]


# The SDK


def test_the_sdk_loads_every_golden() -> None:
    paths = [*PACKAGES, *GOLDEN.glob("*/kubeflow.vertex.yaml")]
    assert len(paths) > len(PACKAGES)
    command = [sys.executable, "-W", "error", "-m", "tests.conformance.kfp_load", *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for path, loaded in zip(paths, json.loads(done.stdout), strict=True):
        ours = documents(path.read_text())
        assert loaded == [*ours, {}][:2], path


# Runs

# What runs here of the goldens, and what stands in a service's place: it would be applied to a cluster.
SERVICES: dict[str, list[str]] = {
    "ambiguous-scalars": [],
    "cron": [],
    "cron-full": [],
    "defaults": [],
    "files-of-credentials": [],
    "keyword-names": [],
    "long-names": ["a-step-name-of-eighty-characters-which-is-longer-than-194e41ed"],
    "many-edges": [],
    "names-to-fix": [],
    "plain-secrets": [],
    "several-ingresses": ["admin", "api", "front"],
    "two-services": ["api", "worker"],
    "unused-keys": ["command"],
    "user-text": ["service"],
}
CANNOT_RUN = {
    "account-of-a-run": "its images do not exist",
    "image-registry": "its repository and its images do not exist",
    "one-patch-for-all-pods": "its images do not exist",
    "pods-of-a-platform": "its images do not exist",
    "queues": "its image does not exist",
    "resources": "its images do not exist",
    "artifacts-of-the-engine": "its images do not exist",
    "bundle-patterns": "its uv.lock is none; tests/runtime/test_start.py installs from a lock",
    "cron-stages": "its image does not exist, nor the module that it would run",
    "git-private": "its repository does not exist; another one is checked out below",
    "git-public": "its repository does not exist; another one is checked out below",
    "git-short-commit": "its repository does not exist; another one is checked out below",
    "image-values": "its image does not exist; tests/corpus has one that runs",
    "needs": "its image does not exist; tests/corpus has one that runs",
    "notebook": "it installs pandas and Jupyter for half a minute; tests/runtime/test_start.py runs a notebook",
    "params": "its image does not exist; tests/corpus has one that runs",
    "placement": "its images do not exist",
    "readme-example": "it installs pandas four times; below it runs without",
    "version-without-a-label": "its image does not exist",
    "volumes": "its image does not exist; below, steps run that mount the same",
    "stages-with-keys": "its images do not exist",
    "trials": "each of its steps starts more often than once; test_kubeflow_trials.py runs such steps",
    "tracking": "one of its steps starts more often than once; tests/corpus has one that runs",
    "tracking-images": "its images do not exist; tests/corpus has one that runs",
    "three-hundred-steps": "it takes half a minute; below, DAGs in a DAG run on fewer steps",
}


def test_every_golden_runs_or_has_a_reason() -> None:
    assert sorted([*SERVICES, *CANNOT_RUN]) == [path.parent.name for path in PACKAGES]


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    with open_folder() as folder:
        yield make_image(folder / "image")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder like `tmp_path`, which the container's user can look into."""
    with open_folder() as folder:
        yield folder


BOTH = [
    (target, case)
    for target in ("kubeflow", "kubeflow-native")
    for case in SERVICES
    if (GOLDEN / case / f"{target}.yaml").is_file()
]


@pytest.fixture(scope="module")
def runs(image: Path) -> Iterator[dict[tuple[str, str], Run]]:
    """How the goldens ran: each package, and each package in an object."""
    with open_folder() as folder:
        projects = {case: project_copy(case, folder / "projects") for case in SERVICES}
        places = {(target, case): folder / target / case for target, case in BOTH}
        jobs = [
            Job(
                write_package(projects[case], places[target, case], target=target),
                places[target, case],
                image,
            )
            for target, case in BOTH
        ]
        yield dict(zip(BOTH, run(jobs), strict=True))


@pytest.mark.parametrize(("target", "case"), BOTH)
def test_golden_runs(target: str, case: str, runs: dict[tuple[str, str], Run]) -> None:
    found = runs[target, case]
    assert found.error == ""
    pipeline, *_ = package_in(documents((GOLDEN / case / f"{target}.yaml").read_text()))
    tasks = [name for name, each in pipeline["components"].items() if "executorLabel" in each]
    assert sorted(f"comp-{start.task}" for start in found.starts) == sorted(tasks)
    assert sorted(start.task for start in found.starts if start.status is None) == SERVICES[case]
    for start in found.starts:
        assert start.status in (0, None), start.errors
        assert start.output or start.task == "code" or start.status is None


def run_one(project: Path, folder: Path, image: Path, version: str = "", **options: Any) -> Run:
    """Compile a project and run it."""
    [found] = run([Job(write_package(project, folder, version=version), folder, image, **options)])
    return found


@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_the_original_example_runs(target: str, place: Path, image: Path) -> None:
    """Its steps take a whole secret each; what they require is left out here."""
    project = project_copy("readme-example", place)
    (project / "models" / "requirements.txt").write_text("")
    for script in project.glob("models/*/*.py"):
        script.write_text("import os; print(os.environ['AWS_ACCESS_KEY_ID'], os.environ.get('HASH'))")
    package = write_package(project, place / "run", target=target)
    [found] = run([Job(package, place / "run", image, {"aws-secret": {"AWS_ACCESS_KEY_ID": "id"}})])
    assert found.error == "", found.starts[-1].errors
    last_lines = {start.task: start.output.splitlines()[-1] for start in found.starts if start.output}
    assert last_lines == {
        "prepare-and-save": "id None",
        "train-sarimax": "id None",
        "train-xgboost": "id 123456abcd",
        "best-model": "id 123456abcd",
    }
    assert found.of("api").status is None


@pytest.mark.parametrize("target", ["kubeflow", "kubeflow-native"])
def test_whole_secrets_reach_the_steps_of_a_project(target: str, place: Path, image: Path) -> None:
    step = {
        "path_to_executable": "probe.py",
        "envs": {"A": "mine", "a.b": "{{"},
        "secrets": ["one", DB, "two"],
    }
    config = {"name": "p", "stages": {"s": [{"step_name": "job", **step}]}}
    secrets = {
        "one": {"A": "1", "DB_PASSWORD": "1", "C": "1", "D": "$(A) {{x}} $$\n", "no name": "1"},
        "two": {"C": "2", "a.b": "2"},
        "db": {"password": "s3cret", "port": "5432"},
    }
    project = write_config(place / "p", config, **{"probe.py": PROBE})
    package = write_package(project, place / "run", target=target)
    [found] = run([Job(package, place / "run", image, secrets)])
    assert found.error == "", found.starts[-1].errors
    _, variables, *_ = json.loads(found.of("job").output)
    expected = {"A": "mine", "a.b": "{{", "C": "2", "D": secrets["one"]["D"], "DB_PASSWORD": "s3cret"}
    assert variables == variables | expected | {"db.port": "5432"}
    assert "no name" not in variables


def test_stages_run_one_after_the_other(place: Path, image: Path) -> None:
    sizes = {"d": 25, "b": 25, "c": 2, "a": 2}  # more edges than are written out: a DAG for each stage
    stages = {
        stage: [{"step_name": f"{stage}-{number}", "path_to_executable": "a.py"} for number in range(size)]
        for stage, size in sizes.items()
    }
    project = write_config(place / "p", {"name": "order", "stages": stages})
    found = run_one(project, place / "run", image)
    assert found.error == ""
    first, *starts = found.starts
    assert first.task == "code"
    assert len({start.task for start in starts}) == len(starts) == sum(sizes.values())
    by_stage = {stage: [each for each in starts if each.task.startswith(stage)] for stage in sizes}
    assert {stage: len(each) for stage, each in by_stage.items()} == sizes
    ends = [first.end, *(max(each.end for each in steps) for steps in by_stage.values())]
    for before, steps in zip(ends, by_stage.values(), strict=False):
        assert before <= min(each.start for each in steps)
    assert "comp-stage-d" in documents((place / "run" / "package.yaml").read_text())[0]["components"]


def test_nothing_follows_a_failure(place: Path, image: Path) -> None:
    def steps(name: str) -> list[Object]:
        """So many that each stage is a DAG: in one DAG for all, kfp.local ends with the first failure anyway."""
        return [
            {"step_name": f"{name}-{n}", "image": "busybox:1.36", "entrypoint": ["echo"]} for n in range(25)
        ]

    fails = {"step_name": "fails", "path_to_executable": "fails.py", "backoff_limit": 2}
    stages = {"one": [fails, *steps("beside")], "two": steps("follows")}
    files = {"fails.py": "raise SystemExit(7)"}
    project = write_config(place / "p", {"name": "p", "stages": stages}, **files)
    found = run_one(project, place / "run", image)
    assert "FAILURE" in found.error
    assert "'fails'" in found.error
    assert [start.status for start in found.starts if start.task == "fails"] == [7, 7, 7]
    others = sorted(start.task for start in found.starts if start.task != "fails")
    assert others == sorted(["code", *(f"beside-{number}" for number in range(25))])


def test_a_failure_can_be_made_good(place: Path, image: Path) -> None:
    (place / "shared").mkdir()
    (place / "shared").chmod(0o777)
    line = f"echo $$ >> {place}/shared/log; test $(wc -l < {place}/shared/log) = 2"
    step = {"step_name": "try", "image": "busybox:1.36", "entrypoint": ["sh", "-c", line], "backoff_limit": 3}
    project = write_config(place / "p", {"name": "p", "code": {"image": True}, "stages": {"s": [step]}})
    found = run_one(project, place / "run", image)
    assert found.error == ""
    assert [start.status for start in found.starts] == [1, 0]


PROBE = """\
import json, os, sys
print(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), os.access(os.environ["HOME"], os.W_OK)]))
"""
PLACEHOLDERS = (
    *("{{$}}", "{{$.pipeline_job_name}}", "{{$.inputs.artifacts['code'].path}}", "{{{{$}}}}", "{{", "}}"),
    *('{"Concat": ["a"]}', ' {"Concat": ["a", "b"]}', '{"IfPresent": {"InputName": "code", "Then": "a"}}'),
    *(
        "$(HOSTNAME)",
        "$$",
        "$$(HOSTNAME)",
        "$(AUTOML_STEP)",
        "$",
        "${AUTOML_STEP}",
        "$é",
        "$$$(",
        "'{{'",
        "{{'",
    ),
    *("{{$.workspace_path}}", "{{workflow.name}}", "{{=1+1}}", "it's {{ 'x' }}\n"),
    *(
        "$(DB_PASSWORD)",
        "$$(DB_PASSWORD)",
        "$(KUBERNETES_SERVICE_HOST)",
        "$$$$",
        "5$€",
        "$🚀",
        "'$('",
        "$$é$(A",
    ),
)


@pytest.mark.parametrize("passes", [1, 2])
def test_text_arrives_as_it_was_written(passes: int, place: Path, image: Path) -> None:
    texts = [text for text in (*NASTY, *PLACEHOLDERS) if "\0" not in text]
    safe = [text for text in texts if not is_unsafe(text)]
    assert 15 < len(texts) - len(safe) < len(safe)
    by_script: Object = {"path_to_executable": "probe.py"}
    by_image: Object = {"image": "python:3", "entrypoint": ["python3", "-c", PROBE]}
    steps = {
        "all-by-script": (by_script, texts),
        "safe-by-script": (by_script, safe),
        "all-by-image": (by_image, texts),
        "safe-by-image": (by_image, safe),
    }
    stage = [
        {"step_name": name, **step, "args": words, "envs": envs(words), "secrets": [DB]}
        for name, (step, words) in steps.items()
    ]
    project = write_config(place / "p", {"name": "p", "stages": {"s": stage}}, **{"probe.py": PROBE})
    secrets = {"db": {"password": "s3cret", "port": "5432"}}
    found = run_one(project, place / "run", image, "2.16", secrets=secrets, passes=passes)
    assert found.error == "", found.starts[-1].errors
    for name, (step, words) in steps.items():
        arguments, variables, folder, has_home = json.loads(found.of(name).output)
        assert arguments == words
        assert variables == variables | envs(words) | {"DB_PASSWORD": "s3cret", "db.port": "5432"}
        assert folder == ("/" if step is by_image else f"{found.of(name).folder}/work/project")
        assert has_home


DB: Object = {"name": "db", "keys": {"password": "DB_PASSWORD", "port": "db.port"}}


def envs(words: list[str]) -> dict[str, str]:
    """A variable for each text, some with names that are none to a shell."""
    names = ("TEXT_{}", "text.{}", "TEXT-{}", "-TEXT{}")
    return {names[number % len(names)].format(number): text for number, text in enumerate(words)}


OF_SHELLS = ("PWD", "OLDPWD", "IFS", "PS1", "PS4", "PPID", "LINENO", "RANDOM", "UID", "ENV")
NAMES = st.sampled_from(OF_SHELLS) | st.from_regex(r"[-._A-Za-z][-._A-Z0-9]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("PATH", "_")
)
WORDS = st.one_of(
    TEXTS.filter(lambda text: "\0" not in text),
    st.sampled_from(PLACEHOLDERS),
    st.text("{}{}$()'\"\\`!*~# \n=é🚀", max_size=12),
    st.lists(st.sampled_from(PLACEHOLDERS), max_size=4).map("".join),
)
RECEIVER = """printf '%s\\0' $# "$@"; exec </proc/self/environ; cat; :"""  # sh hands on no name but its own


@settings(max_examples=200, deadline=None)
@given(
    st.lists(WORDS, max_size=4),
    st.dictionaries(NAMES, WORDS, max_size=3),
    st.dictionaries(NAMES, WORDS, max_size=2),
)
def test_protected_words_pass_the_kubelet_and_a_shell(
    texts: list[str], variables: dict[str, str], secrets: dict[str, str]
) -> None:
    secrets = {name: text for name, text in secrets.items() if name not in variables}
    ours = ["sh", "-c", RECEIVER, "receiver"]
    words = Words(ours, [(text,) for text in texts])
    found = protected(words, list(variables.items()), list(secrets))
    sent = [*found.command, *found.arguments, *(text for _, text in found.variables)]
    assert not any("{{" in word or (word.lstrip().startswith('{"') and is_unsafe(word)) for word in sent)
    from_secrets = {found.secrets.get(name, name): text for name, text in secrets.items()}
    for passes in range(3):
        received = received_after(passes, found, from_secrets)
        number, *rest = received.split("\0")[:-1]
        assert rest[: int(number)] == texts
        assert set(rest[int(number) :]) >= {f"{name}={text}" for name, text in (variables | secrets).items()}


def test_a_program_with_a_sign_of_equality_is_none_to_env(tmp_path: Path) -> None:
    program = tmp_path / "a=b"
    program.write_text('#!/bin/sh\nprintf "%s|" "$1" "$X"')
    program.chmod(0o755)
    words = Words([(str(program),)], [("$$",)])
    found = protected(words, [("X", "{{x}}")])
    assert received_after(2, found, {}) == "$$|{{x}}|"


def received_after(passes: int, container: Protected, secrets: dict[str, str]) -> str:
    """What the words and variables print, expanded so often, in a pod with secrets."""
    others = {"HOSTNAME": "wrong", "X": "wrong", "AUTOML_STEP": "wrong", **secrets}
    words, variables = [*container.command, *container.arguments], dict(container.variables)
    for _ in range(passes):
        words = [expanded(word, others | variables) for word in words]
        variables = {name: expanded(text, others) for name, text in variables.items()}
    env = {"PATH": os.environ["PATH"], **others, **variables}
    return subprocess.check_output(words, env=env).decode()


def test_code_comes_from_git(place: Path, image: Path) -> None:
    files = {"run.sh": "#!/bin/sh\nexec ./link", "real.sh": "#!/bin/sh\ngit rev-parse HEAD\npwd\n"}
    repository = write_files(place / "repositories" / "p.git", files)
    (repository / "link").symlink_to("real.sh")
    commit = commit_all(repository)
    (repository / "run.sh").write_text("#!/bin/sh\necho too new")
    commit_all(repository)
    secret = {"name": "git", "key": "token", "username_key": "user"}
    with serving(GitServer(place / "repositories", "bot", "t0ken")) as server:
        git = {"url": f"{server.url}/p.git", "ref": commit, "token_secret": secret}
        step = {"step_name": "job", "command": ["./run.sh"]}
        config = {"name": "p", "code": {"git": git}, "stages": {"s": [step]}}
        secrets = {"git": {"user": "bot", "token": "t0ken"}}
        found = run_one(write_config(place / "p", config), place / "run", image, secrets=secrets)
    assert found.error == "", found.starts[-1].errors
    assert found.of("code").output == f"automl: checked out {commit}\n"
    assert found.of("job").output == f"{commit}\n{found.of('job').folder}/work/project\n"


def commit_all(repository: Path) -> str:
    """Commit what is in the folder, a repository or not yet."""

    def git(*arguments: str) -> str:
        person = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.check_output(["git", *person, *arguments], cwd=repository, text=True).strip()

    git("init", "--quiet", "--initial-branch=main")
    git("add", "--all")
    git("commit", "--quiet", "--message=one")
    return git("rev-parse", "HEAD")


QUICKSTART = ROOT / "examples" / "quickstart"


@pytest.fixture
def image_of_quickstart(place: Path) -> Path:
    """An image that has what the quickstart's jobs require, so that each has nothing to install."""
    image = place / "image"
    subprocess.run([python(), "-m", "venv", image], check=True)
    install(image / "bin" / "python", "-r", str(QUICKSTART / "models" / "requirements.txt"))
    return image


def test_the_quickstart_trains_and_compares(place: Path, image_of_quickstart: Path) -> None:
    project = Path(
        shutil.copytree(QUICKSTART, place / "p", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    )
    config = yaml.safe_load((project / "config.yaml").read_text(encoding="utf-8"))
    del config["stages"]["serve"]
    (project / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    found = run_one(project, place / "run", image_of_quickstart)
    assert found.error == "", found.starts[-1].errors
    tasks = [start.task for start in found.starts]
    assert tasks[:2] == ["code", "prepare-and-save"]
    assert sorted(tasks[2:4]) == ["train-sarimax", "train-xgboost"]
    assert tasks[4:] == ["best-model"]
    scores = re.findall(r"^(\w+): MAPE ([0-9.]+) %(  <- best)?$", found.of("best-model").output, re.MULTILINE)
    assert {name for name, _, _ in scores} == {"sarimax", "xgboost"}
    assert all(0 < float(score) < 15 for _, score, _ in scores)
    assert [score for _, score, best in scores if best] == [min((score for _, score, _ in scores), key=float)]


MOUNTED = """
import json, os, sys
from pathlib import Path
found = []
for path in map(Path, sys.argv[1:]):
    if path.is_dir():
        found.append(sorted(each.name for each in path.iterdir() if each.name[0] != "."))
    elif path.exists():
        found.append(path.read_text())
    else:
        path.write_text(os.environ["AUTOML_STEP"])
        found.append("new")
print(json.dumps(found))
"""


@pytest.mark.parametrize("version", ["2.15", "2.17"])
def test_what_is_mounted_is_there(version: str, place: Path, image: Path) -> None:
    """A disk is one for all steps, also at two paths; a folder is empty; keys of a secret and of a ConfigMap are files."""
    volumes = ["data:/data", "data:/old/data", "scratch:/scratch", "settings:/etc/settings", "keys:/etc/keys"]
    paths = [
        "/scratch",
        "/data/a",
        "/old/data/a",
        "/scratch/a",
        "/etc/settings/depth",
        "/etc/keys",
        "/work/b",
    ]
    step = {"path_to_executable": "a.py", "args": paths, "volumes": volumes, "secrets": ["keys"]}
    config = {
        "workspace": {"claim": "team", "path": "/work"},
        **{key: TWIN[key] for key in ("name", "volumes")},
        "stages": {
            "one": [{"step_name": "one", **step}],
            "two": [{"step_name": "two", **step}],
            "three": [{"step_name": "three", "path_to_executable": "a.py", "args": ["/work/b", "/data/a"]}],
        },
    }
    files = {"config.yaml": json.dumps(config), "a.py": MOUNTED}
    sources = {"settings": {"depth": "3"}, "keys": {"tls.key": "k", "tls.crt": "c"}}
    found = run_one(write_files(place, files), place / "run", image, version, secrets=sources)
    saw = {name: json.loads(found.of(name).output) for name in ("one", "two")}
    rest = ["new", "3", ["tls.crt", "tls.key"]]
    assert saw == {"one": [[], "new", "one", *rest, "new"], "two": [[], "one", "one", *rest, "one"]}
    assert "No such file or directory: '/data/a'" in found.of("three").errors  # it has the workspace alone


# The same pipeline, written with the SDK

TWIN: Object = {
    "version": "1.2.3",
    "name": "Twin",
    "namespace": "ml",
    "description": "The same twice.",
    "labels": {"team": "ml"},
    "annotations": {"example.com/owner": "ann"},
    "volumes": {
        "data": {"claim": "shared-data"},
        "scratch": {"empty_dir": True},
        "settings": {"config_map": "settings"},
        "keys": {"secret": "keys"},
    },
    "stages": {
        "prepare": [
            {
                "step_name": "load",
                "path_to_executable": "a.py",
                "dependency_path": "requirements.txt",
                "args": ["--days", 30],
                "envs": {"STORE": "s3://a"},
                "secrets": [{"name": "store", "keys": {"key": "KEY", "id": "KEY_ID"}}, "whole"],
                "cpu_request": 2,
                "memory_request": "2Gi",
                "backoff_limit": 2,
                "timeout": "10m",
                "labels": {"tier": "batch"},
                "annotations": {"example.com/ticket": "42"},
            }
        ],
        "train": [
            {
                "step_name": "forest",
                "image": "registry.example.com/forest:1",
                "entrypoint": ["train"],
                "args": ["--trees", 100],
                "envs": {"DEPTH": 3},
                "image_pull_secrets": ["login", "other-login"],
                "volumes": ["data:/data", "scratch:/scratch", "settings:/etc/settings", "keys:/etc/keys:ro"],
            },
            {"step_name": "linear", "path_to_executable": "a.py"},
        ],
        "serve": [{"step_name": "api", "path_to_executable": "a.py", "timeout": "5m", "service": {}}],
    },
}
# What the SDK writes and we do not, or otherwise, as `place: ours | the SDK's`.
DIFFERENCES = {
    # who wrote it
    'sdkVersion: "automl" | "kfp-2.17.0"',
    # its way to say that nothing is cached, which holds for what has no options too
    "root/dag/tasks/*/cachingOptions: nothing | {}",
    "components/comp-stage-prepare/dag/tasks/*/cachingOptions: nothing | {}",
    "components/comp-stage-train/dag/tasks/*/cachingOptions: nothing | {}",
    "components/comp-stage-serve/dag/tasks/*/cachingOptions: nothing | {}",
    # older names of the fields beside them, and what is false anyway
    'platforms/kubernetes/deploymentSpec/executors/*/imagePullSecret/*/secretName: nothing | "login"',
    'platforms/kubernetes/deploymentSpec/executors/*/imagePullSecret/*/secretName: nothing | "other-login"',
    'platforms/kubernetes/deploymentSpec/executors/*/secretAsEnv/*/secretName: nothing | "store"',
    'platforms/kubernetes/deploymentSpec/executors/*/secretAsVolume/*/secretName: nothing | "whole"',
    'platforms/kubernetes/deploymentSpec/executors/*/secretAsVolume/*/secretName: nothing | "keys"',
    'platforms/kubernetes/deploymentSpec/executors/*/configMapAsVolume/*/configMapName: nothing | "settings"',
    'platforms/kubernetes/deploymentSpec/executors/*/pvcMount/*/constant: nothing | "shared-data"',
    "platforms/kubernetes/deploymentSpec/executors/*/secretAsVolume/*/optional: nothing | false",
    "platforms/kubernetes/deploymentSpec/executors/*/configMapAsVolume/*/optional: nothing | false",
    "platforms/kubernetes/deploymentSpec/executors/*/secretAsEnv/*/optional: nothing | false",
}
DIFFERENCES_OF_CONFIG_MAPS = {
    'platforms/kubernetes/deploymentSpec/executors/*/configMapAsVolume/*/configMapName: nothing | "code"',
}
DIFFERENCES_OF_OBJECTS = {
    # the SDK writes no labels and annotations
    'Pipeline/metadata/annotations: "given" | nothing',
    'Pipeline/metadata/labels: "given" | nothing',
    'PipelineVersion/metadata/annotations: "given" | nothing',
    'PipelineVersion/metadata/labels: "given" | nothing',
}
MAPS = ("tasks", "executors")


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """The places where two values differ; `*` is any task, executor or item of a list."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in ours.keys() | theirs.keys():
            part = "*" if place.rpartition("/")[2] in MAPS else key
            yield from differences(ours.get(key, ...), theirs.get(key, ...), f"{place}/{part}".lstrip("/"))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            yield from differences(one, other, f"{place}/*")
    elif ours != theirs:
        yield f"{place}: {shown(ours)} | {shown(theirs)}"


def shown(value: Any) -> str:
    return "nothing" if value is ... else json.dumps(value)


class Twins(NamedTuple):
    """What we make of TWIN and what the SDK makes of the same: the package, and the objects by kind."""

    packages: tuple[list[Object], list[Object]]
    objects: tuple[dict[str, Object], dict[str, Object]]
    names: dict[str, str]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    project = write_config(tmp_path_factory.mktemp("twin"), TWIN)
    ours = documents(compiled(project, version="2.17"))
    in_kubernetes = documents(compiled(project, "kubeflow-native", "2.17"))
    objects = {each["kind"]: each for each in in_kubernetes}
    names = {
        "config_map": objects["ConfigMap"]["metadata"]["name"],
        "version": objects["PipelineVersion"]["metadata"]["name"],
        "shown": objects["PipelineVersion"]["spec"]["displayName"],
    }
    texts = {"package": our_words(ours), "native": our_words(package_in(in_kubernetes)), **names}
    command = [sys.executable, "-W", "ignore", "-m", "tests.conformance.kfp_twin"]
    done = subprocess.run(
        command, input=json.dumps(texts), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = documents(done.stdout)
    return Twins((ours, theirs[:2]), (objects, {each["kind"]: each for each in theirs[2:]}), names)


def our_words(package: list[Object]) -> dict[str, list[Any]]:
    """The long words of the tasks that are no step of the config."""
    executors = package[0]["deploymentSpec"]["executors"]
    api, code = (executors.get(name, {}).get("container") for name in ("exec-api", "exec-code"))
    objects = [word for word in api["args"] if word.startswith("{\n")]
    found: dict[str, list[Any]] = {"api": [*api["command"], objects]}
    return found | ({"code": [*code["command"], *code["args"][1:]]} if code else {})


def test_the_sdk_writes_the_same_package(twins: Twins) -> None:
    ours, theirs = twins.packages
    assert len(ours) == len(theirs) == 2
    found = {line for one, other in zip(ours, theirs, strict=True) for line in differences(one, other)}
    assert found == DIFFERENCES


def test_the_sdk_writes_the_same_objects(twins: Twins) -> None:
    ours, theirs = twins.objects
    assert theirs.keys() == {"Pipeline", "PipelineVersion"}
    inside = zip(package_in(list(ours.values())), package_in(list(theirs.values())), strict=True)
    found = {line for one, other in inside for line in differences(one, other)}
    expected = {
        line.replace('"code"', json.dumps(twins.names["config_map"])) for line in DIFFERENCES_OF_CONFIG_MAPS
    }
    assert found == DIFFERENCES | expected
    outside = {line for kind in theirs for line in differences(shell(ours[kind]), shell(theirs[kind]), kind)}
    assert outside == DIFFERENCES_OF_OBJECTS


def shell(found: Object) -> Object:
    """An object without the package in it, and without what labels and annotations say."""
    spec = {key: value for key, value in found["spec"].items() if not key.endswith("Spec")}
    meta = {key: value if isinstance(value, str) else "given" for key, value in found["metadata"].items()}
    return found | {"spec": spec, "metadata": meta}

"""What the checks find in a config, each finding with the text at its place."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from automl.compiler import ir
from automl.compiler.checks.sizes import LONGEST_WORD
from automl.compiler.diagnostics import Code
from automl.compiler.driver import Input, Overrides, analyse
from automl.compiler.source import Span
from automl.targets.objects.metadata import Objects
from tests.runtime.kubelet import write_files

NOTHING = Overrides()


class Found(NamedTuple):
    """A diagnostic: what it says, and what it points at."""

    code: Code
    message: str
    at: str
    help: str | None


def analysed(
    folder: Path, config: str, files: Mapping[str, str] = {}, overrides: Overrides = NOTHING
) -> tuple[ir.Workflow | None, list[Found]]:
    write_files(folder, {**files, "config.yaml": config})
    workflow, found = analyse(Input("config.yaml", config.encode(), folder), overrides)
    return workflow, [Found(each.code, each.message, _text_at(each.span), each.help) for each in found]


def _text_at(span: Span) -> str:
    return span.source.line(span.line)[span.column - 1 : span.end_column - 1]


def a_step(**keys: object) -> str:
    """A config of one step, in JSON, which is YAML."""
    return json.dumps({"name": "w", "stages": {"s": [{"step_name": "a", **keys}]}}, ensure_ascii=False)


PYTHON = {"kernelspec": {"name": "x", "language": "python"}}
R = {"kernelspec": {"name": "ir", "language": "R"}, "language_info": {"name": "R"}}


def notebook(metadata: object = None, nbformat: object = 4) -> str:
    return json.dumps({"cells": [], "metadata": metadata or {}, "nbformat": nbformat, "nbformat_minor": 4})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'a.ipynb" is not a notebook: line 1 is not JSON'),
        ('{"cells": [],\n<<<<<<< HEAD\n', 'a.ipynb" is not a notebook: line 2 is not JSON'),
        ("\ufeff" + notebook(), 'a.ipynb" is not a notebook: line 1 is not JSON'),
        ("[" * 100_000, 'a.ipynb" is not a notebook: it is not JSON in UTF-8'),
        ("[]", 'a.ipynb" is not a notebook of format 4, "nbformat": 4'),
        ("{}", 'a.ipynb" is not a notebook of format 4, "nbformat": 4'),
        (notebook(nbformat=5), 'a.ipynb" is not a notebook of format 4, "nbformat": 4'),
        (notebook(nbformat=[4]), 'a.ipynb" is not a notebook of format 4, "nbformat": 4'),
        (notebook(R), 'a.ipynb" is written in r, and Python\'s kernel would run it'),
        (notebook({"language_info": {"name": "julia"}}), 'a.ipynb" is written in julia, and Python\'s kernel would run it'),
    ],
)  # fmt: skip
def test_notebook_that_cannot_run(text: str, message: str, tmp_path: Path) -> None:
    _, found = analysed(tmp_path, a_step(path_to_executable="a.ipynb"), {"a.ipynb": text})
    [(code, said, at, help)] = found
    assert (code, at) == (Code.NOTEBOOK, '"a.ipynb"')
    assert said.endswith(message)
    assert help


def test_a_notebook_that_fits_into_no_manifest_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").touch()
    os.truncate(tmp_path / "a.ipynb", 1024**4)
    _, [found] = analysed(tmp_path, a_step(path_to_executable="a.ipynb"), {})
    assert found[0] is Code.BUNDLE_SIZE


@pytest.mark.parametrize(
    "text",
    [
        notebook(),
        notebook(PYTHON),
        notebook(nbformat=3),
        notebook({"kernelspec": {"name": "python3", "language": ""}, "language_info": {"name": "Python"}}),
        notebook({"kernelspec": None, "language_info": [1]}),
        json.dumps({"nbformat": 4, "cells": [], "metadata": [1]}),
    ],
)
def test_notebook_that_can_run(text: str, tmp_path: Path) -> None:
    config = a_step(path_to_executable="a.ipynb")
    workflow, found = analysed(tmp_path, config, {"a.ipynb": text})
    assert found == []
    assert workflow is not None
    [task] = workflow.tasks
    words = [text.literal for text in task.command.entrypoint or ()]
    assert words[-6:] == ["--kernel", "python3", "--language", "python", "a.ipynb", "a.output.ipynb"]


@pytest.mark.parametrize("args", [["-k", "ir"], ["--kernel", "ir"], ["--kernel=ir"], ["-kir"]])
def test_kernel_of_the_users_choice(args: list[str], tmp_path: Path) -> None:
    config = a_step(path_to_executable="a.ipynb", args=args)
    workflow, found = analysed(tmp_path, config, {"a.ipynb": notebook(R)})
    assert found == []
    assert workflow is not None
    words = [text.literal for text in workflow.tasks[0].command.entrypoint or ()]
    assert "--kernel" not in words
    assert "--language" not in words


def test_notebooks_that_are_elsewhere_are_not_looked_at(tmp_path: Path) -> None:
    in_image = a_step(path_to_executable="a.ipynb", image="x")
    with_command = a_step(path_to_executable="a.ipynb", command=["ls"])
    for config in (in_image, with_command):
        _, found = analysed(tmp_path, config, {"a.ipynb": "not a notebook"})
        assert {each.code for each in found} <= {Code.NOT_NEEDED}


@pytest.mark.parametrize("path", ["./src/run.sh", "src//run.sh", "././src/./run.sh"])
def test_a_file_is_packed_once_however_its_path_is_written(path: str, tmp_path: Path) -> None:
    config = a_step(path_to_executable=path, dependency_path="./requirements.txt")
    workflow, _ = analysed(tmp_path, config, {"src/run.sh": "", "requirements.txt": ""})
    assert workflow is not None
    assert isinstance(workflow.code, ir.Bundle)
    assert [file.path for file in workflow.code.files] == ["requirements.txt", "src/run.sh"]


@pytest.mark.parametrize("place", [{}, {"image": "x"}])
@pytest.mark.parametrize(("path", "program"), [("-a.py", "python"), ("-a.sh", "bash"), ("-x/a.py", "python")])
def test_a_path_is_no_option(path: str, program: str, place: dict[str, str], tmp_path: Path) -> None:
    workflow, _ = analysed(tmp_path, a_step(path_to_executable=path, **place), {path: ""})
    assert workflow is not None
    words = [text.literal for text in workflow.tasks[0].command.entrypoint or ()]
    assert words == [program, f"./{path}"]


def from_git(url: str = "https://example.com/ml/p.git", ref: str = "main") -> str:
    steps = [{"step_name": "a", "path_to_executable": "a.py"}]
    return json.dumps({"name": "w", "code": {"git": {"url": url, "ref": ref}}, "stages": {"s": steps}})


@pytest.mark.parametrize(
    ("url", "code", "message", "help"),
    [
        ("ssh://git@example.com/ml/p.git", Code.URL, "ssh is not supported", '"https://example.com/ml/p.git"'),
        ("ssh://git@example.com:2222/ml/p", Code.URL, "ssh is not supported", '"https://example.com/ml/p"'),
        ("git+ssh://example.com/ml/p", Code.URL, "ssh is not supported", '"https://example.com/ml/p"'),
        ("git@example.com:ml/p.git", Code.URL, "ssh is not supported", '"https://example.com/ml/p.git"'),
        ("https://org@example.com/ml/p", Code.URL_CREDENTIALS, "has a user name in it", "username_key"),
        ("https://a:b@example.com/ml/p", Code.URL_CREDENTIALS, "has credentials in it", "token_secret"),
        ("ssh://a:b@example.com/ml/p", Code.URL_CREDENTIALS, "has credentials in it", "token_secret"),
        (f"https://ghp_{'aB3xY7kQ9' * 4}@example.com/p", Code.URL_CREDENTIALS, "has credentials in it", "token_secret"),
        ("git://example.com/ml/p", Code.URL, "must start with https://", "https://github.com"),
    ],
)  # fmt: skip
def test_address_of_a_repository(url: str, code: Code, message: str, help: str, tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, from_git(url))
    assert found.code is code
    assert found.message.endswith(message)
    assert help in (found.help or "")


@pytest.mark.parametrize("url", ["https://example.com/ml/p@2.git", "https://example.com:8443/a:b/c@d"])
def test_address_with_signs_in_its_path(url: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, from_git(url))[1] == []


@pytest.mark.parametrize("ref", ["933ca62", "933CA62", "a" * 39])
def test_commit_that_is_shortened(ref: str, tmp_path: Path) -> None:
    workflow, [found] = analysed(tmp_path, from_git(ref=ref))
    assert workflow is not None
    assert (found.code, found.at) == (Code.SHORT_COMMIT, f'"{ref}"')


@pytest.mark.parametrize(
    "ref", ["a" * 40, "933ca6", "20251121", "main", "v1", "feed-me", "fix@home", "refs/pull/7/head", "a/b"]
)
def test_ref_that_needs_no_word(ref: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, from_git(ref=ref))[1] == []


def a_service(**service: object) -> str:
    return a_step(path_to_executable="a.py", timeout="5m", service=service)


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("ML_Team", '"ml-team"'),
        ("Shoot--ML", '"shoot--ml"'),
        ("shoot--ml_x", '"shoot--ml-x"'),
        ("a.b", '"a-b"'),
        ("-a", '"a"'),
        ("", "63"),
        ("日本", "63"),
        ("a" * 64, "63"),
        ("A" * 64, "63"),
    ],
)
def test_namespace_that_cannot_be(name: str, help: str, tmp_path: Path) -> None:
    workflow, [found] = analysed(tmp_path, json.dumps({**json.loads(a_step(image="x")), "namespace": name}))
    assert workflow is None
    assert (found.code, found.message) == (Code.OBJECT_NAME, f'"{name}" cannot be the name of a namespace')
    assert help in (found.help or "")


@pytest.mark.parametrize("name", ["shoot--ml--prod", "a", "1-2", "a" * 63])
def test_namespace_is_kept_as_written(name: str, tmp_path: Path) -> None:
    config = json.dumps({**json.loads(a_step(image="x")), "namespace": name})
    workflow, found = analysed(tmp_path, config)
    assert found == []
    assert workflow is not None
    assert workflow.namespace == name


@pytest.mark.parametrize(
    ("name", "help"),
    [
        *(("a..b", '"a-b"'), ("a.-b", '"a-b"'), ("a_b", '"a-b"'), ("A", '"a"'), ("a.", '"a"')),
        *(("a" * 254, "use letters a-z"), ("日本", "use letters a-z")),
    ],
)
@pytest.mark.parametrize("key", ["secrets", "image_pull_secrets", "tls_secret", "class"])
def test_names_of_things_that_exist(key: str, name: str, help: str, tmp_path: Path) -> None:
    in_step = key in ("secrets", "image_pull_secrets")
    step = {key: [name]} if in_step else {"service": {"ingress": {"host": "a.b", key: name}}}
    workflow, [found] = analysed(tmp_path, a_step(image="x", timeout="1m", **step))
    assert workflow is None
    assert found.at == f'"{name}"'
    if key == "class" and found.code is Code.WRONG_VALUE:
        assert "the name of an IngressClass" in found.message  # the schema sees what stands in none
    else:
        assert found.code is Code.OBJECT_NAME
        assert help in str(found.help)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("host", "010.0.0.1", "it is an IP address"),
        ("host", "a..b", "at most 253 together"),
        ("host", "a.-b", "at most 253 together"),
        ("host", "*." + ".".join(["x" * 61] * 4 + ["a" * 4]), "at most 253 together"),
        ("host", f"{64 * 'a'}.example.com", "a part between its dots has more than 63 characters"),
        ("path", "//api", 'it has "//" in it'),
        ("path", "/a/./b", 'it has "/./" in it'),
        ("path", "/a/../b", 'it has "/../" in it'),
        ("path", "/a%2fb", 'it has "%2f" in it'),
        ("path", "/a%2Fb", 'it has "%2F" in it'),
        ("path", "/.", 'it has "/." in it'),
        ("path", "/a/..", 'it has "/.." in it'),
    ],
)
def test_address_of_an_ingress(key: str, value: str, message: str, tmp_path: Path) -> None:
    workflow, [found] = analysed(tmp_path, a_service(ingress={key: value}), {"a.py": ""})
    assert workflow is None
    assert (found.code, found.at) == (Code.ADDRESS, f'"{value}"')
    assert (
        found.message == f'"{value}" cannot be the {key} of an ingress: ' + found.message.partition(": ")[2]
    )
    assert found.message.endswith(message)


def test_path_of_a_probe_is_no_host(tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, a_service(readiness={"path": "//health/x"}), {"a.py": ""})
    assert (found.code, found.help) == (Code.ADDRESS, 'write "/health/x"')
    assert analysed(tmp_path, a_service(readiness={"path": "/a//b/../c?d"}), {"a.py": ""})[1] == []


@pytest.mark.parametrize("key", ["args", "command", "entrypoint"])
def test_word_that_is_too_long(key: str, tmp_path: Path) -> None:
    """Linux takes words of 128 KiB, with a zero at the end."""
    step = {"image": "x", "entrypoint": ["a"]}
    workflow, _ = analysed(tmp_path, a_step(**{**step, key: [65535 * "é" + "a"]}))
    assert workflow is not None
    workflow, [too_long] = analysed(tmp_path, a_step(**{**step, key: [65536 * "é"]}))
    assert workflow is None
    assert too_long.code is Code.TOO_LONG
    assert too_long.at.endswith('é"')


def test_variable_that_is_too_long(tmp_path: Path) -> None:
    workflow, _ = analysed(tmp_path, a_step(image="x", envs={"KEY": 131_067 * "a"}))
    assert workflow is not None
    workflow, [found] = analysed(tmp_path, a_step(image="x", envs={"KEY": 131_068 * "a"}))
    assert workflow is None
    assert (found.code, found.at) == (Code.TOO_LONG, '"KEY"')


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_linux_agrees_about_the_length_of_words() -> None:
    word, variable = LONGEST_WORD * "a", {"K": (LONGEST_WORD - 2) * "a"}
    subprocess.run(["/bin/true", word], env=variable, check=True)
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(["/bin/true", word + "a"], check=False)
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(["/bin/true"], env={"K": variable["K"] + "a"}, check=False)


@pytest.mark.parametrize("size", [255 * 1024, 255 * 1024 + 1])
@pytest.mark.parametrize("place", ["workflow", "step", "description"])
def test_annotations_that_are_too_long(place: str, size: int, tmp_path: Path) -> None:
    config = json.loads(a_step(image="x", annotations={"a": "b"}))
    if place == "workflow":
        config["annotations"] = {"long": (size - 6) * "x"}
    elif place == "step":
        config["annotations"] = {"a": "b"}
        config["stages"]["s"][0]["annotations"] = {"long": (size - 6) * "x"}
    else:
        config["description"] = (size - 2) * "x"
    workflow, found = analysed(tmp_path, json.dumps(config))
    assert [each.code for each in found] == [Code.TOO_LONG] * (size % 1024)
    assert (workflow is None) == bool(size % 1024)


@pytest.mark.parametrize(
    ("key", "value"), [("annotations", {"long": "x" * 255 * 1024}), ("description", "x" * (255 * 1024 + 1))]
)
def test_annotations_of_the_workflow_that_are_too_long_for_all(
    key: str, value: object, tmp_path: Path
) -> None:
    """It is said once, where it is written, and not of every step."""
    config = json.loads(a_step(image="x", annotations={"a": "b"}))
    config["stages"]["t"] = [{"step_name": "other", "image": "x", "entrypoint": ["run"]}]
    workflow, [found] = analysed(tmp_path, json.dumps({**config, key: value}))
    assert workflow is None
    assert (found.code, found.at) == (Code.TOO_LONG, f'"{key}"')


@pytest.mark.parametrize(
    ("version", "label"),
    [
        ("v1 (draft) é", "v1-draft"),
        ("1.4.2+build5", "1.4.2-build5"),
        ("-1-", "1"),
        ("x" * 64, "x" * 63),
        ("1.0.0", None),
        ("x" * 63, None),
        ("1", None),
    ],
)
def test_version_that_becomes_another(version: str, label: str | None, tmp_path: Path) -> None:
    config = json.dumps({**json.loads(a_step(image="x")), "version": version}, ensure_ascii=False)
    workflow, found = analysed(tmp_path, config)
    assert workflow is not None
    messages = [f'the version "{version}" becomes "{label}" in the label of the objects'] if label else []
    assert [each.message for each in found if each.code is Code.CHANGED_VERSION] == messages
    assert len(found) == len(messages)
    assert Objects(workflow).labels()["automl.dev/version"] == (label or version)


@pytest.mark.parametrize("version", ["日本", "---", "…"])
def test_version_of_which_nothing_is_left(version: str, tmp_path: Path) -> None:
    config = json.dumps({**json.loads(a_step(image="x")), "version": version}, ensure_ascii=False)
    workflow, [found] = analysed(tmp_path, config)
    assert workflow is not None
    assert (found.code, found.at) == (Code.LOST_VERSION, f'"{version}"')
    assert "automl.dev/version" not in Objects(workflow).labels()


@pytest.mark.parametrize("place", [{}, {"image": "x"}])
@pytest.mark.parametrize(
    ("line", "help"),
    [
        ("python train.py", '["python", "train.py"]'),
        ("python  train.py --x é", '["python", "train.py", "--x", "é"]'),
        ("python train.py && echo", '["sh", "-c", "python train.py && echo"]'),
        ("echo $HOME", '["sh", "-c", "echo $HOME"]'),
    ],
)
def test_command_line_in_one_word(line: str, help: str, place: dict[str, str], tmp_path: Path) -> None:
    workflow, [found] = analysed(tmp_path, a_step(command=[line], **place))
    assert workflow is not None
    assert (found.code, found.at, found.help) == (
        Code.COMMAND_LINE,
        json.dumps(line, ensure_ascii=False),
        f"write `command: {help}`",
    )


@pytest.mark.parametrize(
    "step",
    [
        {"command": ["python", "train me.py"]},
        {"command": ["./my program"]},
        {"command": ["/opt/my program"]},
        {"command": ["python train.py"], "entrypoint": ["sh", "-c"]},
        {"command": ["train"]},
        {"command": [" "]},
    ],
)
def test_command_that_needs_no_word(step: dict[str, list[str]], tmp_path: Path) -> None:
    assert analysed(tmp_path, a_step(**step))[1] == []


@pytest.mark.parametrize("kind", ["labels", "annotations"])
@pytest.mark.parametrize(
    "key",
    [
        *("automl.dev/service", "app.kubernetes.io/name", "app.kubernetes.io/managed-by"),
        *("workflows.argoproj.io/workflow", "pipelines.kubeflow.org/v2_component"),
        *("batch.kubernetes.io/job-name", "deployment.kubernetes.io/revision", "pod-template-hash"),
        *("job-name", "controller-uid", "kubectl.kubernetes.io/last-applied-configuration"),
        "container.apparmor.security.beta.kubernetes.io/main",
    ],
)
def test_what_the_engines_set_themselves_is_refused(key: str, kind: str, tmp_path: Path) -> None:
    """Kubernetes refuses a Job with another `job-name` when its turn comes, and our selectors need their labels."""
    _, [found] = analysed(tmp_path, a_step(image="i", entrypoint=["run"], **{kind: {key: "x"}}))
    assert (found.code, found.at) == (Code.LABEL, f'"{key}"')


def test_a_file_without_a_letter_of_ours_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = '{"stages": {"s": [{"step_name": "a", "image": "i", "entrypoint": ["r"]}]}}'
    names = set()
    for file in ("config.yaml", "\u65e5\u672c.yaml", "\u672c.yaml"):
        workflow, _ = analyse(Input(file, text.encode(), tmp_path), NOTHING)
        assert workflow
        names.add(workflow.name)
    assert len(names) == 3


@pytest.mark.parametrize("language", ["python", "Python 3", "ipython", "pyspark", ""])
def test_a_notebook_of_python_by_any_name(language: str, tmp_path: Path) -> None:
    files = {"a.ipynb": notebook({"kernelspec": {"name": "x", "language": language}})}
    workflow, found = analysed(tmp_path, a_step(path_to_executable="a.ipynb"), files)
    assert workflow
    assert found == []


@pytest.mark.parametrize("key", ["path_to_executable", "dependency_path"])
@pytest.mark.parametrize(
    "path", ["é" * 127 + ".txt.py", "a/" * 2047 + "a.py", "\n::set-output name=a::b" + 260 * "x" + ".py"]
)
def test_a_file_name_that_no_system_has(key: str, path: str, tmp_path: Path) -> None:
    path = path if key == "path_to_executable" else path.replace(".py", ".txt")
    _, [found] = analysed(tmp_path, a_step(**{"path_to_executable": "a.py", key: path}), {"a.py": ""})
    assert (found.code, found.message[:26]) == (Code.FILE_NOT_FOUND, "the file name is too long:")
    assert json.loads(found.at) == path


def test_the_longest_file_name_is_taken(tmp_path: Path) -> None:
    path = "é" * 126 + ".py"
    assert analysed(tmp_path, a_step(path_to_executable=path), {path: ""})[1] == []


def test_a_folder_that_may_not_be_entered_is_a_finding_at_the_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real").chmod(0)
    (tmp_path / "loop").symlink_to("loop")
    try:
        for path in ("real/a.py", "loop/a.py"):
            _, [found] = analysed(tmp_path, a_step(path_to_executable=path))
            assert (found.code, found.at) == (Code.FILE_NOT_FOUND, f'"{path}"')
    finally:
        (tmp_path / "real").chmod(0o755)


def test_a_file_that_is_not_there_is_not_looked_for_among_very_many(tmp_path: Path) -> None:
    """Each of a thousand steps would compare its script with each of the names."""
    write_files(tmp_path, {f"{number}.txt": "" for number in range(1000)})
    steps = [{"step_name": f"s{number}", "path_to_executable": f"a{number}.py"} for number in range(50)]
    config = json.dumps({"name": "w", "stages": {"s": steps}})
    _, found = analysed(tmp_path, config, {f"a{number}.pi": "" for number in range(50)})
    helps = [each.help for each in found]
    assert helps[0] == 'did you mean "a0.pi"?'
    assert helps[-1] == "paths are relative to the folder of the config"


def test_text_that_cannot_be_is_all_that_is_said(tmp_path: Path) -> None:
    text = "\0.py"
    config = json.dumps(
        {"stages": {"s": [{"step_name": "a", "path_to_executable": text, "dependency_path": text}]}}
    )
    assert {each.code for each in analysed(tmp_path, config)[1]} == {Code.CONTROL_CHARACTER}
    as_key = json.dumps({"stages": {text: [{"step_name": "a", "nope": 1}]}})
    assert {each.code for each in analysed(tmp_path, as_key)[1]} == {Code.CONTROL_CHARACTER}


def test_http_is_a_warning_and_with_a_token_an_error(tmp_path: Path) -> None:
    plain = from_git("http://example.com/ml/p.git")
    workflow, [found] = analysed(tmp_path, plain)
    assert workflow is not None
    assert (found.code, found.help) == (Code.PLAIN_HTTP, "write https://")
    config = json.loads(plain)
    config["code"]["git"]["token_secret"] = {"name": "t", "key": "k"}
    workflow, [found] = analysed(tmp_path, json.dumps(config))
    assert workflow is None
    assert (found.code, found.message) == (Code.URL, "over http:// the token would travel in clear")


@pytest.mark.parametrize(
    "url", ["https://h/a\x7f", "https://h/a\u200b", "https://h\u202e/a", "https://h/" + 2048 * "a"]
)
def test_address_of_a_repository_that_is_none(url: str, tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, from_git(url))
    assert found.code is Code.URL


@pytest.mark.parametrize(
    "ref", ["/", "@", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a..b", "a@{1}", "-a", "a\u202eb",
            "a\x7f", "a\x9f", "a b", 256 * "a"]
)  # fmt: skip
def test_ref_that_git_does_not_take(ref: str, tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, from_git(ref=ref))
    assert found.code is Code.URL


@pytest.mark.parametrize(
    "image",
    ["../etc/x", "a//b", "A/b", "Acme/train:1", "a/B", "a:", "a@sha256:12", "-a", "a..b/c", "a___b", "a/b/", "/a", "a b", "a:b:c",
     "ghcr.io//x", "h.:5000/x", 600 * "a", "a@b"],
)  # fmt: skip
def test_image_that_is_none(image: str, tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, a_step(image=image, entrypoint=["a"]))
    assert (found.code, found.at) == (Code.IMAGE, f'"{image}"')


@pytest.mark.parametrize(
    "image",
    ["a", "a_b", "a__b", "a---b/c.d", "localhost/a", "localhost:5000/a:1", "REGISTRY:5000/a", "GHCR.io/a/b/c:1-x_Y.z", "[::1]:5000/a",
     f"a@sha256:{64 * '0'}", f"h.io/a:1@sha256:{64 * 'f'}", f"a@sha512:{128 * '0'}", "10.0.0.1/a"],
)  # fmt: skip
def test_image_as_distribution_has_it(image: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, a_step(image=image, entrypoint=["a"]))[1] == []


@pytest.mark.parametrize(
    ("name", "is_fine"), [(".", False), ("..", False), ("..x", False), (".x", True), ("x..", True)]
)
def test_variable_that_kubernetes_takes(name: str, is_fine: bool, tmp_path: Path) -> None:
    """IsEnvVarName of apimachinery's validation."""
    _, found = analysed(tmp_path, a_step(image="x", entrypoint=["a"], envs={name: "1"}))
    assert [each.code for each in found] == ([] if is_fine else [Code.VARIABLE_NAME])


@pytest.mark.parametrize(
    ("key", "is_fine"), [(".", False), ("..", False), ("..x", False), (254 * "a", False), (253 * "a", True), (".x", True), ("x..", True)]
)  # fmt: skip
def test_key_of_a_secret_that_kubernetes_takes(key: str, is_fine: bool, tmp_path: Path) -> None:
    """IsConfigMapKey of apimachinery's validation."""
    secrets = [{"name": "s", "keys": {key: "A"}}]
    _, found = analysed(tmp_path, a_step(image="x", entrypoint=["a"], secrets=secrets))
    assert [each.code for each in found] == ([] if is_fine else [Code.WRONG_VALUE])
    config = json.loads(from_git())
    config["code"]["git"]["token_secret"] = {"name": "t", "key": key}
    _, found = analysed(tmp_path, json.dumps(config))
    assert [each.code for each in found] == ([] if is_fine else [Code.WRONG_VALUE])


@pytest.mark.parametrize("prefix", ["a..b", "a.-b", "a-.b", ".a", "A.b", ""])
def test_prefix_of_a_label_is_a_subdomain(prefix: str, tmp_path: Path) -> None:
    _, [found] = analysed(tmp_path, a_step(image="x", entrypoint=["a"], labels={f"{prefix}/c": "1"}))
    assert found.code is Code.LABEL


@pytest.mark.parametrize("key", ["timeout", "memory_request", "cpu_request", "cron"])
def test_an_amount_of_a_megabyte_is_a_short_finding(key: str, tmp_path: Path) -> None:
    config = json.loads(a_step(image="x", entrypoint=["a"]))
    if key == "cron":
        config["schedule"] = "0 0 * * 1" + 200_000 * ",1"
    else:
        config["stages"]["s"][0][key] = 200_000 * "1h1m"
    _, [found] = analysed(tmp_path, json.dumps(config))
    assert found.code in (Code.CRON, Code.DURATION, Code.QUANTITY)
    assert len(found.message) < 1500


A_TOKEN = "ghp_aB3xY7kQ9mZ2pL5waB3xY7kQ9mZ2pL5waB3x"
OF_A_STEP = {
    "args": ["--token-of-mine", A_TOKEN],
    "command": [A_TOKEN],
    "entrypoint": ["sh", "-c", f"curl {A_TOKEN}"],
    "annotations": {"a": A_TOKEN},
    "labels": {"a": A_TOKEN},
    "image": f"ghcr.io/a/b:{A_TOKEN}",
    "secrets": [{"name": "s", "keys": {"a": A_TOKEN}}],
}
OF_ALL = {
    "description": f"use {A_TOKEN}",
    "version": A_TOKEN,
    "name": A_TOKEN,
    "labels": {"a": A_TOKEN},
    "annotations": {A_TOKEN: "a"},
}


@pytest.mark.parametrize("key", OF_A_STEP)
def test_a_credential_in_a_step_is_said_at_its_place(key: str, tmp_path: Path) -> None:
    _, found = analysed(tmp_path, a_step(**{"image": "x", "entrypoint": ["a"], key: OF_A_STEP[key]}))
    [place] = [each.at for each in found if each.code is Code.PLAIN_SECRET]
    assert A_TOKEN in place


@pytest.mark.parametrize("key", OF_ALL)
def test_a_credential_beside_the_steps_is_said_at_its_place(key: str, tmp_path: Path) -> None:
    config = json.loads(a_step(image="x", entrypoint=["a"])) | {key: OF_ALL[key]}
    _, found = analysed(tmp_path, json.dumps(config))
    [place] = [each.at for each in found if each.code is Code.PLAIN_SECRET]
    assert A_TOKEN in place


def test_what_is_the_users_own_is_not_looked_at(tmp_path: Path) -> None:
    config = json.loads(a_step(image="x", entrypoint=["a"])) | {"x-note": A_TOKEN}
    assert analysed(tmp_path, json.dumps(config))[1] == []


def test_a_credential_in_the_ref_of_a_checkout(tmp_path: Path) -> None:
    [found] = analysed(tmp_path, from_git(ref=A_TOKEN))[1]
    assert (found.code, found.at) == (Code.PLAIN_SECRET, f'"{A_TOKEN}"')
    [found] = analysed(tmp_path, from_git(url=f"https://example.com/a?private_token={A_TOKEN}"))[1]
    assert found.code is Code.URL_CREDENTIALS


@pytest.mark.parametrize(
    "words",
    [["--password", "hunter2"], ["--token=abc"], ["-api-key=abc"], ["model.token=abc"], ["sh", "-c", "login --password hunter2 now"],
     ["sh", "-c", "PGPASSWORD=hunter2 psql"], ["sh", "-c", "export DB_PASSWORD='hunter2'"], ["--db-password", "a/b c"]],
)  # fmt: skip
def test_a_word_that_is_a_credential_by_its_option(words: list[str], tmp_path: Path) -> None:
    _, found = analysed(tmp_path, a_step(image="x", entrypoint=["a"], args=words))
    assert [(each.code, each.at) for each in found] == [(Code.PLAIN_SECRET, json.dumps(words[-1]))]


@pytest.mark.parametrize(
    "words",
    [["--password", "$PASSWORD"], ["--password=${DB_PASSWORD}"], ["--token", "$(TOKEN)"], ["--token", "--verbose"], ["--token"],
     ["--password-file", "x"], ["--secret-name", "x"], ["--tokenizer", "bert"], ["--max-tokens", "5"], ["--eos-token", "</s>"],
     ["sh", "-c", 'login --password "$PASSWORD"'], ["sh", "-c", "TOKEN=$(cat /run/token) run"], ["--token", "/run/token"],
     ["--use-token", "true"], ["tokenizer.max_tokens=5"], ["--password", ""], ["sh", "-c", "login --password-stdin < x"]],
)  # fmt: skip
def test_a_word_that_is_no_credential(words: list[str], tmp_path: Path) -> None:
    assert analysed(tmp_path, a_step(image="x", entrypoint=["a"], args=words))[1] == []


@pytest.mark.parametrize("value", ["", "$(TOKEN)", "/run/secrets/token", "true"])
def test_a_value_that_is_no_credential_whatever_its_name(value: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, a_step(image="x", entrypoint=["a"], envs={"TOKEN": value}))[1] == []


@pytest.mark.parametrize("word", [f"\\x67{A_TOKEN[1:]}", f"g\\\n  {A_TOKEN[1:]}", A_TOKEN])
def test_a_credential_behind_an_escape_is_one(word: str, tmp_path: Path) -> None:
    config = f'name: w\nstages: {{s: [{{step_name: a, image: b, args: ["{word}"]}}]}}\n'
    _, found = analysed(tmp_path, config)
    assert [each.code for each in found] == [Code.PLAIN_SECRET]


def test_a_credential_as_the_name_of_an_option_is_one(tmp_path: Path) -> None:
    _, found = analysed(tmp_path, a_step(image="b"), overrides=Overrides(name=A_TOKEN))
    assert Code.PLAIN_SECRET in [each.code for each in found]


@pytest.mark.parametrize("word", ["\\x24{{ x }}", "$\\x7b{ x }}", "${{ x }}"])
def test_an_expression_behind_an_escape_is_one(word: str, tmp_path: Path) -> None:
    config = f'name: w\nstages: {{s: [{{step_name: a, image: b, args: ["{word}"]}}]}}\n'
    _, found = analysed(tmp_path, config)
    assert [each.code for each in found] == [Code.UNKNOWN_REFERENCE]


def test_paths_of_files_on_the_workspace_have_one_slash_after_its_own(tmp_path: Path) -> None:
    workspace = "workspace: {path: /data/}\nstages: {a: [{step_name: a, image: a}]}\n"
    workflow, _ = analysed(tmp_path, workspace)
    assert workflow
    assert workflow.workspace
    assert workflow.workspace.path == "/data"


@pytest.mark.parametrize("name", ["a.ipynb", "{run} {0} }.ipynb", "-{i}.ipynb"])
def test_papermill_is_told_the_name_of_a_notebook_as_it_fills_it_in(name: str, tmp_path: Path) -> None:
    workflow, found = analysed(tmp_path, a_step(path_to_executable=name), {name: notebook()})
    assert (workflow is not None, found) == (True, [])
    [task] = workflow.tasks if workflow else ()
    paths = [word.literal.format() for word in task.command.words[-2:]]  # as papermill does
    place = "./" if name.startswith("-") else ""
    assert paths == [f"{place}{name}", f"{place}{name.removesuffix('.ipynb')}.output.ipynb"]

"""What the documents show is run: configs compile, commands print what is shown, links lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from automl import targets
from automl.compiler.diagnostics import Code, Severity, has_errors
from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.schemas import config_schema
from tests.leaves import all_leaves

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AUTOML = Path(sys.executable).with_name("automl")


def _blocks(language: str) -> list[tuple[str, str]]:
    found = [(path, BLOCK.findall(path.read_text())) for path in DOCUMENTS]
    return [(path.name, text) for path, blocks in found for kind, text in blocks if kind == language]


def _project(folder: Path, config: str) -> None:
    (folder / "automl.yaml").write_text(config)
    for step in _mappings(yaml.safe_load(config)):
        for key in ("path_to_executable", "dependency_path"):
            if step.get(key):  # a null takes away
                (folder / step[key]).parent.mkdir(parents=True, exist_ok=True)
                (folder / step[key]).write_text("")


def _mappings(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in _mappings(item))]
    if isinstance(value, list):
        return [found for item in value for found in _mappings(item)]
    return []


SAID = {  # of what is shown as a key of every engine: the documents say so
    "kubeflow": {"schedule", "size", "ro", "store", "secret", "max_parallel", "max_failed", "inputs"},
    "kubernetes": {"store", "secret"},
    "local": {"empty_dir", "config_map", "secret"},
    "slurm": {
        "empty_dir",
        "config_map",
        "secret",
        "service",
        "node_selector",
        "starting_deadline",
        "success",
        "failed",
    },
    "kubeflow-native": {
        "timezone",
        "starting_deadline",
        "success",
        "failed",
        "ro",
        "store",
        "secret",
        "max_parallel",
        "max_failed",
        "inputs",
    },
}


def _configs() -> list[tuple[str, str, str]]:
    """The document, the config and the target: every one, unless the document is of one."""
    return [
        (document, text, target)
        for document, text in _blocks("yaml")
        for target in targets.OWN
        if "stages:" in text
        if Path(document).stem not in targets.OWN or target.startswith(Path(document).stem)
    ]


@pytest.mark.parametrize(("document", "text", "target"), _configs())
def test_configs_compile_without_a_word(document: str, text: str, target: str, tmp_path: Path) -> None:
    engine = targets.load(target)
    assert engine
    _project(tmp_path, text)
    options = Options(engine.default_version, engine.forms[0])
    result = compile_config(Input("automl.yaml", text.encode(), tmp_path), Overrides(), engine, options)
    loud = [each for each in result.diagnostics if each.severity is not Severity.INFO]
    loud = [each for each in loud if each.code is not Code.ENGINE_LIMIT]  # it runs, and costs more there
    loud = [each for each in loud if not each.message.endswith(" yet")]  # goes when all targets have values
    assert [each for each in loud if each.message.split('"')[1] not in SAID.get(target, ())] == []
    assert result.artifacts or has_errors(result.diagnostics)


@pytest.mark.parametrize("target", ["argo", "kubernetes"])
def test_the_selectors_of_the_first_run_find_what_they_name(target: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "first-run.md").read_text()
    _project(tmp_path, BLOCK.findall(page)[0][1])
    command = [str(AUTOML), "compile", "-t", target]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found: list[Any] = [each for document in yaml.safe_load_all(done.stdout) for each in _mappings(document)]
    objects: list[Any] = [each["metadata"]["labels"] for each in yaml.safe_load_all(done.stdout)]
    pods: list[Any] = [
        each["metadata"]["labels"] for each in found if "containers" in (each.get("spec") or {})
    ]
    for workflow in (each["spec"] for each in found if "podMetadata" in (each.get("spec") or {})):
        of_all = workflow["podMetadata"]["labels"]
        pods += [
            of_all | each.get("metadata", {}).get("labels", {})
            for each in workflow["templates"]
            if "container" in each
        ]
    assert objects
    assert pods
    [section] = re.findall(rf"\n### [^\n]+\n+```sh\nautoml compile -t {target} .*?(?=\n##)", page, re.DOTALL)
    commands = re.findall(r"kubectl (\w+) [^`\n]*-l '?([^'` ]+)", section)
    assert len(commands) >= 3
    for command_, selector in commands:
        labels: list[Any] = pods if command_ == "logs" else [*pods, *objects]
        wanted = dict(pair.split("=") for pair in selector.split(",") if "=" in pair)
        absent = {key[1:] for key in selector.split(",") if key.startswith("!")}
        assert any(wanted.items() <= each.items() and not absent & each.keys() for each in labels), selector


@pytest.mark.parametrize(("document", "text"), _blocks("console"))
def test_commands_print_what_is_shown(document: str, text: str, tmp_path: Path) -> None:
    first = next(text for name, text in _blocks("yaml") if name == document and "stages:" in text)
    config = (
        "name: x\nstages:\n  train:\n    - step_name: a\n      path_to_executable: a.py\n      timout: 30m\n"
    )
    _project(tmp_path, first if "timout" not in text else config)
    command, _, expected = text.removeprefix("$ ").partition("\n")
    environment = {"PATH": f"{AUTOML.parent}:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert (done.stdout + done.stderr).split() == expected.split()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)[^)]*\)", path.read_text()):
        if not link.startswith("http"):
            place, _, anchor = link.partition("#")
            document = path.parent / place if place else path
            assert document.exists(), link
            assert not anchor or anchor in _anchors(document), link


def _anchors(document: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_code_is_explained_and_no_other() -> None:
    explained = re.findall(r"^### (AML\d+)$", (ROOT / "docs" / "diagnostics.md").read_text(), re.MULTILINE)
    assert explained == [code.value for code in Code]


def test_the_page_of_targets_is_what_the_command_prints(update_golden: bool) -> None:
    page = ROOT / "docs" / "targets.md"
    head, marker, _ = page.read_text().partition("<!-- matrix -->\n")
    command = [str(AUTOML), "targets", "--matrix"]
    now = head + marker + "\n" + subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if update_golden:
        page.write_text(now)
    assert page.read_text() == now, "run `make golden` and read the diff"


def test_every_key_is_in_the_language_document_where_the_keys_around_it_are() -> None:
    words = _words_by_heading((ROOT / "docs" / "language.md").read_text())
    keys = [leaf.key for leaf in all_leaves(json.loads(config_schema()))]
    for key in keys + [key.rpartition(".")[0] for key in keys if key.count(".") > 1]:
        *around, name = key.split(".")
        heading = "Stages and steps" if around[:1] in (["step"], ["stage"]) else "Top level"
        own = [word for word in around if (around[0], word) != ("step", "limits")]  # which the top has, too
        heading = next((f"`{word}`" for word in reversed(own) if f"`{word}`" in words), heading)
        assert name in words[heading], f"{key} is not below {heading}"


def _words_by_heading(document: str) -> dict[str, set[str]]:
    """What is written as code below each heading, up to the next."""
    blocks = [text for _, text in BLOCK.findall(document)]
    numbered = iter(range(len(blocks)))
    headings = re.split(
        r"^#+ (.+)$", BLOCK.sub(lambda _: f"`block{next(numbered)}`", document), flags=re.MULTILINE
    )
    words = {}
    for heading, text in zip(headings[1::2], headings[2::2], strict=True):
        code = " ".join(re.findall(r"`([^`\n]+)`", text))
        shown = [blocks[int(number)] for number in re.findall(r"block(\d+)", code)]
        words[heading] = set(re.findall(r"[A-Za-z_]+", " ".join([code, *shown])))
    return words

"""Values of parameters on the command line: which options take them, and what becomes of those that are none."""

from pathlib import Path

import pytest

from tests.cli.test_cli import CONFIG, automl

PARAMS = "params: {rate: 0.1, tier: {enum: [gold, silver]}}\n" + CONFIG.replace(
    "héllo 😀", "${{ params.tier }}"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(PARAMS, encoding="utf-8")
    (tmp_path / "values.json").write_text('{"tier": "silver", "rate": 1.50}', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["--set", "tier=gold"], ("0.1", "gold")),
        (["--set=rate=1e-3", "--set", "tier=gold"], ("1e-3", "gold")),
        (["--params-file", "values.json"], ("1.50", "silver")),
        (["--params-file", "values.json", "--set", "tier=gold"], ("1.50", "gold")),
    ],
)
def test_compile_takes_values(words: list[str], values: tuple[str, str], project: Path) -> None:
    done = automl("compile", "-t", "argo", *words, cwd=project)
    assert done.code == 0, done.err
    for name, value in zip(("RATE", "TIER"), values, strict=True):
        lines = done.out.decode().split(f"name: AUTOML_PARAM_{name}\n")[1].split("\n")
        assert lines[0].strip() in (f"value: {value}", f'value: "{value}"')


@pytest.mark.parametrize("command", [["validate"], ["files"], ["compile", "-t", "argo"]])
def test_what_compiles_a_config_takes_and_asks_for_values(command: list[str], project: Path) -> None:
    done = automl(*command, cwd=project)
    assert (done.code, done.out) == (1, b"")
    assert "[AML422]" in done.err
    assert automl(*command, "--set", "tier=gold", cwd=project).code == 0
    assert "[AML421]" in automl(*command, "--set", "tier=x", cwd=project).err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "tier"], '--set takes NAME=VALUE, not "tier"'),
        (["--set", "=gold"], '--set takes NAME=VALUE, not "=gold"'),
        (["--params-file", "missing.yaml"], 'cannot read "missing.yaml": No such file or directory'),
        (["--params-file", "."], 'cannot read ".": Is a directory'),
    ],
)
def test_wrong_usage(words: list[str], message: str, project: Path) -> None:
    done = automl("compile", "-t", "argo", *words, cwd=project)
    assert (done.code, done.out, done.err) == (2, b"", f"automl: {message}\n")


def test_a_value_that_is_no_text_is_wrong_usage(project: Path) -> None:
    done = automl("compile", "-t", "argo", "--set", "tier=\udcff", cwd=project)
    assert (done.code, done.err) == (2, 'automl: the value that --set gives to "tier" is not UTF-8\n')


def test_a_file_of_values_is_not_read_through_a_link_and_not_written_over(project: Path) -> None:
    (project / "outside").mkdir()
    (project / "outside" / "secret").write_text("tier: gold\n")
    inner = project / "inner"
    inner.mkdir()
    (inner / "values.yaml").symlink_to(project / "outside" / "secret")
    done = automl("compile", "-t", "argo", "--params-file", "inner/values.yaml", cwd=project)
    assert done.code == 2
    done = automl(
        *["compile", "-t", "argo", "--params-file", "values.json", "-o", "values.json", "--force"],
        cwd=project,
    )
    assert done.code == 2
    assert "values.json" in done.err
    assert (project / "values.json").read_text() == '{"tier": "silver", "rate": 1.50}'


def test_each_of_several_configs_needs_the_parameter(project: Path) -> None:
    (project / "other.yaml").write_text(CONFIG, encoding="utf-8")
    done = automl("validate", "config.yaml", "other.yaml", "--set", "tier=gold", cwd=project)
    assert done.code == 1
    assert 'the config has no parameter "tier"' in done.err


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("", "write a line for each parameter, for instance `learning_rate: 0.1`"),
        ("- gold\n", "write a line for each parameter, for instance `learning_rate: 0.1`"),
        ("tier: gold\n---\nrate: 1\n", "put all values into one document"),
    ],
)
def test_a_file_that_holds_no_values_is_not_asked_to_be_a_config(text: str, help: str, project: Path) -> None:
    (project / "values.yaml").write_text(text, encoding="utf-8")
    done = automl("compile", "-t", "argo", "--params-file", "values.yaml", cwd=project)
    assert done.code == 1
    assert f"= help: {help}\n" in done.err

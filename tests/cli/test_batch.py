"""Several configs for several targets, and configs that are found."""

from collections import Counter
from pathlib import Path

import pytest

from automl.cli import batch
from automl.cli.choices import choose
from automl.cli.inputs import read_all
from automl.compiler.driver import Input, Overrides, analyse_files
from automl.compiler.generated import header
from automl.compiler.project import bundle
from automl.compiler.project.repository import read_file
from tests.cli.test_cli import CONFIG, EVERY_TARGET, UNKNOWN_KEY, WARNING, Done, automl, files

OTHER = CONFIG.replace("name: demo", "name: other")
WHOLE_SECRET = CONFIG + "      secrets: [login]\n"  # an error for a package of Kubeflow


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "config.yaml").write_text(OTHER, encoding="utf-8")
    return tmp_path


def test_each_config_for_each_target(place: Path) -> None:
    done = automl("compile", "a.yaml", "sub", "-t", "argo", "-t", "kubernetes", "-o", "out/", cwd=place)
    assert done == Done(0, b"", "")
    names = {f"{name}.{target}.yaml" for name in ("demo", "other") for target in ("argo", "kubernetes")}
    written = files(place / "out")
    assert set(written) == names
    for path, name in (("a.yaml", "demo"), ("sub/config.yaml", "other")):
        for target in ("argo", "kubernetes"):
            assert automl("compile", path, "-t", target, cwd=place).out == written[f"{name}.{target}.yaml"]
    checked = automl(
        "compile", "a.yaml", "sub", "-t", "argo", "-t", "k8s", "-o", "out/", "--check", cwd=place
    )
    assert checked == Done(0, b"", "")


def test_a_target_or_a_config_that_is_named_twice_is_one(place: Path) -> None:
    once = automl("compile", "a.yaml", "-t", "kubernetes", cwd=place)
    assert automl("compile", "a.yaml", "a.yaml", "-t", "k8s", "-t", "kubernetes", cwd=place) == once


def test_one_error_and_nothing_is_written(place: Path) -> None:
    (place / "bad.yaml").write_text(UNKNOWN_KEY, encoding="utf-8")
    done = automl("compile", "a.yaml", "bad.yaml", "-t", "argo", "-o", "out/", cwd=place)
    assert (done.code, done.out) == (1, b"")
    assert " --> bad.yaml:1:1\n" in done.err
    assert not (place / "out").exists()


def test_what_one_target_says_has_its_name(place: Path) -> None:
    (place / "a.yaml").write_text(WHOLE_SECRET, encoding="utf-8")
    done = automl("compile", "a.yaml", "-t", "argo", "-t", "kubeflow", "-o", "out/", cwd=place)
    assert done.code == 1
    assert "error[AML601]: kubeflow: " in done.err
    assert "argo" not in done.err
    alone = automl("compile", "a.yaml", "-t", "kubeflow", cwd=place)
    assert "error[AML601]: kubeflow: " not in alone.err


def test_two_configs_of_one_name_are_an_error(place: Path) -> None:
    (place / "sub" / "config.yaml").write_text(CONFIG, encoding="utf-8")
    done = automl("compile", "a.yaml", "sub", "-t", "argo", "-o", "out/", cwd=place)
    assert (done.code, done.out) == (1, b"")
    assert 'error[AML302]: two configs compile to "demo.argo.yaml"\n --> sub/config.yaml:1:1\n' in done.err
    assert not (place / "out").exists()


@pytest.mark.parametrize("unreadable", ["gone.yaml", "secret.yaml", "\x1b[31m\n::x"])
def test_an_unreadable_file_loses_no_finding_of_the_others(unreadable: str, place: Path) -> None:
    (place / "bad.yaml").write_text(UNKNOWN_KEY, encoding="utf-8")
    (place / "secret.yaml").mkdir()
    for words in (["validate"], ["compile", "-t", "argo", "-o", "out/"]):
        done = automl(*words, unreadable, "bad.yaml", "a.yaml", cwd=place)
        assert done.code == 2
        assert 'error[AML102]: unknown key "nmae"' in done.err
        assert "\x1b" not in done.err
        assert not any(line.startswith("::") for line in done.err.splitlines())
        assert not (place / "out").exists()


def test_a_project_that_cannot_be_read_loses_no_finding_of_the_others(place: Path) -> None:
    (place / "bad.yaml").write_text(UNKNOWN_KEY, encoding="utf-8")
    (place / "sub" / "config.yaml").write_text("stages: {a: [{step_name: b, path_to_executable: b.py}]}\n")
    (place / "sub" / "b.py").symlink_to("b.py")
    done = automl("validate", "sub", "bad.yaml", cwd=place)
    assert done.code in (1, 2)
    assert 'unknown key "nmae"' in done.err


def test_a_key_that_is_none_hides_no_finding_of_another_config(place: Path) -> None:
    """In its own config it hides what it makes of the text around it."""
    (place / "a.yaml").write_text(f"{CONFIG}      ? [a]\n      : b\n", encoding="utf-8")
    wrong = CONFIG.replace("busybox:1.37", f"\n         {{a: 1,{chr(10) * 9}         b: 2}}")
    (place / "b.yaml").write_text(wrong, encoding="utf-8")
    alone = [
        automl("validate", name, "--message-format", "concise", cwd=place).out
        for name in ("a.yaml", "b.yaml")
    ]
    assert all(alone)
    for names in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        assert automl("validate", *names, "--message-format", "concise", cwd=place).out == b"".join(alone)


def test_what_several_configs_say_of_an_option_names_each(place: Path) -> None:
    (place / "a.yaml").write_text(f"params: {{lr: true}}\n{CONFIG}", encoding="utf-8")
    done = automl("validate", "a.yaml", "sub", "--set", "lr=7", cwd=place)
    assert 'must be true or false, not "7"\n' in done.err
    assert 'the config has no parameter "lr"\n' in done.err
    (place / "a.yaml").write_text(CONFIG, encoding="utf-8")
    for words in (("--set", "lr=7"), ("--context", "dev")):
        done = automl("validate", "a.yaml", "sub", *words, cwd=place)
        assert done.code == 1
        assert " ::: a.yaml:1:1\n" in done.err
        assert " ::: sub/config.yaml:1:1\n" in done.err
        done = automl("validate", "a.yaml", "sub", *words, "--message-format", "concise", cwd=place)
        assert done.out.count(b"\n") == 1, "which has no other places, and no line twice"


def test_a_config_without_the_context_loses_no_finding_of_the_others(place: Path) -> None:
    (place / "bad.yaml").write_text(f"{UNKNOWN_KEY}contexts: {{dev: {{target: argo}}}}\n", encoding="utf-8")
    for words in (["validate"], ["compile", "-o", "out/"]):
        done = automl(*words, "a.yaml", "bad.yaml", "sub", "gone.yaml", "--context", "dev", cwd=place)
        assert done.code == 2
        assert done.err.count('the config has no context "dev"') == 2
        assert 'unknown key "nmae"' in done.err
        assert 'cannot read "gone.yaml"' in done.err
        done = automl(*words, "a.yaml", "gone.yaml", "--context", "dev", cwd=place)
        assert done.code == 2
        assert 'the config has no context "dev"' in done.err
        assert 'cannot read "gone.yaml"' in done.err
    assert not (place / "out").exists()


def test_validate_says_for_which_targets_each_config_is_fine(place: Path) -> None:
    (place / "b.yaml").write_text(WHOLE_SECRET, encoding="utf-8")
    done = automl("validate", "b.yaml", "a.yaml", "sub", cwd=place)
    assert done == Done(
        0,
        b"",
        "b.yaml is fine for argo, kubernetes, local, slurm, not for kubeflow, kubeflow-native: `-t kubeflow` says why\n"
        f"2 configs are fine for {EVERY_TARGET}\n",
    )
    told = automl("validate", "b.yaml", "-t", "kubeflow", cwd=place)
    assert told.code == 1
    assert "error[AML601]" in told.err
    both = automl("validate", "b.yaml", "-t", "kubeflow", "-t", "argo", cwd=place)
    assert (both.code, "error[AML601]: kubeflow: " in both.err) == (1, True)


def test_a_config_that_no_target_takes_is_told_so(place: Path) -> None:
    (place / "big.bin").write_bytes(bytes(range(256)) * 1200)
    (place / "train.py").touch()
    step = "{step_name: b, path_to_executable: train.py, volumes: ['data:/data']}"
    (place / "a.yaml").write_text(f"volumes: {{data: {{config_map: c}}}}\nstages: {{a: [{step}]}}\n")
    (place / "noise.bin").write_bytes(__import__("random").Random(1).randbytes(300_000))
    done = automl("validate", "a.yaml", cwd=place)
    assert done.code == 1
    assert "error[AML411]" in done.err


def test_validate_of_a_form(place: Path) -> None:
    assert automl("validate", "a.yaml", "-t", "kubeflow", "--as", "vertex", cwd=place).code == 0


def test_strict_takes_warnings_for_errors(place: Path) -> None:
    (place / "a.yaml").write_text(WARNING, encoding="utf-8")
    for words in (["validate"], ["compile", "-t", "argo"]):
        assert automl(*words, "a.yaml", cwd=place).code == 0
        for quiet in ([], ["-q"]):
            done = automl(*words, "a.yaml", "--strict", *quiet, cwd=place)
            assert (done.code, done.out) == (1, b"")
            assert "warning[AML010]" in done.err
            assert done.err.endswith("1 warning\nautoml: warnings are errors here: --strict\n")


def test_strict_leaves_what_is_only_said(place: Path) -> None:
    (place / "a.yaml").write_text(CONFIG.replace("name: demo", "name: Demo"), encoding="utf-8")
    done = automl("validate", "a.yaml", "--strict", cwd=place)
    assert done.code == 0
    assert "info[AML303]" in done.err


def test_the_config_of_a_folder(tmp_path: Path) -> None:
    for name in ("config.yml", "config.yaml", "automl.yml", "automl.yaml"):
        (tmp_path / name).write_text(CONFIG.replace("name: demo", f"name: from-{name.replace('.', '-')}"))
        for words in ((), (".",), (f"../{tmp_path.name}",)):
            done = automl("compile", *words, "-t", "argo", "--namespace", "x", cwd=tmp_path)
            assert f"from-{name.replace('.', '-')}\n".encode() in done.out


def test_names_that_look_like_options_come_behind_a_dash_dash(place: Path) -> None:
    odd = place / "--target-version=x"
    odd.mkdir()
    (odd / "automl.yaml").write_text(UNKNOWN_KEY, encoding="utf-8")
    path = "--target-version=x/automl.yaml"
    assert automl("validate", path, cwd=place).code == 2
    done = automl("validate", "--", path, cwd=place)
    assert (done.code, "nmae" in done.err) == (1, True)


def test_explain_prints_the_page_of_a_message(tmp_path: Path) -> None:
    one = automl("explain", "aml102", cwd=tmp_path)
    assert one.code == 0
    assert one.out.startswith(b"AML102\n\n*Error: an unknown key.*")
    assert b"AML103" not in one.out
    page = automl("explain", cwd=tmp_path).out
    root = Path(__file__).resolve().parents[2]
    assert page == (root / "docs" / "diagnostics.md").read_bytes()


def test_python_m_takes_no_module_of_the_folder(place: Path) -> None:
    import sys

    (place / "yaml.py").write_text("raise SystemExit('taken')\n")
    done = automl("-m", "automl.cli", "validate", "a.yaml", cwd=place, command=(sys.executable,))
    assert done.code == 0


def collected(given: Input) -> tuple[object, ...]:
    """What becomes of the files around a config, without its places."""
    files = analyse_files(given, Overrides())[1]
    assert files is not None
    said = [diagnostic.message for diagnostic in files.diagnostics]
    return files.bundle.files, [*files.sizes.items()], files.left_out, said


def test_a_folder_is_read_once_for_all_its_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And each gets what it gets alone, whatever its patterns, the scripts it names and the configs beside it."""
    for name in ("a.py", "b.py", "sub/c.py", "data.csv", "other/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    step = "stages: {{s: [{{step_name: t, path_to_executable: {}}}]}}\n"
    configs = {
        "one.automl.yaml": step.format("a.py"),
        "two.automl.yaml": step.format("b.py"),
        "three.yaml": step.format("sub/c.py"),
        "four.yaml": "code: {bundle: {exclude: [sub/]}}\n" + step.format("a.py"),
        "five.yaml": "code: {bundle: {exclude: [sub/]}}\n" + step.format("sub/c.py"),
        "other/six.yaml": step.format("y.py"),
        "six.yaml": "code: {bundle: {include: [data.csv]}}\n" + step.format("a.py"),
        "seven.yaml": step.format("ignored.py"),
        "ten.yaml": "code: {bundle: {exclude: ['!three.yaml']}}\n" + step.format("a.py"),
        "eight.yaml": step.format("generated.sh"),
        "nine.txt": step.format("a.py, dependency_path: nine.txt"),
    }
    (tmp_path / "other" / "y.py").touch()
    (tmp_path / ".gitignore").write_text("ignored.*\n")
    (tmp_path / "ignored.py").touch()
    (tmp_path / "generated.sh").write_text(f"# {header('c.yaml', 'slurm', '25.05')}\n")
    for name, text in configs.items():
        (tmp_path / name).write_text(text)
    choices = choose(["argo", "kubernetes"])
    read = Counter[bytes]()

    def counted(path: bytes, follow: bool, most_bytes: int) -> bytes | None:
        read[path] += 1
        return read_file(path, follow, most_bytes)

    given, _ = read_all([str(tmp_path / name) for name in configs if name != "other/six.yaml"])
    monkeypatch.setattr(bundle, "read_file", counted)
    request = batch.Request(Overrides(), choices)
    together = [batch.compile_one(each, request).emissions for each in given]
    named = (b"a.py", b"c.py", b"generated.sh", b"nine.txt", b"three.yaml")  # by steps, or by a pattern
    assert max(read[path] for path in read if not path.endswith(named)) == 1
    assert max(read.values()) <= 2, "once for a step that names it, once for the others"
    given, _ = read_all([str(tmp_path / name) for name in configs])
    alone = [batch.compile_one(each._replace(seen=None), request).emissions for each in given]
    assert [batch.compile_one(each, request).emissions for each in given] == alone
    assert [collected(each) for each in given] == [collected(each._replace(seen=None)) for each in given]
    assert [one for one, each in zip(alone, given, strict=True) if each.folder == tmp_path] == together


def test_strict_takes_a_warning_of_a_target_for_an_error(place: Path) -> None:
    (place / "a.yaml").write_text(
        f'{CONFIG}schedule: "0 6 * * *"\n', encoding="utf-8"
    )  # no package holds one
    done = automl("validate", "a.yaml", cwd=place)
    assert (done.code, done.err) == (0, f"1 config is fine for {EVERY_TARGET}\n")
    done = automl("validate", "--strict", "a.yaml", cwd=place)
    assert (done.code, done.err) == (
        0,
        "a.yaml is fine for argo, kubeflow-native, kubernetes, local, slurm, not for kubeflow: `-t kubeflow` says why\n",
    )


def test_what_a_target_says_of_a_default_has_its_name_once(place: Path) -> None:
    steps = "[{step_name: a, image: a, entrypoint: [a]}, {step_name: b, image: b, entrypoint: [b]}]"
    (place / "config.yaml").write_text(
        f"name: demo\ndefaults: {{polling_time: 3}}\nstages: {{s: {steps}}}\n", encoding="utf-8"
    )
    done = automl("validate", "-t", "argo", "-t", "kubernetes", cwd=place)
    assert done.err.startswith('info[AML603]: argo: "polling_time" is not needed')

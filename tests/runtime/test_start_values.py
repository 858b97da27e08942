"""What `start.py` gives to a command and takes from it: variables, parameters and outputs, in real processes."""

import json
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from automl.runtime import start_scripts
from automl.runtime.outputs import encode, unframed
from automl.runtime.values import json_text, parameter, real, whole
from tests.runtime.kubelet import Container, Done, job, objects_of, write_project
from tests.runtime.test_outputs import NASTY, VALUES

PROBE = "import json, os, sys; print(json.dumps({'words': sys.argv[1:], 'variables': dict(os.environ)}))"

Make = Callable[..., Container]


@pytest.fixture
def make(place: Path, image: Path) -> Make:
    """A pod whose start script is told more options, and whose command is these words of a shell."""

    def made(*options: str, command: list[str] | str, **files: str) -> Container:
        words = ["sh", "-c", command] if isinstance(command, str) else command
        project = write_project(place / "p", {"command": ["true"]}, {"a.py": PROBE, **files})
        given, objects = [*options, "--", *words], objects_of(project)
        [code] = [each for each in objects if "start.py" in each.get("data", {})]
        code["data"] = start_scripts()
        pod = job(place, image, objects)
        return replace(pod, container={**pod.container, "args": [word.replace("$", "$$") for word in given]})

    return made


def probed(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WORDS = ["python", "a.py"]


def test_values_are_decoded_plain_ones_are_as_they_are(make: Make) -> None:
    values = [
        word for number, value in enumerate(NASTY) for word in ("--value", f"V{number}={encode(value)}")
    ]
    plain = [word for number, value in enumerate(NASTY) for word in ("--plain", f"P{number}={value}")]
    variables = probed(make(*values, *plain, "--plain", "BARE=a", command=WORDS).run())["variables"]
    assert [variables[f"V{number}"] for number in range(len(NASTY))] == NASTY
    assert [variables[f"P{number}"] for number in range(len(NASTY))] == NASTY
    assert variables["BARE"] == "a"


@pytest.mark.parametrize("value", NASTY)
def test_texts_and_words_have_values_and_nothing_else_of_them_changes(value: str, make: Make) -> None:
    text = "a@b @(V)@@(V)@@@(P) $(V) $$ @( @() @(1) @"
    expected = f"a@b {value}@(V)@x $(V) $$ @( @() @(1) @"
    options = ["--set", f"T={text}", "--value", f"V={encode(value)}", "--plain", "P=x", "--expand", "2"]
    found = probed(make(*options, command=[*WORDS, text, text]).run())
    assert found["variables"]["T"] == expected
    assert found["words"] == [expected, text]


def test_value_of_ours_is_before_that_of_a_secret(make: Make, place: Path) -> None:
    started = make("--secrets", str(place / "s"), "--value", "A=ours", command=WORDS)
    (place / "s").mkdir()
    (place / "s" / "A").write_text("theirs")
    assert probed(started.run())["variables"]["A"] == "ours"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "T=@(NO_SUCH)"], "the variable NO_SUCH is not set"),
        (["--value", "A={{tasks.a.outputs.parameters.x}}"], "is no value that a step has handed on"),
        (["--param", "lr:float"], "the variable AUTOML_PARAM_LR is not set"),
        (
            ["--plain", "AUTOML_PARAM_TOP_K=ten", "--param", "top-k:int"],
            "the parameter 'top-k' must be a whole number, not 'ten'\n",
        ),
        (["--params-file", "../p.json"], "'../p.json' is not in the folder of the project"),
        (["--params-file", "/p.json"], "'/p.json' is not in the folder of the project"),
        (["--output", "x:file:a/../../x"], "'a/../../x' is not in the folder of the project"),
    ],
)
def test_what_cannot_be_is_said_before_the_command_runs(options: list[str], message: str, make: Make) -> None:
    done = make(*options, command="echo ran").run()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("automl: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


PARAMS = {
    "lr": 1e-05,
    "n-trees": 12,
    "Big": 10**20,
    "ok": True,
    "no": False,
    "name": "a 'b' 🚀 é\n",
    "f": 5.0,
}
TEXTS = {"lr": "1e-05", "n-trees": "0o14", "Big": f"{10**20}", "ok": "True", "no": "false", "f": "5"}
TYPES = {float: "float", int: "int", bool: "bool", str: "text"}


def test_parameters_are_in_one_file_and_in_a_copy(make: Make) -> None:
    names = {name: "AUTOML_PARAM_" + name.upper().replace("-", "_") for name in PARAMS}
    values = [f"--plain={names[name]}={TEXTS.get(name, f'{value}')}" for name, value in PARAMS.items()]
    options = [f"--param={name}:{TYPES[type(value)]}" for name, value in PARAMS.items()]
    command = 'cat "$AUTOML_PARAMS_FILE" conf/p.json'
    started = make(*values, *options, "--params-file", "conf/p.json", command=command)
    done = started.run()
    assert done.returncode == 0, done.stderr
    text = (started.work / "params.json").read_text(encoding="utf-8")
    assert done.stdout == text * 2
    for found in (json.loads(text), yaml.safe_load(text)):
        assert found == PARAMS
        assert [type(value) for value in found.values()] == [type(value) for value in PARAMS.values()]


SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | VALUES


@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        ("int", "1.5", "a whole number"),
        ("int", "1_000", "a whole number"),
        ("int", "0x", "a whole number"),
        ("int", "", "a whole number"),
        ("float", "1_0.5", "a number"),
        ("float", "0o9", "a number"),
        ("float", "0x" + "f" * 300, "a number"),
        ("bool", "maybe", "true or false"),
        ("bool", "", "true or false"),
    ],
)
def test_parameter_of_another_type_is_named(
    type: str, text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOML_PARAM_TOP_K", text)
    with pytest.raises(ValueError, match=f"^the parameter 'top-k' must be {expected}, not '{text[:60]}"):
        parameter("top-k", type)


def test_float_may_be_written_without_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOML_PARAM_LR", "1")
    assert str(parameter("lr", "float")) == "1.0"


@given(params=st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]*", fullmatch=True), SCALARS))
def test_every_json_of_parameters_is_the_same_as_yaml(params: dict[str, Any]) -> None:
    """Papermill reads YAML 1.1, to which 1e-05 is text, and \\ud83d\\ude80 two characters."""
    read = [json.loads(json_text(params)), yaml.safe_load(json_text(params))]
    assert read == [params, params]
    assert [[*map(type, found.values())] for found in read] == [[*map(type, params.values())]] * 2


def test_numbers_are_those_of_yaml() -> None:
    assert [whole(text) for text in ("7", "-7", "+7", "007", "0o17", "0x1F")] == [7, -7, 7, 7, 15, 31]
    assert [real(text) for text in ("1.5", "-.5", "5.", "1E3", "-.Inf", "0x1F")] == [
        1.5,
        -0.5,
        5,
        1000,
        -float("inf"),
        31,
    ]


def test_no_parameters_no_file(make: Make) -> None:
    started = make(command=WORDS)
    assert "AUTOML_PARAMS_FILE" not in probed(started.run())["variables"]
    assert not (started.work / "params.json").exists()


@pytest.mark.parametrize("value", [value for value in NASTY if not value.endswith("\n")])
def test_value_goes_to_its_file_and_into_the_message(value: str, make: Make, place: Path) -> None:
    options = [
        "--output",
        "my-x:text",
        "--to",
        f"my-x={place}/work/to/x",
        "--message",
        f"{place}/work/message",
    ]
    script = 'printf "%s\\n" "$V" >"$AUTOML_OUTPUT_MY_X"'
    done = make(*options, "--value", f"V={encode(value)}", command=script).run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (place / "work" / "to" / "x").read_text() == encode(value)
    assert unframed((place / "work" / "message").read_bytes()) == {"my-x": value}


def test_values_have_a_limit(make: Make, place: Path) -> None:
    script = 'head -c "$N" /dev/zero | tr "\\0" x >"$AUTOML_OUTPUT_X"; echo >>"$AUTOML_OUTPUT_X"'
    started = make("--output", "x:text", "--message", f"{place}/work/message", command=script)
    assert started.run(N="3072").returncode == 0
    (place / "work" / "message").unlink()
    for size in ("3073", "5000000"):
        done = started.run(N=size)
        assert done.returncode == 1
        assert done.stderr.startswith("automl: the output 'x' takes ")
        assert not (place / "work" / "message").exists()


def test_values_have_a_limit_together(make: Make) -> None:
    script = 'head -c 1600 /dev/zero | tr "\\0" x | tee "$AUTOML_OUTPUT_A" >"$AUTOML_OUTPUT_B"'
    done = make("--output", "a:text", "--output", "b:text", command=script).run()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("automl: the values a, b take 3,200 bytes; at most 3,072 can be handed on")


def test_value_of_an_earlier_try_is_none_of_this_one(make: Make) -> None:
    started = make(
        "--output", "x:text", command='test -z "$V" || echo "$V" >"$AUTOML_OUTPUT_X"; exit $STATUS'
    )
    assert started.run(V="1", STATUS="7").returncode == 7
    done = started.run(V="", STATUS="0")
    assert done.returncode == 1
    assert "the output 'x' is missing" in done.stderr


def test_message_that_is_too_long_is_an_error(make: Make, place: Path) -> None:
    names = [f"{'n' * 50}{number}" for number in range(30)]
    options = [f"--output={name}:text" for name in names]
    script = "env | grep AUTOML_OUTPUT_ | cut -d= -f2 | xargs -n1 cp big"
    done = make(*options, "--message", f"{place}/work/message", command=script, big="b" * 100).run()
    assert done.returncode == 1
    assert done.stderr == "automl: the 30 values and their names take too much together; hand on a file\n"


LOOKING = [
    *('{"a": [1, null, "<&>"]}', "{}}}", "{ {", "50% %41", "'\"`\\", "a\n\n b\r\n\tc\r"),
    *("$", "$ $", "$HOME ${HOME}", "$(", "$(HOME", "price: 5$", "é € \x80 \u2028 \ufeff 😀"),
]
CHANGED = {
    "a {{b}}": "{{",
    "{{": "{{",
    "{{=1+1}}": "{{",
    "{{{": "{{",
    "$$": "$$",
    "a $(HOME) b": "$(HOME)",
    "$()": "$()",
    "$($(X))": "$($(X)",
    "5 $é": "$é",
    "\x07": "\x07",
    "\x0b": "\x0b",
    "\x1b[1m": "\x1b",
    "\x7f": "\x7f",
    "𐀀": "𐀀",
    "🪠": "🪠",
    "a\n": "\n",
    "\n": "\n",
}


def test_unencoded_value_is_as_it_is_or_fails(make: Make, place: Path) -> None:
    to = place / "work" / "x"
    options = ["--output", "x:text", "--to", f"x={to}", "--unencoded", "x"]
    started = make(*options, command='printf "%s\\n" "$V" >"$AUTOML_OUTPUT_X"')
    for value in ("", "s3://a b", *LOOKING):
        assert started.run(V=value).returncode == 0
        assert to.read_bytes() == value.encode()
    for value, changed in CHANGED.items():
        done = started.run(V=value)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "automl: the output 'x' goes to a step whose code is in its image, which would not get "
            f"{changed!r} as it is: {value!r}"
        )
        assert not to.exists()


@pytest.mark.parametrize(
    ("options", "script", "message"),
    [
        (["x:float"], "true", "the output 'x' is missing: the step has left nothing at {work}/outputs/x ($AUTOML_OUTPUT_X)"),
        (["x:float"], 'mkdir "$AUTOML_OUTPUT_X"', "the output 'x' is a value (float), but no file is at {work}/outputs/x ($AUTOML_OUTPUT_X)"),
        (["x:float"], 'echo abc >"$AUTOML_OUTPUT_X"', "the output 'x' is not a number: 'abc'"),
        (["x:text"], r'printf "\377" >"$AUTOML_OUTPUT_X"', "the output 'x' is no text in UTF-8; hand it on as a file"),
        (["x:text"], r'printf "a\0b" >"$AUTOML_OUTPUT_X"', "the output 'x' has a character U+0000; hand it on as a file"),
        (["x:file"], "true", "the output 'x' is missing: the step has left nothing at {work}/outputs/x ($AUTOML_OUTPUT_X)"),
        (["x:model:m/x"], "true", "the output 'x' is missing: the step has left nothing at {work}/project/m/x ($AUTOML_OUTPUT_X)"),
        (["x:int", "y:bool"], 'echo 1 | tee "$AUTOML_OUTPUT_Y" >"$AUTOML_OUTPUT_X"', "the output 'y' is not true or false: '1'"),
    ],
)  # fmt: skip
def test_output_that_is_not_left_fails_the_step(
    options: list[str], script: str, message: str, make: Make
) -> None:
    started = make(*(f"--output={option}" for option in options), command=script)
    done = started.run()
    assert done.returncode == 1
    assert done.stderr == f"automl: {message.format(work=started.work)}\n"


@pytest.mark.parametrize("path", ["old.txt", "old"])
def test_what_came_with_the_project_is_no_output(path: str, make: Make) -> None:
    files = {"old.txt" if path == "old.txt" else "old/report.html": "of last month"}
    untouched = make(f"--output=x:file:{path}", command="true", **files)
    done = untouched.run()
    assert done.returncode == 1
    assert (
        f"the output 'x' is missing: {untouched.work}/project/{path} was there before the step" in done.stderr
    )


@pytest.mark.parametrize(
    "script", ["echo new >old.txt", "printf 'of last month' >old.txt", "echo more >>old.txt"]
)
def test_what_the_step_writes_anew_is_one(script: str, make: Make) -> None:
    done = make("--output=x:file:old.txt", command=script, **{"old.txt": "of last month"}).run()
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_to_which_the_step_adds_is_one(make: Make) -> None:
    done = make("--output=x:file:old", command="echo new >old/new", **{"old/a": "a"}).run()
    assert (done.returncode, done.stderr) == (0, "")


def test_all_that_is_missing_is_said(make: Make) -> None:
    done = make(
        "--output=a:text", "--output=b:file", "--output=c:int", command='echo x >"$AUTOML_OUTPUT_C"'
    ).run()
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert [line[: len("automl: the output 'a'")] for line in lines] == [
        f"automl: the output '{c}'" for c in "abc"
    ]


def test_nothing_is_taken_from_a_command_that_fails(make: Make, place: Path) -> None:
    to = place / "work" / "to"
    started = make("--output=x:text", f"--to=x={to}", command='echo 1 >"$AUTOML_OUTPUT_X"; exit 7')
    done = started.run()
    assert (done.returncode, done.stderr) == (7, "")
    assert not to.exists()


WAYS = {  # where a file is left, and what that is in the variable
    "at the place": ("", '"$AUTOML_OUTPUT_F"'),
    "in the project": (":out/f", "out/f"),
    "in the project, by the variable": (":out/f", '"$AUTOML_OUTPUT_F"'),
}


@pytest.mark.parametrize("way", WAYS)
def test_file_goes_to_its_place(way: str, make: Make, place: Path) -> None:
    path, left = WAYS[way]
    to = place / "work" / "runs" / "r" / "task" / "f"
    started = make(
        f"--output=f:file{path}", f"--to=f={to}", command=f"umask 077; echo $TRY >{left}; exit $STATUS"
    )
    for attempt, status in (("first", "1"), ("second", "0"), ("third", "0")):
        done = started.run(TRY=attempt, STATUS=status)
        assert (done.returncode, done.stderr) == (int(status), "")
        shutil.rmtree(started.project)  # each try has a pod of its own
        assert status == "1" or to.read_text() == f"{attempt}\n"
    assert started.run(TRY="fourth", STATUS="1").returncode == 1
    assert way == "at the place" or not to.exists()


@pytest.mark.parametrize("way", WAYS)
def test_folder_goes_to_its_place(way: str, make: Make, place: Path) -> None:
    path, left = WAYS[way]
    to = place / "work" / "f"
    script = f"mkdir -p {left}/sub && echo $TRY >{left}/sub/$TRY"
    started = make(f"--output=f:dataset{path}", f"--to=f={to}", command=script)
    for attempt in ("first", "second"):
        assert started.run(TRY=attempt).returncode == 0
        shutil.rmtree(started.project)
        files = [str(file.relative_to(to)) for file in sorted(to.rglob("*"))]
        assert files == ["sub", f"sub/{attempt}"]
        assert (to / "sub" / attempt).read_text() == f"{attempt}\n"


@pytest.mark.parametrize(
    "made", ["echo 1 >elsewhere", "mkdir elsewhere && echo 1 >elsewhere/a && ln -s a elsewhere/b"]
)
def test_link_is_no_file_for_others(made: str, make: Make, place: Path) -> None:
    to = place / "work" / "to" / "f"
    script = f'{made}; ln -s "$PWD/elsewhere" "$AUTOML_OUTPUT_F"'
    started = make("--output=f:model", f"--to=f={to}", command=script)
    for _ in range(2):
        assert started.run().returncode == 0
        shutil.rmtree(started.project)
        assert not [file for file in (to, *to.rglob("*")) if file.is_symlink()]
        assert {file.read_text() for file in (to, *to.rglob("*")) if file.is_file()} == {"1\n"}


@pytest.mark.parametrize(("links", "more"), [("a", ""), ("a b c", r" \(and 2 more\)")])
def test_link_to_nothing_in_a_folder_is_named(make: Make, place: Path, links: str, more: str) -> None:
    script = f"mkdir m; cd m; for name in {links}; do ln -s /no/such $name; done"
    done = make("--output=f:model:m", f"--to=f={place}/work/to/f", command=script).run()
    assert done.returncode == 1
    said = rf"automl: the output 'f' cannot be copied: \[Errno 2\] No such file or directory: '\S+/m/[abc]'{more}\n"
    assert re.fullmatch(said, done.stderr), done.stderr


def test_link_to_nothing_is_missing(make: Make) -> None:
    done = make("--output=f:model", command='ln -s /no/such "$AUTOML_OUTPUT_F"').run()
    assert (done.returncode, done.stderr[:34]) == (1, "automl: the output 'f' is missing:")


def test_place_that_cannot_be_written_to(make: Make) -> None:
    done = make("--output=f:model", "--to=f=/proc/no/f", command="echo ran").run()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("automl: [Errno ")
    assert done.stderr.count("\n") == 1


WITH_OUTPUT = ("--output", "x:text")
TRAPS = """\
import os, signal, sys, time
number = getattr(signal, sys.argv[1])
def stop(*_):
    print("stopped", flush=True)
    open(os.environ["AUTOML_OUTPUT_X"], "w").close()
    sys.exit(int(sys.argv[2]))
signal.signal(number, stop)
print("ready", flush=True)
time.sleep(60)
"""
FORWARDED = ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"]


@pytest.mark.parametrize("name", FORWARDED)
@pytest.mark.parametrize("status", [0, 5])
def test_signal_goes_on_to_the_command(name: str, status: int, make: Make) -> None:
    started = make(*WITH_OUTPUT, command=["python", "t.py", name, str(status)], **{"t.py": TRAPS})
    with started.start() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        assert process.stdout.read() == "stopped\n"
    assert process.returncode == status


@pytest.mark.parametrize("name", [*FORWARDED, "SIGKILL", "SIGSEGV"])
def test_command_that_a_signal_ends(name: str, make: Make) -> None:
    """Signals have their usual meaning in the command, whatever the start script does about them."""
    done = make(*WITH_OUTPUT, command=f"kill -{name[3:]} $$; echo ignored").run()
    assert (done.returncode, done.stdout) == (128 + getattr(signal, name), "")


def test_signals_are_not_blocked_in_the_command(make: Make) -> None:
    script = "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    done = make(*WITH_OUTPUT, command=["python", "-c", f"{script}; raise SystemExit(3)"]).run()
    assert (done.returncode, done.stdout.split()[0]) == (3, "set()")


def test_command_that_is_not_there(make: Make) -> None:
    done = make(*WITH_OUTPUT, command=["no-such-program"]).run()
    assert done.returncode == 1
    assert done.stderr == "automl: cannot run 'no-such-program': No such file or directory\n"


REAPER = """\
import ctypes, os, runpy, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # as process 1: what others leave behind becomes a child of this one
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
ORPHANS = """\
( (sleep 0.1; exit 3) & ) ; ( (exit 4) & )
sleep 0.5
ps -o stat= --ppid "$PPID" | grep -c Z
echo 1 >"$AUTOML_OUTPUT_X"
exit 6
"""


def test_what_others_leave_behind_is_reaped(make: Make, place: Path) -> None:
    (place / "reaper.py").write_text(REAPER)
    started = make(*WITH_OUTPUT, command=ORPHANS)
    spec = started.container
    started = replace(
        started, container={**spec, "command": ["python3", str(place / "reaper.py"), spec["command"][1]]}
    )
    done = started.run()
    assert (done.returncode, done.stdout, done.stderr) == (6, "0\n", "")


def test_process_is_replaced_where_nothing_is_left(make: Make) -> None:
    """No start script stays in memory beside the command."""
    with make(
        command=["python", "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"]
    ).start() as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.kill()

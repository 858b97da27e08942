"""What the script for Slurm submits, to stand-ins of Slurm's programs: they keep what they are told, and say what tests want.

What a real Slurm does with it is in `tests/conformance`.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from automl.compiler.driver import Input, Overrides, compile_config
from automl.compiler.target import Options
from automl.runtime.local.plan import Plan
from automl.targets import load
from automl.targets.slurm import jobs
from automl.targets.writers.yaml import write_yaml

SBATCH = """\
#!/bin/bash
cd {folder}
number=$(($(cat last 2>/dev/null) + 1))
if [[ -e refuse-$number ]]; then
  rm refuse-$number
  exit 1
fi
echo $number >last
printf '%s\\0' "$@" >$number.words
cat >$number.script
env -0 >$number.env
echo "$number;tests"
"""
SQUEUE = """\
#!/bin/bash
cd {folder}
words="$*"
case $words in
*%k*) cat comments 2>/dev/null ;;
*--jobs=*) grep "^${{words##*--jobs=}} " alive ;;
*) cat alive 2>/dev/null ;;
esac
exit 0
"""
SCANCEL = '#!/bin/bash\necho "$*" >>{folder}/cancelled\n'
SCONTROL = "#!/bin/bash\necho 'MaxArraySize            = {most}'\n"
SCRONTAB = """\
#!/bin/bash
cd {folder}
case $1 in
-l) cat table ;;
*) cp -- "$1" table ;;
esac
"""


class Login:
    """A login node, with a workflow of a user."""

    def __init__(self, folder: Path, most: int = 1001) -> None:
        self.folder, self.bin, self.project = folder / "slurm", folder / "bin", folder / "project"
        self.runs = folder / "runs"
        for place in (self.folder, self.bin, self.project):
            place.mkdir()
        (self.project / "a.py").touch()
        (self.bin / "python3").symlink_to(sys.executable)
        stand_ins = {
            "sbatch": SBATCH,
            "squeue": SQUEUE,
            "scancel": SCANCEL,
            "scontrol": SCONTROL,
            "scrontab": SCRONTAB,
        }
        for name, text in stand_ins.items():
            (self.bin / name).write_text(text.format(folder=self.folder, most=most))
            (self.bin / name).chmod(0o755)

    def script(self, config: Mapping[str, Any]) -> str:
        target = load("slurm")
        assert target
        text = write_yaml([{"name": "flow", **config}])
        given = Input("config.yaml", text.encode(), self.project)
        result = compile_config(given, Overrides(), target, Options("22.05", "script"))
        assert result.artifacts, result.diagnostics
        return result.artifacts[0].text

    def run(self, script: str, *arguments: str, status: int = 0, **variables: str) -> str:
        """What it prints; it comes from standard input, as by ssh."""
        given = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.folder.parent),
            "AUTOML_RUNS": str(self.runs),
        }
        done = subprocess.run(
            ["bash", "-s", "--", *arguments],
            input=script,
            env={**given, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def count(self) -> int:
        """How many jobs have been submitted."""
        path = self.folder / "last"
        return int(path.read_text()) if path.exists() else 0

    def options(self, number: int) -> dict[str, str]:
        words = (self.folder / f"{number}.words").read_text().split("\0")[:-1]
        return {name.removeprefix("--"): value for name, _, value in (word.partition("=") for word in words)}

    def dependencies(self) -> list[str]:
        return [self.options(number).get("dependency", "") for number in range(1, self.count + 1)]

    def has_alive(self, *numbers: int) -> None:
        """Let these jobs wait or run."""
        (self.folder / "alive").write_text("".join(f"{number} PENDING\n" for number in numbers))

    def has_done(self, *tasks: str) -> None:
        """Let these tasks have succeeded."""
        [run] = (path for path in self.runs.iterdir() if path.is_dir())
        for task in tasks:
            (run / "tasks" / task).mkdir(parents=True, exist_ok=True)
            event = f'{{"at": 1, "event": "task.ended", "task": "{task}", "state": "succeeded", "values": {{}}}}\n'
            (run / "tasks" / task / "events.jsonl").write_text(event)


@pytest.fixture
def login(tmp_path: Path) -> Login:
    return Login(tmp_path)


def _stages(*stages: Sequence[str], **step: Any) -> dict[str, Any]:
    """Stages of steps with these names."""
    return {
        "stages": {
            f"stage-{number}": [{"step_name": name, "path_to_executable": "a.py", **step} for name in names]
            for number, names in enumerate(stages)
        }
    }


def _sweep(values: int, **more: Any) -> dict[str, Any]:
    return {"grid": {"x": {"min": 1, "max": values, "step": 1}}, **more}


def test_a_job_waits_for_all_of_the_stage_before(login: Login) -> None:
    printed = login.run(login.script(_stages(["a", "b"], ["c", "d"], ["e"])))
    assert login.dependencies() == ["", "", "afterok:1:2", "afterok:1:2", "afterok:3:4"]
    [first, *rest] = printed.splitlines()
    assert first.startswith("run flow-")
    assert first.endswith(f"in {next(login.runs.glob('flow-*'))}")
    assert rest == [
        "a\t1",
        "b\t2",
        "c\t3",
        "d\t4",
        "e\t5",
        "automl: 5 jobs submitted; `squeue --me` shows them",
    ]
    assert [next(login.runs.glob("*/jobs")).read_text().splitlines()[0]] == ["a\t1\ttask"]


def test_the_environment_of_who_submits_stays_there(login: Login) -> None:
    login.run(login.script(_stages(["a"])), TOKEN="secret", LANG="C", SBATCH_ACCOUNT="ml", SBATCH_WAIT="1")
    pairs = (pair.partition("=") for pair in (login.folder / "1.env").read_text().split("\0"))
    assert {name for name, *_ in pairs} - {"", "_", "PWD", "SHLVL", "OLDPWD"} == {
        *("HOME", "PATH", "LANG", "SHELL", "SBATCH_ACCOUNT")
    }
    assert (login.folder / "1.script").read_text().startswith("#!/bin/bash -l\nrun=")


def test_the_same_script_submits_what_is_left(login: Login) -> None:
    script = login.script(_stages(["a", "b"], ["c"], ["d"]))
    login.run(script)
    login.has_alive(1, 2, 3, 4)
    login.run(script)
    assert login.count == 4
    login.has_alive(3)
    login.has_done("a")
    login.run(script)  # b has failed, so c waits in vain
    assert (login.folder / "cancelled").read_text() == "3\n"
    assert login.dependencies()[4:] == ["", "afterok:5", "afterok:6"]
    login.has_done("a", "b", "c", "d")
    assert "0 jobs submitted" in login.run(script)


def test_what_slurm_refuses_ends_it_and_once_more_it_goes_on(login: Login) -> None:
    script = login.script(_stages(["a"], ["b"], ["c"]))
    (login.folder / "refuse-2").touch()
    assert "Slurm did not take the job of b; 1 jobs are submitted" in login.run(script, status=1)
    login.has_alive(1)
    login.run(script)
    assert login.dependencies() == ["", "afterok:1", "afterok:2"]


def test_two_at_once_submit_each_job_once(login: Login) -> None:
    script = login.script(_stages(["a", "b", "c"], ["d", "e"]))
    (login.bin / "squeue").write_text(
        f"#!/bin/bash\nfor n in $(seq $(cat {login.folder}/last 2>/dev/null)); do echo $n PENDING; done\n"
    )
    environment = {"PATH": f"{login.bin}:/usr/bin:/bin", "HOME": "/", "AUTOML_RUNS": str(login.runs)}
    both = [
        subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdin
        process.stdin.write(script)
        process.stdin.close()
    assert [process.wait() for process in both] == [0, 0]
    assert login.count == 5
    for process in both:
        assert process.stdout
        process.stdout.close()


def test_a_script_that_is_cut_does_nothing(login: Login) -> None:
    script = login.script(_stages(["a"]))
    for length in (1000, len(script) // 2, len(script) - 20):
        login.run(script[:length], status=2)
    assert login.count == 0
    assert not login.runs.exists()


def test_trials_are_arrays_as_long_as_they_may_be(tmp_path: Path) -> None:
    login = Login(tmp_path, most=4)
    stages = _stages(["a"], ["b"], ["c"])
    stages["stages"]["stage-1"][0]["sweep"] = _sweep(10)
    login.run(login.script(stages))
    assert [login.options(number).get("array") for number in range(1, 7)] == [
        None,
        "0-3",
        "0-3",
        "0-1",
        None,
        None,
    ]
    assert login.dependencies() == [*["", *["afterok:1"] * 3], "afterok:1,afterany:2:3:4", "afterok:5"]
    assert [(login.folder / f"{number}.script").read_text().split("\n")[-3] for number in (2, 3, 4)] == [
        "first=0",
        "first=4",
        "first=8",
    ]
    kinds = [line.split("\t")[2] for line in next(login.runs.glob("*/jobs")).read_text().splitlines()]
    assert kinds == ["task", "trials:0", "trials:4", "trials:8", "task", "task"]


def test_arrays_with_a_limit_run_one_after_the_other(login: Login) -> None:
    stages = _stages(["a"], sweep=_sweep(5, max_parallel=2))
    login.run(login.script({**stages, "targets": {"slurm": {"max_array_size": 3}}}))
    assert [login.options(number).get("array") for number in (1, 2, 3)] == ["0-2%2", "0-1%2", None]
    assert login.dependencies() == ["", "afterany:1", "afterany:1:2"]


def test_arrays_without_the_job_that_judges_them_are_cancelled_and_waited_for(login: Login) -> None:
    script = login.script(_stages(["a"], sweep=_sweep(3)))
    (login.folder / "refuse-2").touch()
    login.run(script, status=1)
    login.has_alive(1)
    login.run(script)
    assert (login.folder / "cancelled").read_text() == "--quiet 1\n"
    assert login.dependencies() == ["", "afterany:1", "afterany:2"]


def test_a_limit_of_jobs_lets_each_wait_for_one_before(login: Login) -> None:
    stages = _stages(["a", "b", "c", "d"], ["e"], ["f", "g", "h"])
    stages["stages"]["stage-1"][0]["sweep"] = _sweep(4)
    login.run(login.script({**stages, "limits": {"max_parallel": 2}}))
    assert login.dependencies() == [
        *("", "", "afterany:1", "afterany:2"),
        "afterok:1:2:3:4,afterany:3:4",
        "afterok:1:2:3:4,afterany:5",
        *("afterok:6,afterany:6", "afterok:6,afterany:6", "afterok:6,afterany:7"),
    ]
    assert login.options(5)["array"] == "0-3%2"


def test_many_wait_for_many_by_one_job(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MANY", 5)
    stages = _stages(["a", "b", "c"], ["d", "e"])
    script = login.script({**stages, "targets": {"slurm": {"account": "ml"}}})
    login.run(script)
    assert login.dependencies() == ["", "", "", "afterok:1:2:3", "afterok:4", "afterok:4"]
    assert login.options(4)["account"] == "ml"
    assert (login.folder / "4.script").read_text().endswith("\nexit\n")
    login.has_done("a", "b", "c")
    login.run(script)
    assert login.dependencies()[6:] == ["", ""]


def test_a_run_of_its_own(login: Login) -> None:
    script = login.script(_stages(["a"]))
    login.run(script)
    login.run(script, "--new")
    login.run(script, AUTOML_RUN="by-hand")
    names = sorted(path.name for path in login.runs.glob("[!.]*"))
    assert len(names) == 3
    assert "by-hand" in names
    assert login.count == 3


def test_a_check_leaves_nothing(login: Login) -> None:
    assert "all is there" in login.run(login.script(_stages(["a"])), "--check")
    assert login.count == 0
    assert list(login.runs.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (
            ["--now"],
            {},
            "--now is not known: `--new` makes a run of its own, `--check` only looks whether all is there",
        ),
        ([], {"AUTOML_RUN": "../x"}, '"../x" is no name of a run: small letters, digits, "-" and "."'),
        (
            [],
            {"PATH": "/usr/bin:/bin"},
            "there is no `sbatch` here: this is for a login node of a Slurm cluster",
        ),
        ([], {"AUTOML_RUNS": ""}, "Slurm takes no path with a backslash or a control character"),
    ],
)
def test_what_is_wrong_there_is_said_before_anything_is_submitted(
    arguments: Sequence[str], variables: dict[str, str], message: str, login: Login, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "bash").symlink_to("/bin/bash")
    places = {"AUTOML_RUNS": str(tmp_path / "a\\b"), "PATH": str(tmp_path / "empty")}
    variables = {name: places.get(name, value) for name, value in variables.items()}
    assert message in login.run(login.script(_stages(["a"])), *arguments, status=2, **variables)
    assert login.count == 0


def test_an_old_python_is_refused(login: Login) -> None:
    old = login.bin / "old"
    old.write_text(f"#!/bin/bash\n{sys.executable} -I -c 'import sys; print(sys.executable); sys.exit(1)'\n")
    old.chmod(0o755)
    script = login.script({**_stages(["a"]), "targets": {"slurm": {"python": "old"}}})
    assert "`old` is no Python 3.9 or newer" in login.run(script, status=2)
    missing = login.script({**_stages(["a"]), "targets": {"slurm": {"python": "nowhere"}}})
    assert "`nowhere` is no Python 3.9 or newer" in login.run(missing, status=2)


def test_what_prepare_misses_is_said_before_anything_is_submitted(login: Login) -> None:
    script = login.script(_stages(["a"], secrets=["token"]))
    assert "the secret 'token' is missing" in login.run(script, status=2)
    assert login.count == 0


def test_modules_are_loaded_for_python_and_in_jobs(login: Login) -> None:
    real = login.bin / "python3"
    (login.bin / "python3.99").symlink_to(real.readlink())
    real.unlink()
    module = f"module() {{ [[ $* == 'load py x' ]] && ln -s {sys.executable} {login.bin}/python3; }}\nexport -f module\n"
    script = login.script(
        {**_stages(["a"]), "targets": {"slurm": {"modules": ["py", "x"], "setup": ["A=1", "B=2"]}}}
    )
    login.run(f"{module}{script}")
    lines = (login.folder / "1.script").read_text().splitlines()
    assert lines[3:7] == ["set -e", "module load py x || exit", "A=1", "B=2"]
    (login.bin / "python3").unlink()
    assert "`module load py x` fails here" in login.run(f"module() {{ false; }}\n{script}", status=2)


SCHEDULE = {"cron": "30 6 * * 1-5", "timezone": "UTC", "concurrency": "forbid"}


def test_a_schedule_is_kept_by_name_and_replaced(login: Login) -> None:
    (login.folder / "table").write_text("0 0 * * * mine\n")
    script = login.script({**_stages(["a"]), "schedule": SCHEDULE})
    for _ in range(2):
        assert "flow runs at 30 6 * * 1-5 (UTC)" in login.run(script, TZ="UTC")
    kept = login.runs / ".schedules" / "flow.sh"
    assert (login.folder / "table").read_text().splitlines() == [
        "0 0 * * * mine",
        "# automl: flow",
        "#SCRON --job-name=flow.schedule",
        "#SCRON --no-requeue",
        "#SCRON --open-mode=append",
        f"#SCRON --output={login.runs}/.schedules/flow.log",
        "#SCRON --cpus-per-task=1",
        "#SCRON --mem=500M",
        "#SCRON --time=60",
        f"30 6 * * 1-5 AUTOML_RUNS={login.runs} bash {kept} --due forbid",
        "# automl: end of flow",
    ]
    assert login.count == 0
    login.run(script, "--remove", TZ="UTC")
    assert (login.folder / "table").read_text() == "0 0 * * * mine\n"
    assert not kept.exists()


def test_a_schedule_is_refused_where_the_cluster_goes_by_another_time(login: Login) -> None:
    script = login.script({**_stages(["a"]), "schedule": {**SCHEDULE, "timezone": "Europe/Berlin"}})
    assert "Slurm goes by the time zone of the cluster" in login.run(script, status=2, TZ="UTC")
    assert "runs at" in login.run(script, TZ="Europe/Vienna")


@pytest.mark.parametrize(("concurrency", "count"), [("allow", 1), ("forbid", 0), ("replace", 1)])
def test_a_run_that_is_due_looks_for_others(concurrency: str, count: int, login: Login) -> None:
    script = login.script({**_stages(["a"]), "schedule": {**SCHEDULE, "concurrency": concurrency}})
    login.run(script, TZ="UTC")
    (login.folder / "comments").write_text(
        "7 automl flow-20260101-000000\n8 automl flow-0123456789\n9 other\n"
    )
    kept = (login.runs / ".schedules" / "flow.sh").read_text()
    login.run(kept, "--due", concurrency)
    assert login.count == count
    cancelled = login.folder / "cancelled"
    assert (cancelled.read_text() if cancelled.exists() else "") == (
        "--quiet 7\n" if concurrency == "replace" else ""
    )


HOSTILE = "a'b\"c $(touch pwned) `touch pwned` \\ %j é\U0001f600 <<'JOB' && * ~"


def test_hostile_strings_stay_what_they_are(login: Login) -> None:
    step = {
        "step_name": "a",
        "image": "acme/x:1",
        "command": [HOSTILE],
        "args": [HOSTILE, "END", "JOB"],
        "envs": {"A": HOSTILE},
        "annotations": {"note": HOSTILE},
        "targets": {
            "slurm": {"options": [f"--mail-user={HOSTILE}"], "constraint": HOSTILE, "container": "podman"}
        },
    }
    config = {
        "description": HOSTILE,
        "params": {"p": HOSTILE},
        "targets": {"slurm": {"folder": f"~/{HOSTILE.replace(chr(92), '')}"}},
        "stages": {"s": [step]},
    }
    script = login.script(config)
    login.run(script)
    assert not [*Path(login.folder.parent).rglob("pwned"), *Path.cwd().glob("pwned")]
    assert login.options(1)["constraint"] == HOSTILE
    assert login.options(1)["mail-user"] == HOSTILE
    run = next(login.runs.glob("flow-*"))
    [task] = Plan.from_json((run / "plan.json").read_text()).tasks
    assert (task.command, task.variables["A"]) == ([HOSTILE, HOSTILE, "END", "JOB"], HOSTILE)

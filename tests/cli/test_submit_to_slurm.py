"""`automl submit` for a cluster with Slurm: a login node and its programs are of the test's own."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import CONFIG, Done, Project
from tests.waiting import PATIENCE, until

CONTEXTS = "contexts: {hpc: {target: slurm, host: me@login}, here: {target: slurm}}\n"
SSH = """\
#!/bin/sh
[ ! -e "$HOME/refused" ] || { echo 'me@login: Permission denied (publickey).' >&2; exit 255; }
while [ "$1" != -- ]; do shift; done
[ "$2" = me@login ] || exit 255
export HOME="$HOME/login" PATH="$HOME/there:/usr/bin:/bin"
echo hello
echo oops >&2
[ ! -e "$HOME/cut" ] || { sh -c "$3" | stdbuf -o0 head -c "$(cat "$HOME/cut")"; exit 255; }
setsid --wait sh -c "$3"
"""
SBATCH = """\
#!/bin/sh
echo "$@" >> "$HOME/asked"
cat > "$HOME/job"
[ "$(wc -l < "$HOME/asked")" -le "$(cat "$HOME/most" 2>/dev/null || echo 99)" ] ||
  { echo 'sbatch: error: invalid partition specified: nope' >&2; exit 1; }
while [ -e "$HOME/wait" ]; do sleep 0.05; done
wc -l < "$HOME/asked"
"""
NOTHING = "#!/bin/sh\n[ $1 != show ] || echo MaxArraySize = 1001\n"
OLD = "#!/bin/sh\nexit 1\n"


class Cluster(Project):
    """A project, and the home of its user on a login node."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.folder / "automl.yaml").write_text(CONTEXTS + CONFIG)
        self.home, self.runs = folder / "login", folder / "login" / ".automl" / "runs"
        self.programs = folder / "there"
        self.home.mkdir()
        self.have(folder / "bin" / "ssh", SSH)
        self.have(self.programs / "sbatch", SBATCH)
        for name in ("scontrol", "scancel", "squeue"):
            self.have(self.programs / name, NOTHING)
        self.environment["PATH"] = f"{folder}/bin:/usr/bin:/bin"

    @staticmethod
    def have(program: Path, text: str) -> None:
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)

    def submit(self, *words: str) -> Done:
        return self.automl("submit", "--context", "hpc", *words)

    def on(self, *words: str) -> Done:
        return self.automl(*words, "--context", "hpc")

    def bash(self, script: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """A script, as by a pipe on the login node."""
        variables = {"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(self.home), **more}
        command = ["bash", "-s", "--", *words]
        return subprocess.run(
            command, input=script, env=variables, capture_output=True, text=True, check=False
        )

    def left(self) -> list[str]:
        """What there is of runs on the login node, but for locks."""
        return runs_in(self.runs)


def runs_in(folder: Path) -> list[str]:
    there = folder.iterdir() if folder.exists() else ()
    return [path.name for path in there if not path.name.startswith(".")]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_its_jobs_are_submitted_and_its_name_is_printed(cluster: Cluster) -> None:
    done = cluster.submit()
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"churn-[a-z0-9]{5}\n", done.out)
    assert cluster.left() == [done.out.strip()]
    assert (cluster.home / "asked").read_text().count(f"automl {done.out.strip()} ") == 3
    assert cluster.submit().out != done.out


def test_runs_that_are_elsewhere_are_found_and_deleted(cluster: Cluster) -> None:
    config = cluster.folder / "automl.yaml"
    config.write_text(config.read_text() + "targets: {slurm: {folder: '~/my $(scratch)'}}\n")
    run = cluster.submit().out.strip()
    place = cluster.home / "my $(scratch)" / run
    assert (cluster.runs / run).resolve() == place
    assert cluster.on("status", run).out.startswith(f"{run} stopped")  # there is nothing in the queue
    assert cluster.on("delete", run).code == 0
    assert (runs_in(place.parent), runs_in(cluster.runs)) == ([], [])
    (cluster.home / "most").write_text("0")
    assert cluster.submit().code == 2
    assert (runs_in(place.parent), runs_in(cluster.runs)) == ([], [])


def test_a_run_is_stopped_when_its_jobs_are_all_submitted(cluster: Cluster) -> None:
    (cluster.home / "wait").touch()
    submitting = cluster.start("submit", "--context", "hpc")
    until(lambda: (cluster.home / "asked").exists())
    stopping = cluster.start("stop", cluster.left()[0], "--context", "hpc")
    with pytest.raises(subprocess.TimeoutExpired):
        stopping.communicate(timeout=2)
    (cluster.home / "wait").unlink()
    for process in (submitting, stopping):
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert (cluster.home / "asked").read_text().count("\n") == 3


def test_no_run_goes_on_by_the_script_of_another_workflow(cluster: Cluster) -> None:
    run = cluster.submit().out.strip()
    (cluster.folder / "train.py").write_text("print('changed')")
    script = cluster.automl("compile", "-t", "slurm").out
    done = cluster.bash(script, AUTOML_RUN=run)
    assert (done.returncode, f"{run} is a run of something else" in done.stderr) == (2, True)
    assert cluster.bash((cluster.runs / run / "script.sh").read_text(), AUTOML_RUN=run).returncode == 0
    new = cluster.bash(script, "--new", AUTOML_RUN=run)
    assert (new.returncode, f"there is a run {run} already" in new.stderr) == (2, True)


def test_two_at_once_are_two_runs(cluster: Cluster) -> None:
    both = [cluster.start("submit", "--context", "hpc") for _ in range(2)]
    names = [process.communicate(timeout=PATIENCE)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(cluster.left()) == sorted(names)
    assert {(cluster.runs / name / "jobs").read_text().count("\n") for name in names} == {3}


def test_a_script_is_submitted_with_its_flags(cluster: Cluster) -> None:
    done = cluster.submit("check.py", "--resources", "cpu=3", "--", "a b")
    assert done.code == 0, done
    assert "--cpus-per-task=3" in (cluster.home / "asked").read_text()


def test_a_config_with_mistakes_is_sent_nowhere(cluster: Cluster) -> None:
    config = cluster.folder / "automl.yaml"
    config.write_text(config.read_text() + "defaults: {resources: {tpu: 4}}\n")
    done = cluster.submit()
    assert (done.code, done.out) == (1, "")
    assert re.search(r"error\[AML\d+\]: .*\n +--> automl.yaml:\d+:\d+", done.err)
    assert not (cluster.home / "asked").exists()


def test_a_run_of_a_schedule_is_submitted_now(cluster: Cluster) -> None:
    config = cluster.folder / "automl.yaml"
    config.write_text(config.read_text() + "schedule: {cron: '0 4 * * *'}\n")
    done = cluster.submit()
    assert (done.code, cluster.left()) == (0, [done.out.strip()])


@pytest.mark.parametrize("words", [["--jobs", "2"], ["--only", "train"], ["--fresh"], ["--priority", "high"]])
def test_what_is_for_runs_on_a_machine_is_refused(cluster: Cluster, words: list[str]) -> None:
    done = cluster.submit(*words)
    message = "Slurm has the whole workflow, and says itself what runs when"
    assert (done.code, done.out, done.err) == (2, "", f"automl: {message}: leave {words[0]} out\n")


def without_ssh(cluster: Cluster) -> str:
    (cluster.folder.parent / "bin" / "ssh").unlink()
    cluster.environment["PATH"] = str(cluster.folder.parent / "bin")
    return 'there is no program "ssh" on the PATH; install OpenSSH'


def refused(cluster: Cluster) -> str:
    (cluster.folder.parent / "refused").touch()
    return 'cannot reach "me@login" by ssh: me@login: Permission denied (publickey).'


def without_slurm(cluster: Cluster) -> str:
    (cluster.programs / "sbatch").unlink()
    needed = ("bash", "setsid", "cat", "wc", "head", "mktemp", "rm", "sh", "date")
    for name in needed:
        (cluster.programs / name).symlink_to(shutil.which(name) or name)
    cluster.have(cluster.folder.parent / "bin" / "ssh", SSH.replace(":/usr/bin:/bin", ""))
    return "me@login: there is no `sbatch` here: this is for a login node of a Slurm cluster"


def without_bash(cluster: Cluster) -> str:
    cluster.have(cluster.programs / "bash", "#!/bin/sh\necho no bash >&2\nexit 127\n")
    return 'cannot run bash on "me@login": oops\nno bash'


def with_an_old_python(cluster: Cluster) -> str:
    cluster.have(cluster.programs / "python3", OLD)
    return "me@login: `python3` is no Python 3.9 or newer: say `targets: {slurm: {python: …}}`, or load it by `modules`"


def with_a_forbidden_folder(cluster: Cluster) -> str:
    (cluster.home / ".automl").write_text("no folder")
    return "me@login: mkdir: cannot create directory "


def without_a_secret(cluster: Cluster) -> str:
    config = cluster.folder / "automl.yaml"
    step = "path_to_executable: train.py\n"
    config.write_text(
        config.read_text().replace(step, f"{step}      secrets: [{{name: store, keys: {{KEY: K}}}}]\n")
    )
    return "me@login: the secret 'store' is missing: "


def with_a_partition_that_is_none(cluster: Cluster) -> str:
    (cluster.home / "most").write_text("0")
    return "me@login: sbatch: error: invalid partition specified: nope"


@pytest.mark.parametrize(
    "spoiled",
    [
        without_ssh,
        refused,
        without_slurm,
        without_bash,
        with_an_old_python,
        with_a_forbidden_folder,
        without_a_secret,
        with_a_partition_that_is_none,
    ],
)
def test_where_nothing_can_be_submitted_it_is_said_why_and_nothing_is_left(
    cluster: Cluster, spoiled: Callable[[Cluster], str]
) -> None:
    message = spoiled(cluster)
    done = cluster.submit()
    assert (done.code, done.out) == (2, "")
    first = done.err.replace("\\n", "\n")
    assert first.startswith(f"automl: {message}"), done.err
    assert "may be submitted" not in done.err
    assert cluster.left() == []
    assert [*cluster.runs.glob(".*.new")] == []


TAKEN_BACK = """\
error[AML601]: Slurm did not take the job of "train"
  --> automl.yaml:12:25
   |
12 |       targets: {slurm: {partition: nope}}
   |                         ^^^^^^^^^
   = docs: automl explain AML601

1 error
"""


def test_a_run_that_is_submitted_in_part_says_how_it_goes_on(cluster: Cluster) -> None:
    (cluster.home / "most").write_text("1")
    config = cluster.folder / "automl.yaml"
    step = "path_to_executable: train.py\n"
    config.write_text(
        config.read_text().replace(step, f"{step}      targets: {{slurm: {{partition: nope}}}}\n")
    )
    done = cluster.submit()
    assert (done.code, done.out) == (1, "")
    [run] = cluster.left()
    assert done.err.splitlines() == [
        "automl: me@login: sbatch: error: invalid partition specified: nope",
        *TAKEN_BACK.splitlines(),
        f"automl: {run} is there in part: `automl submit --resume {run} --context hpc` submits the rest, `automl stop {run} --context hpc` cancels it",
    ]
    (cluster.home / "most").unlink()
    (cluster.folder / "train.py").unlink()
    assert cluster.submit("--resume", run).out == f"{run}\n"
    assert [line.split("\t")[0] for line in (cluster.runs / run / "jobs").read_text().splitlines()][
        -1
    ] == "check"


def test_a_connection_that_is_cut_tells_the_name_and_all_is_submitted(cluster: Cluster) -> None:
    (cluster.home / "cut").write_text("60")
    done = cluster.submit()
    assert (done.code, done.out) == (2, "")
    first, last = done.err.splitlines()
    assert first.startswith('automl: the connection to "me@login" has ended')
    [run] = cluster.left()
    assert last == (
        f"automl: {run} may be submitted, or be so soon: `automl status {run} --context hpc` knows; "
        f"`automl submit --resume {run} --context hpc` submits what is left, `automl stop {run} --context hpc` ends it"
    )
    until(lambda: (cluster.home / "asked").read_text().count("\n") == 3)


def test_who_interrupts_it_is_told_the_name(cluster: Cluster) -> None:
    (cluster.home / "wait").touch()
    process = cluster.start("submit", "--context", "hpc", start_new_session=True)
    until(lambda: (cluster.home / "asked").exists())
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    [run] = cluster.left()
    assert (process.returncode, err.startswith(f"automl: {run} may be submitted")) == (130, True)
    (cluster.home / "wait").unlink()
    until(lambda: (cluster.home / "asked").read_text().count("\n") == 3)


def test_this_machine_may_be_the_login_node(cluster: Cluster) -> None:
    cluster.environment["PATH"] = f"{cluster.programs}:/usr/bin:/bin"
    done = cluster.automl("submit", "--context", "here")
    assert (done.code, done.err) == (0, "")
    home = cluster.folder.parent
    assert runs_in(home / ".automl" / "runs") == [done.out.strip()]
    assert done.out.strip() in cluster.automl("runs", "--context", "here").out
    elsewhere = cluster.automl("submit", "--context", "here", "--runs", "some runs")
    assert (cluster.folder / "some runs" / elsewhere.out.strip() / "run.json").exists()

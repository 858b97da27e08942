"""A real Slurm on loopback for the tests: Debian's packages, unpacked outside the tree, a cluster of one machine.

Nothing is installed. It belongs to who runs the tests, has a key, ports and folders of its own, and believes to have
more processors than the machine, and GPUs, which are links to /dev/null. It knows no groups of
processes, so of memory it only sees that what runs side by side has asked for no more than there is.
"""

import getpass
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance import cache
from tests.conformance.sshd import below
from tests.waiting import PATIENCE

PACKAGES = (
    *("slurm-client", "slurmctld", "slurmd", "slurm-wlm-basic-plugins", "munge"),
    *("libmunge2", "libhwloc15", "liblua5.1-0"),
)
PROGRAMS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue")
SETTINGS = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
PluginDir={plugins}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=50000,bf_interval=1,batch_sched_delay=0,default_queue_depth=2000
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MailProg=/bin/true
JobRequeue=0
DefMemPerCPU=10
MaxArraySize={array}
MaxJobCount=20000
EnforcePartLimits=ALL
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=100000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """Programs as a user of the cluster has them who has `bin` before all else on the PATH."""

    folder: Path
    servers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def bin(self) -> Path:
        """The folder with the programs."""
        return self.folder / "bin"

    @property
    def path(self) -> str:
        """A PATH with them."""
        return os.pathsep.join([str(self.bin), os.environ["PATH"]])

    def tell(self, *words: str) -> str:
        """What one of the programs prints."""
        program = self.bin / words[0]
        done = subprocess.run(
            [program, *words[1:]], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows of a job, or of the first one of an array."""
        lines = self.tell("scontrol", "--oneliner", "show", "job", number).splitlines()
        return dict(re.findall(r"(\S+?)=(\S*)", lines[0]))

    def end(self) -> None:
        """Kill the servers, and all that runs on it."""
        _kill_all(self.folder)
        for server in self.servers:
            server.wait()

    def wait(self, seconds: float = PATIENCE, most: int = 0) -> None:
        """Wait until no more jobs than that run or wait."""
        end = time.monotonic() + seconds
        while len(listed := self.tell("squeue", "--noheader").splitlines()) > most:
            assert time.monotonic() < end, "\n".join(listed[:20])
            time.sleep(0.1)


def unpacked() -> Path:
    """The folder in which the packages lie as in a root folder."""
    return cache.made_once("slurm", cache.digest((), *PACKAGES), _unpack)


def _unpack(folder: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
        package.unlink()


@contextmanager
def running(folder: Path, cpus: int = 16, array: int = 2001) -> Iterator[Cluster]:
    """A cluster with so many processors and so long arrays, which is gone in the end, with all that runs on it."""
    sizes = {"cpus": cpus, "array": array}
    *others, last = (folder / name for name in ("first", "second", "third"))
    cluster = next(filter(None, (_begun(place, sizes) for place in others)), None)
    cluster = cluster or _begin(last, sizes)
    try:
        yield cluster
    finally:
        cluster.end()


def _begun(folder: Path, sizes: Mapping[str, int]) -> Cluster | None:
    """A cluster; None if another process has taken one of its ports meanwhile, or the like."""
    with suppress(AssertionError):
        return _begin(folder, sizes)
    return None


def _begin(folder: Path, sizes: Mapping[str, int]) -> Cluster:
    root, cluster = unpacked(), Cluster(folder)
    _write_files(folder, root, sizes)
    try:
        for words in _servers(folder, root):
            cluster.servers.append(_start(words, folder, root))
            _await(lambda: (folder / "munge" / "socket").exists(), cluster)
        _await(lambda: "idle" in _nodes(cluster), cluster)
    except BaseException:
        cluster.end()
        raise
    return cluster


def _servers(folder: Path, root: Path) -> list[list[str]]:
    """The servers. Those of Slurm know by their names what they are, and Debian has given them others."""
    munge, sbin = folder / "munge", root / "usr" / "sbin"
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    options = [f"--{option}={munge / name}" for option, name in files.items()]
    for name in ("slurmctld", "slurmd", "slurmstepd"):
        (folder / name).symlink_to(sbin / f"{name}-wlm")
    return [
        [str(sbin / "munged"), "--foreground", "--force", *options],
        [str(folder / "slurmctld"), "-D", "-i", "-c"],
        [str(folder / "slurmd"), "-D", "-N", _host(), "-d", str(folder / "slurmstepd")],
    ]


def _start(words: list[str], folder: Path, root: Path) -> "subprocess.Popen[bytes]":
    with (folder / "servers.log").open("ab") as log:
        variables = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **_variables(folder, root)}
        return subprocess.Popen(words, env=variables, stdout=log, stderr=log, start_new_session=True)


def _write_files(folder: Path, root: Path, sizes: Mapping[str, int]) -> None:
    for name in ("munge", "state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o755)
    (folder / "munge" / "key").write_bytes(os.urandom(1024))
    (folder / "munge" / "key").chmod(0o400)
    [plugins] = (root / "usr" / "lib").glob("*/slurm-wlm")
    known = {"host": _host(), "user": getpass.getuser(), "folder": folder, "plugins": plugins}
    text = SETTINGS.format(**known, **sizes, ports=_free_ports(2))
    (folder / "slurm.conf").write_text(text)
    for gpu in ("gpu0", "gpu1"):
        (folder / gpu).symlink_to(os.devnull)
    (folder / "gres.conf").write_text(f"NodeName={_host()} Name=gpu File={folder}/gpu[0-1]\n")
    variables = " ".join(f"{name}={shlex.quote(text)}" for name, text in _variables(folder, root).items())
    for name in PROGRAMS:
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\n{variables} exec {root}/usr/bin/{name} "$@"\n')
        program.chmod(0o755)


def _variables(folder: Path, root: Path) -> dict[str, str]:
    libraries = sorted({str(path.parent) for path in (root / "usr" / "lib").glob("**/lib*.so*")})
    return {"LD_LIBRARY_PATH": ":".join(libraries), "SLURM_CONF": str(folder / "slurm.conf")}


def _host() -> str:
    return socket.gethostname().partition(".")[0]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _await(is_there: Callable[[], bool], cluster: Cluster) -> None:
    end = time.monotonic() + PATIENCE
    while not is_there():
        if time.monotonic() > end or any(server.poll() is not None for server in cluster.servers):
            raise AssertionError("\n".join(path.read_text() for path in sorted(cluster.folder.glob("*.log"))))
        time.sleep(0.02)


def _nodes(cluster: Cluster) -> str:
    with suppress(AssertionError, subprocess.TimeoutExpired):
        return cluster.tell("sinfo", "--noheader", "--format=%T")
    return ""


def _kill_all(folder: Path) -> None:
    """Kill the servers, and what they have begun: it knows the cluster from its environment, or its parent does."""
    while pids := _members(folder):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def _members(folder: Path) -> set[int]:
    variable = f"SLURM_CONF={folder}/slurm.conf".encode()
    members = set[int]()
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and variable in (process / "environ").read_bytes().split(b"\0"):
                members |= {int(process.name), *below(int(process.name))}
    return members - {os.getpid()}

"""A real sshd on loopback for the tests: Debian's packages, unpacked outside the tree, with keys of its own.

Who comes in has a home folder of the test's own, and never that of who runs the tests. The machine's list of users is
another one for the server (nss_wrapper); and since as root it would ask for a user and a folder of its own, it is told
that it is nobody in particular (uid_wrapper).
"""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from automl.runtime.local.processes import end_members
from tests.conformance import cache
from tests.waiting import PATIENCE

PACKAGES = ("openssh-server", "openssh-client", "libwrap0", "libnss-wrapper", "libuid-wrapper", "tcsh", "zsh")
USER = "me"
SHELLS = ("bash", "dash", "tcsh", "zsh")  # and users who have them
SOMEBODY = 1000  # who the server believes to be, if it is root


@dataclass(frozen=True)
class Box:
    """A machine that `ssh box` leads to for who has `path` before all else on the PATH."""

    folder: Path
    server: "subprocess.Popen[bytes]"

    @property
    def home(self) -> Path:
        """The home folder there."""
        return self.folder / "home"

    @property
    def path(self) -> Path:
        """A folder with a program `ssh`, as a user has it who has told it of the box."""
        return self.folder / "bin"

    @property
    def runs(self) -> Path:
        """The records of the runs there."""
        return self.home / ".automl" / "runs"

    def commands(self) -> list[str]:
        """The programs that who is connected, or was, has called by a command of ssh, and that still run."""
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        return [_name(pid) for pid in pids if self._is_command(pid)]

    def _is_command(self, pid: int) -> bool:
        with suppress(OSError):
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            return f"HOME={self.home}".encode() in variables and b"-c" in words
        return False

    def cut(self) -> None:
        """End the connections that there are."""
        for pid in below(self.server.pid):
            if _name(pid) == "sshd":
                os.kill(pid, signal.SIGKILL)

    def add_to_environment(self, **variables: str) -> None:
        """Give the commands more variables, or others."""
        with (self.home / ".ssh" / "environment").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in variables.items())

    def add_to_config(self, lines: str) -> None:
        """Put more into the user's own file about the box."""
        config = self.folder / "ssh_config"
        config.write_text(config.read_text().replace("Host box\n", f"Host box\n {lines}\n"))

    def pipe_through(self, command: str) -> None:
        """Let a command have what comes from the box, and pass on what it likes."""
        text = self.path.joinpath("ssh").read_text().partition(" | ")[0].replace("exec ", "").rstrip()
        self.path.joinpath("ssh").write_text(f"{text} | {command}\n")


def unpacked() -> Path:
    """The folder in which the packages lie as in a root folder."""
    return cache.made_once("sshd", cache.digest((), *PACKAGES), _unpack)


def _unpack(folder: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
        package.unlink()


@contextmanager
def box(folder: Path, environment: Mapping[str, str]) -> Iterator[Box]:
    """A box whose commands have an environment."""
    root, port = unpacked(), _free_port()
    _write_files(folder, root, port)
    with (folder / "sshd.log").open("wb") as log:
        command = [f"{root}/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"]
        server = subprocess.Popen(command, env=_wrapped(folder, root), stdout=log, stderr=log)
    started = Box(folder, server)
    started.add_to_environment(**environment)
    try:
        _await(port, server, folder)
        yield started
    finally:
        started.cut()
        for run in started.runs.glob("*-*"):
            end_members(run.name)
        server.terminate()
        server.wait()


def _write_files(folder: Path, root: Path, port: int) -> None:
    (folder / "home" / ".ssh").mkdir(parents=True)
    for name in ("of_host", "of_user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    uid, gid = (SOMEBODY, SOMEBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    shells = {USER: Path("/bin/bash")} | {name: _shell(name, root) for name in SHELLS}
    users = [f"{name}:x:{uid}:{gid}::{folder}/home:{shell}\n" for name, shell in shells.items()]
    (folder / "passwd").write_text("".join(users))
    (folder / "group").write_text(f"{USER}:x:{gid}:\n")
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/of_host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/of_user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\nPermitUserEnvironment yes\n"
    )
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'of_host.pub').read_text()}")
    (folder / "ssh_config").write_text(
        f"Host box\n HostName 127.0.0.1\n Port {port}\n"
        f" User {USER}\nHost *\n IdentityFile {folder}/of_user\n IdentitiesOnly yes\n"
        f" UserKnownHostsFile {folder}/known_hosts\n GlobalKnownHostsFile none\n"
    )
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    libraries = shlex.quote(_libraries(root))
    program.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/bin/ssh -F {folder}/ssh_config "$@"\n'
    )
    program.chmod(0o755)


def _libraries(root: Path) -> str:
    return ":".join(str(place.parent) for place in root.glob("**/lib*wrap.so.0"))


def _wrapped(folder: Path, root: Path) -> dict[str, str]:
    [libraries] = {place.parent for place in root.glob("**/libnss_wrapper.so")}
    wrappers = [libraries / "libnss_wrapper.so"]
    variables = {
        "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
        "NSS_WRAPPER_GROUP": str(folder / "group"),
        "LD_LIBRARY_PATH": _libraries(root),
        "PATH": "/usr/bin:/bin",
    }
    if os.getuid() == 0:
        wrappers.append(libraries / "libuid_wrapper.so")
        somebody = {f"UID_WRAPPER_INITIAL_{kind}": str(SOMEBODY) for kind in ("RUID", "EUID")}
        variables |= {"UID_WRAPPER": "1", **somebody}
    return variables | {"LD_PRELOAD": " ".join(map(str, wrappers))}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _await(port: int, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise AssertionError((folder / "sshd.log").read_text())


def _shell(name: str, root: Path) -> Path:
    return next(place for place in (root / "bin" / name, Path("/bin", name)) if place.exists())


def below(pid: int) -> list[int]:
    """The processes that one has begun, and those that these have."""
    with suppress(OSError):
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [*children, *(one for child in children for one in below(child))]
    return []


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""

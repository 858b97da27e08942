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

from tests.conformance import cache

PACKAGES = ("openssh-server", "openssh-client", "libwrap0", "libnss-wrapper", "libuid-wrapper")
PATIENCE = 30  # seconds
USER = "me"
SHELLS = {USER: "bash", "dash": "dash"}  # of the users there
SOMEBODY = 1000  # who the server believes to be, if it is root


@dataclass(frozen=True)
class Box:
    """A machine that `ssh box` leads to for who has `path` before all else on the PATH."""

    folder: Path
    server: "subprocess.Popen[bytes]"
    port: int

    @property
    def home(self) -> Path:
        """The home folder there."""
        return self.folder / "home"

    @property
    def path(self) -> Path:
        """A folder with a program `ssh`, as a user has it who has told it of the box."""
        return self.folder / "bin"

    def cut(self) -> None:
        """End the connections that there are."""
        for pid in _children(self.server.pid):
            for below in _children(pid):
                if "sshd" in _command(below):
                    os.kill(below, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)


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
    _write_files(folder, root, port, environment)
    with (folder / "sshd.log").open("wb") as log:
        command = [f"{root}/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/sshd_config"]
        server = subprocess.Popen(command, env=_wrapped(folder, root), stdout=log, stderr=log)
    try:
        _await(port, server, folder)
        yield Box(folder, server, port)
    finally:
        Box(folder, server, port).cut()
        server.terminate()
        server.wait()


def _write_files(folder: Path, root: Path, port: int, environment: Mapping[str, str]) -> None:
    (folder / "home").mkdir()
    for name in ("of_host", "of_user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    uid, gid = (SOMEBODY, SOMEBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
    (folder / "passwd").write_text(
        "".join(f"{name}:x:{uid}:{gid}::{folder}/home:/bin/{SHELLS[name]}\n" for name in SHELLS)
    )
    (folder / "group").write_text(f"{USER}:x:{gid}:\n")
    variables = " ".join(f'"{name}={value}"' for name, value in environment.items())
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/of_host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/of_user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\nSetEnv {variables}\n"
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


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text()
    return ""

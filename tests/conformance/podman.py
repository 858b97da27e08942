"""A real podman for the tests: Debian's packages, unpacked outside the tree, with images that have the programs of this machine.

Nothing is installed, and no registry is asked. A machine may forbid what podman asks for by default (limits of processes
and files, groups of processes), so its own configuration asks for less.
"""

import json
import resource
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.conformance import cache

PACKAGES = (
    *("podman", "conmon", "runc", "golang-github-containers-common", "golang-github-containers-image"),
    *("libgpgme11", "libassuan0", "libsubid4", "libdevmapper1.02.1", "libseccomp2"),
)
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu")
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/passwd")


def unpacked() -> Path:
    """The folder in which the packages lie as in a root folder."""
    return cache.made_once("podman", cache.digest((), *PACKAGES), _unpack)


def _unpack(folder: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, check=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
        package.unlink()


def installed(folder: Path, seen: Iterable[Path], path: Path, variable: str) -> Path:
    """A program `podman` with its own storage, in whose containers one sees this machine, these folders and this variable."""
    root = unpacked()
    libraries = ":".join(f"{root}/{place}" for place in LIBRARIES)
    files, processes = (
        resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    )
    volumes = [f"{place}:{place}:ro" for place in SYSTEM if Path(place).exists()]
    volumes += [f"{place}:{place}" for place in map(str, seen) if place not in SYSTEM]
    settings: Mapping[str, Mapping[str, str | list[str]]] = {
        "containers": {
            "volumes": volumes,
            "env": [f"PATH={path}:/usr/bin:/bin"],
            "default_ulimits": [
                f"nofile={files}:{files}",
                f"nproc={min(processes, 8192) if processes > 0 else 8192}",
            ],
        },
        "engine": {
            "conmon_path": [str(root / "usr/bin/conmon")],
            # At the end of a container conmon starts podman to clean up. Where that does not find its libraries, who
            # waits for the container does so for 20 s more: WaitForExit in libpod/container_api.go.
            "conmon_env_vars": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"LD_LIBRARY_PATH={libraries}"],
            "runtime": "runc",
            "cgroup_manager": "cgroupfs",
            "events_logger": "file",
        },
    }
    (folder / "containers.conf").write_text(
        _toml(settings) + f'[engine.runtimes]\nrunc = ["{root}/usr/sbin/runc"]\n'
    )
    (folder / "registries.conf").write_text('unqualified-search-registries = ["docker.io"]\n')
    (folder / ".config/containers").mkdir(parents=True)
    (folder / ".config/containers/policy.json").write_text(
        '{"default": [{"type": "insecureAcceptAnything"}]}'
    )
    program = folder / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={libraries}\n"
        f"export CONTAINERS_CONF={folder}/containers.conf CONTAINERS_REGISTRIES_CONF={folder}/registries.conf\n"
        f"export HOME={folder}\n"
        f'if [ "$1" = run ]; then shift; set -- run --env {variable} "$@"; fi\n'
        'if [ "$1" = build ]; then shift; set -- build --network host "$@"; fi\n'
        f'exec {root}/usr/bin/podman --root {folder}/root --runroot {folder}/runroot --storage-driver vfs "$@"\n'
    )
    program.chmod(0o755)
    return program


def make_image(podman: Path, name: str) -> None:
    """An image that has nothing of its own."""
    archive = podman.with_name("empty.tar")
    with tarfile.open(archive, "w") as tar:
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    done = subprocess.run([podman, "import", archive, name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _toml(settings: Mapping[str, Mapping[str, str | list[str]]]) -> str:
    """Tables of texts and lists of texts, which JSON writes as TOML does."""
    lines = []
    for table, values in settings.items():
        lines += [f"[{table}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def kill(podman: Path) -> None:
    """Remove all containers that are left."""
    subprocess.run([podman, "rm", "--all", "--force"], capture_output=True, check=False)

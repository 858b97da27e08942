"""A store: Versity's S3 gateway to a folder of this machine. It asks for signatures, and keeps a bucket as a folder."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from automl.runtime.store import CLIENT, NEEDED_BY_IT
from tests.conformance import cache, golang
from tests.runtime import kubelet

SERVER = ("s3/go.mod", "github.com/versity/versitygw/cmd/versitygw")
HOST = "127.0.0.1"
SECRET = "store-keys"
KEYS = {"accesskey": "AKIA0TEST", "secretkey": "a/secret+key"}
BUCKET = "corpus"


class Store(NamedTuple):
    """A server that runs, with what is in the bucket, and the packages of its client."""

    url: str
    bucket: Path
    wheels: Path

    @property
    def variables(self) -> Mapping[str, str]:
        """What a machine says of where the store, and the packages, are."""
        return {"AWS_ENDPOINT_URL": self.url, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}

    @property
    def secret(self) -> dict[str, Any]:
        """The Secret with its keys."""
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": KEYS}

    def objects(self) -> set[str]:
        """The keys of all that is in the bucket."""
        return {str(path.relative_to(self.bucket)) for path in self.bucket.rglob("*") if path.is_file()}


@contextmanager
def serving(folder: Path) -> Iterator[Store]:
    """The server, with a folder for what it keeps that the user of the containers can look into."""
    buckets, wheels, meta = folder / "buckets", folder / "wheels", folder / "meta"
    (buckets / BUCKET).mkdir(parents=True)
    meta.mkdir()
    shutil.copytree(_wheels(), wheels)
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    keys = ["--access", KEYS["accesskey"], "--secret", KEYS["secretkey"]]
    address = ["--port", f"{HOST}:{port}", "--quiet"]
    command = [golang.build(*SERVER), *address, *keys, "posix", "--sidecar", meta, buckets]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    try:
        _await(port, process)
        yield Store(f"http://{HOST}:{port}", buckets / BUCKET, wheels)
    finally:
        process.kill()
        process.wait()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except OSError:
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)


def _wheels() -> Path:
    """The packages of the client, for the Python of the containers."""
    packages = (*CLIENT, *NEEDED_BY_IT)
    python = str(kubelet.python())
    version = subprocess.run([python, "-VV"], text=True, capture_output=True, check=True).stdout

    def make(folder: Path) -> None:
        subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
        pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "download", "--quiet", "--no-deps"]
        options = ["--only-binary", ":all:", "--dest", str(folder / "wheels")]
        subprocess.run([*pip, *options, *packages], check=True)
        shutil.rmtree(folder / "venv")

    return cache.made_once("store-client", cache.digest([], *packages, version), make) / "wheels"

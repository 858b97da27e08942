"""Git over HTTPS on the loopback, as GitHub and GitLab serve it: `git http-backend` behind a user and a token."""

import base64
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import trustme

_AUTHORITY = trustme.CA()


class GitServer(ThreadingHTTPServer):
    """Serves the repositories of a folder, on a free port."""

    def __init__(self, folder: Path, user: str = "", token: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.folder, self.user, self.token = folder, user, token
        self.redirect_to = ""
        self.speaks_version_2 = True
        self.credentials: set[str] = set()  # that were ever sent here

    @property
    def url(self) -> str:
        """Where the server is, without a path."""
        return f"https://127.0.0.1:{self.server_port}"

    def lets_in(self, header: str) -> bool:
        """Whether the header `Authorization` holds the user and the token."""
        expected = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        return not self.token or header == f"Basic {expected}"


@contextmanager
def serving(server: GitServer) -> Iterator[GitServer]:
    """The server, at work until the end of the block, in which git trusts it: a container gets that variable, too."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(dir="/tmp") as folder:
            Path(folder).chmod(0o755)  # containers run as somebody else
            _AUTHORITY.cert_pem.write_to_path(f"{folder}/authority.pem")
            patch.setenv("GIT_SSL_CAINFO", f"{folder}/authority.pem")
            yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        header = self.headers.get("Authorization", "")
        if header:
            self.server.credentials.add(header)
        if self.server.redirect_to:
            self._answer(302, {"Location": self.server.redirect_to + self.path})
        elif not self.server.lets_in(header):
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._run_backend()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _run_backend(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=body, capture_output=True, env=self._cgi(), check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self._answer(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _cgi(self) -> dict[str, str]:
        address = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "") if self.server.speaks_version_2 else "",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }

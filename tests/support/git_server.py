"""A real git host for tests: `git http-backend` behind an HTTP server on this machine.

    with GitServer(tmp_path / "host") as server:
        repository = server.repository("owner/name", {"README.md": b"# Hello\\n"})
        repository.commit({"README.md": b"# More\\n"}, branch="next")
        server.protect("owner/name", token)                    # 401 without that token
        server.move("owner/old", server.url("owner/name"))  # 301, as GitHub does after a rename
        server.fault(Fault(status=503, times=2))               # the next two requests
        server.fault(Fault(cut=20_000, on="upload-pack"))      # breaks off in the middle of a pack
        ... server.url("owner/name"), server.requests ...

`server.repository(...)` returns a `Repository` (tests/support/git_repository.py), which may be
changed at any time.
"""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Self
from urllib.parse import unquote

from tests.support.git_repository import Files, Repository, make_repository
from tests.support.http_server import HttpServer, QuietHandler

_CHUNK: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault of the next `times` requests whose path or query contains `on`."""

    status: int | None = None
    """Answer with this status and `headers`, without git."""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    """Answer as usual, but close the connection after this many bytes of the body."""
    hang: bool = False
    """Do not answer at all until the server is closed."""
    rate: int | None = None
    """Answer as usual, but at this many bytes a second."""
    times: int = 1
    on: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A client's request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class GitServer(HttpServer):
    """A git host with repositories below a folder."""

    def __init__(
        self, root: Path, *, protocol: int = 2, address: str = "127.0.0.1"
    ) -> None:
        """With `protocol=0`, behave as an old host, which does not serve commits by name."""
        super().__init__(_Handler, address=address)
        self.root: Final = root
        self.protocol: Final = protocol
        self.requests: Final[list[Request]] = []
        self._tokens: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        self._faults: list[list[Fault]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        return super().__enter__()

    def url(self, name: str) -> str:
        return f"{self.origin}/{name}"

    def repository(
        self,
        name: str,
        files: Files | None = None,
        *,
        object_format: str = "sha1",
    ) -> Repository:
        """Make a repository with one commit (without files: none), and serve it."""
        path = self.root / f"{name}.git"
        if files == {}:
            return Repository(path, object_format=object_format)
        return make_repository(path, files, object_format=object_format)

    def protect(self, name: str, token: str) -> None:
        """Require a token as the password of Basic authentication."""
        self._tokens[name] = token

    def move(self, name: str, to: str) -> None:
        """Redirect a repository's requests to another URL."""
        self._moved[name] = to

    def fault(self, fault: Fault) -> None:
        """Inject a fault; the first fault that applies to a request is used."""
        with self._lock:
            self._faults.append([fault] * fault.times)

    def next_fault(self, target: str) -> Fault | None:
        """Take the fault of a request."""
        with self._lock:
            for left in self._faults:
                if left and left[0].on in target:
                    return left.pop()
        return None

    def refusal(
        self, target: str, authorization: str
    ) -> tuple[int, dict[str, str]] | None:
        """Return the redirect or 401 that a request gets, if any."""
        for name, to in self._moved.items():
            if target.startswith(f"/{name}/"):
                return 301, {"Location": to + target.removeprefix(f"/{name}")}
        for name, token in self._tokens.items():
            if target.startswith((f"/{name}/", f"/{name}.git/")):
                _, _, given = (
                    base64.b64decode(authorization.removeprefix("Basic "))
                    .decode()
                    .partition(":")
                )
                if given != token:
                    return 401, {"WWW-Authenticate": 'Basic realm="git"'}
        return None


class _Handler(QuietHandler):
    api: ClassVar[GitServer]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        host = self.api
        headers = {name.lower(): value for name, value in self.headers.items()}
        host.requests.append(
            Request(method=self.command, path=self.path, headers=headers)
        )
        fault = host.next_fault(self.path) or Fault()
        if fault.hang:
            host.closing.wait(300)
            self.close_connection = True
            return
        refusal = host.refusal(self.path, headers.get("authorization", ""))
        if fault.status is not None:
            refusal = (fault.status, dict(fault.headers))
        if refusal is None:
            self._serve(body, headers, fault)
        else:
            self._send(refusal[0], {"Content-Length": "0", **refusal[1]})

    do_GET = do_POST = _answer  # noqa: N815 - as the library has it

    def _send(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _serve(
        self, body: bytes, headers: Mapping[str, str], fault: Fault
    ) -> None:
        path, _, query = self.path.partition("?")
        owner, name, *rest = unquote(path).lstrip("/").split("/", 2)
        name = name if name.endswith(".git") else f"{name}.git"
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.api.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROTOCOL": headers.get("git-protocol", "")
            if self.api.protocol
            else "",
            "PATH_INFO": "/".join(("", owner, name, *rest)),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        pipe = subprocess.PIPE
        with subprocess.Popen(
            ["git", "http-backend"],
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        ) as backend:
            assert backend.stdin
            assert backend.stdout
            output = backend.stdout.fileno()
            with suppress(BrokenPipeError):
                backend.stdin.write(body)
                backend.stdin.close()
            status, cgi_headers = 200, {}
            while line := backend.stdout.readline().decode("latin-1").strip():
                key, _, value = line.partition(": ")
                if key == "Status":
                    status = int(value.split()[0])
                else:
                    cgi_headers[key] = value
            self._send(status, {**cgi_headers, "Transfer-Encoding": "chunked"})
            try:
                self._stream(iter(lambda: os.read(output, _CHUNK), b""), fault)
            finally:
                backend.kill()

    def _stream(self, chunks: Iterator[bytes], fault: Fault) -> None:
        sent = 0
        for chunk in chunks:
            if fault.cut is not None and sent + len(chunk) > fault.cut:
                self.close_connection = True
                return
            if fault.rate is not None and self.api.closing.wait(
                len(chunk) / fault.rate
            ):
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            sent += len(chunk)
        self.wfile.write(b"0\r\n\r\n")

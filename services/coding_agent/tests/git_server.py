"""Git repositories over HTTP as GitHub serves them: `git http-backend` behind Basic auth with a token.

Bare repositories lie at ROOT/owner/name.git; `/owner/name` and `/owner/name.git` are the same.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coding_agent.tests.loopback_server import LoopbackServer, RequestHandler

__all__ = ["GitRequest", "GitServer"]

_PATH = re.compile(
    r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)\Z"
)


@dataclass(frozen=True, slots=True)
class GitRequest:
    """What was asked of the server, and the status that it answered."""

    method: str
    repository: str
    service: str
    status: int
    protocol: str | None


class GitServer:
    """Serves the bare repositories below `root` to who brings a token that `accepts` takes.

    `accepts(token, repository, write)` decides; `requests` is what was asked so far.
    """

    def __init__(self, root: Path, accepts: Callable[[str, str, bool], bool], port: int = 0) -> None:
        self.root = root
        self.accepts = accepts
        self.requests: list[GitRequest] = []
        self._server = LoopbackServer(_handler(self), port)

    @property
    def url(self) -> str:
        """What `Settings.github_git_url` is set to."""
        return self._server.url

    def start(self) -> GitServer:
        """Begin to answer."""
        self._server.start()
        return self

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.close()

    def __enter__(self) -> GitServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


def _handler(server: GitServer) -> type[RequestHandler]:
    class GitHandler(RequestHandler):
        def serve(self) -> None:
            body = self.read_body()
            path, _, query = self.path.partition("?")
            found = _PATH.match(path)
            if found is None:
                self.answer(404, b"not found", "text/plain")
                return
            repository = f"{found['owner']}/{found['name']}".lower()
            service = query.removeprefix("service=") if found["rest"] == "info/refs" else found["rest"]
            write = service == "git-receive-pack"
            token = _token(self.headers.get("Authorization"))
            status = 200
            if token is None:
                status = 401
            elif not server.accepts(token, repository, write):
                status = 403 if write else 404
            elif not (server.root / f"{repository}.git").is_dir():
                status = 404
            server.requests.append(
                GitRequest(self.command, repository, service, status, self.headers.get("Git-Protocol"))
            )
            if status == 401:
                self.answer(401, b"who are you?", "text/plain", WWW_Authenticate='Basic realm="GitHub"')
            elif status != 200:
                self.answer(status, b"refused", "text/plain")
            else:
                self._backend(f"/{repository}.git/{found['rest']}", query, body)

        def _backend(self, path: str, query: str, body: bytes) -> None:
            environment = {
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "GIT_PROJECT_ROOT": str(server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_COUNT": "2",
                "GIT_CONFIG_KEY_0": "http.receivepack",
                "GIT_CONFIG_VALUE_0": "true",
                "GIT_CONFIG_KEY_1": "safe.directory",
                "GIT_CONFIG_VALUE_1": "*",
                "HOME": str(server.root),
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "REMOTE_USER": "x-access-token",
                "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
            }
            for header, name in (("Git-Protocol", "GIT_PROTOCOL"), ("Content-Encoding", "HTTP_CONTENT_ENCODING")):
                if value := self.headers.get(header):
                    environment[name] = value
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False, timeout=120
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if line)
            status = int(headers.pop("Status", "200 OK" if done.returncode == 0 and head else "500").split()[0])
            content_type = headers.pop("Content-Type", "text/plain")
            self.answer(status, content, content_type, **headers)

    return GitHandler


def _token(authorization: str | None) -> str | None:
    """The password of Basic auth whose user is `x-access-token`, as GitHub documents it for tokens."""
    kind, _, value = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password if user == "x-access-token" and password else None

"""Our own GitHub: its REST API as far as we use it, and nothing that GitHub does not document.

A route, a query parameter or a field of a body that is not documented is refused with 4xx and kept in `refused`, so
that a test can ask that it stays empty. `python -m coding_agent.tests.fake_github --root DIR` serves the API and, with
`git_server`, the bare repositories below DIR; POST `/_fake/NAME` with JSON calls a method of the state, GET
`/_fake/state` returns all of it.

Documented at docs.github.com/rest; fields were compared with GitHub's OpenAPI description 2026-03-10.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import click

from coding_agent.tests.fake_github_routes import ROUTES, Answer, RefusedError, Request, Route, authorize
from coding_agent.tests.fake_github_state import FakeGitHubState, Fault
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.loopback_server import LoopbackServer, RequestHandler

__all__ = ["FakeGitHub"]

_API_VERSIONS = {"2022-11-28", "2026-03-10"}
_ACCEPTED = {"application/vnd.github+json", "application/json"}


class FakeGitHub:
    """Serves a state between `start` and `close`; `url` is what `Settings.github_api_url` is set to."""

    def __init__(self, root: Path | None = None, port: int = 0) -> None:
        self.state = FakeGitHubState(root)
        self._server = LoopbackServer(_handler(self), port)

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return self._server.url

    def start(self) -> FakeGitHub:
        """Begin to answer."""
        self._server.start()
        return self

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.close()

    def __enter__(self) -> FakeGitHub:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, request: Request) -> Answer:
        """What GitHub would say; what it does not document is kept in `refused`."""
        try:
            _check_headers(request)
            route = _route_of(request)
            route.check(request)
            with self.state.lock:
                authorize(self.state, route, request)
                return route.handler(self.state, request)
        except RefusedError as refused:
            if refused.ours:
                self.state.refused.append(f"{request.method} {request.path}: {refused}")
            return Answer(refused.status, refused.body())

    def administer(self, request: Request) -> Answer:
        """Tests of several processes look at the state and change it here."""
        name = request.path.removeprefix("/_fake/")
        if request.method == "GET" and name == "state":
            state = self.state
            with state.lock:
                return Answer(
                    200,
                    {
                        "repositories": {key: asdict(each) for key, each in state.repositories.items()},
                        "refused": list(state.refused),
                        "requests": list(state.requests),
                        "faults": [asdict(each) for each in state.faults],
                    },
                )
        arguments = json.loads(request.raw or b"{}")
        return Answer(200, {"result": getattr(self.state, name)(**arguments)})


def _route_of(request: Request) -> Route:
    for route in ROUTES:
        if request.method == route.method and (found := route.path.fullmatch(request.path)):
            request.parts = {name: unquote(part) for name, part in found.groupdict().items()}
            return route
    raise RefusedError(404, f"no such route: {request.method} {request.path}")


def _check_headers(request: Request) -> None:
    """What GitHub asks of every request: who you are, a media type that it has, a version that it has."""
    headers = request.headers
    agent = headers.get("user-agent", "")
    if not agent or agent.startswith(("python-httpx", "python-requests", "Python-urllib")):
        raise RefusedError(403, "Request forbidden by administrative rules: a User-Agent that names the program")
    if headers.get("accept") not in _ACCEPTED:
        raise RefusedError(415, f"Unsupported 'Accept' header: {headers.get('accept')}")
    if headers.get("x-github-api-version") not in _API_VERSIONS:
        raise RefusedError(400, f"unknown API version {headers.get('x-github-api-version')}")
    if request.raw and headers.get("content-type") != "application/json":
        raise RefusedError(415, "a body that is not said to be JSON")


def _handler(fake: FakeGitHub) -> type[RequestHandler]:
    class GitHubHandler(RequestHandler):
        def serve(self) -> None:
            split = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=split.path,
                query={key: values[-1] for key, values in parse_qs(split.query, keep_blank_values=True).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                raw=self.read_body(),
                base_url=fake.url,
            )
            if split.path.startswith("/_fake/"):
                self._send(fake.administer(request))
                return
            fake.state.requests.append(f"{self.command} {self.path}")
            fault = fake.state.take_fault(self.command, split.path)
            if fault is None:
                self._send(fake.answer(request))
            else:
                self._fail(fault, request)

        def _fail(self, fault: Fault, request: Request) -> None:
            retry_after = {} if fault.seconds is None else {"Retry-After": str(int(fault.seconds))}
            match fault.kind:
                case "rate_limited":
                    self._send(Answer(429, {"message": "Too many requests"}, retry_after))
                case "primary_limit":
                    reset = str(int(time.time() + (fault.seconds or 0)) + 1)
                    left = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
                    self._send(Answer(403, {"message": "API rate limit exceeded for user ID 1."}, left))
                case "secondary_limit":
                    message = (
                        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
                    )
                    self._send(Answer(403, {"message": message}, retry_after))
                case "server_error":
                    self._send(Answer(502, {"message": "Server Error"}))
                case "malformed":
                    self.answer(200, b"<html>oops", "text/html")
                case "slow":
                    time.sleep(fault.seconds or 1.0)
                    self._send(fake.answer(request))
                case "drop_before" | "drop_after":
                    if fault.kind == "drop_after":
                        fake.answer(request)
                    self.close_connection = True

        def _send(self, answer: Answer) -> None:
            self.answer(
                answer.status,
                b"" if answer.status == 204 else json.dumps(answer.body).encode(),
                "application/json; charset=utf-8",
                **answer.headers,
            )

    return GitHubHandler


@click.command()
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), required=True, help="Bare repositories.")
@click.option("--port", default=0, help="Of the API; 0: a free one.")
@click.option("--git-port", default=0, help="Of git; 0: a free one.")
def main(root: Path, port: int, git_port: int) -> None:
    """Serve the API and git until SIGTERM; the first line of output is JSON: {"api": URL, "git": URL}."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    root.mkdir(parents=True, exist_ok=True)
    with FakeGitHub(root, port) as fake, GitServer(root, fake.state.accepts, git_port) as git:
        sys.stdout.write(json.dumps({"api": fake.url, "git": git.url}) + "\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()

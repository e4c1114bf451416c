"""A real `git clone` through the service, which has the token that the cloner has not."""

from __future__ import annotations

import base64
import gzip
import os
import secrets
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from coding_agent.errors import CodingAgentError
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import Job, JobRequest
from coding_agent.repository import upload_pack
from coding_agent.repository.remote import Remote
from coding_agent.repository.trusted_clone import clone
from coding_agent.repository.upload_pack import upload_pack_router
from coding_agent.runs.stop import Stop
from coding_agent.settings import Settings
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.origin import make_origin, plain_git

GITHUB_TOKEN = "ghs_" + "5ca1ab1e" * 5
JOB_TOKEN = "0ddba11" * 6
AT = datetime(2026, 1, 2, tzinfo=UTC)
REQUEST = "application/x-git-upload-pack-request"


def _job() -> Job:
    issue = IssueRef("github.com", "acme", "app", 7)
    request = JobRequest(issue=issue, max_cost_usd=1, max_minutes=1)
    return Job(id="job1", request=request, client="c", created_at=AT, updated_at=AT)


class Service:
    """The service's two routes before a git server that has `acme/app` and `acme/other`."""

    def __init__(self, root: Path) -> None:
        self.git_dir = root / "acme" / "app.git"
        self.commit = make_origin(self.git_dir, {b"app.py": b"x = 1\n", b"n": secrets.token_bytes(300_000)})
        make_origin(root / "acme" / "other.git", {b"other": b"secret\n"})
        self.github = GitServer(root, lambda token, _repository, _write: token == GITHUB_TOKEN).start()
        settings = Settings.model_validate({"github_git_url": self.github.url})

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with httpx.AsyncClient() as client:
                app.include_router(upload_pack_router(settings, client, self._authorize, self._token))
                yield

        self._server = uvicorn.Server(
            uvicorn.Config(FastAPI(lifespan=lifespan), port=0, log_level="critical", lifespan="on")
        )
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.repository = f"{self.url}/jobs/job1/repository"

    async def _authorize(self, job_id: str, token: str) -> Job | None:
        return _job() if (job_id, token) == ("job1", JOB_TOKEN) else None

    async def _token(self, job: Job) -> str:
        assert job.id == "job1"
        return GITHUB_TOKEN

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.github.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("root"))
    yield made
    made.close()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"Authorization": f"Bearer {JOB_TOKEN}"}) as made:
        yield made


def test_our_clone_gets_the_repository_with_the_jobs_token(service: Service, tmp_path: Path) -> None:
    assert clone(Remote(service.repository, JOB_TOKEN), tmp_path / "clone", Stop()) == service.commit
    assert (
        clone(Remote(service.repository, JOB_TOKEN), tmp_path / "two", Stop(), commit=service.commit) == service.commit
    )
    assert plain_git(tmp_path / "clone", "show", f"{service.commit}:app.py") == b"x = 1\n"
    assert {request.protocol for request in service.github.requests} == {"version=2"}
    assert [file for file in tmp_path.rglob("*") if file.is_file() and GITHUB_TOKEN.encode() in file.read_bytes()] == []


def _git(service: Service, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    credentials = base64.b64encode(f"x:{JOB_TOKEN}".encode()).decode()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_TRACE_CURL": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credentials}",
    }
    return subprocess.run(["git", *arguments], env=environment, capture_output=True, check=False, timeout=60)


def test_the_cloner_sees_the_files_and_never_the_services_token(service: Service, tmp_path: Path) -> None:
    for version in ("0", "2"):
        done = _git(
            service, tmp_path, "-c", f"protocol.version={version}", "clone", service.repository, str(tmp_path / version)
        )
        assert done.returncode == 0, done.stderr.decode()
        assert (tmp_path / version / "app.py").read_bytes() == b"x = 1\n"
        assert GITHUB_TOKEN.encode() not in done.stderr
        assert base64.b64encode(f"x-access-token:{GITHUB_TOKEN}".encode()) not in done.stderr


def test_nothing_can_be_pushed(service: Service, tmp_path: Path) -> None:
    before = plain_git(service.git_dir, "for-each-ref")
    assert _git(service, tmp_path, "clone", "-q", service.repository, str(tmp_path / "c")).returncode == 0
    done = _git(service, tmp_path, "-C", str(tmp_path / "c"), "push", "origin", "HEAD:refs/heads/evil")
    assert done.returncode != 0
    assert b"403" in done.stderr
    assert plain_git(service.git_dir, "for-each-ref") == before
    assert not [request for request in service.github.requests if request.service == "git-receive-pack"]


@pytest.mark.parametrize("token", [None, "wrong", GITHUB_TOKEN])
def test_without_the_jobs_token_there_is_nothing(service: Service, tmp_path: Path, token: str | None) -> None:
    asked = len(service.github.requests)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{service.repository}/info/refs?service=git-upload-pack", headers=headers, timeout=60)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert len(service.github.requests) == asked
    with pytest.raises(CodingAgentError) as error:
        clone(Remote(service.repository, "wrong"), tmp_path / "clone", Stop())
    assert error.value.code == "clone_denied"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "job1/repository/info/refs?service=git-receive-pack", 403),
        ("GET", "job1/repository/info/refs", 403),
        ("GET", "job1/repository/info/refs?service=git-upload-pack&service=git-receive-pack", 403),
        ("POST", "job1/repository/git-receive-pack", 404),
        ("GET", "job1/repository/HEAD", 404),
        ("GET", "job1/repository/objects/info/packs", 404),
        ("GET", "job1/repository/../../../acme/other.git/info/refs?service=git-upload-pack", 404),
        ("GET", "job1/repository/%2e%2e/other.git/info/refs?service=git-upload-pack", 404),
        ("GET", "job2/repository/info/refs?service=git-upload-pack", 401),
        ("PUT", "job1/repository/info/refs?service=git-upload-pack", 405),
        ("POST", "job1/repository/git-upload-pack", 415),
    ],
)
def test_every_other_request_is_refused_and_not_forwarded(
    service: Service, client: httpx.Client, method: str, path: str, status: int
) -> None:
    asked = len(service.github.requests)
    assert client.request(method, f"{service.url}/jobs/{path}").status_code == status
    assert len(service.github.requests) == asked


def test_a_packed_request_is_passed_on_as_it_is(service: Service, client: httpx.Client) -> None:
    body = b"0014command=ls-refs\n0001" + b"0009peel\n" + b"0000"
    headers = {"Content-Type": REQUEST, "Content-Encoding": "gzip", "Git-Protocol": "version=2"}
    answer = client.post(f"{service.repository}/git-upload-pack", content=gzip.compress(body), headers=headers)
    assert answer.status_code == 200
    assert service.commit.encode() in answer.content


def test_requests_and_answers_are_bounded(
    service: Service, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pack, "MAX_REQUEST_BYTES", 1000)
    answer = client.post(
        f"{service.repository}/git-upload-pack", content=b"0" * 1001, headers={"Content-Type": REQUEST}
    )
    assert answer.status_code == 413
    monkeypatch.setattr(upload_pack, "MAX_RESPONSE_BYTES", 100_000)
    with pytest.raises(CodingAgentError):
        clone(Remote(service.repository, JOB_TOKEN), tmp_path / "clone", Stop())


def test_an_answer_that_is_no_git_is_not_passed_on(service: Service, client: httpx.Client) -> None:
    service.github.accepts = lambda _token, _repository, _write: False
    try:
        answer = client.get(f"{service.repository}/info/refs?service=git-upload-pack")
    finally:
        service.github.accepts = lambda token, _repository, _write: token == GITHUB_TOKEN
    assert answer.status_code == 404
    assert "repository" in answer.text

"""The repository of a job for its runner: reading only, and the service adds the token that the runner never has.

`git clone` asks two addresses (https://git-scm.com/docs/http-protocol): both are forwarded to the one repository that
the job is about. There is no other route, so nothing is pushed, listed or fetched from elsewhere this way.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import httpx
from fastapi import APIRouter, Header, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from coding_agent.jobs.job import Job
from coding_agent.repository.remote import TOKEN_USER
from coding_agent.settings import Settings

__all__ = ["Authorize", "GitHubToken", "upload_pack_router"]

Authorize = Callable[[str, str], Awaitable[Job | None]]
GitHubToken = Callable[[Job], Awaitable[str | None]]

MAX_REQUEST_BYTES = 8_000_000
MAX_RESPONSE_BYTES = 1_000_000_000
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_WHOLE_S = 900.0
_SERVICE = "git-upload-pack"
_NO_CACHE = {"Cache-Control": "no-cache, no-store"}
# git shows plain text to its user.
_UNAUTHORIZED = {"WWW-Authenticate": 'Basic realm="coding agent job", charset="UTF-8"'}


class _TooLargeError(Exception):
    """More was sent than is taken."""


def upload_pack_router(
    settings: Settings, client: httpx.AsyncClient, authorize: Authorize, github_token: GitHubToken
) -> APIRouter:
    """Return the two routes.

    `authorize(job_id, token)` gives the running job whose token that is, or None. `github_token(job)` gives the token
    for the job's repository (None: it is public). `client` follows no redirections.
    """
    router = APIRouter(prefix="/jobs/{job_id}/repository", include_in_schema=False)

    async def forward(job_id: str, request: Request, method: str, path: str) -> Response:
        token = _presented_token(request.headers.get("authorization"))
        job = await authorize(job_id, token) if token else None
        if job is None:
            return _refusal(401, "This needs the job's own token, while the job runs", _UNAUTHORIZED)
        headers = _forwarded_headers(request, await github_token(job))
        address = f"{settings.github_git_url.rstrip('/')}/{job.request.issue.repository}.git/{path}"
        content = _bounded(request.stream(), MAX_REQUEST_BYTES) if method == "POST" else None
        asked = client.build_request(method, address, headers=headers, content=content, timeout=_TIMEOUT)
        try:
            async with asyncio.timeout(_WHOLE_S):
                answer = await client.send(asked, stream=True, follow_redirects=False, auth=_no_auth)
        except _TooLargeError:
            return _refusal(413, "The request is larger than a fetch needs")
        except (httpx.HTTPError, TimeoutError):
            return _refusal(502, "GitHub does not answer")
        expected = f"application/x-{_SERVICE}-{'result' if method == 'POST' else 'advertisement'}"
        if answer.status_code != 200 or answer.headers.get("content-type") != expected:
            await answer.aclose()
            if answer.status_code == 404:
                return _refusal(404, "GitHub has no such repository, or the service does not reach it")
            return _refusal(502, f"GitHub answers with {answer.status_code}")
        return StreamingResponse(_answered(answer), media_type=expected, headers=_NO_CACHE)

    @router.get("/info/refs")
    async def advertise(job_id: str, request: Request) -> Response:
        if request.url.query != f"service={_SERVICE}":
            return _refusal(403, "The repository is for reading only, by git's smart protocol")
        return await forward(job_id, request, "GET", f"info/refs?service={_SERVICE}")

    @router.post(f"/{_SERVICE}")
    async def upload_pack(job_id: str, request: Request, content_type: Annotated[str, Header()] = "") -> Response:
        if content_type != f"application/x-{_SERVICE}-request":
            return _refusal(415, "This is not a request of git")
        return await forward(job_id, request, "POST", _SERVICE)

    return router


def _no_auth(request: httpx.Request) -> httpx.Request:
    """Keep httpx from credentials of ~/.netrc."""
    return request


def _presented_token(authorization: str | None) -> str | None:
    kind, _, value = (authorization or "").strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip() or None
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _forwarded_headers(request: Request, token: str | None) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "git/finrag-coding-agent"}
    for name in ("accept", "content-type"):
        if value := request.headers.get(name):
            headers[name] = value
    # A body that git has packed is passed on as it is; only the newest protocol needs to be asked for.
    if request.headers.get("content-encoding") == "gzip":
        headers["content-encoding"] = "gzip"
    if request.headers.get("git-protocol") == "version=2":
        headers["git-protocol"] = "version=2"
    if token is not None:
        headers["authorization"] = "Basic " + base64.b64encode(f"{TOKEN_USER}:{token}".encode()).decode()
    return headers


async def _bounded(parts: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    total = 0
    async for part in parts:
        total += len(part)
        if total > most:
            raise _TooLargeError
        yield part


async def _answered(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The pack as it comes; one that is too large or too slow is broken off, which git reports as a failed fetch."""
    try:
        async with asyncio.timeout(_WHOLE_S):
            async for part in _bounded(answer.aiter_raw(), MAX_RESPONSE_BYTES):
                yield part
    finally:
        await answer.aclose()


def _refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{message}\n", status, {**_NO_CACHE, **(headers or {})})

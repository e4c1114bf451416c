"""The routes of administrators: `X-Admin-Key` is asked for before anything of a request is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Path, Request, Response
from fastapi.routing import APIRoute

from serving.backend.engine import Engine
from serving.backend.fixes.agent_client import AgentError
from serving.backend.fixes.desk import AnswerNotAtHandError, FixDesk, TooManyFixesError
from serving.backend.schemas.fixes import FixAccepted, FixRequest, FixState
from serving.http.errors import problem_response
from serving.http.openapi import problems

__all__ = ["add_fix_routes"]

_OFF = "This server files no reports: CODING_AGENT_URL, CODING_AGENT_API_KEY and FINRAG_ADMIN_KEY switch that on."
_NO_KEY = "This is for administrators: send their key in one header X-Admin-Key."


class _AdminRoute(APIRoute):
    """A route that answers 404 when it is off, and 401 without the administrator's key, whatever else is sent."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return the handler with the check before it."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            desk = request.app.state.fix_desk
            if desk is None:
                raise HTTPException(404, _OFF)
            given = [value for name, value in request.headers.raw if name == b"x-admin-key"]
            if len(given) != 1 or not desk.knows(given[0]):
                raise HTTPException(401, _NO_KEY)
            return await handle(request)

        return checked


_router = APIRouter(route_class=_AdminRoute)


def add_fix_routes(app: FastAPI, desk: FixDesk | None) -> None:
    """Have the application answer `/admin/fix`: with 404 when there is no desk."""
    app.state.fix_desk = desk
    app.include_router(_router)
    app.add_exception_handler(AgentError, _agent_failed)
    app.add_exception_handler(AnswerNotAtHandError, _not_at_hand)
    app.add_exception_handler(TooManyFixesError, _too_many)


@_router.post("/admin/fix", status_code=202, responses=problems(400, 401, 404, 413, 422, 429, 502, 503))
async def fix(body: FixRequest, request: Request) -> FixAccepted:
    """File a reported answer as an issue, and have the coding agent work on it; the key goes in `X-Admin-Key`.

    The same `request_id` again gives the same issue and job. 404 when the server files no reports, and when the answer
    is not at hand: then send `question` and `answer`. 502 when the coding agent refuses, 503 when it does not answer.
    """
    desk, engine = request.app.state.fix_desk, request.app.state.engine
    assert isinstance(desk, FixDesk)
    assert isinstance(engine, Engine)
    current = engine.versions.current
    filed = await desk.file(body, "" if current is None else current.index.version)
    return FixAccepted(issue_url=filed.issue_url, job_id=filed.job_id, status_url=filed.status_url)


@_router.get("/admin/fix/{job_id}", responses=problems(401, 404, 422, 429, 502, 503))
async def fix_state(request: Request, job_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]) -> FixState:
    """Tell how far the coding agent is with a job; the key goes in `X-Admin-Key`."""
    desk = request.app.state.fix_desk
    assert isinstance(desk, FixDesk)
    job = await desk.job(job_id)
    error = None if job.error is None else f"{job.error.code}: {job.error.message}"[:1_000]
    return FixState(
        job_id=job.job_id, status=job.status, stage=job.stage, issue_url=job.issue_url, pr_url=job.pr_url, error=error
    )


async def _agent_failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, AgentError)
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return problem_response(error.status, _sentence(error), headers=headers)


async def _not_at_hand(request: Request, error: Exception) -> Response:
    return problem_response(404, _sentence(error))


async def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyFixesError)
    return problem_response(429, _sentence(error), headers={"Retry-After": str(error.retry_after_s)})


def _sentence(error: Exception) -> str:
    words = str(error).removesuffix(".")
    return f"{words[:1].upper()}{words[1:]}."

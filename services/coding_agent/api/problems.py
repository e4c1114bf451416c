"""Every error as problem+json (RFC 9457): what was wrong, what to do, and a code for programs."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from coding_agent.errors import CodingAgentError

__all__ = ["PROBLEMS", "PROBLEM_JSON", "Problem", "ProblemError", "add_problem_handlers", "problem_response"]

PROBLEM_JSON = "application/problem+json"

_STATUS = {
    "bad_cursor": 400,
    "webhook_unreadable": 400,
    "runner_token_refused": 401,
    "cost_limit": 402,
    "job_not_found": 404,
    "move_refused": 409,
    "artifact_too_large": 413,
    "idempotency_mismatch": 422,
    "store_unavailable": 503,
}
# Errors of what the service itself depends on are not the caller's.
_STATUS_OF_PREFIX = {"model_": 502, "github_": 502}
_RETRY_AFTER_S = 5

_logger = logging.getLogger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error as RFC 9457 describes it; `code` is stable and for programs."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "What was wrong (application/problem+json)."}
}


class ProblemError(Exception):
    """An answer that is a problem, from anywhere within a request."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Return a problem+json response."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, errors=errors)
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status_code=status, media_type=PROBLEM_JSON, headers=headers)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every expected exception with a problem; what is left over is for the outermost middleware."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(CodingAgentError, _agent_error)
    app.add_exception_handler(ProblemError, _problem)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(entry["type"] == "json_invalid" for entry in found):
        return problem_response(400, "not_json", "The request body is not valid JSON: send a JSON object in UTF-8")
    # Not the values: a secret may stand in the wrong place.
    fields = [FieldError(field=_field(entry["loc"]), message=_words(entry)) for entry in found[:20]]
    named = "; ".join(f"{entry.field}: {entry.message}" for entry in fields)
    return problem_response(422, "invalid_request", f"The request cannot be used: {named}", errors=fields)


def _field(location: tuple[int | str, ...]) -> str:
    parts = [str(part)[:40] for part in location if part not in {"body", "query", "path", "header"}]
    return ".".join(parts) or "body"


def _words(entry: dict[str, str]) -> str:
    if entry["type"] == "extra_forbidden":
        return "this field is not known"
    return entry["msg"].removeprefix("Value error, ")


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, detail = error.status_code, error.detail
    if status == HTTPStatus.NOT_FOUND:
        detail = "There is nothing at this address; the routes are described at /openapi.json"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"This address does not take {request.method}"
    code = HTTPStatus(status).name.lower()
    return problem_response(status, code, detail, headers=dict(error.headers or {}))


async def _agent_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CodingAgentError)
    status = _STATUS.get(error.code)
    if status is None:
        status = next((each for prefix, each in _STATUS_OF_PREFIX.items() if error.code.startswith(prefix)), 422)
    headers = {"Retry-After": str(_RETRY_AFTER_S)} if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.warning("request failed: %s: %s", error.code, error.message)
    return problem_response(status, error.code, error.message, headers=headers)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return problem_response(error.status, error.code, error.detail, headers=error.headers)

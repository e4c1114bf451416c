"""Every error in one shape, {"error": {"code", "message", "details"?, "request_id"}}, nothing of the cluster inside."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from kserve_api.apps.errors import to_api_error
from kserve_api.errors import ApiError, ClusterError
from kserve_api.observability.context import REQUEST_ID
from kserve_api.observability.redaction import hide, hide_in

__all__ = ["PROBLEMS", "Problem", "add_problem_handlers", "invalid_request", "problem_response"]

_RETRY_AFTER_S = 5
_CHALLENGE = 'Bearer realm="kserve-api"'

_logger = logging.getLogger(__name__)


class ErrorBody(BaseModel):
    """`code` is stable and for programs, `message` for people; `request_id` names the entry in our log."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    details: dict[str, Any] = {}
    request_id: str


class Problem(BaseModel):
    """An error."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorBody


PROBLEMS: dict[int | str, dict[str, Any]] = {"default": {"model": Problem, "description": "What was wrong."}}


def problem_response(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    """Return the answer for an error; secrets of the request are hidden in it."""
    body: dict[str, Any] = {"code": error.code, "message": hide(error.message)}
    if error.details:
        body["details"] = hide_in(error.details)
    body = {"error": {**body, "request_id": REQUEST_ID.get() or ""}}
    headers = dict(headers or {})
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _CHALLENGE
    retry_after = error.retry_after_s or (_RETRY_AFTER_S if error.status in {429, 503} else 0)
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    content = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return _Problem(content, error, headers)


class _Problem(Response):
    """Remembers its code for the log and the audit."""

    def __init__(self, content: bytes, error: ApiError, headers: dict[str, str]) -> None:
        super().__init__(content, status_code=error.status, headers=headers, media_type="application/json")
        self._code = error.code

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 (as in the base class)
        scope["state"]["error_code"] = self._code
        await super().__call__(scope, receive, send)


def invalid_request(errors: list[dict[str, str]]) -> ApiError:
    """Return the refusal that names every wrong field as {field, message}."""
    named = "; ".join(f"{error['field']}: {error['message']}" for error in errors[:20])
    return ApiError(422, "invalid_request", f"The request cannot be used: {named}", details={"errors": errors})


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every expected exception with a problem; what is left over is for the outermost middleware."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(ClusterError, _cluster_error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Not the values: a secret may stand in the wrong place.
    errors = [{"field": _field(entry["loc"]), "message": _words(entry)} for entry in error.errors()]
    return problem_response(invalid_request(errors))


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:64] for part in location[1:]) or str(location[0])


def _words(entry: dict[str, Any]) -> str:
    if entry["type"] == "extra_forbidden":
        return "this field is not known"
    return str(entry["msg"]).removeprefix("Value error, ")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    told = str(error.detail)
    if status == HTTPStatus.NOT_FOUND:
        told = "There is nothing at this address: the routes are at / and described at /openapi.json"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        told = f"This address does not take {request.method}"
    code = "no_such_route" if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).name.lower()
    return problem_response(ApiError(status, code, told), dict(error.headers or {}))


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return problem_response(error)


async def _cluster_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClusterError)
    _logger.warning("the cluster answered %d %s: %s", error.status, error.reason, error.message)
    return problem_response(to_api_error(error))

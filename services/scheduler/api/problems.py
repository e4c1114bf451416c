"""Every error in one shape, {"error": {"code", "message", "details"?, "request_id"}}, nothing of our insides in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from scheduler.errors import (
    ApiError,
    HistoryUnavailableError,
    InvalidTriggersError,
    JobActionError,
    StoreUnavailableError,
    TooManyTriggersError,
)
from scheduler.observability.context import REQUEST_ID

__all__ = ["PROBLEMS", "Problem", "add_problem_handlers", "invalid_request", "problem_headers", "problem_response"]

_RETRY_AFTER_S = 5
_CHALLENGE = 'Bearer realm="scheduler"'
_MOST_SAID = 20

_logger = logging.getLogger(__name__)


class ErrorBody(BaseModel):
    """`code` is stable and for programs, `message` for people; `request_id` names the entry in our log."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    details: dict[str, object] = {}
    request_id: str


class Problem(BaseModel):
    """An error."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorBody


PROBLEMS: dict[int | str, dict[str, object]] = {"default": {"model": Problem, "description": "What was wrong."}}


def problem_response(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    """Return the answer for an error."""
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if error.details:
        body["details"] = error.details
    content = json.dumps({"error": {**body, "request_id": REQUEST_ID.get() or ""}}, ensure_ascii=False)
    return _Problem(content.encode("utf-8", "replace"), error, {**problem_headers(error), **(headers or {})})


def problem_headers(error: ApiError) -> dict[str, str]:
    """Return the headers that go with an error, whatever its body looks like."""
    headers = {"WWW-Authenticate": _CHALLENGE} if error.status == HTTPStatus.UNAUTHORIZED else {}
    retry_after = error.retry_after_s or (_RETRY_AFTER_S if error.status in {429, 503} else 0)
    return {**headers, "Retry-After": str(retry_after)} if retry_after else headers


class _Problem(Response):
    """Remembers its code for the log and the audit."""

    def __init__(self, content: bytes, error: ApiError, headers: dict[str, str]) -> None:
        super().__init__(content, status_code=error.status, headers=headers, media_type="application/json")
        self._code = error.code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["error_code"] = self._code
        await super().__call__(scope, receive, send)


def _expected(error: Exception) -> ApiError:
    """Return what callers are told of an error that is expected."""
    match error:
        case ApiError():
            return error
        case InvalidTriggersError():
            return _invalid_triggers(error)
        case TooManyTriggersError():
            details: dict[str, object] = {"asked": error.asked, "most": error.most}
            return ApiError(422, "too_many_triggers", f"Nothing was changed: {error}", details=details)
        case JobActionError():
            return ApiError(409, "job_state", str(error))
        case StoreUnavailableError():
            return ApiError(503, "queue_unavailable", f"The queue cannot be reached: {error}")
        case HistoryUnavailableError():
            return ApiError(503, "history_unavailable", f"The executions cannot be read: {error}")
    raise TypeError(type(error).__name__)


def invalid_request(errors: list[dict[str, str]]) -> ApiError:
    """Return the refusal that names every wrong field as {field, message}."""
    named = "; ".join(f"{error['field']}: {error['message']}" for error in errors[:_MOST_SAID])
    return ApiError(422, "invalid_request", f"The request cannot be used: {named}", details={"errors": errors})


def _invalid_triggers(error: InvalidTriggersError) -> ApiError:
    said = [f"triggers[{index}].{field} {words}" for index, field, words in error.problems]
    more = f"; and {len(said) - _MOST_SAID} more" if len(said) > _MOST_SAID else ""
    told = f"Nothing was changed: {'; '.join(said[:_MOST_SAID])}{more}"
    errors = [{"index": index, "field": field, "message": words} for index, field, words in error.problems]
    return ApiError(422, "invalid_triggers", told, details={"errors": errors})


def add_problem_handlers(app: FastAPI, as_page: Callable[[Request, ApiError], Response]) -> None:
    """Answer every expected exception with a problem, or a page where somebody looks at pages.

    What is left over is for the outermost middleware.
    """

    async def answer(request: Request, error: Exception) -> Response:
        told = _told(request, error)
        if told.status >= 500:
            _logger.warning("%s", told.message)
        if not _wants_page(request):
            return problem_response(told)
        request.scope["state"]["error_code"] = told.code
        return as_page(request, told)

    for kind in (
        RequestValidationError,
        HTTPException,
        ApiError,
        InvalidTriggersError,
        TooManyTriggersError,
        JobActionError,
        StoreUnavailableError,
        HistoryUnavailableError,
    ):
        app.add_exception_handler(kind, answer)


def _wants_page(request: Request) -> bool:
    path = request.url.path
    is_page = path.startswith(("/admin", "/sign")) or path == "/metrics"
    return is_page and "text/html" in request.headers.get("accept", "")


def _told(request: Request, error: Exception) -> ApiError:
    # Not the values: a secret may stand in the wrong place.
    if isinstance(error, RequestValidationError):
        return invalid_request(
            [
                {"field": ".".join(str(part)[:64] for part in entry["loc"][1:]) or "body", "message": str(entry["msg"])}
                for entry in error.errors()
            ]
        )
    return _http_error(request, error) if isinstance(error, HTTPException) else _expected(error)


def _http_error(request: Request, error: HTTPException) -> ApiError:
    status = error.status_code
    told = str(error.detail)
    if status == HTTPStatus.NOT_FOUND:
        told = "There is nothing at this address: the routes are at / and described at /openapi.json"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        told = f"This address does not take {request.method}"
    return ApiError(
        status, "no_such_route" if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).name.lower(), told
    )

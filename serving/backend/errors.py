"""Every error as problem+json (RFC 9457): what was wrong and what to do, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from finrag_ml_tg1.errors import FinRAGError
from serving.backend.schemas import FieldError, Problem

__all__ = ["add_error_handlers", "problem_response"]

PROBLEM_JSON = "application/problem+json"

_logger = logging.getLogger(__name__)


def problem_response(
    status: int, detail: str, *, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a problem+json response; the title is the status's standard phrase."""
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)
    return JSONResponse(
        problem.model_dump(exclude_none=True), status_code=status, media_type=PROBLEM_JSON, headers=headers
    )


def add_error_handlers(app: FastAPI) -> None:
    """Answer every exception of the application with a problem."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(FinRAGError, _pipeline_error)
    app.add_exception_handler(Exception, _unexpected_error)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(entry["type"] == "json_invalid" for entry in found):
        return problem_response(400, "The request body is not valid JSON.")
    fields = [FieldError(field=_field(entry["loc"]), message=_message(entry)) for entry in found]
    named = "; ".join(f"{entry.field}: {entry.message}" for entry in fields)
    return problem_response(422, f"The request cannot be used: {named}.", errors=fields)


def _field(location: tuple[int | str, ...]) -> str:
    """`filters.fiscal_years.0`, without FastAPI's leading `body`; the whole body when a rule spans fields."""
    return ".".join(str(part) for part in location if part != "body") or "body"


def _message(entry: dict[str, str]) -> str:
    if entry["type"] == "extra_forbidden":
        return "this field is not known"
    message = entry["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "There is nothing at this address; the routes are listed at /docs."
    return problem_response(error.status_code, detail, headers=dict(error.headers or {}))


async def _pipeline_error(request: Request, error: Exception) -> JSONResponse:
    _logger.warning("request failed: %s", error)
    return problem_response(503, f"{error}.".replace("..", "."), headers={"Retry-After": "5"})


async def _unexpected_error(request: Request, error: Exception) -> JSONResponse:
    _logger.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return problem_response(500, "The server failed to answer; the request id names the entry in its log.")

"""Every error as problem+json (RFC 9457): what was wrong and what to do, never a traceback."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from finrag_ml_tg1.errors import FinRAGError
from serving.http.problems import FieldError, Problem

__all__ = ["PROBLEM_JSON", "UNEXPECTED", "add_error_handlers", "problem", "problem_response", "shown_name"]

PROBLEM_JSON = "application/problem+json"

UNEXPECTED = "The server failed to answer; the request id names the entry in its log."
_NOT_JSON = "The request body is not valid JSON: send a JSON object in UTF-8."
_NO_OBJECT = "a JSON object is required, sent with Content-Type: application/json"
# pydantic's words for these tell a Python programmer something, but not who calls an HTTP API.
_PLAIN_WORDS = {
    "extra_forbidden": "this field is not known",
    "string_unicode": "the text is not well-formed Unicode",
    "model_attributes_type": "a JSON object is required",
}

# Fields and metrics are named in small letters, or nearly so; keys and tokens have digits or many capitals in them.
_NAME = re.compile(r"[a-z_]{1,40}|[A-Za-z_]{1,20}")

_logger = logging.getLogger(__name__)


def problem_response(
    status: int, detail: str, *, errors: list[FieldError] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return a problem+json response."""
    content = problem(status, detail, errors).model_dump(exclude_none=True)
    return JSONResponse(content, status_code=status, media_type=PROBLEM_JSON, headers=headers)


def problem(status: int, detail: str, errors: list[FieldError] | None = None) -> Problem:
    """Return an error in words; its title is the status's standard phrase."""
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors)


def shown_name(given: str) -> str:
    """Return a name that a caller gave, for an error; what cannot be a name may be a secret in the wrong place."""
    return given if _NAME.fullmatch(given) else "(not a name)"


def add_error_handlers(app: FastAPI) -> None:
    """Answer every expected exception with a problem; what is left over is for the `LastResort` middleware."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(FinRAGError, _pipeline_error)


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(entry["type"] == "json_invalid" for entry in found):
        return problem_response(400, _NOT_JSON)
    fields = [FieldError(field=_field(entry["loc"]), message=_message(entry)) for entry in found]
    named = "; ".join(f"{entry.field}: {entry.message}" for entry in fields)
    return problem_response(422, f"The request cannot be used: {named}.", errors=fields)


def _field(location: tuple[int | str, ...]) -> str:
    """`filters.fiscal_years.0`, without FastAPI's leading `body`; the whole body when a rule spans fields."""
    parts = [str(part) if isinstance(part, int) else shown_name(part) for part in location if part != "body"]
    return ".".join(parts) or "body"


def _message(entry: dict[str, str]) -> str:
    if len(entry["loc"]) == 1 and entry["type"] in {"missing", "model_attributes_type"}:
        return _NO_OBJECT
    if entry["type"] in _PLAIN_WORDS:
        return _PLAIN_WORDS[entry["type"]]
    message = entry["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    detail, headers = error.detail, dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "There is nothing at this address; the routes are described at /openapi.json."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"This address does not take {request.method}: use {headers.get('Allow', 'another method')}."
    elif error.status_code == HTTPStatus.BAD_REQUEST:
        detail = _NOT_JSON  # FastAPI's for a body that is no text, or too deep or too long a number to be read
    return problem_response(error.status_code, detail, headers=headers)


async def _pipeline_error(request: Request, error: Exception) -> JSONResponse:
    _logger.warning("request failed: %s", error)
    return problem_response(503, f"{str(error).removesuffix('.')}.", headers={"Retry-After": "5"})

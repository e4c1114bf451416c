"""Responses of the back end read as records of the contract, or as errors with text that can be shown to a reader."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import TypeVar

import requests

from serving.frontend.contract.json_row import ContractError, JsonRow

__all__ = [
    "CHECK_URL",
    "ApiError",
    "BackendAwayError",
    "load_record",
    "parse_record",
    "read_object",
    "read_problem",
    "read_record",
    "streamed_problem",
    "unexpected_answer",
]

_SET_KEY = "Set FINRAG_API_KEY of the front end to the back end's key."
CHECK_URL = "Check BACKEND_URL: it should be the address of the FinRAG back end."
# Used where an error has no words of its own.
_WHAT_TO_DO = {
    301: CHECK_URL,
    302: CHECK_URL,
    307: CHECK_URL,
    308: CHECK_URL,
    401: _SET_KEY,
    403: _SET_KEY,
    404: CHECK_URL,
    413: "Ask a shorter question, or start a new conversation.",
    429: "Too many questions at once. Wait a moment, then ask again.",
    503: "The back end is busy or starting. Wait a moment, then ask again.",
}

_Record = TypeVar("_Record")


class BackendAwayError(Exception):
    """The back end could not be reached or did not answer in time; the text says which."""


@dataclass(eq=False)
class ApiError(Exception):
    """The back end answered with an error, or with something that is not its contract.

    `field_errors` are "field: message" lines of a 422; `retry_after_s` is the Retry-After header in seconds.
    """

    status: int
    title: str
    detail: str
    request_id: str | None = None
    field_errors: tuple[str, ...] = ()
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.detail}"


def read_record(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    """Return what a successful response holds; raises `ApiError` for any other."""
    if response.status_code != HTTPStatus.OK:
        raise read_problem(response)
    return parse_record(response, read)


def parse_record(response: requests.Response, read: Callable[[object], _Record]) -> _Record:
    """Return what a response holds, whatever its status."""
    return load_record(response, response.text, read)


def load_record(response: requests.Response, text: str, read: Callable[[object], _Record]) -> _Record:
    """Return what a part of a response holds; raises `ApiError` when it is not as agreed."""
    try:
        return read(json.loads(text, parse_float=Decimal))
    except json.JSONDecodeError as error:
        raise unexpected_answer(response, f"The answer is not JSON. {CHECK_URL}") from error
    except ContractError as error:
        remedy = "Run the same version of front end and back end."
        raise unexpected_answer(response, f"The answer is not shaped as agreed: {error}. {remedy}") from error


def unexpected_answer(response: requests.Response, detail: str) -> ApiError:
    """Return the error for a response that is not the contract's."""
    return ApiError(response.status_code, "Unexpected answer", detail, response.headers.get("X-Request-ID"))


def read_problem(response: requests.Response) -> ApiError:
    """Return the error a response carries (problem+json), with our own words where it has none."""
    problem = read_object(response)
    status = response.status_code
    detail = problem.get("detail") or _WHAT_TO_DO.get(status, "The back end gave no reason; its log has the request.")
    retry_after = response.headers.get("Retry-After", "")
    return ApiError(
        status,
        str(problem.get("title") or response.reason or "Error"),
        str(detail),
        response.headers.get("X-Request-ID"),
        field_errors=_read_field_errors(problem.get("errors")),
        retry_after_s=int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
    )


def read_object(response: requests.Response) -> dict[str, object]:
    """Return the JSON object of the body; empty when the body is anything else."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _read_field_errors(errors: object) -> tuple[str, ...]:
    rows = errors if isinstance(errors, list) else []
    return tuple(
        f"{row.get('field', 'request')}: {row.get('message', 'is wrong')}" for row in rows if isinstance(row, dict)
    )


def streamed_problem(response: requests.Response, value: object) -> ApiError:
    """Return the error that a stream ends with; raises `ContractError`."""
    problem = JsonRow(value)
    status = problem.integer("status")
    return ApiError(status, problem.text("title"), problem.text("detail"), response.headers.get("X-Request-ID"))

"""A JSON object in a request's body, checked against a model; every mistake is found at once."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from kserve_api.api.problems import invalid_request
from kserve_api.errors import ApiError
from kserve_api.settings_reading import described

__all__ = ["field_errors", "read_model", "read_object"]

_Model = TypeVar("_Model", bound=BaseModel)


async def read_object(request: Request, *, optional: bool = False) -> dict[str, Any]:
    """Return the object; an absent body is an empty one where it is optional.

    Raises ApiError: 415 unless it is sent as JSON (a page in a browser cannot do that without asking first), 400 when
    it is not an object, or names a field twice: the second would replace the first without a word.
    """
    body = await request.body()
    if optional and not body:
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "not_json", "Send a JSON object with Content-Type: application/json")
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except _TwiceError as error:
        raise ApiError(400, "field_twice", f"The request body has a field twice: {error}") from None
    except (ValueError, RecursionError):
        raise ApiError(400, "not_json", "The request body is not valid JSON: send a JSON object in UTF-8") from None
    if not isinstance(found, dict):
        raise ApiError(400, "not_json", "The request body is not a JSON object")
    return found


async def read_model(request: Request, model: type[_Model], *, optional: bool = False) -> _Model:
    """Return the body as the model. Raises ApiError as `read_object` does, and 422 that names every wrong field."""
    found = await read_object(request, optional=optional)
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise invalid_request(field_errors(error)) from None


def field_errors(error: ValidationError) -> list[dict[str, str]]:
    """Return the mistakes as {field, message}, without values."""
    return [{"field": place[:128] or "body", "message": words} for place, words in described(error)]


class _TwiceError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1)[:64])
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)

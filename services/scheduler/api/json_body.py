"""A JSON object in a request's body."""

from __future__ import annotations

import json
from typing import NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from scheduler.api.problems import invalid_request
from scheduler.errors import ApiError
from scheduler.settings_reading import described

__all__ = ["read_model"]

_Model = TypeVar("_Model", bound=BaseModel)


async def read_model(request: Request, model: type[_Model]) -> _Model:
    """Return the body as the model.

    Raises ApiError: 415 unless it is sent as JSON (a page in a browser cannot do that without asking first), 400 when
    it is no object, or names a field twice: the second would replace the first without a word, 422 where fields are
    wrong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "not_json", "Send a JSON object with Content-Type: application/json")
    body = await request.body()
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except _TwiceError as error:
        raise ApiError(400, "field_twice", f"The request body has a field twice: {error}") from None
    except (ValueError, RecursionError):
        raise ApiError(400, "not_json", "The request body is not valid JSON: send a JSON object in UTF-8") from None
    if not isinstance(found, dict):
        raise ApiError(400, "not_json", "The request body is not a JSON object")
    try:
        return model.model_validate(found)
    except ValidationError as error:
        mistakes = [{"field": place[:128] or "body", "message": words} for place, words in described(error)]
        raise invalid_request(mistakes) from None


class _TwiceError(ValueError):
    pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1)[:64])
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)

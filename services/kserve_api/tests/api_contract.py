"""Every answer against the OpenAPI document: whatever test asked for it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from kserve_api.api.document import openapi_document

__all__ = ["check_answer"]


def check_answer(response: httpx.Response) -> None:
    """Fail unless status, content type and body are documented for the request's route, and the edge's headers there.

    A response hook of httpx clients; bodies of streams are left to their readers.
    """
    headers = response.headers
    assert re.fullmatch(r"[a-z0-9._-]{8,64}", headers["x-request-id"])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    if response.request.method == "HEAD":
        return
    kind = headers["content-type"].partition(";")[0]
    documented = _documented(response.request.method, response.request.url.path)
    described = documented.get(str(response.status_code), documented["default"])
    schema = described["content"].get(kind)
    assert schema is not None, f"{response.request.url.path} {response.status_code} is not documented as {kind}"
    if kind == "application/json":
        response.read()
        errors = list(_validator(schema["schema"]["$ref"]).iter_errors(response.json()))
        assert not errors, f"{response.request.url.path} {response.status_code}: {errors[0].message}"
        if response.status_code >= 400 and "error" in response.json():
            assert response.json()["error"]["request_id"] == headers["x-request-id"]


@cache
def _document() -> dict[str, Any]:
    return openapi_document()


@cache
def _routes() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", path)), operations)
        for path, operations in _document()["paths"].items()
    ]


def _documented(method: str, path: str) -> dict[str, Any]:
    for pattern, operations in _routes():
        if pattern.fullmatch(path) and method.lower() in operations:
            responses: dict[str, Any] = operations[method.lower()]["responses"]
            return responses
    # Refusals of what is no route have the shape of all others.
    problem = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {"default": problem}


@cache
def _validator(reference: str) -> Draft202012Validator:
    schema = {"$ref": reference, "components": _document()["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())

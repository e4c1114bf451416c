"""The OpenAPI document, true about errors: those that come before any route, and the form all of them have."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import Lifespan

from serving.http.errors import PROBLEM_JSON
from serving.http.probes import PROBES
from serving.http.problems import Problem

__all__ = ["DocumentedAPI", "problems"]

# Problem, and what extends it (RFC 9457 §3.2), by their names.
_PROBLEM_SCHEMA = re.compile(rf"#/components/schemas/\w*{Problem.__name__}")

# FastAPI's own traces and logs have whole addresses, parameters and messages of exceptions in them.
_NO_NATIVE_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class DocumentedAPI(FastAPI):
    """An application whose document names what every request may meet, and the media type that errors really have.

    The document is served, at /openapi.json; FastAPI's pages that show it are not: their scripts are another company's.
    An address with a slash too many is not found: a redirect would repeat whatever host the request names.
    """

    def __init__(self, title: str, version: str, description: str, lifespan: Lifespan[FastAPI]) -> None:
        super().__init__(
            title=title,
            version=version,
            description=description,
            lifespan=lifespan,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            telemetry=_NO_NATIVE_TELEMETRY,
        )

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            for path, operations in super().openapi()["paths"].items():
                for operation in operations.values():
                    _name_problems(operation["responses"])
                    operation["responses"] = dict(sorted((_met_before(path) | operation["responses"]).items()))
        return super().openapi()


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can give these errors."""
    return {status: {"model": Problem} for status in statuses}


def _met_before(path: str) -> dict[str, Any]:
    """What the middleware may answer in place of the route: a body too large, no key, too many requests."""
    described = {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    statuses = [408, 413] + [401, 429] * (path not in PROBES)
    return {str(status): {"description": HTTPStatus(status).phrase, "content": described} for status in statuses}


def _name_problems(responses: dict[str, Any]) -> None:
    for response in responses.values():
        for described in list(response.get("content", {}).values()):
            if _PROBLEM_SCHEMA.fullmatch(described.get("schema", {}).get("$ref", "")):
                response["content"] = {PROBLEM_JSON: described}

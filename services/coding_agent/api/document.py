"""The OpenAPI document, for every route that settings may turn on."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from coding_agent.api import events, health, jobs, reports, runner, webhook
from coding_agent.api.problems import add_problem_handlers
from coding_agent.runs.wire import CompletionCall, RunnerUpdate

__all__ = ["application", "openapi_document"]

VERSION = "0.1.0"

_ROUTERS = (health.router, jobs.router, events.router, reports.router, webhook.router, runner.router)
# Their routes read the body themselves, so that the framework does not see these.
_BODIES: tuple[type[BaseModel], ...] = (CompletionCall, RunnerUpdate)
_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "RunnerToken": {"type": "http", "scheme": "bearer"},
}
_SECURITY_OF_TAG: dict[str, list[dict[str, list[str]]]] = {
    "jobs": [{"ApiKey": []}],
    "reports": [{"ApiKey": []}],
    "runners": [{"RunnerToken": []}],
}


class _DocumentedAPI(FastAPI):
    """Describes bodies that routes read themselves, and who may ask what."""

    def openapi(self) -> dict[str, Any]:
        """Return the document."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            _, bodies = models_json_schema(
                [(body, "validation") for body in _BODIES], ref_template="#/components/schemas/{model}"
            )
            components["schemas"] = {**bodies["$defs"], **components.get("schemas", {})}
            components["securitySchemes"] = _SCHEMES
            for path in document["paths"].values():
                for operation in path.values():
                    for tag in operation.get("tags", ()):
                        if tag in _SECURITY_OF_TAG:
                            operation["security"] = _SECURITY_OF_TAG[tag]
            self.openapi_schema = document
        return self.openapi_schema


def application(**options: Any) -> FastAPI:  # noqa: ANN401 (FastAPI's own options)
    """Return an application with the routes that need no settings, and errors as problems."""
    app = _DocumentedAPI(
        title="Coding agent",
        version=VERSION,
        description="An issue URL in, a tested draft pull request out.",
        docs_url=None,
        redoc_url=None,
        **options,
    )
    for router in _ROUTERS:
        app.include_router(router)
    add_problem_handlers(app)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return application().openapi()

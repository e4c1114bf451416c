"""The application with its routes and its OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from scheduler.api import executions, health, triggers
from scheduler.api.auth import PUBLIC
from scheduler.api.problems import add_problem_handlers
from scheduler.api.version import VERSION
from scheduler.pages import dashboard, queues, schedules, sign_in
from scheduler.pages.rendering import error_page
from scheduler.triggers.validation import TriggersBody

__all__ = ["application", "openapi_document"]

# Their routes read the body themselves, so that the framework does not see these.
_BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("/api/workspaces/{workspace_id}/triggers", "post"): TriggersBody,
    ("/api/workspaces/{workspace_id}/triggers/{key}", "patch"): triggers.EnabledBody,
}
_SCHEMES = {"Bearer": {"type": "http", "scheme": "bearer", "description": "An API key."}}
# The framework's own shape of refusals: ours is another, and is described as the default.
_UNUSED = frozenset({"HTTPValidationError", "ValidationError"})


class _DocumentedAPI(FastAPI):
    """Describes bodies that routes read themselves, and where a credential is needed."""

    def openapi(self) -> dict[str, Any]:
        """Return the document."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            _, bodies = models_json_schema(
                [(body, "validation") for body in _BODIES.values()], ref_template="#/components/schemas/{model}"
            )
            schemas = {**bodies["$defs"], **components.get("schemas", {})}
            components["schemas"] = {name: schema for name, schema in schemas.items() if name not in _UNUSED}
            components["securitySchemes"] = _SCHEMES
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _complete(path, method, operation)
            self.openapi_schema = document
        return self.openapi_schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    if path not in PUBLIC:
        operation["security"] = [{"Bearer": []}]
    if body := _BODIES.get((path, method)):
        reference = {"$ref": f"#/components/schemas/{body.__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}


def application(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None) -> FastAPI:
    """Return an application with every route, and every error in one shape."""
    app = _DocumentedAPI(
        title="Scheduler API",
        version=VERSION,
        description="Cron triggers of workspaces, called over HTTP; what ran, and what runs next.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    # Schedules before queues: /admin/queues/jobs/… and its like have parts that take anything.
    for module in (health, triggers, executions, sign_in, dashboard, schedules, queues):
        app.include_router(module.router)
    add_problem_handlers(app, error_page)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return application().openapi()

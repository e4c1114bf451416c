"""The application with its routes and its OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from kserve_api.api import deploys, health, logs, models
from kserve_api.api.auth import PUBLIC
from kserve_api.api.problems import add_problem_handlers
from kserve_api.api.schemas import DeployRequest, RollbackRequest, TrafficRequest
from kserve_api.api.version import VERSION

__all__ = ["application", "openapi_document"]

# Their routes read the body themselves, so that the framework does not see these.
_BODIES = (DeployRequest, TrafficRequest, RollbackRequest)
_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a JWT."},
}
_SECURITY: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Bearer": []}]


class _DocumentedAPI(FastAPI):
    """Describes bodies that routes read themselves, and where a credential is needed."""

    def openapi(self) -> dict[str, Any]:
        """Return the document."""
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            _, bodies = models_json_schema(
                [(body, "validation") for body in _BODIES], ref_template="#/components/schemas/{model}"
            )
            schemas = {**bodies["$defs"], **components.get("schemas", {})}
            components["schemas"] = {name: schema for name, schema in schemas.items() if name not in _UNUSED}
            components["securitySchemes"] = _SCHEMES
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
                    if path not in PUBLIC:
                        operation["security"] = _SECURITY
            self.openapi_schema = document
        return self.openapi_schema


# The framework's own shape of refusals: ours is another, and is described as the default.
_UNUSED = frozenset({"HTTPValidationError", "ValidationError"})


def application(**options: Any) -> FastAPI:  # noqa: ANN401 (FastAPI's own options)
    """Return an application with every route, and every error in one shape."""
    app = _DocumentedAPI(
        title="Deploy API",
        version=VERSION,
        description="A container image in, an auto-scaled HTTPS app out.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        **options,
    )
    for router in (health.router, deploys.router, models.router, logs.router):
        app.include_router(router)
    add_problem_handlers(app)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return application().openapi()

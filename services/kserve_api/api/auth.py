"""Nobody gets past without an API key or a JWT, except to the few addresses that say nothing of anybody (KS-08)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kserve_api.api.access import Access
from kserve_api.api.caller import Caller, is_local
from kserve_api.api.problems import problem_response
from kserve_api.errors import ApiError
from kserve_api.observability.audit import AuditRecord
from kserve_api.observability.metrics import REFUSED_CREDENTIALS
from kserve_api.observability.redaction import carry_secrets

__all__ = ["PUBLIC", "Authenticated", "Authentication", "changing"]

# What /ready names depends on who asks.
PUBLIC = frozenset({"/", "/health", "/ready", "/openapi.json", "/docs"})


class Authentication:
    """Finds out who asks before the body is read or any route is looked for; `scope["state"]["caller"]` has it.

    The refusal is the same whichever part of a credential was wrong.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            try:
                scope["state"]["caller"] = self._caller(scope)
            except ApiError as error:
                if scope["path"] not in PUBLIC:
                    REFUSED_CREDENTIALS.inc()
                    await problem_response(error)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        keys, authorizations = headers.getlist("x-api-key"), headers.getlist("authorization")
        carry_secrets((*keys, *(value.partition(" ")[2].strip() for value in authorizations)))
        if self._access.tenants.is_open:
            if not is_local(scope):
                raise _local_only()
            tenant = next(iter(self._access.tenants.by_name.values()))
            return Caller(tenant, tenant.role, "local")
        if len(keys) + len(authorizations) != 1:
            raise _unauthorized()
        if keys:
            return self._by_key(keys[0])
        scheme, _, credential = authorizations[0].partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized()
        credential = credential.strip()
        return self._by_token(credential) if credential.count(".") == 2 else self._by_key(credential)

    def _by_key(self, given: str) -> Caller:
        known = self._access.key_of(given.encode("latin-1"))
        if known is None:
            raise _unauthorized()
        tenant, key = known
        return Caller(tenant, key.role, f"key:{key.name}")

    def _by_token(self, token: str) -> Caller:
        keys = self._access.token_keys
        claims = keys.claims(token) if keys is not None else None
        tenant = self._access.tenants.by_name.get(claims.tenant) if claims is not None else None
        if claims is None or tenant is None:
            raise _unauthorized()
        return Caller(tenant, tenant.role, f"jwt:{claims.subject}")


def _unauthorized() -> ApiError:
    told = "Send one valid credential: an API key as X-API-Key, or an API key or JWT as Authorization: Bearer"
    return ApiError(401, "unauthorized", told)


def _local_only() -> ApiError:
    told = "There is no tenants file, so only this machine is served: set KSERVE_API_TENANTS_FILE"
    return ApiError(403, "local_only", told)


# Dependencies are coroutines though they wait for nothing: plain functions would be run in threads, at some cost.
async def _authenticated(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def changing(action: str) -> Callable[[Request], Awaitable[Caller]]:
    """Return a dependency for what changes something: it is audited under this name, and not for readers."""

    async def dependency(request: Request) -> Caller:
        place = {key: str(value)[:128] for key, value in request.path_params.items()}
        request.state.audit = AuditRecord(action, namespace=place.get("namespace", ""), name=place.get("name", ""))
        caller = await _authenticated(request)
        if caller.role == "reader":
            raise ApiError(403, "role_not_allowed", "This credential may only read: ask with one that may deploy")
        return caller

    return dependency


Authenticated = Annotated[Caller, Depends(_authenticated)]

"""Nobody gets past without an API key or a session, except to the few addresses that say nothing of anybody."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.api.keys import Keys
from scheduler.api.measures import REFUSED_CREDENTIALS
from scheduler.api.principal import LOCAL, Principal, is_from_other_site, is_local
from scheduler.api.problems import problem_response
from scheduler.api.sessions import Sessions
from scheduler.errors import ApiError

__all__ = ["PUBLIC", "SIGN_IN", "STYLE", "Admin", "Authentication", "Caller", "check_workspace"]

SIGN_IN = "/sign-in"
STYLE = "/pages/style.css"
PUBLIC = frozenset({"/", "/health", "/ready", "/openapi.json", SIGN_IN, STYLE})
# A cookie is sent by the browser whoever makes it ask: it opens pages, whose forms have tokens, and nothing else.
_PAGES = ("/metrics", "/admin", "/sign-out")


class Authentication:
    """Finds out who asks before the body is read or any route is looked for; `scope["state"]["principal"]` has it.

    The refusal is the same whichever part of a credential was wrong.
    """

    def __init__(self, app: ASGIApp, keys: Keys, sessions: Sessions) -> None:
        self._app = app
        self._keys = keys
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            try:
                scope["state"]["principal"] = self._principal(scope)
            except ApiError as error:
                if scope["path"] not in PUBLIC or error.status != 401:
                    REFUSED_CREDENTIALS.inc()
                    scope["state"]["error_code"] = error.code
                    await self._refused(scope, error)(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _principal(self, scope: Scope) -> Principal:
        if self._keys.is_open:
            if not is_local(scope):
                raise _local_only()
            return LOCAL
        headers = Headers(scope=scope)
        authorizations = headers.getlist("authorization")
        is_page = scope["path"].startswith(_PAGES)
        if not authorizations and is_page and not is_from_other_site(scope):
            principal = self._sessions.principal("; ".join(headers.getlist("cookie")))
            if principal is not None:
                return principal
        scheme, _, credential = (authorizations[0] if len(authorizations) == 1 else "").partition(" ")
        key = self._keys.find(credential.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise _unauthorized()
        return key.principal

    def _refused(self, scope: Scope, error: ApiError) -> ASGIApp:
        headers = Headers(scope=scope)
        wants_page = "text/html" in headers.get("accept", "") and "authorization" not in headers
        if error.status == 401 and scope["method"] == "GET" and scope["path"].startswith(_PAGES) and wants_page:
            query = scope["query_string"].decode("latin-1")
            back = scope["path"] + (f"?{query}" if query else "")
            return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='/')}", 303)
        return problem_response(error)


def check_workspace(principal: Principal, workspace_id: str) -> None:
    """Raise ApiError 403, the same whether the workspace exists or not, unless it is this principal's."""
    if not principal.may_see(workspace_id):
        raise ApiError(403, "workspace_not_allowed", "This key is not for this workspace")


def _unauthorized() -> ApiError:
    return ApiError(401, "unauthorized", "Send one valid API key as Authorization: Bearer")


def _local_only() -> ApiError:
    told = "There is no keys file, so only this machine is served, and no page of another site: set SCHEDULER_KEYS_FILE"
    return ApiError(403, "local_only", told)


# Dependencies are coroutines though they wait for nothing: plain functions would be run in threads, at some cost.
async def _caller(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


async def _admin(request: Request) -> Principal:
    principal = await _caller(request)
    if principal.role != "admin":
        raise ApiError(403, "role_not_allowed", "This is for administrators: ask with a key whose role is admin")
    return principal


Caller = Annotated[Principal, Depends(_caller)]
Admin = Annotated[Principal, Depends(_admin)]

"""Signing in with an API key, and out; the stylesheet."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from scheduler.api.auth import SIGN_IN, STYLE, Caller
from scheduler.api.measures import REFUSED_CREDENTIALS
from scheduler.api.principal import is_from_other_site
from scheduler.api.service import Service, ServiceDependency
from scheduler.errors import ApiError
from scheduler.observability.context import SECRETS
from scheduler.pages.forms import check_form, form_fields, seen_after
from scheduler.pages.rendering import page, style

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

# Our own pages only: an address that begins with // is another site's.
_OURS = re.compile(r"/(?:metrics|admin)(?:[/?][\x21-\x5b\x5d-\x7e]*)?\Z")
_HOME = "/metrics"


@router.get(STYLE)
async def stylesheet() -> Response:
    """Return the stylesheet of the pages."""
    return Response(style(), media_type="text/css", headers={"Cache-Control": "public, max-age=300"})


@router.get(SIGN_IN)
async def sign_in_page(request: Request, service: ServiceDependency, next: str = _HOME) -> Response:  # noqa: A002
    """Ask for a key."""
    if service.keys.is_open:
        return seen_after(_HOME)
    return _page(request, service, next)


@router.post(SIGN_IN)
async def sign_in(request: Request, service: ServiceDependency) -> Response:
    """Take a key, and remember who has shown it."""
    if is_from_other_site(request.scope):
        raise ApiError(403, "other_site", "Sign in on the page of the scheduler itself")
    fields = await form_fields(request)
    given = fields.get("key", "").strip()
    SECRETS.set((given,) if given else ())
    back = fields.get("next", _HOME)
    key = service.keys.find(given)
    if key is None:
        REFUSED_CREDENTIALS.inc()
        return _page(request, service, back, "This key is not known. Copy all of it, without spaces.", 401)
    request.scope["state"]["signed_in"] = key.principal.name
    response = seen_after(back if _OURS.match(back) else _HOME)
    response.headers["Set-Cookie"] = service.sessions.cookie(key)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, caller: Caller, service: ServiceDependency) -> Response:
    """Forget the session in this browser."""
    await check_form(request, service, caller)
    response = seen_after(SIGN_IN)
    response.headers["Set-Cookie"] = service.sessions.end_cookie()
    return response


def _page(request: Request, service: Service, back: str, problem: str = "", status: int = 200) -> Response:
    values: dict[str, object] = {
        "principal": None,
        "problem": problem,
        "next": back if _OURS.match(back) else _HOME,
        "hours": f"{service.settings.session_hours:g}",
    }
    return page(request, "sign_in.html", values, status=status)

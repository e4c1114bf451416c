"""Forms of pages: small, ours, and never sent twice by a reload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse

from scheduler.api.auth import Admin
from scheduler.api.principal import Principal
from scheduler.api.service import ServiceDependency
from scheduler.errors import ApiError

__all__ = ["AdminForm", "check_form", "form_fields", "seen_after"]

_MOST_FIELDS = 10


async def form_fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a form. Raises ApiError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ApiError(415, "not_a_form", "Send the form of the page")
    try:
        return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise ApiError(400, "not_a_form", "The form cannot be read") from None


async def check_form(request: Request, service: ServiceDependency, principal: Principal) -> Mapping[str, str]:
    """Return the fields of a form that came from one of this person's pages. Raises ApiError 403."""
    fields = await form_fields(request)
    if not service.sessions.is_form_token(principal, fields.get("token", "")):
        told = "The form is not from a page of this session: load the page again, and send it again"
        raise ApiError(403, "form_token", told)
    return fields


async def _admin_form(request: Request, caller: Admin, service: ServiceDependency) -> Mapping[str, str]:
    fields = await check_form(request, service, caller)
    if service.settings.admin_read_only:
        raise ApiError(403, "read_only", "SCHEDULER_ADMIN_READ_ONLY is set: nothing can be changed on these pages")
    return fields


AdminForm = Annotated[Mapping[str, str], Depends(_admin_form)]


def seen_after(address: str) -> RedirectResponse:
    """Send the browser to a page, so that reloading it does not send the form again."""
    return RedirectResponse(address, 303)

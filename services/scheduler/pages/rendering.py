"""Pages from templates: everything is escaped, nothing but our own stylesheet is loaded, no script runs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scheduler.api.auth import STYLE
from scheduler.api.principal import Principal
from scheduler.api.problems import problem_headers
from scheduler.api.service import Service
from scheduler.errors import ApiError
from scheduler.pages import words

__all__ = ["error_page", "page", "style"]

_FOLDER = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With no-referrer a browser would send our own forms with the origin null.
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}


def page(request: Request, template: str, values: dict[str, object], *, status: int = 200) -> Response:
    """Return a page for whoever has signed in."""
    principal: Principal | None = getattr(request.state, "principal", None)
    service: Service = request.app.state.service
    common: dict[str, object] = {
        "now": datetime.now(UTC),
        "style": STYLE,
        "principal": principal,
        "token": service.sessions.form_token(principal) if principal is not None else "",
        "section": "",
    }
    content = _templates().get_template(template).render({**common, **values})
    return Response(content, status, media_type="text/html", headers=_HEADERS)


def error_page(request: Request, error: ApiError) -> Response:
    """Return an error as a page."""
    titles = {403: "Not allowed", 404: "Not found", 409: "Not possible now", 503: "Not available"}
    back = "/admin/queues" if request.url.path.startswith("/admin") and error.status != 403 else "/metrics"
    values: dict[str, object] = {
        "title": titles.get(error.status, "This did not work"),
        "message": error.message,
        "back": back,
    }
    response = page(request, "error.html", values, status=error.status)
    response.headers.update(problem_headers(error))
    return response


@cache
def style() -> bytes:
    """Return the stylesheet."""
    return (_FOLDER / "style.css").read_bytes()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for word in (words.ago, words.duration, words.from_ms, words.moment, words.percent, words.until):
        environment.filters[word.__name__] = word
    return environment

"""Pages from templates: everything is escaped, nothing but our own stylesheet is loaded, no script runs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scheduler.api.auth import STYLE
from scheduler.pages import words

__all__ = ["page", "style"]

_FOLDER = Path(__file__).parent
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# With no-referrer a browser would send our own forms with the origin null.
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}


def page(template: str, values: dict[str, object], *, status: int = 200) -> Response:
    """Return a page."""
    content = _templates().get_template(template).render(now=datetime.now(UTC), style=STYLE, **values)
    return Response(content, status, media_type="text/html", headers=_HEADERS)


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

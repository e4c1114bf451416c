"""Checks of what both applications share: the way from the front end to the back end, and the key."""

from __future__ import annotations

from urllib.parse import urlsplit

from finrag_ml_tg1.loaders.loopback import is_loopback
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.settings import check_key
from finrag_ml_tg1.operations.doctor.sevalla.dashboard import DOMAIN, VARIABLES
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan

__all__ = ["check_backend_address", "check_shared_key"]

_UNRESOLVED = frozenset({"backend", "finrag-backend", "host.docker.internal", "0.0.0.0", "internal-hostname"})
_WHERE = (
    "back end: Networking > “Add internal connection” to the front end; copy the internal hostname that is shown there",
    "front end: Environment variables > BACKEND_URL=http://that-hostname:{port}",
)
_LEAST_COOKIE_SECRET_CHARS = 32


def check_backend_address(plan: Plan) -> Finding:
    """Look whether BACKEND_URL can lead to the back end on the platform. Its internal names are not known here."""
    port = plan.application("backend").port
    where = tuple(line.format(port=port) for line in _WHERE)
    if not plan.environment("frontend").get("BACKEND_URL"):
        return failed("BACKEND_URL is not set: the front end would ask itself", *where)
    url = plan.settings("frontend").config.backend_url
    if reason := _leads_nowhere(url, port):
        return failed(f"BACKEND_URL={url}: {reason}", *where)
    return ok(f"BACKEND_URL={url}")


def check_shared_key(plan: Plan) -> Finding:
    """Look whether both have the same key, and whether it and the secret of the cookies can be guessed."""
    keys = [plan.environment(role).get("FINRAG_API_KEY") for role in ("backend", "frontend")]
    if keys[0] != keys[1]:
        return failed(
            "FINRAG_API_KEY differs: the back end would refuse the front end", "set the same in both", VARIABLES
        )
    guessed = check_key(plan.settings("backend").config, is_container=True)
    if guessed.state != "ok":
        return guessed
    cookies = plan.environment("frontend").get("STREAMLIT_SERVER_COOKIE_SECRET", "")
    if 0 < len(cookies) < _LEAST_COOKIE_SECRET_CHARS:
        return warning(
            f"STREAMLIT_SERVER_COOKIE_SECRET has fewer than {_LEAST_COOKIE_SECRET_CHARS} characters",
            'make one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return ok("FINRAG_API_KEY is the same in both")


def _leads_nowhere(url: str, port: int) -> str | None:
    """Return why an address cannot lead to the back end there, None when it can."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in _UNRESOLVED or is_loopback(host):
        return f"the name {host} leads nowhere there"
    if host.endswith(DOMAIN):
        return "that is a public address, and the back end has none"
    if parts.scheme != "http":
        return "inside, the platform speaks no TLS"
    if parts.port != port:
        return f"the back end's port is {port}"
    return "it has a path, and the routes begin at the address itself" if parts.path else None

"""Checks that the back end cannot be reached from outside: not at the front end's address, and not at its own."""

from __future__ import annotations

from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.deployed.recognition import is_backend
from finrag_ml_tg1.operations.doctor.http_answers import get, post

__all__ = ["check_back_end_closed", "check_nothing_behind"]

_PROBLEM = "application/problem+json"
_SWITCH = (
    "in the back end's application: Networking > Public networking > switch “Expose HTTP traffic” off; "
    "the front end keeps reaching it over the internal connection"
)


def check_nothing_behind(url: str) -> Finding:
    """Look whether the front end's address also serves the back end's routes. No question is asked."""
    served = []
    if is_backend(url):
        served.append("GET /livez or /health")
    if b'"companies"' in get(f"{url}/catalog").body:
        served.append("GET /catalog")
    # A question must have three characters: a back end refuses this one, in a way of its own.
    if post(f"{url}/query", {"question": ""}).headers.get("content-type", "").startswith(_PROBLEM):
        served.append("POST /query")
    if served:
        return failed(
            f"the front end's address serves the back end's routes too: {', '.join(served)}",
            "remove the route to the back end from the domain or proxy: only the front end may be public",
        )
    return ok("the front end's address serves none of the back end's routes")


def check_back_end_closed(backend: str | None) -> Finding:
    """Look whether the back end answers at a public address of its own."""
    if backend is None:
        return skipped(
            "the back end's own address was not given",
            "`--backend https://NAME.sevalla.app` proves that it is closed; the address stands in its Overview",
        )
    if is_backend(backend):
        return failed(f"the back end is public: {backend} answers", _SWITCH)
    answer = get(f"{backend}/livez")
    if answer.status in {0, 404}:
        return ok(f"no back end answers at {backend}: {answer.told}")
    return warning(
        f"{backend} answers {answer.status}, not as a back end: it may be public and only not run at the moment",
        _SWITCH,
    )

"""What answers at an address: our front end, our back end, or something else. A status alone says nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok
from finrag_ml_tg1.operations.doctor.http_answers import HttpAnswer, get

__all__ = ["FRONTEND_HEALTH", "Deployed", "check_answer", "is_backend"]

FRONTEND_HEALTH = "/_stcore/health"
_SUSPENDED = (
    "is the application suspended (Activate), still being deployed, or did its deployment fail (Deployments)?",
    "exit code 137 in its log: it needed more memory than its size has",
)


@dataclass(slots=True)
class Deployed:
    """A public address and, once looked at, what answers there."""

    url: str
    kind: Literal["front end", "back end"] | None = None


def check_answer(deployed: Deployed) -> Finding:
    """Look what answers, by what it says: Streamlit answers 200 on every path, and some servers "ok"."""
    health = get(f"{deployed.url}{FRONTEND_HEALTH}")
    nonsense = get(f"{deployed.url}/{secrets.token_hex(12)}")
    if _says_ok(health) and _says_ok(nonsense):
        return failed(
            'every path answers "ok", also one that does not exist: whether it is well cannot be seen',
            "something between answers for the application: look at the domain's proxy or CDN",
        )
    if _says_ok(health):
        deployed.kind = "front end"
        return ok(f'the front end: GET {FRONTEND_HEALTH} answers "ok", a path that does not exist does not')
    if is_backend(deployed.url):
        deployed.kind = "back end"
        return ok('a back end: GET /livez answers "ok"')
    return _unknown(health)


def is_backend(url: str) -> bool:
    """Return whether a back end answers at an address."""
    alive = get(f"{url}/livez")
    if _says_ok(alive) and not _says_ok(get(f"{url}/{secrets.token_hex(12)}")):
        return True
    state = get(f"{url}/health").object()
    return state is not None and "index_version" in state


def _unknown(health: HttpAnswer) -> Finding:
    if 300 <= health.status < 400:
        to = health.headers.get("location", "")[:200]
        return failed(f"it leads elsewhere ({health.status}): {to}", "give that address, if it is yours")
    if health.status == 0 or health.status >= 500 or health.status == 404:
        return failed(f"GET {FRONTEND_HEALTH}: {health.told}", *_SUSPENDED)
    return failed(
        f'GET {FRONTEND_HEALTH} answers {health.status}, but not "ok": neither our front end nor our back end',
        "check the address, and the start command under Processes > Update process",
    )


def _says_ok(answer: HttpAnswer) -> bool:
    return answer.status == 200 and answer.body.strip() == b"ok"

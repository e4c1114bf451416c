"""What an answer other than 200 means: final, or worth another try, and what to tell the user in the end."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from finrag_ml_tg1.errors import FilingError, FinRAGError

__all__ = ["TRY_LATER", "EdgarUnavailableError", "TransientError", "refusal"]

TRY_LATER = "try again later; what was fetched is kept"
_PAGE_CHARS = 20_000
_TRANSIENT_STATUSES = {403, 408, 425, 429}


class EdgarUnavailableError(FinRAGError):
    """EDGAR refuses, throttles or cannot be reached: what concerns every further request too, not one filing."""


class TransientError(Exception):
    """A try that failed in a way another may not. `wait_s` is what the server asked for, `advice` is for the end."""

    def __init__(self, reason: str, advice: str, *, throttled: bool = False, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
        self.throttled = throttled
        self.wait_s = wait_s


def refusal(response: httpx.Response, now: float) -> Exception:
    """Return the error that this answer is: FilingError, EdgarUnavailableError or TransientError.

    `now` is wall time in seconds; a 403's page is read, as SEC tells there what it objects to.
    """
    status = response.status_code
    if status == httpx.codes.NOT_FOUND:
        return FilingError("EDGAR holds no such file (404)")
    if response.has_redirect_location:
        return EdgarUnavailableError(
            f"{response.url.host} sends us to another address ({status}), which is not followed: {response.url}"
        )
    if status not in _TRANSIENT_STATUSES and status < 500:
        return EdgarUnavailableError(f"{response.url.host} answers with unexpected status {status}: {response.url}")
    if status == httpx.codes.FORBIDDEN and not _is_throttle_page(response):
        return TransientError(
            "refuses us (403)", "check FINRAG_SEC_CONTACT, which must be your own name and e-mail address"
        )
    wait_s = _retry_after_s(response, now)
    if status in {403, 429}:
        advice = "wait ten minutes and run the same command again; what was fetched is kept"
        return TransientError(f"throttles us ({status})", advice, throttled=True, wait_s=wait_s)
    return TransientError(f"answers with status {status}", TRY_LATER, wait_s=wait_s)


def _retry_after_s(response: httpx.Response, now: float) -> float | None:
    """Return the seconds the server asks us to wait: it names their number or a moment (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now)


def _is_throttle_page(response: httpx.Response) -> bool:
    """Whether a 403 is about the rate; SEC gives undeclared programs a page with the same title and another text."""
    page = b""
    try:
        for chunk in response.iter_bytes():
            page += chunk
            if len(page) > _PAGE_CHARS:
                break
    except httpx.DecodingError:
        return False
    text = page[:_PAGE_CHARS].lower()
    return b"undeclared automated tool" not in text and b"request rate threshold" in text

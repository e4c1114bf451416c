"""What an answer that is no success means to whoever reads it, in one line with what to do; no key in it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from urllib3.exceptions import HTTPError

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.operations.connection_problems import problem_of, was_sent
from finrag_ml_tg1.operations.sevalla.shapes import one_line

__all__ = ["PlatformError", "no_answer", "refusal"]

_KEYS_PAGE = "Tools > API keys in the dashboard"


class PlatformError(FinRAGError):
    """The platform refused a request or could not be asked.

    `status` is that of the answer, 0 without one. `is_doubtful`: what was asked for may have been done all the same.
    """

    def __init__(self, message: str, *, status: int = 0, is_doubtful: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.is_doubtful = is_doubtful


def refusal(method: str, path: str, status: int, headers: Mapping[str, str], body: bytes, token: str) -> PlatformError:
    """Return what an answer other than 2xx means."""
    said = _said(body, token)
    reference = one_line(headers.get("x-request-id", "").replace(token, "…"), 60)
    what = f"{method} {path}"
    if status == 401:
        message = f"Sevalla does not accept the key in SEVALLA_API_TOKEN (401): make another one at {_KEYS_PAGE}"
    elif status == 403:
        needed = "the role Company viewer" if method == "GET" else "the right to change and deploy these applications"
        message = f"the key in SEVALLA_API_TOKEN may not {what} (403): give it {needed} at {_KEYS_PAGE}"
    elif status == 404:
        message = f"{what}: there is no such thing, or the key does not see it (404): look with `finrag sevalla status`"
    elif status == 409:
        message = f"{what} does not go together with what is under way (409{said}): look with `finrag sevalla status`"
    elif status == 429:
        message = f"{what}: too many requests, also after waiting (429): try again in a minute"
    elif 300 <= status < 400:
        message = f"{what}: the answer points elsewhere ({status}), which is not followed: is SEVALLA_API_URL right?"
    elif status >= 500:
        support = f"; for the support: request {reference}" if reference else ""
        doubt = "" if method == "GET" else ", and whether it was done is not known: look with `finrag sevalla status`"
        message = f"{what}: the platform has a fault of its own ({status}{said}){doubt}: try again later{support}"
    else:
        message = f"{what} is refused ({status}{said}): do it in the dashboard; the API may have changed"
    return PlatformError(message, status=status, is_doubtful=status >= 500 and method != "GET")


def no_answer(method: str, path: str, error: HTTPError | OSError) -> PlatformError:
    """Return what a request without an answer means."""
    is_doubtful = method != "GET" and was_sent(error)
    doubt = "; whether it was done is not known: look with `finrag sevalla status`" if is_doubtful else ""
    return PlatformError(
        f"{method} {path}: no answer from the API ({problem_of(error)}): look at the network and at SEVALLA_API_URL"
        f"{doubt}",
        is_doubtful=is_doubtful,
    )


def _said(body: bytes, token: str) -> str:
    """The platform's own words, ready to stand behind a status; none when they are not in the documented form."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(content, dict):
        return ""
    data = content.get("data")
    words = [content.get("message"), *((data.get("message"), data.get("code")) if isinstance(data, dict) else ())]
    said = "; ".join(word for word in words if isinstance(word, str) and word)
    return f": {one_line(said.replace(token, '…'))}" if said else ""

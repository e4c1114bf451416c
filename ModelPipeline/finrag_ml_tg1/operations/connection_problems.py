"""Why a request over HTTP got no answer, in words."""

from __future__ import annotations

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, SSLError

__all__ = ["problem_of", "was_sent"]


def problem_of(error: HTTPError | OSError) -> str:
    """Return in a few words why there was no answer; "it" is what was asked."""
    if isinstance(error, NameResolutionError):
        return "its name is not known"
    if isinstance(error, SSLError):
        return "its certificate is not accepted, or it speaks no TLS"
    if isinstance(error, NewConnectionError):  # a timeout too, by its class
        return "nothing listens there"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "it does not answer in time"
    return f"the connection fails ({type(error).__name__})"


def was_sent(error: HTTPError | OSError) -> bool:
    """Return whether the request may have arrived all the same."""
    return not isinstance(error, NewConnectionError | SSLError | ConnectTimeoutError)

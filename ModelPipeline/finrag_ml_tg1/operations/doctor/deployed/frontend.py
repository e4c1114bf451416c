"""Checks of the deployed front end: its WebSocket through the proxy, and how far away it is."""

from __future__ import annotations

import base64
import hashlib
import http.client
import secrets
import ssl
import statistics
from urllib.parse import urlsplit

from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.deployed.recognition import FRONTEND_HEALTH
from finrag_ml_tg1.operations.doctor.http_answers import get

__all__ = ["check_distance", "check_websocket"]

_STREAM = "/_stcore/stream"
_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_TIMEOUT_S = 4.0
_TIMES = 5
_SLOW_MS = 500.0


def check_websocket(url: str) -> Finding:
    """Open the connection over which Streamlit draws its pages, as a browser does: without it a page stays empty."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": "streamlit",
        "Origin": url,
    }
    connection = _connection(url)
    try:
        connection.request("GET", _STREAM, headers=headers)
        response = connection.getresponse()
    except (http.client.HTTPException, OSError) as error:
        return failed(f"GET {_STREAM}: the connection fails ({type(error).__name__})")
    finally:
        connection.close()
    wanted = base64.b64encode(hashlib.sha1(f"{key}{_ACCEPT_SUFFIX}".encode(), usedforsecurity=False).digest())
    if response.status == 101 and response.headers.get("Sec-WebSocket-Accept") == wanted.decode():
        return ok("a WebSocket passes the proxy: pages can be drawn")
    if response.status == 403:
        return failed(
            f"Streamlit refuses a WebSocket from {url} (403)",
            "it compares the Origin with the Host that the proxy passes on: let it pass the public one, or add the "
            "address to server.corsAllowedOrigins in .streamlit/config.toml",
        )
    return failed(
        f"no WebSocket passes: GET {_STREAM} with an upgrade answers {response.status} instead of 101",
        "let the proxy or CDN before it pass WebSockets; until then every page stays empty",
    )


def check_distance(url: str) -> Finding:
    """Look how long a small request takes, its connection included."""
    answers = [get(f"{url}{FRONTEND_HEALTH}") for _ in range(_TIMES)]
    if lost := [answer.told for answer in answers if answer.status != 200]:
        return warning(f"{len(lost)} of {_TIMES} small requests were not answered: {lost[0]}", "look at its log")
    median = statistics.median(answer.ms for answer in answers)
    found = f"a small request takes {median:.0f} ms with its connection (median of {_TIMES})"
    if median > _SLOW_MS:
        return warning(found, "is the size too small, or the location far away? Metrics shows CPU and response times")
    return ok(found)


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)

"""Checks of the pair: that the front end's address of the back end leads to one, which is ready and takes the key."""

from __future__ import annotations

from urllib.parse import urlsplit

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.http_answers import get, listens_here

__all__ = ["check_backend", "check_backend_key"]


def check_backend(config: MLConfig) -> Finding:
    """Look whether a back end answers at BACKEND_URL, and is ready."""
    url = config.backend_url
    if urlsplit(url).path:
        return warning(
            f"BACKEND_URL={url} has a path: the routes begin at the address itself", f"set it to {_origin(url)}"
        )
    alive = get(f"{url}/livez")
    if alive.status == 0:
        if listens_here(url):
            return skipped(f"no back end runs at {url}", "`finrag up` starts both processes")
        return failed(
            f"{url}: {alive.problem}",
            "check BACKEND_URL and that the back end runs; on a platform use its internal host name and port",
        )
    if alive.status != 200 or alive.body.strip() != b"ok":
        return failed(
            f"{url} answers, but not as a FinRAG back end (GET /livez: {alive.status})",
            "set BACKEND_URL to the back end's address",
        )
    return _readiness(config)


def check_backend_key(config: MLConfig) -> Finding:
    """Look whether the back end takes the key that the front end will send, and asks for one."""
    url = f"{config.backend_url}/catalog"
    key = config.api_key.get_secret_value() if config.api_key else None
    without = get(url)
    if key is None:
        if without.status == 401:
            return failed("the back end asks for a key, and none is set here", "set the same FINRAG_API_KEY here")
        return ok("the back end asks for no key, and none is set")
    answer = get(url, {"X-API-Key": key})
    if answer.status == 401:
        return failed(
            "the back end does not take FINRAG_API_KEY", "set the same key for both processes, and restart them"
        )
    if answer.status != 200:
        return failed(f"GET /catalog answers {answer.status or answer.problem}", "look at the back end's log")
    if without.status == 200:
        return warning(
            "the back end answers without the key too", "set FINRAG_API_KEY where the back end runs, and restart it"
        )
    return ok("the back end takes the key, and lets nobody in without it")


def _readiness(config: MLConfig) -> Finding:
    url = config.backend_url
    ready = get(f"{url}/readyz")
    if ready.status != 200:
        return failed(
            f"{url} is alive, not ready (GET /readyz: {ready.status or ready.problem})",
            f"look at {url}/health and at its log: without an index in the store it waits for one",
        )
    # A name without a dot is that of an internal network.
    is_outside = not listens_here(url) and "." in _host(url)
    if is_outside and url.startswith("http://") and config.api_key is not None:
        return warning(
            f"{url} is alive and ready; the key goes there unencrypted", "use https, or the internal network's name"
        )
    return ok(f"{url} is alive and ready")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

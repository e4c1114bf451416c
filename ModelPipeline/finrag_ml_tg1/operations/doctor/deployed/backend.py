"""Checks of a deployed back end that programs ask directly: ready, well, closed to strangers, silent about itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.deployed.address import may_take_key
from finrag_ml_tg1.operations.doctor.http_answers import get, listens_here

__all__ = ["EXPECTED_HEADERS", "check_guard", "check_headers", "check_readiness", "check_state", "key_header"]

# As every answer of the back end has them.
EXPECTED_HEADERS = ("x-content-type-options", "cache-control", "content-security-policy", "referrer-policy")
_OWN_SERVER = re.compile(r"uvicorn|starlette|python|hypercorn|gunicorn", re.I)
_NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def key_header(url: str, config: MLConfig) -> dict[str, str]:
    """Return the header with the key, empty where there is none or it could be read on the way."""
    if config.api_key is None or not may_take_key(url):
        return {}
    return {"X-API-Key": config.api_key.get_secret_value()}


def check_readiness(url: str) -> Finding:
    """Look whether it has an index and takes questions."""
    ready = get(f"{url}/readyz")
    if ready.status == 200 and ready.body.strip() == b"ok":
        return ok("it has an index and takes questions")
    said = (ready.object() or {}).get("detail", "")
    return failed(
        f"GET /readyz: {ready.told}{f': {said}' if said else ''}",
        "it waits for an index in the store: check FINRAG_STORE and the AWS keys in its environment variables",
    )


def check_state(url: str) -> Finding:
    """Look what it says of itself."""
    answer = get(f"{url}/health")
    state = answer.object()
    if state is None:
        return failed(f"GET /health: {answer.told}, and no JSON", "is this the back end's address?")
    found = (
        f"{state.get('status')}: store {state.get('store')}, index {state.get('index_version')}, "
        f"{state.get('filings')} filings, {state.get('rss_mb')} MB, up {state.get('uptime_s', 0):.0f} s"
    )
    told = state.get("warnings")
    warnings = [str(each) for each in told] if isinstance(told, Sequence) and not isinstance(told, str) else []
    if state.get("refresh_error"):
        warnings.append(str(state["refresh_error"]))
    if answer.status != 200:
        return failed(found, *warnings, "look at its log")
    if warnings or state.get("status") != "ok":
        return warning(found, *(warnings or ["look at its log"]))
    return ok(found)


def check_guard(url: str, config: MLConfig) -> Finding:
    """Look whether it lets nobody in without the key, and takes the one of the settings."""
    without = get(f"{url}/catalog")
    if without.status == 200:
        found = "it answers without a key: whoever finds the address may ask it"
        advice = f"set FINRAG_API_KEY in its environment variables, and deploy again; a new key: {_NEW_KEY}"
        return warning(found, advice) if listens_here(url) else failed(found, advice)
    if without.status not in {401, 403}:
        return failed(f"GET /catalog without a key: {without.told}, expected 401", "look at its log")
    if config.api_key is None:
        return skipped("it asks for a key; FINRAG_API_KEY is not set here, so no question can be asked")
    key = key_header(url, config)
    if not key:
        return failed("the key was not sent: without TLS it could be read on the way", "give the https:// address")
    taken = get(f"{url}/catalog", key)
    if taken.status != 200:
        return failed(
            f"it does not take FINRAG_API_KEY of the settings here ({taken.told})", "set the same key in both places"
        )
    return ok(f"{without.status} without the key, and it takes the one of the settings")


def check_headers(url: str) -> Finding:
    """Look at the headers that tell browsers what to do, and for one that tells strangers what runs."""
    headers = get(f"{url}/livez").headers
    missing = [name for name in EXPECTED_HEADERS if name not in headers]
    if missing:
        return warning(f"missing: {', '.join(missing)}", "a proxy removes them: let it pass them on")
    if _OWN_SERVER.search(headers.get("server", "")):
        return warning(
            f"the header Server tells what runs: {headers['server'][:60]}",
            "put --no-server-header into the start command",
        )
    return ok("headers for browsers are there, and none tells what runs")

"""Where the back end is: BACKEND_URL, as people copy it from dashboards, made into one clean address."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["DEFAULT_BACKEND_URL", "BackendUrlError", "is_loopback", "normalise_backend_url"]

DEFAULT_BACKEND_URL = "http://localhost:8000"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\.?")
_PATH = re.compile(r"[A-Za-z0-9/_.~-]*")


class BackendUrlError(ValueError):
    """BACKEND_URL is no address of a back end; the message says what is expected."""


def normalise_backend_url(raw: str | None) -> str:
    """Return the back end's base address: a scheme, a host, no trailing slash.

    None or blank gives the default. Raises `BackendUrlError` for anything that is not an http(s) address; the message
    does not repeat the value, which may hold a password.
    """
    address = (raw or "").strip() or DEFAULT_BACKEND_URL
    if "://" not in address:
        address = f"http://{address}"
    parts = _split(address)
    if parts is None:
        raise BackendUrlError(
            "BACKEND_URL is not the http or https address of a back end. "
            f"Set it to host and port, for example {DEFAULT_BACKEND_URL}, and start the front end again."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(base_url: str) -> bool:
    """Return whether the address names this machine."""
    host = urlsplit(base_url).hostname or ""
    return host == "localhost" or (_is_ip_address(host) and ipaddress.ip_address(host).is_loopback)


def _split(address: str) -> SplitResult | None:
    """Return the parts of an acceptable address, else None."""
    try:
        parts = urlsplit(address)
        usable_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    if parts.username is not None or parts.query or parts.fragment or not usable_port:
        return None
    if parts.scheme not in {"http", "https"} or not _is_host(parts.hostname or "") or not _PATH.fullmatch(parts.path):
        return None
    return parts


def _is_host(host: str) -> bool:
    return bool(_HOST.fullmatch(host)) or _is_ip_address(host)


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

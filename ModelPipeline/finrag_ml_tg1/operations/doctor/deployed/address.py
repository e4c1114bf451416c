"""The public address: that it is one, that its name is known, its certificate, and what the plain one answers."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.http_answers import get, listens_here

__all__ = ["check_certificate", "check_name", "check_plain_address", "may_take_key", "public_address"]

_CONNECT_S = 3.0
_FEW_DAYS = 14
_DASHBOARD = "Domains in the dashboard shows whether the domain is verified and its certificate issued"


def public_address(text: str) -> str:
    """Return `https://host[:port]` of what was typed, the host in ASCII; raises SettingsError for no such address."""
    typed = text.strip()
    if any(char.isspace() for char in typed):
        raise SettingsError("The address has a space in it: expected https://host.")
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()  # UnicodeError is a ValueError
    except ValueError:
        raise SettingsError("The address is not well-formed: expected https://host.") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or port == 0:
        raise SettingsError("Expected an address like https://host, without a user name.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError("The address has a path: give it without one, https://host.")
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}" + (f":{port}" if port else "")


def may_take_key(url: str) -> bool:
    """Return whether a key sent there cannot be read on the way."""
    return url.startswith("https://") or listens_here(url)


def check_name(url: str) -> Finding:
    """Look whether the name is known, and its server takes connections."""
    host, port = _place(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return failed(
            f"the name {host} is not known",
            "copy the address from the application's Overview; a new domain's DNS records may take hours",
        )
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    try:
        with socket.create_connection((host, port), _CONNECT_S):
            pass
    except OSError as error:
        return failed(f"{host} is {addresses[0]}, and port {port} takes no connection: {error.strerror or error}")
    return ok(f"{host} is {', '.join(addresses[:3])}, port {port} takes connections")


def check_certificate(url: str) -> Finding:
    """Look whether the certificate is accepted, and how long it still is."""
    if not url.startswith("https://"):
        if listens_here(url):
            return skipped("an address of this machine, without TLS")
        return failed("without TLS everything can be read on the way, the key too", "give the https:// address")
    host, port = _place(url)
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), _CONNECT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate, version = secure.getpeercert() or {}, secure.version()
    except ssl.SSLCertVerificationError as error:
        return failed(f"the certificate is not accepted: {error.verify_message}", _DASHBOARD)
    except (ssl.SSLError, OSError) as error:
        return failed(f"port {port} speaks no TLS ({type(error).__name__})", _DASHBOARD)
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    found = f"{version}; the certificate is valid for {days} more days, until {ends:%Y-%m-%d}"
    if days < _FEW_DAYS:
        return warning(found, f"it should have been renewed by itself: {_DASHBOARD}")
    return ok(found)


def check_plain_address(url: str, plain: str | None = None) -> Finding:
    """Look whether the same address without TLS leads to the one with it; `plain` is that of port 80 by default."""
    parts = urlsplit(url)
    if parts.scheme != "https" or (plain is None and parts.port not in {None, 443}):
        return skipped("not https at its usual port")
    answer = get(f"{plain or f'http://{parts.hostname}'}/")
    if answer.status == 0:
        return ok(f"nothing is served without TLS: {answer.problem}")
    to = urlsplit(answer.headers.get("location", ""))
    if 300 <= answer.status < 400 and to.scheme == "https":
        if to.hostname == parts.hostname:
            return ok(f"http:// leads to https:// ({answer.status})")
        return warning(f"http:// leads to another host, {to.hostname}", f"give that one: --url https://{to.hostname}")
    if answer.status >= 400:
        return ok(f"nothing is served without TLS ({answer.status})")
    return warning(
        f"http:// answers {answer.status} itself: what is asked that way can be read on the way",
        "let plain requests be redirected to https in the domain's settings, or in the CDN before it",
    )


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

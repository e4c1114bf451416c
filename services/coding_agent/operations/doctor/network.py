"""Whether the main back end can reach the agent: each step from the name to an answer with the key."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem

__all__ = ["Address", "network_checks"]

_TIMEOUT_S = 5.0
_POLL_S = 1.0
_EXPIRES_SOON_S = 14 * 86_400


@dataclass(frozen=True, slots=True)
class Address:
    """Where the agent is said to be; the key, if there is one, never shows."""

    url: str
    host: str
    port: int
    is_https: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the parts of CODING_AGENT_URL. Raises ValueError when it is none."""
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("CODING_AGENT_URL must be an address such as https://agent.example.com")
        is_https = parts.scheme == "https"
        return cls(url.strip().rstrip("/"), parts.hostname, parts.port or (443 if is_https else 80), is_https)


def network_checks(address: Address, api_key: str | None, grace_s: float) -> Sequence[Check]:
    """Return the checks in the order of a request's way."""
    return (
        Check("dns", lambda: _dns(address)),
        Check("tcp", lambda: _tcp(address)),
        Check("tls", lambda: _tls(address)),
        Check("health", lambda: _health(address, grace_s)),
        Check("key refused", lambda: _key_refused(address)),
        Check("key accepted", lambda: _key_accepted(address, api_key)),
    )


def _dns(address: Address) -> Finding:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return problem(
            f"{address.host} has no address",
            "let a DNS record of the domain lead to Terraform's output alb_dns_name, and compare CODING_AGENT_URL",
        )
    return ok(f"{address.host}: {', '.join(sorted({str(each[4][0]) for each in found}))}")


def _tcp(address: Address) -> Finding:
    try:
        with socket.create_connection((address.host, address.port), timeout=_TIMEOUT_S):
            return ok(f"port {address.port} takes connections")
    except socket.gaierror:
        return not_made(f"{address.host} has no address")
    except TimeoutError:
        return problem(
            f"port {address.port} does not answer in {_TIMEOUT_S:g} s",
            "allow your addresses at 443 in the load balancer's security group (allowed_cidrs)",
        )
    except OSError:
        return problem(f"port {address.port} takes no connections", "see whether the load balancer listens at 443")


def _tls(address: Address) -> Finding:
    if not address.is_https:
        return not_made("CODING_AGENT_URL begins with http://, which is for this machine only")
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=_TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname=address.host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return problem(
            f"the certificate is refused: {error.verify_message}",
            "use a certificate of ACM with this very name, and call this name rather than the load balancer's own",
        )
    except ssl.SSLError as error:
        return problem(f"no TLS: {error.reason}", "see whether the listener at 443 is an HTTPS one")
    left_s = ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
    names = [str(value) for kind, value in _pairs(certificate.get("subjectAltName")) if kind == "DNS"]
    days = f"{left_s / 86_400:.0f} days left"
    if left_s < _EXPIRES_SOON_S:
        return problem(f"the certificate ends soon: {days}", "see in ACM why it is not renewed (its DNS record?)")
    return ok(f"trusted, for {', '.join(names)}, {days}")


def _pairs(value: object) -> list[tuple[object, object]]:
    return [(each[0], each[1]) for each in value if isinstance(each, tuple)] if isinstance(value, tuple) else []


def _health(address: Address, grace_s: float) -> Finding:
    deadline = time.monotonic() + grace_s
    while True:
        try:
            seen = f"GET /healthz answers {httpx.get(f'{address.url}/healthz', timeout=_TIMEOUT_S).status_code}"
        except httpx.HTTPError as error:
            seen = f"GET /healthz has no answer ({type(error).__name__})"
        if seen.endswith(" 200"):
            return ok(seen)
        if time.monotonic() + _POLL_S > deadline:
            return problem(
                f"{seen} for {grace_s:g} s", "see `logs` and the checks of AWS: is a task running and healthy?"
            )
        time.sleep(_POLL_S)


def _key_refused(address: Address) -> Finding:
    status = httpx.get(f"{address.url}/jobs", params={"limit": "1"}, timeout=_TIMEOUT_S).status_code
    if status == 401:
        return ok("401 without a key")
    if status == 200:
        return problem("anybody may use it: 200 without a key", "set CODING_AGENT_API_KEY_DIGESTS of the service")
    return problem(f"{status} without a key, not 401", "is CODING_AGENT_URL the coding agent?")


def _key_accepted(address: Address, api_key: str | None) -> Finding:
    if not api_key:
        return not_made("CODING_AGENT_API_KEY is not set here")
    headers = {"X-API-Key": api_key}
    status = httpx.get(f"{address.url}/jobs", params={"limit": "1"}, headers=headers, timeout=_TIMEOUT_S).status_code
    if status == 200:
        return ok("200 with the key")
    if status == 401:
        return problem(
            "401 with the key",
            "put the key's SHA-256 into the secret api-key, start new tasks, and compare CODING_AGENT_API_KEY",
        )
    return problem(f"{status} with the key, not 200", "see `logs`, or wait when it is 429")

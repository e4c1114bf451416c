"""The way from the main back end to the agent, step by step, against real sockets and certificates."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from coding_agent.operations.doctor.finding import Finding, State, examine
from coding_agent.operations.doctor.network import Address, network_checks
from coding_agent.tests.routes_server import Reply, serve_routes

_KEY = secrets.token_urlsafe(24)


def _agent(path: str, headers: Mapping[str, str]) -> Reply:
    if path == "/healthz":
        return 200, {"status": "ok"}, {}
    if path == "/jobs?limit=1":
        return (200, {"jobs": []}, {}) if headers.get("x-api-key") == _KEY else (401, {}, {})
    return 404, {}, {}


def _findings(url: str, key: str | None = _KEY, grace_s: float = 0.0) -> dict[str, Finding]:
    return dict(examine(network_checks(Address.of(url), key, grace_s)))


def test_an_agent_that_answers_is_ok_and_http_has_no_certificate() -> None:
    with serve_routes(_agent) as port:
        found = _findings(f"http://127.0.0.1:{port}")
    assert found.pop("tls").state is State.NOT_MADE
    assert {finding.state for finding in found.values()} == {State.OK}


def test_nobody_listening_is_a_problem_of_each_step_and_no_traceback() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = _findings(f"http://127.0.0.1:{port}")
    assert found["dns"].state is State.OK
    assert "takes no connections" in found["tcp"].cause
    assert found["health"].state is State.PROBLEM
    assert found["key refused"].state is State.NOT_MADE


def test_a_name_without_address_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = _findings("https://agent.example.com")
    assert found["dns"].cause == "agent.example.com has no address"
    assert "alb_dns_name" in found["dns"].fix
    assert found["tls"].state is State.NOT_MADE


@pytest.mark.parametrize(
    ("without", "with_key", "check", "says"),
    [
        (200, 200, "key refused", "anybody may use it"),
        (404, 404, "key refused", "not 401"),
        (401, 401, "key accepted", "401 with the key"),
        (401, 429, "key accepted", "429"),
    ],
)
def test_an_answer_to_a_key_that_is_not_right_is_a_problem(without: int, with_key: int, check: str, says: str) -> None:
    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        return (200 if path == "/healthz" else with_key if "x-api-key" in headers else without), {}, {}

    with serve_routes(answer) as port:
        found = _findings(f"http://127.0.0.1:{port}")
    assert found[check].state is State.PROBLEM
    assert says in found[check].cause
    assert _KEY not in repr(found)


def test_without_a_key_here_the_check_of_it_is_not_made() -> None:
    with serve_routes(_agent) as port:
        assert _findings(f"http://127.0.0.1:{port}", key=None)["key accepted"].state is State.NOT_MADE


def test_health_within_the_grace_period_is_ok() -> None:
    tries: list[str] = []

    def answer(path: str, headers: Mapping[str, str]) -> Reply:
        if path == "/healthz":
            tries.append(path)
            return (503 if len(tries) == 1 else 200), {}, {}
        return _agent(path, headers)

    with serve_routes(answer) as port:
        assert _findings(f"http://127.0.0.1:{port}", grace_s=30)["health"].state is State.OK
    assert len(tries) == 2


def test_health_that_does_not_come_is_a_problem() -> None:
    with serve_routes(lambda _path, _headers: (503, {}, {})) as port:
        found = _findings(f"http://127.0.0.1:{port}")["health"]
    assert found.cause.startswith("GET /healthz answers 503")


def test_a_certificate_that_is_trusted_is_ok(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_routes(_agent, _certificate(tmp_path, days=90)) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        found = _findings(f"https://localhost:{port}")
    assert {finding.state for finding in found.values()} == {State.OK}, found
    assert "localhost" in found["tls"].cause


def test_a_certificate_that_ends_soon_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_routes(_agent, _certificate(tmp_path, days=5)) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert "ends soon" in _findings(f"https://localhost:{port}")["tls"].cause


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_nobody_signed_or_of_another_name_is_refused(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_routes(_agent, _certificate(tmp_path, days=90)) as port:
        if host == "127.0.0.1":
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        found = _findings(f"https://{host}:{port}")
    assert found["tls"].cause.startswith("the certificate is refused")
    assert found["key refused"].state is State.NOT_MADE


def test_plain_http_where_tls_is_expected_is_told() -> None:
    with serve_routes(_agent) as port:
        assert _findings(f"https://localhost:{port}")["tls"].state is State.PROBLEM


@pytest.mark.parametrize("url", ["agent.example.com", "ftp://a", "https://u:p@a.example.com", "https://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="CODING_AGENT_URL"):
        Address.of(url)


def _certificate(folder: Path, days: int) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.2"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context

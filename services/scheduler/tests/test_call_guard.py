"""SC-05: the guard: resolved once, every address checked, connected to what was checked, https in production."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scheduler.calls.addresses import allowed_addresses
from scheduler.calls.answer import Answer, Verdict
from scheduler.calls.caller import Caller
from scheduler.calls.guarded_network import resolve
from scheduler.queueing.job import Progress
from scheduler.settings import Settings
from scheduler.tests.call_cases import CALL, local_settings
from scheduler.tests.running_target import RunningTarget, running_target
from scheduler.triggers.trigger import Trigger

_NAME = "target.example.com"


class Names:
    """A name server of our own: gives out prepared addresses, one set after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def _call(url: str, settings: Settings, names: Names | None = None, tls: ssl.SSLContext | None = None) -> Answer:
    async with Caller(settings, resolve=names.resolve if names else resolve, ssl_context=tls) as caller:
        return await caller.call(Trigger("* * * * *", url, timeout_s=5), CALL, Progress(1, 3))


@pytest.fixture(scope="module")
def target() -> Iterator[RunningTarget]:
    with running_target() as running:
        yield running


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_refused_however_it_is_spelt(target: RunningTarget, host: str) -> None:
    port = target.url.rpartition(":")[2]
    before = len(target.asked)
    answer = asyncio.run(_call(f"http://{host}:{port}/", Settings()))
    assert answer.verdict is not Verdict.DONE
    assert len(target.asked) == before


def test_name_is_refused_for_good_when_it_leads_into_a_private_network() -> None:
    answer = asyncio.run(_call(f"https://{_NAME}/", Settings(), Names(["10.0.0.7"])))
    assert answer.verdict is Verdict.FAILED
    assert answer.problem == f"{_NAME} leads to 10.0.0.7, where calls may not go"


def test_name_is_refused_when_one_of_its_addresses_is_private() -> None:
    answer = asyncio.run(_call(f"https://{_NAME}/", Settings(), Names(["8.8.8.8", "169.254.169.254"])))
    assert answer.verdict is Verdict.FAILED


def test_rebinding_changes_nothing_because_a_name_is_resolved_once(target: RunningTarget) -> None:
    """SC-05: a name that means a public address, and loopback a moment later, gets past who checks it first."""
    port = target.url.rpartition(":")[2]
    url = f"http://{_NAME}:{port}/rebound"
    assert asyncio.run(_checked_first(url, Names(["8.8.8.8"], ["127.0.0.1"]))).verdict is Verdict.DONE
    assert len(target.at("/rebound")) == 1

    names = Names(["192.0.2.1"], ["127.0.0.1"])
    assert asyncio.run(_call(url, Settings(), names)).verdict is Verdict.FAILED
    assert names.asked == [_NAME]
    assert len(target.at("/rebound")) == 1


async def _checked_first(url: str, names: Names) -> Answer:
    """An imitation of a guard that checks the name, and leaves resolving it again to the connection."""
    is_allowed = allowed_addresses(public=True, private=False, networks=())
    assert all(is_allowed(address) for address in await names.resolve(_NAME, 80))
    return await _call(url, local_settings(), names)


def test_connection_goes_to_the_checked_address_and_host_keeps_the_name(target: RunningTarget) -> None:
    port = target.url.rpartition(":")[2]
    names = Names(["127.0.0.1"])
    answer = asyncio.run(_call(f"http://{_NAME}:{port}/named", local_settings(), names))
    assert answer.verdict is Verdict.DONE
    assert target.at("/named")[0].headers["host"] == f"{_NAME}:{port}"
    assert names.asked == [_NAME]


def test_names_that_take_long_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """SC-05: the event loop's own look-ups have four to six threads for the names of all workspaces."""
    find, done = socket.getaddrinfo, threading.Event()

    def slow(host: str, *arguments: object, **more: object) -> object:
        if host == "slow.example":
            done.wait(10)
            raise socket.gaierror("no answer")
        return find(host, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def scenario() -> None:
        waiting = [asyncio.create_task(resolve("slow.example", 443)) for _ in range(20)]
        await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(5):
                assert await resolve("127.0.0.1", 443) == ["127.0.0.1"]
        finally:
            done.set()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scenario())


def test_next_address_is_tried_when_one_does_not_answer(target: RunningTarget) -> None:
    port = target.url.rpartition(":")[2]
    answer = asyncio.run(_call(f"http://{_NAME}:{port}/second", local_settings(), Names(["127.0.0.2", "127.0.0.1"])))
    assert answer.verdict is Verdict.DONE


def test_plain_http_is_refused_in_production(target: RunningTarget) -> None:
    production = local_settings(environment="production")
    public = asyncio.run(_call(f"http://{_NAME}/", production, Names(["8.8.8.8"])))
    assert public.verdict is Verdict.FAILED
    assert "https://" in (public.problem or "")
    before = len(target.asked)
    loopback = asyncio.run(_call(target.url, production))
    assert loopback.verdict is Verdict.FAILED
    assert len(target.asked) == before


def test_plain_http_is_taken_in_production_within_the_operators_networks(target: RunningTarget) -> None:
    settings = Settings(environment="production", target_networks=("127.0.0.0/8",))
    assert asyncio.run(_call(target.url, settings)).verdict is Verdict.DONE


def test_certificate_must_be_for_the_name_although_the_address_is_connected_to(tmp_path: Path) -> None:
    with _tls_server(tmp_path) as (port, names_told, authority):
        good = asyncio.run(
            _call(f"https://{_NAME}:{port}/", local_settings(), Names(["127.0.0.1"]), _trusting(authority))
        )
        other = asyncio.run(
            _call(f"https://other.example.com:{port}/", local_settings(), Names(["127.0.0.1"]), _trusting(authority))
        )
    assert good.verdict is Verdict.DONE
    assert names_told == [_NAME, "other.example.com"]
    assert other.verdict is Verdict.AGAIN
    assert "certificate" in (other.problem or "").lower()


def _trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority))


class _tls_server:  # noqa: N801 - used as a function
    """Serve https on a free port for `target.example.com`; yields the port, the names that clients told, the CA."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self._authority = folder / "authority.pem"
        self._authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret = folder / "key.pem"
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._told: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._authority, secret)
        context.sni_callback = lambda _socket, told, _context: self._told.append(told or "")
        self._server = _QuietServer(("127.0.0.1", 0), _Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> tuple[int, list[str], Path]:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self._server.server_address[1], self._told, self._authority

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that refuses the certificate is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

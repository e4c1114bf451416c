"""Callbacks: signed so that replays can be refused, tried three times, and never led into a private network."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.callbacks import guarded_network, sender
from coding_agent.callbacks.address import check_callback_url, is_public
from coding_agent.callbacks.sender import CallbackSender
from coding_agent.callbacks.signature import DELIVERY, SIGNATURE, TIMESTAMP, BadSignatureError, sign, verify
from coding_agent.errors import CodingAgentError
from coding_agent.jobs.job import Job, JobError, JobStatus
from coding_agent.settings import Settings
from coding_agent.tests.callback_receiver import Receiver, receiver, tls_contexts
from coding_agent.tests.job_samples import a_job
from coding_agent.tests.redis_server import free_port

KEY = "callback" + "-key-of-tests"
HOST = "app.example.com"


def options(**changes: object) -> Settings:
    return Settings(**{"callback_secret": KEY, "callback_insecure": True, **changes})  # type: ignore[arg-type]


def ended(url: str | None, status: JobStatus = JobStatus.SUCCESS) -> Job:
    job = a_job()
    return replace(job, status=status, request=replace(job.request, callback_url=url))


def no_sleep(_: float) -> None:
    """Do not wait."""


def to_loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


# What is sent


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("pending", "pending"),
        ("running", "running"),
        ("success", "success"),
        ("no_changes", "success"),
        ("failed", "failed"),
        ("cancelled", "failed"),
        ("timed_out", "failed"),
    ],
)
def test_a_callback_has_the_four_words_and_our_own_status(status: str, word: str) -> None:
    with receiver(Receiver()) as end:
        job = replace(
            ended(f"http://127.0.0.1:{end.port}/jobs/x?y=%20z", JobStatus(status)),
            pr_url="https://github.com/acme/app/pull/5",
            error=JobError(code="model_failed", message="no answer"),
        )
        result = CallbackSender(options()).send(job, ["one", "zwö"])
    assert result is not None
    assert (result.delivered, result.tries, result.status_code, result.problem) == (True, 1, 200, "")
    (got,) = end.received
    assert (got.method, got.path) == ("PATCH", "/jobs/x?y=%20z")
    assert got.headers["Content-Type"] == "application/json"
    assert json.loads(got.body) == {
        "job_id": job.id,
        "status": word,
        "outcome": status,
        "logs": "one\nzwö",
        "pr_url": "https://github.com/acme/app/pull/5",
        "error": {"code": "model_failed", "message": "no answer"},
    }
    assert verify(KEY.encode(), got.body, got.headers) == result.delivery


def test_a_job_without_an_address_sends_nothing() -> None:
    assert CallbackSender(options()).send(ended(None), []) is None


def test_the_log_is_cut_at_its_beginning() -> None:
    with receiver(Receiver()) as end:
        CallbackSender(options()).send(ended(f"http://127.0.0.1:{end.port}/"), ["x" * 100_000, "last"])
    logs = json.loads(end.received[0].body)["logs"]
    assert len(logs) == 20_000
    assert logs.endswith("x\nlast")


# Tries


@pytest.mark.parametrize(
    ("answers", "delivered", "tries"),
    [
        ((200,), True, 1),
        ((204,), True, 1),
        ((500, 503, 200), True, 3),
        ((429, 200), True, 2),
        ((500, 500, 500, 200), False, 3),
        ((400, 200), False, 1),
        ((401, 200), False, 1),
    ],
)
def test_only_what_may_get_better_is_tried_again(answers: tuple[int, ...], delivered: bool, tries: int) -> None:
    slept: list[float] = []
    with receiver(Receiver(answers=answers)) as end:
        result = CallbackSender(options(), sleep=slept.append).send(ended(f"http://127.0.0.1:{end.port}/"), [])
    assert result is not None
    assert (result.delivered, result.tries, len(end.received)) == (delivered, tries, tries)
    assert slept == [1, 4][: tries - 1]
    # A receiver knows the tries of one callback by their id.
    assert {got.headers[DELIVERY] for got in end.received} == {result.delivery}


def test_a_receiver_that_is_away_is_a_result_and_no_exception() -> None:
    slept: list[float] = []
    url = f"http://127.0.0.1:{free_port()}/path?token=of-the-receiver"
    result = CallbackSender(options(), sleep=slept.append).send(ended(url), [])
    assert result is not None
    assert (result.delivered, result.tries, result.status_code, slept) == (False, 3, None, [1, 4])
    assert "127.0.0.1" in result.problem
    assert "token" not in result.problem


def test_a_name_without_an_address_is_a_result() -> None:
    def nowhere(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("Name or service not known")

    result = CallbackSender(options(), sleep=no_sleep, resolve=nowhere).send(ended(f"https://{HOST}/"), [])
    assert result is not None
    assert (result.delivered, result.tries) == (False, 3)


def test_redirects_are_not_followed() -> None:
    with receiver(Receiver()) as other, receiver(Receiver(answers=(307,))) as end:
        end.headers = {"Location": f"http://127.0.0.1:{other.port}/"}
        result = CallbackSender(options(), sleep=no_sleep).send(ended(f"http://127.0.0.1:{end.port}/"), [])
    assert result is not None
    assert (result.delivered, result.tries, result.status_code) == (False, 1, 307)
    assert other.received == []


@contextmanager
def raw_server(answer: bytes, every_s: float) -> Iterator[int]:
    """Answer each connection with these bytes again and again, until the client goes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        while True:
                            connection.sendall(answer)
                            time.sleep(every_s)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_receiver_that_drips_its_answer_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "_TRY_S", 0.3)
    with raw_server(b"H", 0.05) as port:
        begin = time.monotonic()
        result = CallbackSender(options(), sleep=no_sleep).send(ended(f"http://127.0.0.1:{port}/"), [])
    assert result is not None
    assert (result.delivered, result.tries) == (False, 3)
    assert time.monotonic() - begin < 10


def test_an_answer_without_end_is_not_read() -> None:
    with receiver(Receiver()) as end:
        end.headers = {"Content-Length": str(10**12)}
        result = CallbackSender(options()).send(ended(f"http://127.0.0.1:{end.port}/"), [])
    assert result is not None
    assert result.delivered


# Where it may go


def test_tls_is_checked_by_name_while_the_connection_goes_to_the_address(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path, HOST)
    with receiver(Receiver(), server) as end:
        result = CallbackSender(options(), resolve=to_loopback, ssl_context=client).send(
            ended(f"https://{HOST}:{end.port}/jobs/1"), []
        )
    assert result is not None
    assert result.delivered, result.problem
    assert end.server_names == [HOST]
    assert end.received[0].headers["Host"] == f"{HOST}:{end.port}"


def test_certificates_of_others_are_refused(tmp_path: Path) -> None:
    server, client = tls_contexts(tmp_path, "other.example.com")
    with receiver(Receiver(), server) as end:
        for context in (client, None):  # another name; an authority that nobody knows
            result = CallbackSender(options(), sleep=no_sleep, resolve=to_loopback, ssl_context=context).send(
                ended(f"https://{HOST}:{end.port}/"), []
            )
            assert result is not None
            assert not result.delivered
            assert "certificate" in result.problem
    assert end.received == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["169.254.170.2"],
        ["::1"],
        ["fd00:ec2::254"],
        ["::ffff:127.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
    ],
)
def test_names_that_lead_into_private_networks_are_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    def connect(*_: object, **__: object) -> socket.socket:
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    sent = CallbackSender(options(callback_insecure=False), sleep=no_sleep, resolve=lambda *_: addresses)
    result = sent.send(ended(f"https://{HOST}/"), [])
    assert result is not None
    assert (result.delivered, result.tries) == (False, 1)
    assert "do not go" in result.problem


def test_a_name_that_changes_between_check_and_connection_gains_nothing(tmp_path: Path) -> None:
    """DNS rebinding: the second answer for the name would lead to the machine's own service."""
    server, client = tls_contexts(tmp_path, HOST)
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.1" if len(asked) == 1 else "127.0.0.1"]

    with receiver(Receiver(), server) as end:
        sent = CallbackSender(options(callback_insecure=False), sleep=no_sleep, resolve=rebinding, ssl_context=client)
        url = f"https://{HOST}:{end.port}/"
        check_callback_url(url, options())
        first, second = sent.send(ended(url), []), sent.send(ended(url), [])
    assert end.received == []
    assert first is not None
    assert second is not None
    # One question for each connection, and its answer is what was checked and refused.
    assert len(asked) == 2
    assert "192.0.2.1" in first.problem
    assert "127.0.0.1" in second.problem


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[object] = []

    def connect(address: object, *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    public = ["93.184.216.34", "2606:2800:220:1::1"]
    CallbackSender(options(), sleep=no_sleep, resolve=lambda *_: public).send(ended(f"https://{HOST}/"), [])
    assert connected == [(address, 443) for address in public] * 3


def test_the_systems_own_resolver_is_asked_by_default() -> None:
    assert set(guarded_network.resolve("localhost", 443)) <= {"127.0.0.1", "::1"}


# By hand from IANA's registries of special-purpose addresses.
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
NOT_PUBLIC = """
    0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255
    192.0.0.8 192.0.2.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1
    2002:7f00:1:: 192.88.99.1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_of_special_purpose_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/",
        "ftp://app.example.com/",
        "https://",
        "https:///path",
        "app.example.com/path",
        "https://user@app.example.com/",
        "https://user:" + "word@app.example.com/",
        "https://app.example.com@127.0.0.1/",
        "https://app.example.com\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.01/",
        "https://app.example.com.127/",
        "https://localhost/",
        "https://metadata/",
        "https://app.example.com:0/",
        "https://app.example.com:99999/",
        "https://app.example.com/#fragment",
        "https://app.example.com/a b",
        "https://app.example.com/\r\nX: y",
        "https://app.example.com/\x00",
        "https://exämple.com/",
        "https://ⓛocalhost.com/",
        "https://app.example.com/" + "x" * 2000,
        "https://-app.example.com/",
        "https://app..example.com/",
    ],
)
def test_addresses_that_are_none_for_callbacks_are_refused_at_once(url: str) -> None:
    with pytest.raises(CodingAgentError) as error:
        check_callback_url(url, options(callback_insecure=False))
    assert error.value.code == "bad_callback_url"
    assert "\n" not in error.value.message


def test_good_addresses_are_taken_apart() -> None:
    address = check_callback_url("https://App.Example.com:8443/jobs/1?x=%20y", options())
    assert (address.scheme, address.host, address.port, address.target) == (
        "https",
        HOST,
        8443,
        "/jobs/1?x=%20y",
    )


def test_hosts_can_be_limited() -> None:
    some = options(callback_hosts="App.example.com")
    assert check_callback_url(f"https://{HOST}", some).target == "/"
    for host in ("evil.example.com", "app.example.com.evil.com", "xapp.example.com"):
        with pytest.raises(CodingAgentError) as error:
            check_callback_url(f"https://{host}/", some)
        assert error.value.code == "callback_host_not_allowed"
    result = CallbackSender(some).send(ended("https://evil.example.com/"), [])
    assert result is not None
    assert (result.delivered, result.tries) == (False, 0)


def test_without_a_secret_there_are_no_callbacks() -> None:
    with pytest.raises(CodingAgentError) as error:
        check_callback_url(f"https://{HOST}/", options(callback_secret=None))
    assert error.value.code == "callbacks_off"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_is_for_development_where_it_was_allowed(host: str) -> None:
    url = f"http://{host}:8000/jobs"
    assert check_callback_url(url, options()).port == 8000
    production = options().model_copy(update={"environment": "production"})
    for refusing in (options(callback_insecure=False), production):
        with pytest.raises(CodingAgentError):
            check_callback_url(url, refusing)
    assert not Settings().callback_insecure


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=40))
def test_whatever_is_taken_goes_to_the_host_it_names(rest: str) -> None:
    try:
        address = check_callback_url(f"https://{rest}", options(callback_insecure=False))
    except CodingAgentError:
        return
    assert f"https://{rest}".lower().startswith(f"https://{address.host}")
    assert urlsplit(f"https://{rest}").username is None
    assert set(address.target) <= {chr(code) for code in range(0x21, 0x7F)}


# Signatures


def test_a_signature_is_the_hmac_of_time_delivery_and_body() -> None:
    # `printf '1700000000.d1.{}' | openssl dgst -sha256 -hmac key`
    headers = sign(b"key", b"{}", timestamp=1_700_000_000, delivery="d1")
    assert headers == {
        TIMESTAMP: "1700000000",
        DELIVERY: "d1",
        SIGNATURE: "sha256=47725199cee6f328756009dff436d7c5e00a0f454e464dec23b21454cc805109",
    }


@pytest.mark.parametrize(
    "change",
    [
        {TIMESTAMP: "1700000001"},
        {DELIVERY: "d2"},
        {SIGNATURE: "sha256="},
        {SIGNATURE: "sha256=é"},
        {SIGNATURE: None},
        {TIMESTAMP: None},
        {DELIVERY: None},
    ],
)
def test_whatever_is_changed_is_noticed(change: dict[str, str | None]) -> None:
    headers = sign(b"key", b"{}", timestamp=1_700_000_000, delivery="d1")
    assert verify(b"key", b"{}", headers, now=1_700_000_000) == "d1"
    changed = {name: value for name, value in {**headers, **change}.items() if value is not None}
    with pytest.raises(BadSignatureError):
        verify(b"key", b"{}", changed, now=1_700_000_000)


def test_another_body_key_or_time_is_refused() -> None:
    headers = sign(b"key", b"{}", timestamp=1_700_000_000, delivery="d1")
    with pytest.raises(BadSignatureError):
        verify(b"key", b"{ }", headers, now=1_700_000_000)
    with pytest.raises(BadSignatureError):
        verify(b"other", b"{}", headers, now=1_700_000_000)
    for now in (1_700_000_301, 1_699_999_699):
        with pytest.raises(BadSignatureError, match="old"):
            verify(b"key", b"{}", headers, now=now)
    assert verify(b"key", b"{}", {name.lower(): value for name, value in headers.items()}, now=1_700_000_300) == "d1"

"""A public address: its name, its certificate, and what it answers without TLS."""

from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.operations.doctor.deployed.address import (
    check_certificate,
    check_name,
    check_plain_address,
    may_take_key,
    public_address,
)
from tests.local_processes import free_port
from tests.unit.operations.doctor.answering_server import Reply, serve
from tests.unit.operations.doctor.tls_server import serve_tls


@pytest.mark.parametrize(
    ("days", "is_trusted", "state", "word"),
    [
        (60, True, "ok", "60 more days"),
        (5, True, "warning", "5 more days"),
        (-2, True, "failed", "expired"),
        (60, False, "failed", "self-signed"),
    ],
)
def test_certificate(
    days: int, is_trusted: bool, state: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_tls(tmp_path, days) as (url, certificate):
        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        finding = check_certificate(url)
    assert finding.state == state
    assert word in finding.found.replace("self signed", "self-signed")


def test_port_without_tls_fails_where_tls_was_expected() -> None:
    with serve(lambda request: Reply(200)) as url:
        finding = check_certificate(url.replace("http://", "https://"))
    assert finding.state == "failed"
    assert "speaks no TLS" in finding.found


def test_address_of_a_stranger_without_tls_fails_and_is_sent_no_key() -> None:
    assert check_certificate("http://finrag.example").state == "failed"
    assert check_certificate("http://127.0.0.1:8501").state == "skipped"
    assert not may_take_key("http://finrag.example")
    assert may_take_key("https://finrag.example")


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(301, headers={"Location": "https://finrag.example/"}), "ok"),
        (Reply(301, headers={"Location": "https://elsewhere.example/"}), "warning"),
        (Reply(302, headers={"Location": "http://finrag.example/login"}), "warning"),
        (Reply(200, b"<html>"), "warning"),
        (Reply(404), "ok"),
    ],
)
def test_same_address_without_tls(reply: Reply, state: str) -> None:
    with serve(lambda request: reply) as plain:
        assert check_plain_address("https://finrag.example", plain).state == state


def test_closed_plain_port_is_well_and_another_port_has_none() -> None:
    assert check_plain_address("https://finrag.example", f"http://127.0.0.1:{free_port()}").state == "ok"
    assert check_plain_address("https://finrag.example:8443").state == "skipped"


def test_name_and_port() -> None:
    with serve(lambda request: Reply(200)) as url:
        assert check_name(url).state == "ok"
    assert check_name(f"http://127.0.0.1:{free_port()}").state == "failed"
    assert "not known" in check_name("https://finrag.invalid").found


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("finrag-x1.sevalla.app", "https://finrag-x1.sevalla.app"),
        (" https://finrag.example/ ", "https://finrag.example"),
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501"),
        ("http://[::1]:8501", "http://[::1]:8501"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_address_as_people_copy_it(typed: str, address: str) -> None:
    assert public_address(typed) == address


@pytest.mark.parametrize(
    "typed", ["", "ftp://x", "https://x/chat", "https://u:p@x", "https://x:y", "https://x?q=1", "x..de", "a b"]
)
def test_what_is_no_address_of_a_server_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(SettingsError) as refused:
        public_address(typed)
    assert "u:p" not in str(refused.value)

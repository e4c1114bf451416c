from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar import http
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.http import TRIES
from finrag_ml_tg1.filings.edgar.refusals import EdgarUnavailableError
from tests.unit.filings.edgar.edgar_server import UNDECLARED, EdgarServer, Fault
from tests.unit.filings.edgar.fake_time import FakeTime
from tests.unit.filings.edgar.filer import CIK, CONTACT, list_filer

FACTS = f"/api/xbrl/companyfacts/CIK{CIK:010d}.json"
BODY = b'{"facts": {"us-gaap": {}}}' * 100


@pytest.fixture(autouse=True)
def _facts(edgar: EdgarServer) -> None:
    edgar.files[FACTS] = BODY


def test_every_request_says_who_makes_it_and_takes_gzip(client: EdgarClient, edgar: EdgarServer) -> None:
    assert client.company_facts(CIK) == BODY

    (request,) = edgar.received
    assert request.headers["user-agent"] == CONTACT
    assert request.headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "fault",
    [
        "reset", "truncated", "half a gzip", "never ends", "throttled",
        (503, {}, b"busy"), (500, {}, b""), (502, {}, b"<html>"), (429, {}, b"slow down"),
        (200, {}, b"<html>maintenance"), (200, {}, b""), (200, {"Content-Encoding": "br"}, b"{}"),
        (200, {"Content-Encoding": "gzip"}, b"{not gzip"),
        (200, {"Content-Encoding": "gzip"}, gzip.compress(b"{}") + b"more"),
    ],
)  # fmt: skip
def test_passing_fault_is_outlived_and_nothing_of_it_is_kept(
    open_client: Callable[[], EdgarClient], edgar: EdgarServer, fake_time: FakeTime, fault: Fault
) -> None:
    edgar.fail(FACTS, fault, fault)

    assert open_client().company_facts(CIK) == BODY
    assert open_client().company_facts(CIK) == BODY
    assert len(edgar.statuses(FACTS)) == 3
    assert sum(fake_time.sleeps) >= 3  # one second, then two, at the least


def test_waits_double_and_end_after_a_bounded_number_of_tries(
    client: EdgarClient, edgar: EdgarServer, fake_time: FakeTime
) -> None:
    edgar.fail(FACTS, *[(503, {}, b"")] * 50)

    with pytest.raises(EdgarUnavailableError, match=f"answers with status 503, {TRIES} times: try again later"):
        client.company_facts(CIK)

    assert len(edgar.received) == TRIES
    waits = [wait for wait in fake_time.sleeps if wait >= 1]
    assert len(waits) == TRIES - 1
    assert all(2**n <= wait <= 1.5 * 2**n for n, wait in enumerate(waits))


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured_as_seconds_and_as_date(
    client: EdgarClient, edgar: EdgarServer, fake_time: FakeTime, status: int, as_date: bool
) -> None:
    started = fake_time.now
    wait = formatdate(started + 37, usegmt=True) if as_date else "37"
    edgar.fail(FACTS, (status, {"Retry-After": wait}, b"Request Rate Threshold Exceeded"))

    client.company_facts(CIK)

    assert 36 <= fake_time.now - started <= 38


@pytest.mark.parametrize("value", ["999999999999", "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_retry_after_is_capped_at_ten_minutes(
    client: EdgarClient, edgar: EdgarServer, fake_time: FakeTime, value: str
) -> None:
    started = fake_time.now
    edgar.fail(FACTS, (429, {"Retry-After": value}, b""))

    client.company_facts(CIK)

    assert 599 <= fake_time.now - started <= 601


@pytest.mark.parametrize("value", ["soon", "-5", "", "Mon, 99 Foo 2024"])
def test_retry_after_that_makes_no_sense_is_as_none(client: EdgarClient, edgar: EdgarServer, value: str) -> None:
    edgar.fail(FACTS, (503, {"Retry-After": value}, b""))

    assert client.company_facts(CIK) == BODY


def test_throttle_makes_every_process_of_the_folder_wait(edgar: EdgarServer, tmp_path: Path) -> None:
    pauses_seen_by_others: list[float] = []

    class WatchedTime(FakeTime):
        def sleep(self, seconds: float) -> None:
            pauses_seen_by_others.append(float((tmp_path / "next_request").read_text()) - self.now)
            super().sleep(seconds)

    time = WatchedTime()
    edgar.fail(FACTS, (429, {"Retry-After": "100"}, b""))
    network = http.Network(clock=time.clock, sleep=time.sleep)

    with EdgarClient(CONTACT, tmp_path, archives_url=edgar.url, data_url=edgar.url, network=network) as client:
        client.company_facts(CIK)

    assert max(pauses_seen_by_others) >= 99


def test_throttle_that_lasts_is_told_with_what_to_do(client: EdgarClient, edgar: EdgarServer) -> None:
    edgar.fail(FACTS, *["throttled"] * TRIES)

    with pytest.raises(EdgarUnavailableError, match=r"throttles us \(403\), 6 times: wait ten minutes and run"):
        client.company_facts(CIK)


def test_refused_contact_is_said_to_be_the_reason(client: EdgarClient, edgar: EdgarServer, fake_time: FakeTime) -> None:
    edgar.fail(FACTS, *[(403, {}, UNDECLARED)] * TRIES)

    with pytest.raises(EdgarUnavailableError, match=r"^127\.0\.0\.1:\d+ refuses us .*check FINRAG_SEC_CONTACT.*$"):
        client.company_facts(CIK)

    assert sum(fake_time.sleeps) < 60


@pytest.mark.parametrize("location", ["https://elsewhere.example/x", "/same/host"])
def test_redirects_are_not_followed(client: EdgarClient, edgar: EdgarServer, location: str) -> None:
    edgar.fail(FACTS, (302, {"Location": location}, b""))

    with pytest.raises(EdgarUnavailableError, match="another address"):
        client.company_facts(CIK)

    assert len(edgar.received) == 1


@pytest.mark.parametrize("status", [400, 401, 410, 304])
def test_unexpected_answer_is_final_at_once(client: EdgarClient, edgar: EdgarServer, status: int) -> None:
    edgar.fail(FACTS, (status, {}, b""))

    with pytest.raises(EdgarUnavailableError, match=f"unexpected status {status}"):
        client.company_facts(CIK)

    assert len(edgar.received) == 1


def test_unreachable_server_is_told_in_one_line(tmp_path: Path, fake_time: FakeTime) -> None:
    network = http.Network(clock=fake_time.clock, sleep=fake_time.sleep)
    url = "http://127.0.0.1:1"
    with (
        EdgarClient(CONTACT, tmp_path, archives_url=url, data_url=url, network=network) as client,
        pytest.raises(EdgarUnavailableError, match=r"^127\.0\.0\.1:1 cannot be reached .*check the network.*$"),
    ):
        client.company_facts(CIK)


def test_listing_of_another_host_is_not_fetched(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, [("9990000200-24-000001", "2024-02-20", "2023-12-31", "10-K", "k.htm")])
    (listing,) = client.filings(CIK, ("10-K",), frozenset({2023}))

    for url in ("https://elsewhere.example/k.htm", f"{edgar.url}.example/k.htm", f"{edgar.url}@example.com/k.htm"):
        with pytest.raises(FilingError, match="no address of EDGAR"):
            client.document(replace(listing, url=url))


@pytest.mark.parametrize("is_packed", [True, False])
def test_document_over_the_limit_is_refused_without_another_try(
    client: EdgarClient, edgar: EdgarServer, monkeypatch: pytest.MonkeyPatch, is_packed: bool
) -> None:
    monkeypatch.setattr(http, "MAX_DOCUMENT_BYTES", 2**20)
    body = b"{" + b" " * 2**20
    answer = (200, {"Content-Encoding": "gzip"}, gzip.compress(body)) if is_packed else (200, {}, body)
    edgar.fail(FACTS, answer)

    with pytest.raises(FilingError, match=r"companyfacts.*: the document is larger than 1 MB"):
        client.company_facts(CIK)

    assert len(edgar.received) == 1

"""A mirror that wants this program to fetch from where only this program can: nothing is asked of anyone else."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.errors import FilingError, FinRAGError
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.http import TRIES, Network
from finrag_ml_tg1.filings.edgar.public_hosts import addresses_of, check_public
from finrag_ml_tg1.filings.edgar.refusals import EdgarUnavailableError
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.fake_time import FakeTime
from tests.unit.filings.edgar.filer import CIK, CONTACT

FACTS = f"/api/xbrl/companyfacts/CIK{CIK:010d}.json"
SUBMISSIONS = f"/submissions/CIK{CIK:010d}.json"
MIRROR = "https://mirror.example"
ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://private-name.internal/",
    "http://127.0.0.1:1/",
    "//169.254.169.254/",
    "file:///etc/passwd",
    "gopher://10.0.0.1/",
]
PRIVATE = [
    "169.254.169.254",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "ff02::1",
]
PUBLIC = ["23.10.20.30", "2600:1408::1", "64:ff9b::170a:141e", "::ffff:23.10.20.30"]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts whose addresses were asked for, by whomever."""
    hosts: list[str] = []
    look_up = socket.getaddrinfo

    def noting(host: str, *arguments: object, **named: object) -> object:
        hosts.append(host)
        return look_up(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    return hosts


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_of_the_mirror_is_not_followed(
    client: EdgarClient, edgar: EdgarServer, looked_up: list[str], location: str, status: int
) -> None:
    edgar.fail(FACTS, (status, {"Location": location}, b""))

    with pytest.raises(EdgarUnavailableError, match=r"another address .* not followed") as caught:
        client.company_facts(CIK)

    assert location not in str(caught.value)
    assert [request.path for request in edgar.received] == [FACTS]
    assert set(looked_up) <= {"127.0.0.1"}


@pytest.mark.parametrize("page", ["../../latest", "http://169.254.169.254/", "//10.0.0.1/x", "CIK/../../x.json"])
def test_listing_cannot_name_another_place(
    client: EdgarClient, edgar: EdgarServer, looked_up: list[str], page: str
) -> None:
    columns: dict[str, list[str]] = {
        name: [] for name in ("accessionNumber", "filingDate", "reportDate", "form", "primaryDocument")
    }
    listing = {"name": "X", "filings": {"recent": columns, "files": [{"name": page, "filingTo": "2024-01-01"}]}}
    edgar.files[SUBMISSIONS] = json.dumps(listing).encode()

    with pytest.raises(FilingError, match="unknown way"):
        client.filings(CIK, ("10-K",), frozenset({2024}))

    assert [request.path for request in edgar.received] == [SUBMISSIONS]
    assert set(looked_up) <= {"127.0.0.1"}


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("first", [[], ["23.10.20.30"]])
def test_mirror_whose_name_leads_to_a_private_address_is_not_asked(
    tmp_path: Path, fake_time: FakeTime, first: list[str], address: str
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    network = Network(
        transport=httpx.MockTransport(answer),
        clock=fake_time.clock,
        sleep=fake_time.sleep,
        addresses=lambda host: [*first, address],
    )
    with (
        EdgarClient(CONTACT, tmp_path, archives_url=MIRROR, data_url=MIRROR, network=network) as client,
        pytest.raises(EdgarUnavailableError, match=r"mirror\.example leads to .* not on the public internet"),
    ):
        client.company_facts(CIK)

    assert asked == []


@pytest.mark.parametrize("address", PUBLIC)
def test_mirror_on_the_public_internet_is_asked(address: str) -> None:
    check_public(f"{MIRROR}/files/company_tickers.json", lambda host: [address])


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "[fd00::1]", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376"]
)
def test_private_address_in_any_spelling_is_no_mirror(host: str) -> None:
    with pytest.raises(EdgarUnavailableError, match="not on the public internet"):
        check_public(f"https://{host}/files/company_tickers.json", addresses_of)


def test_look_up_is_the_proxys_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    check_public("https://www.sec.gov/files/company_tickers.json", lambda host: ["10.0.0.1"])
    monkeypatch.setenv("no_proxy", "www.sec.gov")
    with pytest.raises(EdgarUnavailableError):
        check_public("https://www.sec.gov/files/company_tickers.json", lambda host: ["10.0.0.1"])


def test_answer_that_never_ends_is_left(edgar: EdgarServer, fake_time: FakeTime, tmp_path: Path) -> None:
    edgar.fail(FACTS, *["drips"] * TRIES)
    network = Network(clock=fake_time.clock, sleep=fake_time.sleep, answer_s=0.05)
    with (
        EdgarClient(CONTACT, tmp_path, archives_url=edgar.url, data_url=edgar.url, network=network) as client,
        pytest.raises(FinRAGError, match="takes longer than"),
    ):
        client.company_facts(CIK)

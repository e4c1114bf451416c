from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import FilingError, StoreError
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.http import Fetched
from finrag_ml_tg1.filings.edgar.submissions import FilingListing
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.fake_time import FakeTime
from tests.unit.filings.edgar.filer import CIK, list_filer, list_tickers

DOCUMENT = f"/Archives/edgar/data/{CIK}/999000020024000001/plr-20231231.htm"
BODY = b"<html>" + bytes(range(256)) * 400
LIST = f"/submissions/CIK{CIK:010d}.json"


@pytest.fixture
def listing(edgar: EdgarServer, client: EdgarClient) -> FilingListing:
    list_filer(edgar, [("9990000200-24-000001", "2024-02-20", "2023-12-31", "10-K", "plr-20231231.htm")])
    edgar.files[DOCUMENT] = BODY
    return client.filings(CIK, ("10-K",), frozenset({2023}))[0]


def _entry(folder: Path, path: str) -> Path:
    for file in folder.glob("??/*"):
        if json.loads(file.read_bytes().split(b"\n")[0])["url"].endswith(path):
            return file
    raise AssertionError(path)


def test_document_is_fetched_once_for_ever_by_any_run(
    open_client: Callable[[], EdgarClient], listing: FilingListing, edgar: EdgarServer, fake_time: FakeTime
) -> None:
    assert open_client().document(listing) == BODY
    fake_time.now += 10 * 365 * 86_400
    edgar.files[DOCUMENT] = b"other"

    assert open_client().document(listing) == BODY
    assert edgar.statuses(DOCUMENT) == [200]


def test_list_is_taken_from_disk_for_minutes_then_confirmed_then_fetched_when_changed(
    open_client: Callable[[], EdgarClient], listing: FilingListing, edgar: EdgarServer, fake_time: FakeTime
) -> None:
    fake_time.now += 500
    assert open_client().filings(CIK, ("10-K",), frozenset({2023})) == [listing]
    assert edgar.statuses(LIST) == [200]

    fake_time.now += 200
    assert open_client().filings(CIK, ("10-K",), frozenset({2023})) == [listing]
    assert open_client().filings(CIK, ("10-K",), frozenset({2023})) == [listing]
    assert edgar.statuses(LIST) == [200, 304]

    fake_time.now += 700
    list_filer(edgar, [])
    assert open_client().filings(CIK, ("10-K",), frozenset({2023})) == []
    assert edgar.statuses(LIST) == [200, 304, 200]


def test_list_from_the_future_is_confirmed_when_the_clock_was_set_back(
    open_client: Callable[[], EdgarClient], listing: FilingListing, edgar: EdgarServer, fake_time: FakeTime
) -> None:
    fake_time.now -= 86_400

    open_client().filings(CIK, ("10-K",), frozenset({2023}))

    assert edgar.statuses(LIST) == [200, 304]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-10],
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"{}\n" + data.split(b"\n", 1)[1],
        lambda data: b"[1]\n",
        lambda data: data[:-40] + b"\x00" * 40,
        lambda data: data.replace(b'"sha256": "', b'"sha256": "0', 1),
        lambda data: data.replace(b"plr-20231231", b"plr-20221231", 1),
        lambda data: b"\xff\xfe" + data,
    ],
)
def test_damaged_entry_is_fetched_again(
    client: EdgarClient,
    listing: FilingListing,
    edgar: EdgarServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes],
) -> None:
    client.document(listing)
    entry = _entry(tmp_path / "edgar", DOCUMENT)
    entry.write_bytes(damage(entry.read_bytes()))

    with caplog.at_level(logging.WARNING):
        assert client.document(listing) == BODY

    assert "was damaged and is fetched again" in caplog.text
    assert client.document(listing) == BODY
    assert edgar.statuses(DOCUMENT) == [200, 200]


def test_what_a_killed_run_left_half_written_is_never_read_and_removed_later(
    open_client: Callable[[], EdgarClient], listing: FilingListing, tmp_path: Path, edgar: EdgarServer
) -> None:
    folder = tmp_path / "edgar"
    (folder / "new.partial").write_bytes(b"half")
    (folder / "old.partial").write_bytes(b"half")
    os.utime(folder / "old.partial", (1_600_000_000, 1_600_000_000))

    assert open_client().document(listing) == BODY

    assert [path.name for path in folder.glob("*.partial")] == ["new.partial"]


def test_document_wanted_by_many_threads_at_once_is_fetched_once(
    client: EdgarClient, listing: FilingListing, edgar: EdgarServer
) -> None:
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(client.document(listing))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bodies == [BODY] * 8
    assert edgar.statuses(DOCUMENT) == [200]


def test_progress_is_told_of_every_request_with_size_and_origin(
    client: EdgarClient, listing: FilingListing, fetched: list[Fetched], edgar: EdgarServer
) -> None:
    client.document(listing)
    client.document(listing)

    assert fetched[-2:] == [
        Fetched(edgar.url + DOCUMENT, len(BODY), from_cache=False),
        Fetched(edgar.url + DOCUMENT, len(BODY), from_cache=True),
    ]


def test_missing_file_is_final_at_once_and_not_remembered(
    client: EdgarClient, listing: FilingListing, edgar: EdgarServer
) -> None:
    body = edgar.files.pop(DOCUMENT)
    with pytest.raises(FilingError, match=r"plr-20231231\.htm: EDGAR holds no such file \(404\)"):
        client.document(listing)
    edgar.files[DOCUMENT] = body

    assert client.document(listing) == body
    assert edgar.statuses(DOCUMENT) == [404, 200]


def test_folder_that_cannot_be_used_is_named_in_one_line(edgar: EdgarServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreError, match=r"file/edgar cannot be used: .*FINRAG_CACHE_DIR"):
        EdgarClient("Jane jane@example.com", tmp_path / "file" / "edgar", archives_url=edgar.url, data_url=edgar.url)


def test_tickers_are_confirmed_once_a_day(
    open_client: Callable[[], EdgarClient], edgar: EdgarServer, fake_time: FakeTime
) -> None:
    list_tickers(edgar)
    for hours in (0, 20, 5, 1):
        fake_time.now += hours * 3600
        open_client().company("AAPL")

    assert edgar.statuses("/files/company_tickers.json") == [200, 304]

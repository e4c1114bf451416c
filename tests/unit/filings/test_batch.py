"""A batch tells of every filing in order, writes what one process would write, and outlives what it reads."""

from __future__ import annotations

import gzip
import io
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError, StoreUnavailableError
from finrag_ml_tg1.filings.batch import READ_AHEAD, ReadSource, Refused, ingest_batch
from finrag_ml_tg1.filings.extraction import Provenance
from finrag_ml_tg1.filings.ingest import FilingTablesStore, Ingested, Source
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.local_processes import wait_until
from tests.unit.filings.documents import filing_html
from tests.unit.filings.recording_store import RecordingStore, contents

YEARS = range(2015, 2024)


def source(year: int, document: bytes | None = None) -> Source:
    return Source(f"9990000100-{year % 100:02d}-000001.html", document or filing_html(year=year))


def description(year: int) -> str:
    return f"Plain Example Corp. 10-K FY{year}"


@pytest.fixture
def store(tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def run(store: ObjectStore, encoder_folder: Path, *sources: ReadSource, workers: int = 1) -> list[Ingested | Refused]:
    return list(ingest_batch(sources, FilingTablesStore(store), encoder_folder, workers=workers))


def all_years() -> list[ReadSource]:
    return [partial(source, year) for year in YEARS]


def ingested(outcomes: list[Ingested | Refused]) -> list[str]:
    return [outcome.description for outcome in outcomes if isinstance(outcome, Ingested)]


def test_outcomes_are_in_the_order_given(store: LocalFolderStore, encoder_folder: Path) -> None:
    """Also when a filing that takes long stands before short ones."""
    long = filing_html(year=2014, body="<p>We sell many plain examples to others.</p>" * 2_000)
    sources: list[ReadSource] = [partial(source, 2014, long), *(partial(source, year) for year in YEARS)]
    outcomes = run(store, encoder_folder, *sources, workers=3)
    assert ingested(outcomes) == [description(year) for year in (2014, *YEARS)]


def test_store_is_the_same_whatever_the_number_of_processes(tmp_path: Path, encoder_folder: Path) -> None:
    stores = [LocalFolderStore(tmp_path / str(workers)) for workers in (1, 3)]
    for store, workers in zip(stores, (1, 3), strict=True):
        run(store, encoder_folder, *all_years(), workers=workers)
    first, second = (contents(store) for store in stores)
    assert len(first) == 5 * len(YEARS)
    assert first == second


def test_broken_filings_are_told_and_the_others_go_on(store: LocalFolderStore, encoder_folder: Path) -> None:
    def absent() -> Source:
        raise FilingError("absent.html: no such file")

    sources: list[ReadSource] = [
        partial(source, 2015),
        partial(source, 2016, b"%PDF-1.7"),
        absent,
        partial(source, 2017, b"\x1f\x8bdamaged"),
        partial(source, 2018),
    ]
    outcomes = run(store, encoder_folder, *sources, workers=2)
    refused = [outcome.reason for outcome in outcomes if isinstance(outcome, Refused)]
    assert [reason.split(":")[0] for reason in refused] == [
        "9990000100-16-000001.html",
        "absent.html",
        "9990000100-17-000001.html",
    ]
    assert ingested(outcomes) == [description(2015), description(2018)]


@pytest.mark.parametrize("workers", [1, 2])
def test_filing_whose_process_dies_is_told_and_the_others_go_on(
    store: LocalFolderStore, encoder_folder: Path, workers: int
) -> None:
    """What the kernel does to a process for want of memory."""
    endless = filing_html(year=2014, body="<p>We sell many plain examples to others.</p>" * 400_000)

    def after_the_death_of_who_reads_the_first() -> Source:
        wait_until(lambda: bool(multiprocessing.active_children()), "a process reads")
        for child in multiprocessing.active_children():
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
        return source(2015)

    sources: list[ReadSource] = [
        partial(source, 2014, endless),
        after_the_death_of_who_reads_the_first,
        partial(source, 2016),
    ]
    outcomes = run(store, encoder_folder, *sources, workers=workers)
    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].was_asked
    assert "ended its process" in outcomes[0].reason
    assert ingested(outcomes) == [description(2015), description(2016)]


def test_error_of_the_store_ends_the_batch_with_whole_filings(store: LocalFolderStore, encoder_folder: Path) -> None:
    failing = RecordingStore(store, fail_at=12)
    with pytest.raises(StoreUnavailableError):
        run(failing, encoder_folder, *all_years(), workers=2)
    rows = [entry.key for entry in store.list("tables/filings/")]
    assert len(rows) == 2
    assert len(list(store.list("tables/facts/"))) == 2
    again = run(store, encoder_folder, *all_years(), workers=2)
    assert ingested(again) == [description(year) for year in YEARS]
    assert len(contents(store)) == 5 * len(YEARS)


def test_batch_that_is_given_up_reads_no_further(store: LocalFolderStore, encoder_folder: Path) -> None:
    asked = []

    def read(year: int) -> Source:
        asked.append(year)
        return source(year)

    sources = (partial(read, year) for year in YEARS)
    outcomes = ingest_batch(sources, FilingTablesStore(store), encoder_folder, workers=2)
    next(outcomes)
    outcomes.close()
    assert len(asked) <= 2 + READ_AHEAD
    assert multiprocessing.active_children() == []
    assert len(list(store.list("tables/filings/"))) == 1


@pytest.mark.parametrize("workers", [1, 3])
def test_documents_are_not_fetched_far_ahead_of_the_reading(
    store: LocalFolderStore, encoder_folder: Path, workers: int
) -> None:
    asked = told = furthest = 0

    def read(year: int) -> Source:
        nonlocal asked, furthest
        asked += 1
        furthest = max(furthest, asked - told)
        return source(year)

    sources = (partial(read, year) for year in range(1994, 2024))
    for _ in ingest_batch(sources, FilingTablesStore(store), encoder_folder, workers=workers):
        told += 1
    assert (asked, told) == (30, 30)
    assert furthest <= workers + READ_AHEAD


def test_filing_known_to_the_store_starts_no_process(store: LocalFolderStore, encoder_folder: Path) -> None:
    run(store, encoder_folder, partial(source, 2020))
    outcomes = ingest_batch([partial(source, 2020)], FilingTablesStore(store), encoder_folder, workers=1)
    outcome = next(outcomes)
    assert isinstance(outcome, Ingested)
    assert outcome.unchanged
    assert multiprocessing.active_children() == []
    outcomes.close()


def test_copies_of_a_filing_in_one_batch_are_one_whole_filing(store: LocalFolderStore, encoder_folder: Path) -> None:
    """The second is begun before the first is written."""
    copies = [
        Source("9990000100-20-000001.html", filing_html(year=2020)),
        Source("copy of 9990000100-20-000001.html.gz", gzip.compress(filing_html(year=2020))),
    ]
    outcomes = run(store, encoder_folder, lambda: copies[0], lambda: copies[1], workers=2)
    assert [outcome.unchanged for outcome in outcomes if isinstance(outcome, Ingested)] == [False, True]
    assert sorted(key.split("/cik=")[0] for key in contents(store)) == [
        "raw",
        "tables/facts",
        "tables/filings",
        "tables/passages",
        "text",
    ]


def test_filing_of_another_fiscal_year_is_not_stored(store: LocalFolderStore, encoder_folder: Path) -> None:
    document = filing_html(year=2020)
    wanted = Source("9990000100-21-000001.html", document, wanted_years=frozenset({2021}))
    (outcome,) = run(store, encoder_folder, lambda: wanted)
    assert isinstance(outcome, Refused)
    assert not outcome.was_asked
    assert contents(store) == {}


def test_filing_read_from_a_file_gets_what_is_known_where_it_is_fetched(
    store: LocalFolderStore, encoder_folder: Path
) -> None:
    read = source(2020)
    run(store, encoder_folder, lambda: read)
    assert FilingTablesStore(store).held("9990000100-20-000001") is None
    known = Provenance(filed=date(2021, 2, 20), source_url="https://www.sec.gov/x")
    fetched = Source(read.name, read.document, known)
    (outcome,) = run(store, encoder_folder, lambda: fetched)
    assert isinstance(outcome, Ingested)
    assert not outcome.unchanged
    (entry,) = store.list("tables/filings/")
    row = pl.read_parquet(io.BytesIO(store.get(entry.key).data)).row(0, named=True)
    assert (row["filed"], row["source_url"]) == (known.filed, known.source_url)
    assert FilingTablesStore(store).held("9990000100-20-000001") is not None
    assert len(contents(store)) == 5

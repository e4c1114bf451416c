"""What an ingestion job does, from wherever its filings come: files of a store, EDGAR, the store's own."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError, StoreError
from finrag_ml_tg1.filings.stored_sources import stored_sources
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.indexer.ingest_work import ingest
from serving.indexer.schemas import IngestRequest, Progress
from serving.indexer.work import Work
from tests.unit.cli.edgar_companies import ALDER, list_companies, list_years
from tests.unit.filings.documents import filing_html
from tests.unit.filings.edgar.edgar_server import serve_edgar
from tests.unit.filings.edgar.filer import CONTACT


@pytest.fixture
def inbox(tmp_path: Path) -> LocalFolderStore:
    """Two filings, one that is none, and what is not looked at."""
    store = LocalFolderStore(tmp_path / "inbox")
    store.put("2023/plain.html", filing_html(year=2023))
    store.put("2024/Plain.HTM", filing_html(year=2024))
    store.put("2024/torn.html.gz", b"\x1f\x8b and then nothing")
    store.put("2024/readme.md", b"about the folder")
    return store


@pytest.fixture
def config(tmp_path: Path, encoder_folder: Path, inbox: LocalFolderStore) -> MLConfig:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "encoders").symlink_to(encoder_folder.parent)
    return MLConfig(store=str(tmp_path / "store"), cache_dir=str(cache), indexer_sources=inbox.url)


def ingested(config: MLConfig, **request: object) -> tuple[Work, list[Progress]]:
    shown: list[Progress] = []
    return ingest(config, IngestRequest.model_validate(request), shown.append), shown


def held(config: MLConfig) -> list[tuple[int, int]]:
    store = LocalFolderStore(Path(config.store))
    rows = [
        pl.read_parquet(io.BytesIO(store.get(entry.key).data)).row(0, named=True)
        for entry in store.list("tables/filings/")
    ]
    return [(row["cik"], row["fiscal_year"]) for row in rows]


def test_filing_that_cannot_be_read_is_named_and_the_others_are_read(config: MLConfig) -> None:
    work, shown = ingested(config, sources=["2024"], index=False)
    assert (work.summary["read"], work.summary["skipped_filings"], work.summary["index"]) == (1, 1, None)
    assert work.summary["skipped"][0].startswith("torn.html.gz: ")
    assert [(progress.done, progress.total) for progress in shown] == [(0, 2), (1, 2), (2, 2)]
    assert [year for _, year in held(config)] == [2024]
    assert LocalFolderStore(Path(config.store)).head("index/CURRENT") is None


def test_job_none_of_whose_filings_can_be_read_fails_before_an_index_is_built(config: MLConfig) -> None:
    with pytest.raises(FilingError, match=r"no filing could be read: torn\.html\.gz"):
        ingested(config, sources=["2024/torn.html.gz"])
    assert held(config) == []
    assert LocalFolderStore(Path(config.store)).head("index/CURRENT") is None


def test_filings_of_companies_and_years_come_from_edgar(config: MLConfig) -> None:
    with serve_edgar() as edgar:
        list_companies(edgar)
        list_years(edgar, ALDER, range(2021, 2024))
        asked = config.model_copy(update={"sec_contact": CONTACT, "sec_url": edgar.url})
        work, _ = ingested(asked, tickers=["ALD", "NONE"], years=[2022], index=False)
    assert held(config) == [(ALDER, 2022)]
    assert (work.summary["read"], work.summary["skipped_filings"]) == (1, 1)
    assert work.summary["skipped"][0].startswith("NONE: ")


def test_names_mean_files_folders_and_the_whole(inbox: LocalFolderStore) -> None:
    def named(*names: str) -> list[str]:
        return [read().name for read in stored_sources(inbox, names)]

    assert named("2023/plain.html") == ["plain.html"]
    assert named("2024") == ["Plain.HTM", "torn.html.gz"]
    assert named(".") == ["plain.html", "Plain.HTM", "torn.html.gz"]
    assert named("2024/Plain.HTM", "2024") == ["Plain.HTM", "torn.html.gz"]
    for name in ("202", "2025", "2024/readme.md/x"):
        with pytest.raises(FilingError, match=name):
            named(name)


def test_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path, inbox: LocalFolderStore) -> None:
    (tmp_path / "secret.html").write_bytes(filing_html())
    (tmp_path / "inbox" / "2023" / "link.html").symlink_to(tmp_path / "secret.html")
    (tmp_path / "inbox" / "out").symlink_to(tmp_path)
    assert [read().name for read in stored_sources(inbox, ["2023"])] == ["plain.html"]
    for name in ("2023/link.html", "out", "out/secret.html"):
        with pytest.raises(StoreError, match="link"):
            stored_sources(inbox, [name])


def test_versions_beyond_those_to_keep_are_deleted_once_the_new_one_is_current(config: MLConfig) -> None:
    ingested(config, sources=["2023"])
    store = LocalFolderStore(Path(config.store))
    before = store.get("index/CURRENT").data
    work, _ = ingested(config, sources=["2024/Plain.HTM"], keep_versions=1)
    assert work.summary["deleted"]["objects"] > 0
    assert store.get("index/CURRENT").data.decode() == work.summary["index"]["version"]
    assert not list(store.list(f"index/{before.decode()}/"))

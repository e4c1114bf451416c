"""`finrag ingest --pages`: documents of a Parquet file of pages, all or by name."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.filings.paged.document import PagedDocument
from tests.local_processes import SETTINGS
from tests.unit.filings.paged.paged_filings import velmora


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_folder: Path) -> None:
    """Run without settings; the cache has the encoder, so that nothing is fetched."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(encoder_folder.parents[1]))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "pages.parquet"
    tables = [_table(velmora(), "VELMORA_2021_10K", "10k"), _table(velmora(), "VELMORA_2021_S1", "S-1")]
    pl.concat(tables).write_parquet(path)
    return path


def _table(document: PagedDocument, name: str, form: str) -> pl.DataFrame:
    common = {"doc_name": name, "doc_type": form, "company": document.company, "ticker": "VELM", "doc_period": 2021}
    rows = [common | {"quarter": None, "page_num": number, "page_text": text} for number, text in document.pages]
    return pl.DataFrame(rows, schema_overrides={"quarter": pl.String})


def _ingest(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["ingest", "--store", "store", *map(str, arguments)])


def test_pages_are_read_and_what_is_no_filing_is_named(corpus: Path) -> None:
    result = _ingest("--pages", corpus)
    assert result.exit_code == 1
    assert "skipped: VELMORA_2021_S1: 'S-1' for 2021 is no form" in result.stderr
    assert "1 filings read, 0 unchanged, 1 skipped" in result.stdout
    passages = pl.read_parquet("store/tables/passages/**/*.parquet")
    assert set(passages["page_num"]) == {30, 31, 32, 33, 34, 35}
    facts = pl.read_parquet("store/tables/facts/**/*.parquet")
    shown = facts.join(passages, on="passage_id").filter(pl.col("row_label") == "Total assets")
    assert set(shown["page_num"]) == {33}
    assert facts["passage_id"].null_count() == 0


def test_documents_are_chosen_by_name_and_read_once(corpus: Path) -> None:
    assert _ingest("--pages", corpus, "VELMORA_2021_10K").exit_code == 0
    again = _ingest("--pages", corpus, "VELMORA_2021_10K")
    assert "0 filings read, 1 unchanged, 0 skipped" in again.stdout


def test_an_unknown_name_and_mixed_sources_are_refused(corpus: Path) -> None:
    unknown = _ingest("--pages", corpus, "OTHER_2021_10K")
    assert unknown.exit_code == 2
    assert unknown.stderr == "finrag: pages.parquet: it holds no document OTHER_2021_10K\n"
    mixed = _ingest("--pages", corpus, "--again")
    assert mixed.exit_code == 2
    assert "or --pages, or --again" in mixed.stderr

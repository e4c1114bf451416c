"""A Parquet file of pages: which documents it holds, and what is wrong with one that holds none."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.paged.corpus import paged_sources
from finrag_ml_tg1.filings.paged.document import read_paged, written

_COMMON = {"company": "Velmora Lamps", "ticker": "VELM", "doc_period": 2021, "quarter": None}


def _corpus(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "pages.parquet"
    pl.DataFrame([_COMMON | row for row in rows], schema_overrides={"quarter": pl.String}).write_parquet(path)
    return path


def _page(name: str, form: str, number: int, text: str | None) -> dict[str, object]:
    return {"doc_name": name, "doc_type": form, "page_num": number, "page_text": text}


def test_pages_are_in_order_and_keep_their_numbers(tmp_path: Path) -> None:
    path = _corpus(tmp_path, _page("A", "10k", 1, "second"), _page("A", "10k", 0, "first"), _page("A", "10k", 2, None))
    (source,) = paged_sources(path)
    document = read_paged(source().document)
    assert document is not None
    assert document.pages == ((0, "first"), (1, "second"), (2, ""))
    assert (document.form, document.fiscal_year, document.tickers) == ("10-K", 2021, ("VELM",))
    assert read_paged(written(document)) == document


def test_documents_can_be_named(tmp_path: Path) -> None:
    path = _corpus(tmp_path, _page("A", "10k", 0, "a"), _page("B dated 1", "8k", 0, "b"))
    assert [source().name for source in paged_sources(path, ["B dated 1"])] == ["B dated 1"]
    with pytest.raises(FilingError, match="it holds no document C, D"):
        paged_sources(path, ["A", "D", "C"])


def test_a_document_of_another_form_is_refused_by_name(tmp_path: Path) -> None:
    (source,) = paged_sources(_corpus(tmp_path, _page("A", "S-1", 0, "a")))
    with pytest.raises(FilingError, match="A: 'S-1' for 2021 is no form and year that is read"):
        source()


def test_a_file_without_pages_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "pages.parquet"
    pl.DataFrame({"doc_name": ["A"], "page_text": ["a"]}).write_parquet(path)
    with pytest.raises(FilingError, match="needs the columns company, ticker, doc_type"):
        paged_sources(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(FilingError, match="no Parquet file of pages"):
        paged_sources(path)


def test_damaged_pages_are_told() -> None:
    with pytest.raises(FilingError, match="the pages are damaged"):
        read_paged(b'{"kind": "finrag pages 1", "identifier": ')
    assert read_paged(b"<html></html>") is None

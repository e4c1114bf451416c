"""A passage of an index with what is known of its filing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from finrag_ml_tg1.index.part_rows import PartRow

__all__ = ["PassageRecord", "passage_record"]


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage with what a citation needs to know of its filing."""

    passage_id: str
    cik: int
    ticker: str
    company: str
    form: str
    fiscal_year: int
    accession: str
    item: str
    kind: str
    statement: str
    heading: str
    position: int
    char_start: int
    page_num: int | None
    lead: str
    text: str
    source_url: str | None


def passage_record(row: PartRow, text: str, filing: Mapping[str, Any]) -> PassageRecord:
    """Return a passage of a part, with its words and its filing's row of the catalog."""
    return PassageRecord(
        passage_id=row.passage_id,
        cik=filing["cik"],
        ticker=filing["tickers"][0] if filing["tickers"] else "",
        company=filing["company"],
        form=row.form,
        fiscal_year=filing["fiscal_year"],
        accession=row.accession,
        item=row.item,
        kind=row.kind,
        statement=row.statement,
        heading=row.heading,
        position=row.position,
        char_start=row.char_start,
        page_num=row.page_num,
        lead=row.lead,
        text=text,
        source_url=filing["source_url"],
    )

"""What is measured of one filing's reading; one process can do it for itself."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from finrag_ml_tg1.evaluation.facts_extraction import FactRow, rows_of
from finrag_ml_tg1.filings.document_bytes import decompressed
from finrag_ml_tg1.filings.extraction import filing_row
from finrag_ml_tg1.filings.facts.table import facts_table
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.passages.building import build_passages
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.filings.submission import read_submission
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html
from finrag_ml_tg1.filings.text.visibility import visible_text

__all__ = ["FilingMeasures", "measure_filing"]


@dataclass(frozen=True, slots=True)
class FilingMeasures:
    """One filing: its row of the table, its tagged numbers with what stands at their places, how the reading went.

    `lost_characters` is by how many the text differs from what the document shows; `peak_rss_mb` the most memory that
    the process which read it had held until then.
    """

    file: str
    row: dict[str, object]
    facts: tuple[FactRow, ...]
    lost_characters: int
    seconds: float
    peak_rss_mb: int


def measure_filing(path: Path, file: str, token_offsets: TokenOffsets) -> FilingMeasures:
    """Read the filing in a file, known to the reference as `file`."""
    data = path.read_bytes()
    began = time.perf_counter()
    filing = read_filing(data, path.name)
    passages = build_passages(filing, token_offsets)
    facts = facts_table(filing, passages)
    seconds = time.perf_counter() - began
    return FilingMeasures(
        file=file,
        row=filing_row(filing, passages, facts),
        facts=tuple(_each_tagged(file, filing)),
        lost_characters=_lost_characters(decompressed(data), filing.document),
        seconds=seconds,
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def _each_tagged(file: str, filing: Filing) -> Iterator[FactRow]:
    """Every tagged number with the value tagged there: a reference may hold a rounded duplicate as a row of its own."""
    for fact in filing.facts:
        for occurrence in fact.occurrences:
            printed = None if occurrence.span is None else filing.document.text[slice(*occurrence.span)]
            for row in rows_of(file, [replace(fact, value=occurrence.value)]):
                yield replace(row, printed=printed)


def _lost_characters(data: bytes, document: CanonicalDocument) -> int:
    """0 when the blocks, put together, are exactly what the document shows."""
    root = parse_html(read_submission(data).document)
    body = root.find("body")
    shown = _squeezed(visible_text(body if body is not None else root))
    kept = _squeezed("".join(document.text_of(block) for block in document.blocks))
    if shown == kept:
        return 0
    return max(1, abs(len(shown) - len(kept)))


def _squeezed(text: str) -> str:
    """The characters without white space, and without the bars that stand between cells."""
    return "".join(text.replace("|", "").replace("/", "").split())

"""What is measured of one filing's reading; one process can do it for itself."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from finrag_ml_tg1.evaluation.facts_extraction import FactRow, rows_of
from finrag_ml_tg1.filings.canonical import CanonicalDocument, parse_html
from finrag_ml_tg1.filings.document_bytes import decompressed
from finrag_ml_tg1.filings.extraction import filing_row
from finrag_ml_tg1.filings.facts import FilingFact
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.passages import build_passages
from finrag_ml_tg1.filings.submission import read_submission
from finrag_ml_tg1.filings.token_windows import TokenOffsets
from finrag_ml_tg1.filings.visibility import visible_text
from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.number_words import number_from_words

__all__ = ["FilingMeasures", "measure_filing"]


@dataclass(frozen=True, slots=True)
class FilingMeasures:
    """One filing: its row of the table, its tagged numbers, and how the reading went.

    `shown` and `wrongly_shown` count tagged numbers that are printed, and those of them whose characters in the text
    are another number; `lost_characters` is by how many the text differs from what the document shows.
    """

    file: str
    row: dict[str, object]
    facts: tuple[FactRow, ...]
    shown: int
    wrongly_shown: int
    lost_characters: int
    seconds: float
    peak_rss_mb: int


def measure_filing(path: Path, file: str, token_offsets: TokenOffsets) -> FilingMeasures:
    """Read the filing in a file, known to the reference as `file`."""
    data = path.read_bytes()
    began = time.perf_counter()
    filing = read_filing(data, path.name)
    passages = build_passages(filing, token_offsets)
    seconds = time.perf_counter() - began
    occurrences = list(_occurrences(filing))
    return FilingMeasures(
        file=file,
        row=filing_row(filing, passages=len(passages), facts=len(filing.facts)),
        facts=tuple(rows_of(file, _each_tagged(filing))),
        shown=len(occurrences),
        wrongly_shown=sum(not _shows(printed, value) for printed, value in occurrences),
        lost_characters=_lost_characters(decompressed(data), filing.document),
        seconds=seconds,
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def _each_tagged(filing: Filing) -> Iterator[FilingFact]:
    """Every tagged number with the value tagged there: a reference may hold a rounded duplicate as a row of its own."""
    for fact in filing.facts:
        for occurrence in fact.occurrences:
            yield replace(fact, value=occurrence.value)


def _occurrences(filing: Filing) -> Iterator[tuple[str, Decimal]]:
    for fact in filing.facts:
        for occurrence in fact.occurrences:
            if occurrence.span is not None and occurrence.value is not None:
                yield filing.document.text[slice(*occurrence.span)], occurrence.value


def _shows(printed: str, value: Decimal) -> bool:
    """Whether the characters are the number: its digits but for scale, sign and separators, a word, or a dash for 0."""
    digits = "".join(filter(str.isdigit, printed))
    if not digits:
        return _words_show(printed, value)
    return digits.strip("0") == _digits_of(value)


def _words_show(printed: str, value: Decimal) -> bool:
    if value == 0:
        return bool(printed.strip())
    try:
        return _digits_of(Decimal(number_from_words(printed))) == _digits_of(value)
    except Unreadable:
        return False


def _digits_of(value: Decimal) -> str:
    return "".join(map(str, value.as_tuple().digits)).strip("0")


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

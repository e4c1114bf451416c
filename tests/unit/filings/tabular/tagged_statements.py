"""Numbers of the primary statements against what the filer tagged: period, value and label, cell by cell.

The truth is read from the document's own inline XBRL by the few lines here, which share nothing with the package
but the canonical text the offsets count in.
"""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lxml import html

from finrag_ml_tg1.filings.cover.reading import read_cover
from finrag_ml_tg1.filings.tabular.model import NumberCell, RowReading, TableReading
from finrag_ml_tg1.filings.tabular.reading import read_tables
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical

__all__ = ["MAIN_STATEMENTS", "Measurement", "measure_filing"]

MAIN_STATEMENTS = ("income", "balance", "cash flow")


@dataclass
class Measurement:
    """Counts for one filing; `statements` are the main ones recognised as primary."""

    statements: set[str] = field(default_factory=set)
    cells: int = 0
    right: int = 0
    sign_differs: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[object, ...]] = field(default_factory=list)


def measure_filing(path: Path) -> Measurement:
    """Return how many tagged numbers of the main statements were read with the right period, value and label."""
    root = parse_html(gzip.decompress(path.read_bytes()))
    tags = list(root.iter("ix:nonfraction"))
    document = read_canonical(root, tags)
    readings = read_tables(document, read_cover(root, document.text))
    contexts = _contexts(root)
    primary = [reading for reading in readings.values() if reading.is_primary and reading.statement in MAIN_STATEMENTS]
    result = Measurement({reading.statement for reading in primary})
    cells = {cell.char_start: (row, cell) for reading in primary for row in reading.rows for cell in row.cells}
    starts = sorted(cells)
    extents = [_extent(document, reading) for reading in primary]
    for tag, span in zip(tags, document.spans, strict=True):
        inside = span is not None and any(start <= span[0] < end for start, end in extents)
        if not inside or span is None or not _is_in_body(document, span, primary):
            continue
        found = next((cells[start] for start in reversed(starts) if start <= span[0]), None)
        _compare(result, tag, span, found, contexts.get(tag.get("contextref") or ""), document)
    return result


def _extent(document: CanonicalDocument, reading: TableReading) -> tuple[int, int]:
    block = document.blocks[reading.block]
    return block.char_start, block.char_end


def _is_in_body(document: CanonicalDocument, span: tuple[int, int], primary: list[TableReading]) -> bool:
    """Whether the number stands in a cell of its own below the header, not inside the words of a label."""
    for reading in primary:
        block = document.blocks[reading.block]
        if not block.char_start <= span[0] < block.char_end or block.table is None:
            continue
        for row in block.table.rows:
            for place, cell in enumerate(row.cells):
                start, end = block.char_start + cell.char_start, block.char_start + cell.char_end
                if start <= span[0] < end:
                    words = document.text[start:end]
                    return not (place == 0 and any(char.isalpha() for char in words))
    return False


def _compare(
    result: Measurement,
    tag: html.HtmlElement,
    span: tuple[int, int],
    found: tuple[RowReading, NumberCell] | None,
    context: tuple[date | None, date] | None,
    document: CanonicalDocument,
) -> None:
    value = _value(tag)
    if value is None or context is None:
        return
    result.cells += 1
    problems = []
    if found is None or not found[1].char_start <= span[0] < found[1].char_end:
        result.errors["no number read"] += 1
        result.examples.append(("no number read", document.text[span[0] - 60 : span[1] + 5]))
        return
    row, cell = found
    if (cell.period_start, cell.period_end) != context:
        problems.append("period")
    if abs(cell.value) != abs(value):
        problems.append("value")
    elif cell.value != value:
        result.sign_differs += 1
    if _squeezed(row.label, *row.footnotes) != _squeezed(_first_words(tag)):
        problems.append("label")
    for problem in problems:
        result.errors[problem] += 1
        shown = (cell.period_start, cell.period_end, cell.value, cell.unit, cell.scale)
        result.examples.append(
            (problem, row.label_path, row.label, cell.printed, shown, context, value, tag.get("name"))
        )
    result.right += not problems


def _contexts(root: html.HtmlElement) -> dict[str, tuple[date | None, date]]:
    """Start and end of every context; the start is None for an instant."""
    found = {}
    for context in root.iter("xbrli:context"):
        dates = {
            name: date.fromisoformat((node.text or "").strip()[:10])
            for name in ("startdate", "enddate", "instant")
            for node in context.iter(f"xbrli:{name}")
        }
        end = dates.get("instant") or dates["enddate"]
        start = dates.get("startdate")
        found[context.get("id") or ""] = (start, end)
    return found


def _value(tag: html.HtmlElement) -> Decimal | None:
    text = "".join(tag.itertext()).strip().replace(",", "")
    if (tag.get("format") or "").rpartition(":")[2] in ("fixed-zero", "zerodash", "numdash"):
        return Decimal(0)
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    value = value.scaleb(int(tag.get("scale") or 0))
    return -value if tag.get("sign") == "-" else value


def _first_words(tag: html.HtmlElement) -> str:
    """The text of the first cell of the tag's row that shows any, hidden parts left out."""
    row = next((node for node in tag.iterancestors("tr")), None)
    if row is None:
        return ""
    for cell in row.iter("td", "th"):
        words = "".join(cell.itertext())
        if any(char.isalpha() for char in words):
            return words
        if any(char.isdigit() for char in words):
            return ""
    return ""


def _squeezed(*parts: str) -> str:
    text = "".join("".join(part.split()) for part in parts).replace("|", "/")
    return text.translate(dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\xad,")))

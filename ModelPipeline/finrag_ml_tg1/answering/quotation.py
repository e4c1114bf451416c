"""Chosen statements as Markdown: sentences in reading order, table rows under the header of their table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile, groupby, takewhile

from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import CELL_SEPARATOR

__all__ = ["Statement", "reading_order", "section_above", "write_quotations"]

_PERIOD = re.compile(r"\b(?:19|20)\d\d\b|\bmonths\b|\bq[1-4]\b", re.IGNORECASE)
_VALUE = re.compile(r"[$€£¥(]*-?(?!(?:19|20)\d\d$)\d[\d,.]*\)?\s*%?\)?|[—–-]+|N/?[AM]")


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch of a passage that may be quoted, how well it answers, and its cosine with the question where known."""

    passage: int
    start: int
    end: int
    fit: float
    likeness: float = 0.0


def reading_order(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements passage by passage, best passage first; inside a passage as the filing reads."""
    ranked = list(dict.fromkeys(statement.passage for statement in statements))
    return sorted(statements, key=lambda statement: (ranked.index(statement.passage), statement.start))


def write_quotations(statements: Sequence[Statement], passages: Sequence[PassageRecord]) -> str:
    """Return Markdown with `[n]` after each statement: a paragraph for each passage, filings named when several."""
    ordered = reading_order(statements)
    numbers = {number: count for count, number in enumerate(dict.fromkeys(part.passage for part in ordered), start=1)}
    filings = list(dict.fromkeys(passages[part.passage].accession for part in ordered))
    blocks = []
    for accession in filings:
        parts = [part for part in ordered if passages[part.passage].accession == accession]
        if len(filings) > 1:
            blocks.append(f"**{_filing_name(passages[parts[0].passage])}**")
        for number, same in groupby(parts, key=lambda part: part.passage):
            blocks.append(_quoted(list(same), passages[number], numbers[number], is_named=len(filings) > 1))
    return "\n\n".join(blocks)


def _filing_name(passage: PassageRecord) -> str:
    return f"{passage.company}, {passage.form} for fiscal {passage.fiscal_year}"


def _quoted(parts: list[Statement], passage: PassageRecord, number: int, *, is_named: bool) -> str:
    """Sentences one after another, then the rows of a table together."""
    rows = [part for part in parts if _is_row(part, passage)]
    sentences = [part for part in parts if part not in rows]
    blocks = []
    if sentences:
        blocks.append(" ".join(f"{_escaped(passage.text[part.start : part.end])} [{number}]" for part in sentences))
    if rows:
        blocks.append(_table(passage, rows, number, is_named=is_named))
    return "\n\n".join(blocks)


def _is_row(part: Statement, passage: PassageRecord) -> bool:
    return passage.kind == "table" and CELL_SEPARATOR in passage.text[part.start : part.end]


def _escaped(text: str) -> str:
    """The text on one line, its own numbers in brackets kept apart from the marks of citations."""
    return re.sub(r"\[(\d+)\]", r"\\[\1\\]", " ".join(text.split()))


def _table(passage: PassageRecord, rows: Sequence[Statement], number: int, *, is_named: bool) -> str:
    """The rows under their column names; where they cannot be matched one to one they are quoted as printed instead."""
    printed = [passage.text[row.start : row.end].split(CELL_SEPARATOR) for row in rows]
    values = max(len(cells) for cells in printed) - 1
    header = _header_line(passage, rows[0].start, values)
    names = header.split(CELL_SEPARATOR)
    is_matched = header != "" and _is_aligned(names, values) and all(len(cells) == values + 1 for cells in printed)
    columns = ["", *names[-values:]] if is_matched else [""] * (values + 1)
    caption = ": ".join(part for part in ("" if is_named else _filing_name(passage), _title(passage)) if part)
    as_printed = f" Columns as printed: {header.replace(CELL_SEPARATOR, ', ')}." if header and not is_matched else ""
    filled = [[*cells, *[""] * (values + 1 - len(cells))] for cells in _under_sections(passage, rows, printed)]
    lines = ["| " + " | ".join(cells) + " |" for cells in (columns, *filled)]
    lines.insert(1, "|---|" + "---:|" * values)
    return f"**{caption or 'Table'}** [{number}]{as_printed}\n\n" + "\n".join(lines)


def _under_sections(
    passage: PassageRecord, rows: Sequence[Statement], printed: Sequence[list[str]]
) -> Iterator[list[str]]:
    """The cells of each row; above one of several of its label, the line that tells them apart."""
    labels = Counter(line.split(CELL_SEPARATOR)[0] for line in passage.text.split("\n") if CELL_SEPARATOR in line)
    shown = ""
    for row, cells in zip(rows, printed, strict=True):
        section = section_above(passage.text, row.start)
        if labels[cells[0]] > 1 and section not in ("", shown):
            yield [section]
            shown = section
        yield cells


def section_above(text: str, row_start: int) -> str:
    """Return the line of words alone that stands next above a row of a table's text, "" for none."""
    above = reversed(text[:row_start].rstrip("\n").split("\n"))
    return next((line.strip() for line in above if line.strip() and CELL_SEPARATOR not in line), "")


# A number is not quoted without the unit that its table states above it, wherever that stands.
_UNITS = re.compile(
    r"\b(?:(?:u\.?s\.? )?(?:dollars|amounts) )?in (?:thousands|millions|billions)\b[^|\n().]*", re.IGNORECASE
)


def _title(passage: PassageRecord) -> str:
    """What the table shows, on one line: the words above it or its nearest heading, never a row of cells."""
    above = passage.lead.split("\n", maxsplit=1)[0]
    title = passage.heading.rpartition(" > ")[2] if CELL_SEPARATOR in above or not above.strip() else above
    title = " ".join(title.replace("|", " ").split()).rstrip(":")
    units = _UNITS.search(f"{passage.lead}\n{passage.text}")
    is_told = units is None or _UNITS.search(title) is not None
    return title if units is None or is_told else f"{title} ({units.group().strip()})".strip()


def _header_line(passage: PassageRecord, before: int, values: int) -> str:
    """Of the header lines that stand together next above the row, one with a name for each value, else the lowest."""
    lines = [*passage.lead.split("\n"), *passage.text[:before].split("\n")]
    nearest = dropwhile(lambda line: not _names_columns(line), reversed(lines))
    together = list(takewhile(_names_columns, nearest))
    matching = (line for line in together if _is_aligned(line.split(CELL_SEPARATOR), values))
    return next(matching, together[0] if together else "")


def _is_aligned(names: list[str], values: int) -> bool:
    """Whether there is a name for each value, or one more for the labels' own column (which is never a period)."""
    return len(names) == values or (len(names) == values + 1 and not _PERIOD.search(names[0]))


def _names_columns(line: str) -> bool:
    cells = line.split(CELL_SEPARATOR)
    is_header = len(cells) > 1 and not any(_VALUE.fullmatch(cell) for cell in cells)
    return is_header and (any(_PERIOD.search(cell) for cell in cells) or len(cells) > 2)

"""The lines of a page's text: a label, and the numbers printed to its right.

A PDF gives a row of a table as one line with single spaces; where a cell was empty nothing is left of it. A line with
fewer numbers than the table has columns therefore tells nobody which columns they stand in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.filings.paged.breaks import SYMBOLS, page_lines
from finrag_ml_tg1.filings.plain.lines import is_value, split_at_values

__all__ = ["PageLine", "fitted", "read_page_lines"]

_YEAR = re.compile(r"(?:19|20)\d\d")
_NOTE_NUMBER = re.compile(r"\(?\d{1,2}\)?")
_MARK = re.compile(r"\(\d\)")
_PAGE_NUMBER = re.compile(r"[-–—]\s*\d{1,3}\s*[-–—]")
_MAX_CHARS = 400


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line: its words before the first number of those that end it, and those numbers as printed."""

    text: str
    label: str
    numbers: tuple[str, ...]


def read_page_lines(page: str) -> Iterator[PageLine]:
    """Yield the lines of a page that show something, one row of a table in each, white space collapsed."""
    lines = [_line(line) for line in page_lines(page)]
    counts = Counter(len(line.numbers) for line in lines if len(line.numbers) > 1)
    columns = counts.most_common(1)[0][0] if counts else 0
    before: PageLine | None = None
    for line in lines:
        if before is not None and _is_rest_of(line, before, columns):
            before = _line(f"{before.text} {line.text}")
            continue
        if before is not None:
            yield before
        before = line
    if before is not None:
        yield before


def fitted(line: PageLine, columns: int) -> tuple[str, tuple[str, ...]] | None:
    """Return (label, one number a column), None when the numbers are not clearly one a column.

    The number of a note, or a year that ends the label, may stand before them; footnote marks have no currency sign
    where the amounts beside them have one.
    """
    numbers = line.numbers
    if len(numbers) == columns:
        return line.label, numbers
    if len(numbers) < columns:
        return None
    signed = [number for number in numbers if number[:1] in "$€£¥"]
    if len(signed) == columns:
        return line.label, tuple(signed)
    before, fitting = numbers[: len(numbers) - columns], numbers[len(numbers) - columns :]
    if all(_YEAR.fullmatch(number) or _NOTE_NUMBER.fullmatch(number) for number in before):
        return " ".join([line.label, *before]), fitting
    return None


def _is_rest_of(line: PageLine, before: PageLine, columns: int) -> bool:
    """Whether a line holds nothing but the numbers that its columns lack in the line above."""
    return not line.label and bool(before.numbers) and len(before.numbers) + len(line.numbers) == columns


def _line(text: str) -> PageLine:
    if len(text) > _MAX_CHARS or _PAGE_NUMBER.fullmatch(text):
        return PageLine(text, text, ())
    tokens = [match.span() for match in re.finditer(r"\S+", text)]
    first = len(tokens)
    while first and (is_value(_word(text, tokens[first - 1])) or _word(text, tokens[first - 1]) in SYMBOLS):
        first -= 1
    # What closes a parenthesis opened in the words before belongs to them, as in "Inventories (Notes 1 and 2)".
    while first < len(tokens) and _closes_words(_word(text, tokens[first])):
        first += 1
    cells = list(split_at_values(text, tokens[first:]))
    if not cells or not cells[-1].is_value:
        return PageLine(text, text, ())
    label = text[: cells[0].start].strip()
    numbers = tuple(text[cell.start : cell.end] for cell in cells)
    if not label and all(_MARK.fullmatch(number) for number in numbers):
        return PageLine(text, text, ())
    return PageLine(text, label, numbers)


def _closes_words(word: str) -> bool:
    return word in ("%", ")%", "%)") or word.count(")") > word.count("(")


def _word(text: str, span: tuple[int, int]) -> str:
    return text[span[0] : span[1]]

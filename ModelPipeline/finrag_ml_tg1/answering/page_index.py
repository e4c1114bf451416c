"""Tables of contents and of cross-references: their numbers are pages, and answer nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import CELL_SEPARATOR

__all__ = ["is_page_index"]

_FEWEST_ROWS = 3
_FEWEST_UNNAMED = 6
_SHARE_OF_ROWS = 0.8
_PAGES = re.compile(r"(?:pages?\s+)?(?:[A-Z]-?)?\d{1,3}(?:\s*[-–,]\s*(?:[A-Z]-?)?\d{1,3})*", re.IGNORECASE)
_HEADED = re.compile(
    r"(?:^|\|)\s*page(?:s|\s+(?:no\.?|numbers?))?\s*(?:$|\|)|table of contents|cross-reference", re.I | re.M
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|thereafter", re.IGNORECASE)


# Asked again and again of the passages of one question.
@lru_cache(maxsize=128)
def is_page_index(passage: PassageRecord) -> bool:
    """Return whether nearly all rows of a table hold a page and nothing else.

    Where no column is named for pages they have to go up row by row, as figures of one thing hardly do.
    """
    if passage.kind != "table":
        return False
    lines = (line for line in passage.text.split("\n") if CELL_SEPARATOR in line and not _HEADED.search(line))
    rows = [line.split(CELL_SEPARATOR) for line in lines]
    of_pages = [row for row in rows if _holds_page_alone(row)]
    if len(of_pages) < max(_FEWEST_ROWS, _SHARE_OF_ROWS * len(rows)):
        return False
    if _HEADED.search(f"{passage.heading}\n{passage.lead}\n{passage.text}"):
        return True
    numbers = [int(digits) for row in of_pages for digits in re.findall(r"\d+", row[-1])[:1]]
    is_ascending = all(before <= after for before, after in pairwise(numbers))
    return is_ascending and len(numbers) >= _FEWEST_UNNAMED and not any(_YEAR.search(row[0]) for row in of_pages)


def _holds_page_alone(row: list[str]) -> bool:
    """Whether the last cell is of pages and the others are names ("Item 2." and "Properties")."""
    *names, last = (cell.strip() for cell in row)
    return _PAGES.fullmatch(last) is not None and not any(_PAGES.fullmatch(name) for name in names if name)

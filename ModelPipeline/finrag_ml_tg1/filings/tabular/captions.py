"""The lines above a table that say what it shows, from the table upwards to the last text that is not about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.filings.tabular.units import units_in
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["Captions", "captions_above", "first_title"]

_MAX_LINES = 7
_MAX_LINE_CHARS = 300
_MAX_CAPTION_CHARS = 400
_MAX_QUALIFIER_CHARS = 120
_PERIOD_LINE = re.compile(
    r"\(?(?:for the |as of |at )?(?:fiscal )?(?:years?|quarters?|(?:three|six|nine|twelve) months)? ?"
    r"(?:ended |ending )?(?:january|february|march|april|may|june|july|august|september|october|november|december) \d",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])")
_OTHER_SCOPE = re.compile(
    r"\bparent[- ]company\b|\bcondensed (?:financial )?(?:information|statements) of (?:the )?(?:registrant|parent)|"
    r"\bschedule (?:i|1|ii)\b(?! of)|\bpro[- ]?forma\b|\bguarantors?\b|\bsupplemental (?:consolidating|condensed)\b|"
    r"\bselected (?:\w+ )?(?:financial|quarterly)\b|\bsummari[sz]ed (?:financial|income|balance|statement)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Captions:
    """The lines above a table, nearest first; `furniture` holds page heads and feet passed on the way."""

    lines: tuple[str, ...]
    furniture: tuple[str, ...]

    @property
    def caption(self) -> str:
        """The line that says what the table shows, and those of units and periods under it; of prose a sentence."""
        chosen: list[str] = []
        for line in self.lines:
            chosen.append(_SENTENCE.split(line)[-1] if len(line) > _MAX_LINE_CHARS else line)
            if not _only_qualifies(line):
                break
        return "\n".join(reversed(chosen))[-_MAX_CAPTION_CHARS:]

    @property
    def statement(self) -> str:
        """The statement the nearest line that is a title names, "none" without one."""
        return next((name for line in self.lines if (name := statement_of_title(line)) != "none"), "none")

    @property
    def names_other_scope(self) -> bool:
        """Whether it is said to show something else than the filer and its subsidiaries as they are."""
        return any(_OTHER_SCOPE.search(line) for line in (*self.lines, *self.furniture))


def _only_qualifies(line: str) -> bool:
    """Whether a line states units or a period and nothing else."""
    if len(line) > _MAX_QUALIFIER_CHARS:
        return False
    if units_in(line) is not None and (line.startswith("(") or line.lower().startswith(("in ", "amounts", "dollars"))):
        return True
    return _PERIOD_LINE.match(line) is not None


def captions_above(document: CanonicalDocument, index: int) -> Captions:
    """Return the lines above the table that is block `index`."""
    blocks = document.blocks
    page = blocks[index].page
    lines: list[str] = []
    furniture: list[str] = []
    for block in reversed(blocks[max(0, index - 3 * _MAX_LINES) : index]):
        if block.kind == "table":
            break
        text = document.text_of(block)
        if block.kind == "furniture":
            if block.page == page:
                furniture.append(text)
            continue
        if block.page != page or len(lines) == _MAX_LINES:
            # A page begins with what it shows: lines of the page before are about something else.
            break
        if block.kind == "list" or len(text) > _MAX_LINE_CHARS:
            if not lines and block.kind == "paragraph":
                lines.append(text)
            break
        lines.append(text)
    return Captions(tuple(lines), tuple(furniture))


def first_title(rows: Sequence[str]) -> str:
    """Return the statement that one of the table's first rows names as its title, "none" without one."""
    return next((name for row in rows if (name := statement_of_title(row)) != "none"), "none")

"""What a filing prints after its last item, which belongs to items all the same: financial statements, exhibits.

Form 10-K, General Instruction C and Rule 12b-12, leave the place of the statements to the filer: many print them after
the signatures, with pages F-1 and on; so do filers that bind their annual report, or its management's discussion, into
the same document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.filings.items.pointers import MAX_POINTER_CHARS
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.text.canonical import Block, CanonicalDocument
from finrag_ml_tg1.vocabulary.items import STATEMENT_ITEMS, ItemSpec
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["appended_spans"]

_STATEMENTS = re.compile(
    r"(?:index\s+to\s+|annual\s+|audited\s+|unaudited\s+|consolidated\s+|condensed\s+)*(?:the\s+)?(?:consolidated\s+)?"
    r"financial\s+statements(?!\s+schedules?)|reports?\s+of\s+(?:the\s+)?independent|independent\s+(?:registered|auditor)"
    r"|(?:selected\s+)?notes\s+to\s+(?:the\s+)?(?:\w+\s+){0,2}financial\s+statements|report\s+of\s+management",
    re.IGNORECASE,
)
_NOTES = re.compile(r"(?:selected\s+)?notes\s+to\b", re.IGNORECASE)
_EXHIBITS = re.compile(
    r"(?:exhibits?\s+index|index\s+(?:to|of)\s+(?:the\s+)?exhibits?|list\s+of\s+exhibits|exhibits?)\W*(?:\(continued\))?",
    re.IGNORECASE,
)
_SCHEDULES = re.compile(
    r"(?:financial\s+statement\s+)?schedules?\s+(?:[ivx]+|\d{1,2})\b.*|valuation\s+and\s+qualifying\s+accounts.*"
    r"|financial\s+statement\s+schedules?",
    re.IGNORECASE | re.DOTALL,
)
_UNCLAIMED = re.compile(r"s\s?i\s?g\s?n\s?a\s?t\s?u\s?r\s?e\s?s?|power\s+of\s+attorney|certifications?", re.IGNORECASE)
_REPORT_ITEMS = frozenset(("5", "6", "7", "7A", "SB-5", "SB-6"))

_EXHIBIT_ITEMS = ("15", "14", "SB-13", "II-6")
_MAX_TITLE_CHARS = 150
_MIN_CHARS = 400
_MIN_TEXT_CHARS = 250
_CONFIDENCE = 0.75


@dataclass(frozen=True, slots=True)
class _Owners:
    """Which item gets statements and exhibits, and the titles of the items that hold nothing so far."""

    statements: str
    exhibits: str
    unfilled: tuple[ItemSpec, ...]


@dataclass(frozen=True, slots=True)
class _Owned:
    """A stretch under titles of one item, "" where it is none's; what stands in it besides.

    A stretch of short lines alone is a table of contents.
    """

    item: str
    char_start: int
    char_end: int
    holds_statements: bool = False
    holds_text: bool = False


def appended_spans(
    document: CanonicalDocument,
    stretch: tuple[int, int],
    found: Sequence[ItemSpan],
    specs: Sequence[ItemSpec],
    *,
    joins_statements: bool = False,
) -> tuple[ItemSpan, ...]:
    """Return what in a stretch outside all items belongs to one by its title, in text order.

    Statements go to the item for them where that only points to them, else to the item for exhibits, which the form
    asks for schedules too; with `joins_statements` in any case. What stands before the first title stays outside.
    """
    owners = _owners(document.text, found, specs, joins_statements=joins_statements)
    spans: list[ItemSpan] = []
    for owned in _owned(document, stretch, owners):
        item = owned.item
        if item == owners.statements and not joins_statements and not owned.holds_statements:
            # An auditor's report by itself is on a schedule.
            item = owners.exhibits
        if spans and spans[-1].item == item and spans[-1].char_end == owned.char_start:
            spans[-1] = replace(spans[-1], char_end=owned.char_end)
        elif item and owned.holds_text:
            spans.append(ItemSpan(item, owned.char_start, owned.char_end, _CONFIDENCE, "appended"))
    return tuple(span for span in spans if span.char_end - span.char_start >= _MIN_CHARS)


def _owners(text: str, found: Sequence[ItemSpan], specs: Sequence[ItemSpec], *, joins_statements: bool) -> _Owners:
    chars: dict[str, int] = {}
    for span in found:
        chars[span.item] = chars.get(span.item, 0) + span.char_end - span.char_start
    identifiers = {spec.identifier for spec in specs}
    statements = next((item for item in sorted(STATEMENT_ITEMS) if item in identifiers), "")
    exhibits = next((item for item in _EXHIBIT_ITEMS if item in chars), "")
    if (
        exhibits
        and not joins_statements
        and (chars.get(statements, 0) > MAX_POINTER_CHARS or _points_to(text, found, statements, exhibits))
    ):
        statements = exhibits
    unfilled = tuple(
        spec
        for spec in specs
        if spec.identifier in _REPORT_ITEMS and 0 < chars.get(spec.identifier, 0) <= MAX_POINTER_CHARS
    )
    return _Owners(statements, exhibits, unfilled)


def _points_to(text: str, found: Sequence[ItemSpan], item: str, other: str) -> bool:
    """Whether an item says that its matter is in another item."""
    named = re.compile(rf"\bitems?\s+{other.rpartition('-')[2]}\b", re.IGNORECASE)
    return any(named.search(text, span.char_start, span.char_end) for span in found if span.item == item)


def _owned(document: CanonicalDocument, stretch: tuple[int, int], owners: _Owners) -> Iterator[_Owned]:
    current = _Owned("", stretch[0], stretch[0])
    in_schedules = False
    for block in document.blocks:
        if block.char_start < stretch[0] or block.char_end > stretch[1] or block.kind == "furniture":
            continue
        title = _title(document, block)
        is_statement = statement_of_title(title) != "none"
        named = _owner_of_title(title, owners, is_statement=is_statement, in_schedules=in_schedules)
        if named is not None:
            in_schedules = _SCHEDULES.fullmatch(title) is not None
            if named != current.item:
                yield replace(current, char_end=block.char_start)
                current = _Owned(named, block.char_start, block.char_start)
        is_text = block.kind == "table" or block.char_end - block.char_start > _MIN_TEXT_CHARS
        if (is_statement and not current.holds_statements) or (is_text and not current.holds_text):
            current = replace(
                current,
                holds_statements=current.holds_statements or is_statement,
                holds_text=current.holds_text or is_text,
            )
    yield replace(current, char_end=stretch[1])


def _title(document: CanonicalDocument, block: Block) -> str:
    """The words of a block that may be a title: a short line, or a table's first row; "" otherwise."""
    if block.kind == "table" and block.table is not None and block.table.rows:
        row = block.table.rows[0]
        end = block.char_start + row.char_end
        return document.text[block.char_start + row.char_start : end] if row.char_end <= _MAX_TITLE_CHARS else ""
    return document.text_of(block) if block.char_end - block.char_start <= _MAX_TITLE_CHARS else ""


def _owner_of_title(title: str, owners: _Owners, *, is_statement: bool, in_schedules: bool) -> str | None:
    """The item that a title opens; "" for one that ends what stands before it, None for what is no such title.

    The statements inside a schedule, such as the condensed ones of the parent company alone, belong to it.
    """
    if not title:
        return None
    if _EXHIBITS.fullmatch(title) or _SCHEDULES.fullmatch(title):
        return owners.exhibits
    if _UNCLAIMED.fullmatch(title):
        return ""
    for spec in owners.unfilled:
        match = spec.wording.match(title)
        if match and len(title) - match.end() <= len(spec.title):
            return spec.identifier
    opens_statements = _STATEMENTS.match(title) is not None
    if in_schedules:
        return owners.statements if opens_statements and not _NOTES.match(title) else None
    return owners.statements if opens_statements or is_statement else None

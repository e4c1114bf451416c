"""Tables before their numbers are read: rows, header, caption, units, statement, and which table each continues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.filings.tabular.captions import Captions, captions_above, first_title
from finrag_ml_tg1.filings.tabular.cells import Row, read_rows
from finrag_ml_tg1.filings.tabular.default_units import default_units_by_table
from finrag_ml_tg1.filings.tabular.headers import TableSection, read_sections
from finrag_ml_tg1.filings.tabular.statements import statement_shown
from finrag_ml_tg1.filings.tabular.units import UNSTATED, Units, units_in
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["TableDraft", "draft_tables"]

_TITLE_ROWS = 2
_MAX_LINE_CHARS = 200
_CONTINUED = re.compile(r"\bcont(?:inued|[’'.]?d)\b", re.IGNORECASE)
_NOTES_REFERENCE = re.compile(r"\b(?:notes|statements)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table's parts. `title` is the statement its title names, `items` how many line items of `statement` it shows.

    `continues` is the block of the table before, of which this is the continuation.
    """

    block: int
    rows: tuple[Row, ...]
    sections: tuple[TableSection, ...]
    captions: Captions
    title: str
    statement: str
    items: int
    units: Units
    continues: int | None

    @property
    def header_texts(self) -> list[str]:
        """The words of the header rows at the top."""
        return [cell.text for row in self.rows[: self.sections[0].body] for cell in row.cells]


def draft_tables(document: CanonicalDocument) -> list[TableDraft]:
    """Return the drafts of a document's tables in order."""
    drafts: list[TableDraft] = []
    defaults = default_units_by_table(document)
    for index, block in enumerate(document.blocks):
        if block.table is not None and block.table.rows:
            rows = read_rows(document.text, block.char_start, block.table)
            draft = _draft(document, index, rows, drafts[-1] if drafts else None)
            if draft.units is UNSTATED:
                above = drafts[-1].units if drafts and not draft.captions.lines else UNSTATED
                draft = replace(draft, units=defaults.get(index, above))
            drafts.append(draft)
    return _as_runs(drafts)


def _draft(document: CanonicalDocument, index: int, rows: tuple[Row, ...], before: TableDraft | None) -> TableDraft:
    sections = read_sections(rows)
    captions = captions_above(document, index)
    title = first_title([row.cells[0].text for row in rows[:_TITLE_ROWS] if len(row.cells) == 1])
    if title == "none":
        title = captions.statement
    statement, items = statement_shown([row.cells[0].text for row in rows], title)
    if captions.names_other_scope:
        statement, items = "none", 0
    draft = TableDraft(index, rows, sections, captions, title, statement, items, UNSTATED, None)
    if before is None or not _continues(document, draft, before):
        return replace(draft, units=_units(draft) or UNSTATED)
    return replace(draft, units=_units(draft) or before.units, continues=before.block)


def _as_runs(drafts: Sequence[TableDraft]) -> list[TableDraft]:
    """A table and its continuations show one statement, recognised by the line items of all of them."""
    runs: list[list[TableDraft]] = []
    for draft in drafts:
        if draft.continues is None:
            runs.append([])
        runs[-1].append(draft)
    joined: list[TableDraft] = []
    for run in runs:
        first = run[0]
        statement, items = first.statement, first.items
        if len(run) > 1 and not first.captions.names_other_scope:
            statement, items = statement_shown([row.cells[0].text for draft in run for row in draft.rows], first.title)
        joined.extend(replace(draft, statement=statement, items=items) for draft in run)
    return joined


def _units(draft: TableDraft) -> Units | None:
    """The units stated nearest to the numbers: in the header, else in the lines above."""
    header = " ".join(cell.text for row in draft.rows[: draft.sections[0].body] for cell in row.cells)
    stated = (units_in(text) for text in (header, *draft.captions.lines, *draft.captions.furniture))
    return next((units for units in stated if units is not None), None)


def _continues(document: CanonicalDocument, draft: TableDraft, before: TableDraft) -> bool:
    lines = [
        document.text_of(block)
        for block in document.blocks[before.block + 1 : draft.block]
        if block.kind != "furniture"
    ]
    if any(len(line) > _MAX_LINE_CHARS for line in lines):
        return False
    same_header = draft.header_texts == before.header_texts
    headless = not draft.sections[0].body and _columns(draft) == _columns(before)
    if not (same_header or headless) or not _columns(draft):
        return False
    if draft.title not in ("none", before.title):
        return False
    return all(_announces_continuation(line, before) for line in lines)


def _columns(draft: TableDraft) -> int:
    return len(draft.sections[0].columns)


def _announces_continuation(line: str, before: TableDraft) -> bool:
    """Whether a line between two tables may stand in one that goes on: its title again, units, "(continued)"."""
    if _CONTINUED.search(line) or line in before.captions.lines:
        return True
    return before.title != "none" and (
        statement_of_title(line) == before.title
        or units_in(line) is not None
        or _NOTES_REFERENCE.search(line) is not None
    )

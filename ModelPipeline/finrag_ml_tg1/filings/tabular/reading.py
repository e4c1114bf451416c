"""A document's tables, read: no number without its label, its period and its unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from finrag_ml_tg1.filings.cover.reading import Cover
from finrag_ml_tg1.filings.tabular.cells import Cell, Row
from finrag_ml_tg1.filings.tabular.drafts import TableDraft, draft_tables
from finrag_ml_tg1.filings.tabular.fiscal_calendar import FiscalCalendar, read_fiscal_calendar
from finrag_ml_tg1.filings.tabular.headers import TableSection
from finrag_ml_tg1.filings.tabular.labels import LabelledRow, PathReader
from finrag_ml_tg1.filings.tabular.model import Column, NumberCell, RowReading, TableReading
from finrag_ml_tg1.filings.tabular.number_units import heads_percentages, unit_of
from finrag_ml_tg1.filings.tabular.period_words import read_period_words
from finrag_ml_tg1.filings.tabular.periods import Period, column_periods
from finrag_ml_tg1.filings.tabular.row_periods import row_period, row_periods, shows_ending_cash
from finrag_ml_tg1.filings.tabular.statements import StatementCandidate, primary_statements
from finrag_ml_tg1.filings.tabular.table_kind import table_kind
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument

__all__ = ["read_tables"]

_DATED_BY_COLUMNS = ("income", "balance", "cash flow")


def read_tables(document: CanonicalDocument, cover: Cover) -> dict[int, TableReading]:
    """Return the readings of all tables of a document by the index of their block; none is left out.

    Offsets in the readings are absolute in `document.text`.
    """
    drafts = draft_tables(document)
    fiscal = read_fiscal_calendar(document, cover)
    candidates = [
        _candidate(draft, document.blocks[draft.block].page)
        for draft in drafts
        if draft.statement != "none" and draft.continues is None
    ]
    primary = set(primary_statements(candidates).values())
    readings: dict[int, TableReading] = {}
    for draft in drafts:
        before = readings[draft.continues] if draft.continues is not None else None
        is_primary = draft.block in primary or (before is not None and before.is_primary)
        readings[draft.block] = _TableReader(draft, before, fiscal).read(is_primary=is_primary)
    return readings


def _candidate(draft: TableDraft, page: int) -> StatementCandidate:
    compares = any(
        heads_percentages(heading) or read_period_words([heading]).is_comparison
        for section in draft.sections
        for column in section.columns
        for heading in column.headings
    )
    return StatementCandidate(
        block=draft.block,
        page=page,
        statement=draft.statement,
        items=draft.items,
        has_title=draft.title == draft.statement,
        compares=compares,
    )


class _TableReader:
    """Reads a draft's sections from top to bottom; `before` is the table it continues."""

    def __init__(self, draft: TableDraft, before: TableReading | None, fiscal: FiscalCalendar) -> None:
        self._draft = draft
        self._before = before
        self._fiscal = fiscal
        self._columns: list[Column] = []
        self._rows: list[RowReading] = []
        self._paths = PathReader()
        self._shows_ending_cash = False
        self._kind = table_kind(draft.statement, [row.cells[0].text for row in draft.rows])
        has_symbol = any(cell.number and cell.number.symbol for row in draft.rows for cell in row.cells)
        self._units = replace(draft.units, is_money=draft.units.is_money or has_symbol or draft.statement != "none")

    def read(self, *, is_primary: bool) -> TableReading:
        draft, before = self._draft, self._before
        for section in draft.sections:
            self._read_section(section)
        return TableReading(
            block=draft.block,
            caption=draft.captions.caption or (before.caption if before else ""),
            units_line=draft.units.line,
            header_rows=draft.sections[0].body,
            statement=draft.statement,
            is_primary=is_primary,
            is_continuation=before is not None,
            columns=tuple(self._columns),
            rows=tuple(self._rows),
        )

    def _read_section(self, section: TableSection) -> None:
        first = len(self._columns)
        columns = self._section_columns(section)
        self._columns.extend(columns)
        if section.start:
            self._paths.close_all()
        rows = self._draft.rows[section.body : section.stop]
        labels = [(row.cells[0].text, not any(cell.number for cell in row.cells[1:])) for row in rows]
        stated = self._stated_by_rows(labels, columns)
        percent_columns = _percent_columns(rows, columns)
        for row, row_states in zip(rows, stated, strict=True):
            self._rows.append(self._read_row(row, columns, first, row_states, percent_columns))

    def _stated_by_rows(self, labels: Sequence[tuple[str, bool]], columns: Sequence[Column]) -> list[Period | None]:
        """The periods that rows state: where a statement's columns are all dated, a date in a label is not theirs.

        "Shares outstanding - December 31, 2019: 575,184,835" heads no rows of 2019.
        """
        is_dated = bool(columns) and all(column.period_end is not None for column in columns)
        if is_dated and self._draft.statement in _DATED_BY_COLUMNS:
            return [None] * len(labels)
        return row_periods(labels, self._kind, self._fiscal)

    def _section_columns(self, section: TableSection) -> list[Column]:
        """The columns under this section's header, or under that of the table it continues where it has none."""
        headed = section.columns
        before = self._before.columns if self._before else ()
        if section.body == section.start and len(before) == len(headed):
            return [
                replace(column, grid_start=own.column, grid_end=own.end)
                for own, column in zip(headed, before, strict=True)
            ]
        periods = column_periods(
            [column.headings for column in headed],
            section.stub,
            self._draft.captions.lines,
            self._kind,
            self._fiscal,
        )
        return [
            Column(own.column, own.end, own.headings, period.start if period else None, period.end if period else None)
            for own, period in zip(headed, periods, strict=True)
        ]

    def _read_row(
        self, row: Row, columns: Sequence[Column], first: int, stated: Period | None, percent_columns: frozenset[int]
    ) -> RowReading:
        label_end = columns[0].grid_start if columns else row.cells[0].end
        label_cell = row.cells[0] if row.cells[0].column < label_end else None
        numbers = [
            (place, cell)
            for cell in row.cells
            if cell is not label_cell and cell.number
            for place in [_column_of(cell, columns)]
            if place is not None
        ]
        text = label_cell.text if label_cell else ""
        read = self._paths.read_row if numbers else self._paths.read_section
        labelled = read(text, row.indent) if text else LabelledRow("", (), self._paths.path)
        if self._draft.statement == "cash flow":
            self._shows_ending_cash = shows_ending_cash(labelled.label, self._shows_ending_cash, is_section=not numbers)
        labels = (labelled.label, *reversed(labelled.path))
        cells = []
        for place, cell in numbers:
            column = columns[place]
            period = stated or self._row_period(labelled, column)
            cells.append(
                self._number_cell(cell, labels, column, first + place, period, is_percent=place in percent_columns)
            )
        return RowReading(row.index, labelled.label, labelled.path, labelled.footnotes, tuple(cells))

    def _row_period(self, labelled: LabelledRow, column: Column) -> Period | None:
        if column.period_end is None:
            return None
        if self._shows_ending_cash:
            return Period(None, column.period_end)
        return row_period(labelled.label, Period(column.period_start, column.period_end))

    def _number_cell(
        self,
        cell: Cell,
        labels: Sequence[str],
        column: Column,
        place: int,
        period: Period | None,
        *,
        is_percent: bool,
    ) -> NumberCell:
        number = cell.number
        assert number is not None
        if is_percent and not number.symbol:
            unit, scale = "pure", -2
        else:
            unit, scale = unit_of(number, labels, column.heading, self._units)
        return NumberCell(
            char_start=cell.char_start,
            char_end=cell.char_end,
            printed=cell.text,
            value=number.value.scaleb(scale),
            unit=unit,
            scale=scale,
            is_dash=number.is_dash,
            footnotes=number.footnotes,
            column=place,
            period_start=period.start if period else None,
            period_end=period.end if period else None,
        )


def _column_of(cell: Cell, columns: Sequence[Column]) -> int | None:
    """The column a number stands in: the one it overlaps most."""
    if not columns or cell.column >= columns[-1].grid_end:
        return None
    shared = [min(cell.end, column.grid_end) - max(cell.column, column.grid_start) for column in columns]
    best = max(range(len(shared)), key=shared.__getitem__, default=None)
    return best if best is not None and shared[best] > 0 else None


def _percent_columns(rows: Sequence[Row], columns: Sequence[Column]) -> frozenset[int]:
    """Columns whose first number has a percent sign and none a currency's: the sign is printed once for all."""
    signs: dict[int, list[tuple[str, str]]] = {}
    for row in rows:
        for cell in row.cells:
            place = _column_of(cell, columns) if cell.number and not cell.number.is_dash else None
            if place is not None and cell.number is not None:
                signs.setdefault(place, []).append((cell.number.suffix, cell.number.symbol))
    return frozenset(
        place for place, found in signs.items() if found[0][0] == "%" and not any(symbol for _, symbol in found)
    )

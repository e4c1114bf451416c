"""An HTML table to rows of cells, each with the grid columns it covers: headers are matched to numbers by column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import html

from finrag_ml_tg1.filings.text.elements import TracedElements
from finrag_ml_tg1.filings.text.marked_text import MARK, MarkedText, collapse_marked, join_marked
from finrag_ml_tg1.filings.text.styles import PLAIN, Style, indent_of, style_of
from finrag_ml_tg1.filings.text.visibility import BLOCK_TAGS, walk_visible

__all__ = ["GridCell", "GridRow", "read_grid"]

_ROW_TAGS = frozenset(("table", "caption", "thead", "tbody", "tfoot", "tr"))
_OPENING = frozenset(("$", "€", "£", "¥", "(", "$(", "€(", "£(", "¥("))
_CLOSING = frozenset((")", "%", ")%", "%)", "pts"))
_MAX_SPAN = 200
# The width of a non-breaking space that indents a label, in points at the usual size of print.
_SPACE_POINTS = 2.5


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell that shows something: its text, its first grid column and how many it covers, and its look."""

    text: MarkedText
    column: int
    span: int
    style: Style
    indent: float


@dataclass(frozen=True, slots=True)
class GridRow:
    """The cells of a row that show something, in order; symbols set in cells of their own have joined their number."""

    cells: tuple[GridCell, ...]


@dataclass(slots=True)
class _OpenCell:
    """A cell while its text is being read."""

    column: int
    span: int
    indent: float = 0.0
    parts: list[str] = field(default_factory=list)
    style: Style | None = None

    def add(self, text: str, style: Style) -> None:
        if self.style is None and not text.isspace():
            self.style = style
        self.parts.append(text)

    def close(self) -> GridCell:
        raw = "".join(self.parts).replace("|", "/")
        leading = len(raw) - len(raw.lstrip("\u00a0 \u2003"))
        indent = self.indent + _SPACE_POINTS * raw[:leading].count("\u00a0")
        return GridCell(collapse_marked(raw), self.column, self.span, self.style or PLAIN, round(indent, 1))


def read_grid(table: html.HtmlElement, traced: TracedElements, inherited: Style = PLAIN) -> list[GridRow]:
    """Return the rows of a table that show something, top to bottom.

    Text outside the cells, such as a caption, is a row of its own, so that no word of the table is lost.
    """
    reader = _GridReader(traced, inherited)
    reader.read(table)
    closed = ([cell.close() for cell in row] for row in reader.rows)
    return _without_empty_rows(_joined_symbols(cells) for cells in closed)


class _GridReader:
    def __init__(self, traced: TracedElements, inherited: Style) -> None:
        self.rows: list[list[_OpenCell]] = []
        self._traced = traced
        self._styles = [inherited]
        # Grid columns that a cell of a row above reaches down into, with the rows it still covers.
        self._held: dict[int, int] = {}
        self._column = 0
        self._new_row()

    def read(self, table: html.HtmlElement) -> None:
        for event, node, text in walk_visible(table):
            if node is not None:
                self._enter(node) if event == "start" else self._leave(node)
            if text:
                self.rows[-1][-1].add(text.replace(MARK, ""), self._styles[-1])

    def _enter(self, node: html.HtmlElement) -> None:
        tag = node.tag
        if tag in _ROW_TAGS:
            self._new_row(is_table_row=tag == "tr")
        elif tag in ("td", "th"):
            self._new_cell(node)
        elif tag == "br" or tag in BLOCK_TAGS:
            cell = self.rows[-1][-1]
            cell.parts.append(" ")
            if cell.style is None:
                cell.indent += indent_of(node)
        self._styles.append(style_of(node, self._styles[-1]))
        self._add_mark(self._traced.mark(node, "start"))

    def _leave(self, node: html.HtmlElement) -> None:
        self._add_mark(self._traced.mark(node, "end"))
        self._styles.pop()
        if node.tag in _ROW_TAGS:
            self._new_row()
        elif node.tag in ("td", "th"):
            self.rows[-1].append(_OpenCell(self._column, 1))
        elif node.tag in BLOCK_TAGS:
            self.rows[-1][-1].parts.append(" ")

    def _add_mark(self, mark: str) -> None:
        if mark:
            self.rows[-1][-1].parts.append(mark)

    def _new_row(self, *, is_table_row: bool = False) -> None:
        if is_table_row:
            self._held = {column: rows - 1 for column, rows in self._held.items() if rows > 1}
        self._column = 0
        self.rows.append([_OpenCell(0, 1)])

    def _new_cell(self, node: html.HtmlElement) -> None:
        while self._held.get(self._column):
            self._column += 1
        span, rows = _count(node.get("colspan")), _count(node.get("rowspan"))
        self.rows[-1].append(_OpenCell(self._column, span, indent_of(node)))
        if rows > 1:
            # The row being read counts as one of those covered.
            self._held.update(dict.fromkeys(range(self._column, self._column + span), rows))
        self._column += span


def _count(attribute: str | None) -> int:
    """The value of `colspan` or `rowspan`; 1 for nonsense, and bounded as browsers bound it."""
    digits = (attribute or "").strip()
    return min(_MAX_SPAN, max(1, int(digits))) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 1


def _joined_symbols(cells: list[GridCell]) -> list[GridCell]:
    """Leave out empty cells; join "$" with what follows and ")" or "%" with what precedes. No mark is lost."""
    joined: list[GridCell] = []
    prefix: list[GridCell] = []
    marks = 0
    for cell in cells:
        text = cell.text.text
        if not text:
            marks += len(cell.text.marks)
            continue
        marked = _with_text(cell, cell.text.with_marks_before(marks))
        marks = 0
        if text in _OPENING:
            prefix.append(marked)
        elif text in _CLOSING and joined and not prefix:
            joined[-1] = _merged([joined[-1], marked])
        else:
            joined.append(_merged([*prefix, marked]))
            prefix = []
    if prefix:
        joined.append(_merged(prefix))
    if marks:
        last = joined.pop() if joined else GridCell(MarkedText(""), 0, 1, PLAIN, 0.0)
        joined.append(_with_text(last, last.text.with_marks_after(marks)))
    return joined


def _merged(cells: list[GridCell]) -> GridCell:
    if len(cells) == 1:
        return cells[0]
    first, last = cells[0], cells[-1]
    text = join_marked((cell.text for cell in cells), "")
    return GridCell(text, first.column, last.column + last.span - first.column, last.style, first.indent)


def _with_text(cell: GridCell, text: MarkedText) -> GridCell:
    return cell if text is cell.text else GridCell(text, cell.column, cell.span, cell.style, cell.indent)


def _without_empty_rows(rows: Iterable[list[GridCell]]) -> list[GridRow]:
    """Leave out rows that show nothing; their marks go to the row that follows, else to the one before."""
    kept: list[GridRow] = []
    marks = 0
    for cells in rows:
        if not any(cell.text.text for cell in cells):
            marks += sum(len(cell.text.marks) for cell in cells)
            continue
        first = _with_text(cells[0], cells[0].text.with_marks_before(marks))
        kept.append(GridRow((first, *cells[1:])))
        marks = 0
    if marks:
        cells = list(kept.pop().cells) if kept else [GridCell(MarkedText(""), 0, 1, PLAIN, 0.0)]
        kept.append(GridRow((*cells[:-1], _with_text(cells[-1], cells[-1].text.with_marks_after(marks)))))
    return kept

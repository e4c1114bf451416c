"""The HTML of a filing as filing tools write it: styled `div`s and `span`s, amounts split over several table cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Cell", "Row", "write_bullet", "write_heading", "write_paragraph", "write_table"]

_HEADING = (
    '<div style="margin-top:12pt;margin-bottom:6pt">'
    '<span style="font-size:{size}pt;font-weight:700">{text}</span></div>\n'
)
_SIZES = {"item": 14, "heading": 12, "subheading": 10}


@dataclass(frozen=True)
class Cell:
    """One amount: `html` without sign or currency; printed in parentheses when negative."""

    html: str
    negative: bool = False
    dollar: bool = False
    percent: bool = False


@dataclass(frozen=True)
class Row:
    """One table row; without cells it is a caption inside the table."""

    label: str
    cells: Sequence[Cell] = ()
    total: bool = False
    indent: bool = False


def write_heading(text: str, size: str) -> str:
    """Return a bold line; `size` is item, heading or subheading. `text` is HTML."""
    return _HEADING.format(size=_SIZES[size], text=text)


def write_paragraph(html: str) -> str:
    """Return a paragraph."""
    return f'<div style="margin-bottom:8pt;text-align:justify"><span style="font-size:10pt">{html}</span></div>\n'


def write_bullet(html: str) -> str:
    """Return a bullet line."""
    return (
        '<div style="margin-bottom:4pt;padding-left:18pt;text-indent:-12pt"><span style="font-size:10pt">•&#160;&#160;'
        f"{html}</span></div>\n"
    )


def write_table(units: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a table; the first row holds the units line and the column headings."""
    heads = "".join(
        '<td style="padding:0 4pt"></td><td colspan="3" style="border-bottom:1pt solid #000;text-align:center">'
        f'<span style="font-size:9pt;font-weight:700">{escape(column)}</span></td>'
        for column in columns
    )
    first = f'<tr><td><span style="font-size:9pt;font-style:italic">{escape(units)}</span></td>{heads}</tr>\n'
    body = "".join(_write_row(row, len(columns), number) for number, row in enumerate(rows))
    table = f'<table style="border-collapse:collapse;width:100%">{first}{body}</table>'
    return f'<div style="margin-bottom:10pt">{table}</div>\n'


def _write_row(row: Row, columns: int, number: int) -> str:
    shade = ' style="background-color:#e6eef6"' if number % 2 == 0 else ""
    weight = "700" if row.total or not row.cells else "400"
    pad = "14pt" if row.indent else "2pt"
    text = f'<span style="font-size:9pt;font-weight:{weight}">{escape(row.label)}</span>'
    label = f'<td style="padding-left:{pad}">{text}</td>'
    cells = "".join(_write_cell(cell, row.total) for cell in row.cells) or f'<td colspan="{columns * 4}"></td>'
    return f"<tr{shade}>{label}{cells}</tr>\n"


def _write_cell(cell: Cell, total: bool) -> str:
    rule = "border-top:1pt solid #000;" if total else ""
    opening, closing = ("(", ")") if cell.negative else ("", "")
    tail = closing + ("%" if cell.percent else "")
    return (
        f'<td></td><td style="{rule}font-size:9pt">{"$" if cell.dollar else ""}</td>'
        f'<td style="{rule}font-size:9pt;text-align:right">{opening}{cell.html}</td>'
        f'<td style="{rule}font-size:9pt">{tail}</td>'
    )

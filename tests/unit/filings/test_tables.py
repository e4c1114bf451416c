from __future__ import annotations

import pytest
from lxml import html

from finrag_ml_tg1.filings.text.elements import TracedElements
from finrag_ml_tg1.filings.text.grid import GridRow, read_grid
from finrag_ml_tg1.filings.text.tables import is_layout_table, render_table


def grid_of(table: str) -> list[GridRow]:
    return read_grid(html.fromstring(table), TracedElements([]))


def rows_of(*rows: str) -> list[GridRow]:
    cells = ["".join(f"<td>{cell}</td>" for cell in row.split("|")) for row in rows]
    return grid_of("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>")


def texts_of(rows: list[GridRow]) -> list[list[str]]:
    return [[cell.text.text for cell in row.cells] for row in rows]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("Sales|$|1,204||$|987", ["Sales", "$1,204", "$987"]),
        ("Margin|12.5|%|9.1|%", ["Margin", "12.5%", "9.1%"]),
        ("Loss|(|1,204|)|$|(|987|)", ["Loss", "(1,204)", "$(987)"]),
        ("Change|(|3.2|)%", ["Change", "(3.2)%"]),
        ("Loss|$(|12|)", ["Loss", "$(12)"]),
        ("Goodwill|-|12|-", ["Goodwill", "-", "12", "-"]),
        ("Goodwill|$|-|$|12", ["Goodwill", "$-", "$12"]),
        ("Goodwill|—|12", ["Goodwill", "—", "12"]),
        ("either | or".replace(" | ", "&#124;"), ["either/or"]),
    ],
)
def test_symbols_join_their_number(cells: str, expected: list[str]) -> None:
    assert texts_of(rows_of(cells)) == [expected]


def test_empty_rows_and_hidden_cells_are_left_out() -> None:
    table = (
        "<table><tr><td> </td><td>&#160;</td></tr><tr style='display:none'><td>no</td></tr>"
        "<tr><td>Sales</td><td style='display: none'>no</td>"
        "<td><span style='display:none'>no<b>no</b></span>5</td></tr>"
        "<tr><td>Cost<script>no</script></td><td>3</td></tr></table>"
    )
    assert texts_of(grid_of(table)) == [["Sales", "5"], ["Cost", "3"]]


def test_text_outside_the_cells_is_kept() -> None:
    table = "<table><caption>In millions</caption><tr><td>Sales</td><td>5</td></tr>after</table>"
    assert texts_of(grid_of(table)) == [["In millions"], ["Sales", "5"], ["after"]]


def test_words_do_not_run_together_at_the_edges_of_blocks() -> None:
    table = "<table><tr><td>Net<div>sales</div>of<br>goods</td></tr></table>"
    assert texts_of(grid_of(table)) == [["Net sales of goods"]]


@pytest.mark.parametrize(
    ("rows", "headers"),
    [
        (["|2023|2022", "Sales|5|4"], 1),
        (["Year ended December 31,", "(in millions)|2023|2022", "Revenue:", "Products|$5|$4"], 3),
        (["Sales|5|4", "Cost|3|2"], 0),
        (["Exhibit|Description", "10.1|Lease of the plant"], 0),
        (["|2023|2022", "Tax rate|21.0%|(3.5)%"], 1),
    ],
)
def test_header_rows_end_where_numbers_begin(rows: list[str], headers: int) -> None:
    assert render_table(rows_of(*rows))[1].header_rows == headers


@pytest.mark.parametrize(
    ("rows", "layout"),
    [
        (["one", "two"], True),
        (["•|first", "•|second"], True),
        (["(a)|first", "(b)|second"], True),
        (["Item 7.|Management’s Discussion"], True),
        (["Sales|5"], False),
        (["Item 1.|Business|3", "Item 1A.|Risk Factors|9"], False),
    ],
)
def test_layout_tables_are_told_from_data(rows: list[str], layout: bool) -> None:
    assert is_layout_table(rows_of(*rows)) is layout


def test_cells_know_their_grid_columns_across_spans() -> None:
    table = (
        "<table><tr><td rowspan='2'>Segment</td><td colspan='3'>2023</td></tr>"
        "<tr><td>$</td><td>5</td><td>%</td><td colspan='99999999'>7</td></tr></table>"
    )
    cells = [[(cell.text.text, cell.column, cell.span) for cell in row.cells] for row in grid_of(table)]
    assert cells == [[("Segment", 0, 1), ("2023", 1, 3)], [("$5%", 1, 3), ("7", 4, 1)]]


def test_labels_know_how_far_they_are_indented() -> None:
    table = (
        "<table><tr><td>Net sales:</td></tr>"
        "<tr><td style='padding:2px 1pt 2px 10pt'>Products</td></tr>"
        "<tr><td><div style='padding-left:20pt;text-indent:-9pt'>Phones</div></td></tr>"
        "<tr><td>&#160;&#160;&#160;&#160;Tablets</td></tr></table>"
    )
    assert [row.cells[0].indent for row in grid_of(table)] == [0.0, 10.0, 11.0, 10.0]

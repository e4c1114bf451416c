from __future__ import annotations

import pytest
from lxml import html

from finrag_ml_tg1.filings.tables import is_layout_table, read_table_rows, render_table


def rows_of(*rows: str) -> list[list[str]]:
    cells = ["".join(f"<td>{cell}</td>" for cell in row.split("|")) for row in rows]
    return read_table_rows(html.fromstring("<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"))


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
    assert rows_of(cells) == [expected]


def test_empty_rows_and_hidden_cells_are_left_out() -> None:
    table = (
        "<table><tr><td> </td><td>&#160;</td></tr><tr style='display:none'><td>no</td></tr>"
        "<tr><td>Sales</td><td style='display: none'>no</td>"
        "<td><span style='display:none'>no<b>no</b></span>5</td></tr>"
        "<tr><td>Cost<script>no</script></td><td>3</td></tr></table>"
    )
    assert read_table_rows(html.fromstring(table)) == [["Sales", "5"], ["Cost", "3"]]


def test_text_outside_the_cells_is_kept() -> None:
    table = "<table><caption>In millions</caption><tr><td>Sales</td><td>5</td></tr>after</table>"
    assert read_table_rows(html.fromstring(table)) == [["In millions"], ["Sales", "5"], ["after"]]


def test_words_do_not_run_together_at_the_edges_of_blocks() -> None:
    table = "<table><tr><td>Net<div>sales</div>of<br>goods</td></tr></table>"
    assert read_table_rows(html.fromstring(table)) == [["Net sales of goods"]]


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

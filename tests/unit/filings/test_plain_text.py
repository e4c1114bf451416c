from __future__ import annotations

import html
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical
from tests.unit.filings.documents import squeeze
from tests.unit.filings.plain_documents import PlainDocument, plain_documents, plain_table

# Bytes are read as plain text when they name a report at their beginning.
REPORT = "FORM 10-K ANNUAL REPORT"


def read(text: str) -> CanonicalDocument:
    return read_canonical(parse_html(f"{REPORT}\n\n{text}".encode()))


def undrawn(text: str) -> str:
    return re.sub(r"[-=_*]", "", text)


def shown(text: str) -> list[tuple[str, str]]:
    document = read(text)
    return [(block.kind, document.text_of(block)) for block in document.blocks[1:]]


def rows_of(document: CanonicalDocument) -> list[tuple[str, ...]]:
    return [
        tuple(document.text_of(block)[cell.char_start : cell.char_end] for cell in row.cells)
        for block in document.blocks
        if block.table
        for row in block.table.rows
    ]


@settings(max_examples=100, deadline=None)
@given(plain=plain_documents(with_tables=False))
def test_text_holds_every_visible_character_once_in_order(plain: PlainDocument) -> None:
    assert squeeze(read(plain.source).text) == squeeze(REPORT + plain.visible)


@settings(max_examples=100, deadline=None)
@given(plain=plain_documents())
def test_only_lines_drawn_in_tables_are_no_text(plain: PlainDocument) -> None:
    assert squeeze(undrawn(read(plain.source).text)) == squeeze(undrawn(REPORT + plain.visible))


@settings(max_examples=150, deadline=None)
@given(plain=plain_documents())
def test_every_number_stands_in_a_row_with_its_label(plain: PlainDocument) -> None:
    rows = rows_of(read(plain.source))
    expected = list(plain.rows)
    for row in rows:
        if expected and row == expected[0]:
            expected.pop(0)
    assert not expected


@settings(max_examples=100, deadline=None)
@given(plain=plain_documents())
def test_blocks_rows_and_cells_stand_at_their_offsets(plain: PlainDocument) -> None:
    document = read(plain.source)
    assert "\n\n".join(document.text_of(block) for block in document.blocks) == document.text
    for block in document.blocks:
        assert (block.table is not None) == (block.kind == "table")
        if block.table:
            text = document.text_of(block)
            cells = [[text[cell.char_start : cell.char_end] for cell in row.cells] for row in block.table.rows]
            assert [" | ".join(row) for row in cells] == text.split("\n")
            for row in block.table.rows:
                assert all(before.column + before.span <= after.column for before, after in pairwise(row.cells))


@settings(max_examples=200, deadline=None)
@given(text=st.text(" \t\n\f.-=_|$()%5aZ,é\u00a0", max_size=200), tagged=st.booleans())
def test_no_letter_or_digit_is_lost_whatever_the_layout(text: str, tagged: bool) -> None:
    source = f"<TABLE>\n{text}\n<S> <C>\n{text}\n</TABLE>" if tagged else text
    letters = [char for char in REPORT + text * (1 + tagged) if char.isalnum()]
    assert [char for char in read(source).text if char.isalnum()] == letters


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.tuples(st.sampled_from(["", "b", "a", "i"]), st.text(" \n\t.5aZ-$|é", max_size=20)), max_size=12)
)
def test_traced_elements_span_their_own_words_in_preformatted_text(parts: list[tuple[str, str]]) -> None:
    source = "".join(f"<{tag}>{html.escape(text)}</{tag}>" if tag else html.escape(text) for tag, text in parts)
    root = parse_html(f"<html><body><pre>start  {source}</pre></body></html>".encode())
    elements = list(root.iter("a", "b", "i"))
    document = read_canonical(root, elements)
    assert document.text == read_canonical(root).text
    for element, span in zip(elements, document.spans, strict=True):
        assert span is not None
        letters = [char for char in document.text[slice(*span)] if char.isalnum()]
        assert letters == [char for char in element.text_content() if char.isalnum()]


def test_lines_are_joined_and_an_indent_begins_a_paragraph() -> None:
    text = (
        "     The Company makes examples and sells them to people who like those\n"
        "examples, in many countries of the world, at prices that its custom-\n"
        "ers find low.\n"
        "     The Company was founded long ago, by a man whose name nobody now\n"
        "remembers.\n"
    )
    assert shown(text) == [
        (
            "paragraph",
            "The Company makes examples and sells them to people who like those examples, in many countries of the "
            "world, at prices that its custom- ers find low.",
        ),
        ("paragraph", "The Company was founded long ago, by a man whose name nobody now remembers."),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ITEM 1.   BUSINESS", ("heading", "ITEM 1. BUSINESS")),
        ("Item 3.  Legal Proceedings", ("heading", "Item 3. Legal Proceedings")),
        ("Competition\n-----------", ("heading", "Competition")),
        ("Competition\n- -----------", ("heading", "Competition")),
        ("                          Foreign Operations", ("heading", "Foreign Operations")),
        ("The following is a list:", ("paragraph", "The following is a list:")),
        ("None.", ("paragraph", "None.")),
        ("     (a)  firms that sell to\n          everyone;", ("list", "(a) firms that sell to everyone;")),
        ("<PAGE>   12", ("furniture", "12")),
        ("                               - 12 -", ("furniture", "- 12 -")),
        ("------------------------", ("furniture", "------------------------")),
        ("AT&amp;T spends on R&D.", ("paragraph", "AT&T spends on R&D.")),
    ],
)
def test_a_line_is_what_it_looks_like(text: str, expected: tuple[str, str]) -> None:
    assert shown(f"{text}\n\nThe Company is one of them, as it said it would be.\n")[0] == expected


def test_a_heading_above_prose_without_a_blank_line_stands_apart() -> None:
    text = "ITEM 2. PROPERTIES\nThe Company owns a house and rents another, which it does not use.\nPART II\n"
    assert [kind for kind, _ in shown(text)] == ["heading", "paragraph", "heading"]
    text = "Item 7A.  Quantitative and Qualitative Disclosures About Market Risk\nWe are exposed to changes of rates.\n"
    assert [kind for kind, _ in shown(text)] == ["heading", "paragraph"]


def test_centred_lines_are_lines_of_their_own() -> None:
    lines = [
        "SECURITIES AND EXCHANGE COMMISSION",
        "WASHINGTON, D.C. 20549",
        "PLAIN CORP.",
        "(Exact name of registrant)",
    ]
    assert [text for _, text in shown("\n".join(line.center(72) for line in lines))] == lines


def test_pages_are_counted_by_tags_and_form_feeds() -> None:
    document = read("first words here\n<PAGE>   2\nsecond words here\n\f\nthird words here\n")
    assert [block.page for block in document.blocks] == [0, 0, 1, 1, 2]


INCOME = """
                                              Year Ended December 31,
                                         ----------------------------------
                                           1996         1995         1994
                                         --------     --------     --------
Net sales............................    $ 12,345     $ 11,204     $ 10,001
Cost of goods sold...................       8,000        7,500           --
                                         --------     --------     --------
  Gross profit.......................       4,345       (3,704)       2,901
Selling, general and
  administrative.....................       2,000        1,900        1,850
Percent of sales.....................        12.5%         9.0%        (3.1)%
                                         ========     ========     ========
"""


@pytest.mark.parametrize(
    "source",
    [
        INCOME,
        f"<TABLE>\n<CAPTION>{INCOME}</TABLE>\n",
        INCOME.replace("    ", "\t", 0).expandtabs(),
        INCOME.replace("$ ", "$   ").replace("     $   ", "   $   "),
    ],
)
def test_a_table_has_a_row_a_line_and_its_numbers_below_their_headers(source: str) -> None:
    document = read(source)
    table = next(block for block in document.blocks if block.table)
    assert document.text_of(table).split("\n") == [
        "Year Ended December 31,",
        "1996 | 1995 | 1994",
        "Net sales | $12,345 | $11,204 | $10,001",
        "Cost of goods sold | 8,000 | 7,500 | --",
        "Gross profit | 4,345 | (3,704) | 2,901",
        "Selling, general and administrative | 2,000 | 1,900 | 1,850",
        "Percent of sales | 12.5% | 9.0% | (3.1)%",
    ]
    assert table.table is not None
    assert [[(cell.column, cell.span) for cell in row.cells] for row in table.table.rows] == [
        [(1, 3)],
        [(1, 1), (2, 1), (3, 1)],
        *[[(0, 1), (1, 1), (2, 1), (3, 1)]] * 5,
    ]
    assert table.table.header_rows == 2
    assert [row.indent for row in table.table.rows[2:5]] == [0, 0, 5]


def test_the_data_tag_tells_where_headers_end() -> None:
    document = read(
        "<TABLE>\n            1996    1995\n               1       2\n<S>     <C>\nSales          5       6\n</TABLE>"
    )
    tables = [block.table for block in document.blocks if block.table]
    assert [table.header_rows for table in tables] == [2]


def test_prose_set_to_both_margins_is_no_table() -> None:
    first, second = (
        "The   Company  sold  its   house  in   the  year   1996",
        "and   bought  another   one  in  the  year   1997",
    )
    assert [kind for kind, _ in shown(f"{first}\n{second}\n" * 4)] == ["paragraph"]


def test_prose_between_table_tags_stays_prose() -> None:
    prose = "The Company makes examples and sells them to people who like those\nexamples, in countries of the world.\n"
    table = plain_table([("Net sales", "1,204", "1,100"), ("Net income", "12", "(11)")])
    kinds = [kind for kind, _ in shown(f"<TABLE>\n{prose}\n{table}\n\n{prose}</TABLE>")]
    assert kinds == ["paragraph", "table", "furniture", "paragraph"]


def test_tables_follow_one_another_apart() -> None:
    table = plain_table([("Net sales", "1,204", "1,100"), ("Net income", "12", "(11)")], tagged=True)
    assert [kind for kind, _ in shown(f"{table}\n{table}")] == ["table", "furniture"] * 2


PRE_TABLE = plain_table([("Net sales", "1,204", "1,100"), ("Net income", "12", "(11)")], tagged=True)


@pytest.mark.parametrize(
    "body",
    [
        f"<pre>{PRE_TABLE}</pre>",
        f"<pre>\nwords before\n{PRE_TABLE}\nwords after\n</pre>",
        PRE_TABLE,
        f"<table><tr><td><pre>{PRE_TABLE.replace('<TABLE>', '').replace('</TABLE>', '')}</pre></td></tr></table>",
        f"<pre>{PRE_TABLE}</pre>".replace("Net sales", "<b>Net sales</b>").replace(
            "1,204", "<font size=2>1,204</font>"
        ),
    ],
)
def test_html_that_holds_plain_tables_is_read_as_plain_text_is(body: str) -> None:
    document = read_canonical(
        parse_html(f"<html><body><p>Some words.</p>{body}<p>More words.</p></body></html>".encode())
    )
    assert rows_of(document)[-2:] == [("Net sales", "1,204", "1,100"), ("Net income", "12", "(11)")]
    assert document.text.startswith("Some words.")
    assert document.text.endswith("More words.")


def test_preformatted_text_goes_on_after_a_table_of_html() -> None:
    table = "<table><tr><td>Sales</td><td>5</td></tr></table>"
    body = f"<pre>one\n\n{table}\n     two, it is said, and\n     three\n\nfour</pre><p>five\n\nsix</p>"
    document = read_canonical(parse_html(f"<html><body>{body}</body></html>".encode()))
    assert document.text.split("\n\n") == ["one", "Sales | 5", "two, it is said, and three", "four", "five six"]


HOSTILE = {
    "a line of 10 MB": "word " * 2_000_000,
    "a word of 10 MB": "x" * 10_000_000,
    "blank lines": "\n" * 500_000 + "x",
    "dashes": "-" * 100_000 + "x",
    "dots": "." * 100_000 + "x",
    "spaces": " " * 5_000_000 + "x",
    "tabs": "\t" * 1_000_000 + "x",
    "tabs on every line": ("\t" * 60 + "5\t6\n") * 10_000,
    "one table": "Sales      5      6\n" * 20_000,
    "many cells": ("Sales " + "  5" * 130 + "\n") * 1_000,
    "labels": "LABEL ONLY\n" * 50_000,
    "pages": "<PAGE>\n" * 50_000,
    "table tags": "<TABLE><S><C>\n" * 20_000,
    "parentheses": "fiscal 1996 " + "(" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_text_that_is_no_layout_is_read_whole(name: str) -> None:
    """In a second or two each, when this was written; where time grew with the square, in hours."""
    text = re.sub("<[A-Z]+>", "", HOSTILE[name])
    assert sum(map(str.isalnum, read(HOSTILE[name]).text)) == sum(map(str.isalnum, REPORT + text))

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import given, settings

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES
from finrag_ml_tg1.filings.filing import read_filing
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical
from finrag_ml_tg1.filings.text.visibility import visible_text
from tests.unit.filings.documents import Markup, bodies, filing_html, squeeze


def read(body: str | bytes) -> CanonicalDocument:
    data = body.encode() if isinstance(body, str) else body
    return read_canonical(parse_html(b"<html><body>" + data + b"</body></html>"))


def shown(body: str | bytes) -> list[tuple[str, str]]:
    document = read(body)
    return [(block.kind, document.text_of(block)) for block in document.blocks]


@settings(max_examples=120, deadline=None)
@given(body=bodies())
def test_text_holds_every_visible_character_once_in_order(body: Markup) -> None:
    # The leading word keeps the parser from taking the body's first element for the document's head.
    assert squeeze(read("start " + body.source).text) == squeeze("start " + body.visible)


@settings(max_examples=50, deadline=None)
@given(body=bodies())
def test_text_is_the_blocks_joined_by_blank_lines(body: Markup) -> None:
    document = read("start " + body.source)
    assert "\n\n".join(document.text_of(block) for block in document.blocks) == document.text
    offset = 0
    for block in document.blocks:
        assert block.char_start == offset
        assert block.char_end > block.char_start
        offset = block.char_end + 2


@settings(max_examples=50, deadline=None)
@given(body=bodies())
def test_table_rows_stand_at_their_offsets(body: Markup) -> None:
    document = read("start " + body.source)
    for block in document.blocks:
        assert (block.table is not None) == (block.kind == "table")
        if block.table:
            text = document.text_of(block)
            rows = block.table.rows
            assert [text[row.char_start : row.char_end] for row in rows] == text.split("\n")
            cells = [[text[cell.char_start : cell.char_end] for cell in row.cells] for row in rows]
            assert [" | ".join(row) for row in cells] == text.split("\n")
            assert 0 <= block.table.header_rows < len(block.table.rows)


@pytest.mark.parametrize(
    "hidden",
    [
        "<ix:header><ix:hidden>no</ix:hidden></ix:header>",
        "<div style='display: none'>no<p>no</p></div>",
        "<script>no</script>",
        "<style>no</style>",
        "<!-- no -->",
        "<?no?>",
    ],
)
@pytest.mark.parametrize("around", ["<p>a {} b</p>", "<table><tr><td>a {} b</td></tr></table>"])
def test_hidden_content_is_no_text(hidden: str, around: str) -> None:
    assert squeeze(read(around.format(hidden)).text) == "ab"


@pytest.mark.parametrize(
    "markup",
    [
        "<p><b>Liquidity</b></p>",
        "<p><span style='font-weight: 700'>Liquidity</span></p>",
        "<h3>Liquidity</h3>",
        "<div style='font-weight:bold'><p>Liquidity</p></div>",
        "<p>LIQUIDITY</p>",
        "<table><tr><td style='font-weight:bold'>Liquidity</td></tr></table>",
    ],
)
def test_a_bold_or_capital_line_is_a_heading(markup: str) -> None:
    assert [(kind, text.title()) for kind, text in shown(markup)] == [("heading", "Liquidity")]


@pytest.mark.parametrize("markup", ["<p><b>Net</b> sales grew strongly again</p>", f"<p><b>{'word ' * 60}</b></p>"])
def test_a_partly_bold_or_long_line_is_a_paragraph(markup: str) -> None:
    assert [kind for kind, _ in shown(markup)] == ["paragraph"]


def test_doubled_line_breaks_divide_paragraphs_and_single_ones_are_spaces() -> None:
    assert shown("<p>one<br>two<br><br>three<br/> <br/>four</p>") == [
        ("paragraph", "one two"),
        ("paragraph", "three"),
        ("paragraph", "four"),
    ]


def test_nested_tables_are_read_in_order() -> None:
    inner = "<table><tr><td>Sales</td><td>1</td></tr></table>"
    assert shown(f"<table><tr><td>above</td></tr><tr><td>{inner}</td></tr><tr><td>below</td></tr></table>") == [
        ("paragraph", "above"),
        ("table", "Sales | 1"),
        ("paragraph", "below"),
    ]


def test_a_layout_table_is_read_as_paragraphs() -> None:
    assert shown("<table><tr><td>•</td><td>first</td></tr><tr><td>•</td><td>second</td></tr></table>") == [
        ("list", "• first"),
        ("list", "• second"),
    ]


def test_entities_are_characters() -> None:
    assert read("<p>R&amp;D&#8217;s &lt;5&nbsp;% &#x20AC;</p>").text == "R&D’s <5 % €"


def test_windows_1252_bytes_are_read_as_such() -> None:
    assert read(b"<p>\x93caf\xe9\x94 \x96 \x80</p>").text == "“café” – €"


def test_the_rest_of_the_document_is_kept_when_a_byte_is_undefined() -> None:
    assert read(b"<p>caf\xe9 \x81 after</p><p>more</p>").text.endswith("after\n\nmore")


@pytest.mark.parametrize("tag", ["div", "span", "b", "ul><li", "table><tr><td"])
@pytest.mark.parametrize("levels", [150, 450])
def test_deep_nesting_is_read_whole(tag: str, levels: int) -> None:
    body = "<p>before</p>" + f"<{tag}>" * levels + "within<script>no</script>"
    assert read(body).text.split() == ["before", "within"]


@pytest.mark.parametrize("tag", ["div", "span", "b", "ul><li", "table><tr><td"])
def test_nesting_too_deep_for_the_parser_is_refused_soon(tag: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FilingError, match="nested too deeply"):
        read("<p>before</p>" + f"<{tag}>" * 5_000 + "within")
    assert time.perf_counter() - began < 5


def test_page_numbers_and_running_heads_are_furniture() -> None:
    pages = "".join(
        f"<p>Unique words about {word}.</p><p>{page}</p><p>Example Corp. | 2023 Form 10-K | {page}</p>"
        for page, word in enumerate(["cars", "ships", "trains", "planes", "bikes", "feet"], start=31)
    )
    kinds = [kind for kind, _ in shown(pages)]
    assert kinds == ["paragraph", "furniture", "furniture"] * 6


def test_repeated_notes_and_years_are_no_furniture() -> None:
    assert {kind for kind, _ in shown("<p>(in millions)</p><p>2023</p>" * 9)} == {"paragraph"}


def test_a_huge_attribute_is_skipped() -> None:
    assert read("<p title='" + "x" * 12_000_000 + "'>words</p>").text == "words"


def test_text_is_read_when_there_is_no_body() -> None:
    assert read_canonical(parse_html(b"<p>words</p>")).text == "words"


BROKEN = {
    "empty": b"",
    "white space": b" \n\t ",
    "PDF": b"%PDF-1.7\n<< /Type /Catalog >>",
    "ZIP": b"PK\x03\x04 <xml>",
    "JSON": b'{"form": "10-K"}',
    "JSON with markup": b'{"form": "<b>10-K</b>"}',
    "text": b"FORM 10-K for the fiscal year ended December 31, 2023",
    "a letter": b"Dear shareholder,\n\nthank you for your annual report on Form 10-K.\n",
    "CSV": b"form,company,year\n10-K,Plain Example Corp.,2023\n",
    "text of another kind": b"A poem about form and content\n" * 50,
    "control characters": b"FORM 10-K " + bytes(range(1, 9)) * 50,
    "a current report in plain text": b"FORM 8-K\n\nCurrent report, not the annual report\n",
    "an empty submission": b"<SEC-HEADER>\nCONFORMED SUBMISSION TYPE: 10-K\n</SEC-HEADER>\n",
    "a submission without a report": b"<SEC-HEADER>\n</SEC-HEADER>\n<DOCUMENT>\n<TYPE>EX-27\n<TEXT>\nx\n</TEXT>\n",
    "NUL": b"<p>FORM 10-K\x00</p>",
    "late NUL": filing_html() + b"x" * 9_000 + b"\x00<p>lost</p>",
    "UTF-16": filing_html().decode().encode("utf-16"),
    "only comments": b"<!-- one --><!-- two -->",
    "no body": b"<html><head><title>10-K</title></head></html>",
    "nothing visible": b"<html><body><div style='display:none'>FORM 10-K</div></body></html>",
    "damaged gzip": b"\x1f\x8b" + b"\x00" * 50,
    "gzip cut short": gzip.compress(filing_html())[:-20],
    "gzip of half the header": b"\x1f\x8b\x08",
    "another form": b"<p>FORM 8-K</p><p>Current report</p>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_bytes_that_are_no_filing_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(FilingError) as caught:
        read_filing(BROKEN[name], "some.html")
    message = str(caught.value)
    assert 10 < len(message) < 160
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PDF", "PDF"),
        ("UTF-16", "UTF-16"),
        ("JSON", "neither HTML nor"),
        ("CSV", "neither HTML nor"),
        ("text", "registrant"),
    ],
)
def test_the_reason_tells_what_the_bytes_are(name: str, reason: str) -> None:
    with pytest.raises(FilingError, match=reason):
        read_filing(BROKEN[name], "some.txt")


def test_a_gzip_bomb_is_refused_before_it_is_inflated() -> None:
    stream = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join([*(stream.compress(bytes(2**24)) for _ in range(12)), stream.flush()])
    with pytest.raises(FilingError, match="larger than 80 MB"):
        read_filing(bomb, "bomb.html.gz")
    assert MAX_DOCUMENT_BYTES == 80 * 2**20


def test_gzip_of_several_members_is_read_to_its_end() -> None:
    data = filing_html(body="<p>first half</p>" + "<p>second half</p>")
    middle = data.index(b"<p>second")
    filing = read_filing(gzip.compress(data[:middle]) + gzip.compress(data[middle:]), "x.html.gz")
    assert filing.document.text.endswith("first half\n\nsecond half")
    assert filing.sha256 == read_filing(data, "x.html").sha256


def spans_of(body: str, tag: str) -> list[str | None]:
    root = parse_html(f"<html><body>{body}</body></html>".encode())
    document = read_canonical(root, list(root.iter(tag)))
    return [None if span is None else document.text[slice(*span)] for span in document.spans]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>Sales were <i>5</i> and <i> 6 </i>.</p>", ["5", "6"]),
        ("<p>a<i> </i>b<i></i></p><i></i>", ["", "", ""]),
        ("<p>one <i>two<br><br>three</i></p>", ["two\n\nthree"]),
        ("<div style='display:none'><i>5</i></div><p>x <i>6</i></p>", [None, "6"]),
        ("<table><tr><td>Sales</td><td>(<i>5</i></td><td>)</td><td>$</td><td><i>6</i></td></tr></table>", ["5", "6"]),
        ("<table><tr><td><i></i></td></tr><tr><td>Sales</td><td><i>a<i>b</i></i></td></tr></table>", ["", "ab", "b"]),
        ("<table><tr><td><i></i></td></tr></table>", [""]),
        ("<p>\ufdd0 <i>5</i> \ufdd0</p>", ["5"]),
        ("<table><tr><td>\ufdd0</td><td><i>5</i>\ufdd0</td></tr></table>", ["5"]),
    ],
)
def test_traced_elements_are_found_in_the_text(body: str, words: list[str | None]) -> None:
    assert spans_of(body, "i") == words


@settings(max_examples=60, deadline=None)
@given(body=bodies())
def test_traced_elements_span_their_own_words_whatever_the_document(body: Markup) -> None:
    root = parse_html(b"<html><body>start " + body.source.encode() + b"</body></html>")
    elements = list(root.iter("span", "td", "p", "ix:nonfraction", "table", "ul"))
    document = read_canonical(root, elements)
    assert document.text == read_canonical(root).text
    for element, span in zip(elements, document.spans, strict=True):
        if span is not None:
            assert squeeze(document.text[slice(*span)]) == squeeze(visible_text(element))


def test_headings_know_their_level() -> None:
    body = (
        "<p><b>PART I</b></p><p><b>Item 1. Business</b></p><p style='font-size:14pt'><b>Products</b></p>"
        "<p style='font-size:10pt'><b><i>Phones</i></b></p><p style='font-size:10pt'>We sell phones to people.</p>"
    )
    assert [block.level for block in read(body).blocks] == [1, 2, 3, 4, 0]


def test_a_short_line_in_larger_print_is_a_heading() -> None:
    body = "<p style='font-size:18pt'>Our Strategy</p>" + "<p style='font-size:9pt'>We sell to people.</p>" * 3
    assert [kind for kind, _ in shown(body)] == ["heading", "paragraph", "paragraph", "paragraph"]


def test_a_paragraph_knows_the_heading_it_begins_with() -> None:
    document = read("<p><b>RISK FACTORS.</b> The following may hurt us.</p>")
    assert document.text[: document.blocks[0].run_in] == "RISK FACTORS."


def paged(*pages: str) -> str:
    return "<hr style='page-break-after:always'>".join(pages)


def test_lines_that_carry_the_page_number_are_furniture_wherever_they_change() -> None:
    feet = [f"<tr><td>{'Risk' if page < 9 else 'Other'}</td><td>{page}</td></tr>" for page in range(3, 15)]
    pages = [f"<p>Words about {'risk ' * 30}</p><table>{foot}</table>" for foot in feet]
    assert [kind for kind, _ in shown(paged(*pages))] == ["paragraph", "furniture"] * 12


def test_the_first_of_the_lines_that_stand_above_many_pages_stays() -> None:
    pages = [f"<p>Notes to the Accounts</p><p>Words about {'rent ' * 30}</p>" for _ in range(7)]
    kinds = [kind for kind, _ in shown(paged(*pages))]
    assert kinds == ["paragraph", "paragraph"] + ["furniture", "paragraph"] * 6


def test_short_answers_at_the_edge_of_pages_are_no_furniture() -> None:
    pages = [f"<p>Words about {'rent ' * 30}</p><p>None.</p>" for _ in range(9)]
    assert {kind for kind, _ in shown(paged(*pages))} == {"paragraph"}

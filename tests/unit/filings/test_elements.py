"""Where traced elements stand in the canonical text."""

from __future__ import annotations

from finrag_ml_tg1.filings.text.canonical import parse_html, read_canonical
from finrag_ml_tg1.filings.text.links import InternalLinks
from tests.unit.filings.documents import filing_html


def test_element_that_is_traced_twice_stands_at_both_places() -> None:
    root = parse_html(b"<p>One <b>two</b> three <i>four</i></p>")
    bold, italic = root.find(".//b"), root.find(".//i")
    assert bold is not None
    assert italic is not None
    document = read_canonical(root, [bold, italic, bold, italic, bold])
    words = [document.text[slice(*span)] for span in document.spans if span]
    assert words == ["two", "four", "two", "four", "two"]


def test_link_that_is_itself_a_target_is_placed_with_the_others() -> None:
    """Tables of contents and the headings they lead to link to each other."""
    body = '<p><a id="toc" href="#one">Business</a></p><p>words</p><p id="one"><a href="#toc">Item 1. Business</a></p>'
    root = parse_html(filing_html(body=body))
    links = InternalLinks(root)
    document = read_canonical(root, links.elements)
    placed = [
        (document.text[link.char_start : link.char_end], document.text[link.target :].split()[0])
        for link in links.placed(document.spans)
    ]
    assert placed == [("Business", "Item"), ("Item 1. Business", "Business")]

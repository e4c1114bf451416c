from __future__ import annotations

from finrag_ml_tg1.filings.text.canonical import parse_html, read_canonical
from finrag_ml_tg1.filings.text.links import InternalLinks


def linked(body: str) -> list[tuple[str, str]]:
    """The linked words, and the first word where the link leads."""
    root = parse_html(f"<html><body>{body}</body></html>".encode())
    links = InternalLinks(root)
    document = read_canonical(root, links.elements)
    return [
        (document.text[link.char_start : link.char_end], document.text[link.target :].split()[0])
        for link in links.placed(document.spans)
    ]


def test_links_lead_to_elements_by_id_and_by_name() -> None:
    body = (
        '<p><a href="#one">first</a> <a href="#two">second</a></p><p id="one">Apples</p><p><a name="two"></a>Pears</p>'
    )
    assert linked(body) == [("first", "Apples"), ("second", "Pears")]


def test_a_percent_encoded_link_leads_to_the_name_it_encodes() -> None:
    assert linked('<p><a href="#item%201a">go</a></p><p id="item 1a">Pears</p>') == [("go", "Pears")]


def test_the_first_of_several_elements_of_one_name_is_the_target() -> None:
    assert linked('<p><a href="#x">go</a></p><p id="x">Apples</p><p id="x">Pears</p>') == [("go", "Apples")]


def test_an_empty_target_leads_to_what_follows_it() -> None:
    assert linked('<p><a href="#x">go</a></p><p>Plums</p><div id="x"></div><p>Pears</p>') == [("go", "Pears")]


def test_links_to_other_documents_to_nothing_and_without_words_are_left_out() -> None:
    body = (
        '<p><a href="#gone">gone</a><a href="#">top</a><a href="http://example.org/#x">away</a><a>bare</a>'
        '<a href="#x"></a><a href="#x"><img src="pear.png"></a></p><p id="x">Pears</p>'
    )
    assert linked(body) == []


def test_links_from_and_to_hidden_text_are_left_out() -> None:
    body = (
        '<p style="display:none"><a href="#x">hidden</a></p><p><a href="#y">shown</a></p>'
        '<p id="x">Pears</p><div style="display:none"><p id="y">Plums</p></div>'
    )
    assert linked(body) == []


def test_links_in_table_cells_keep_their_place() -> None:
    body = '<table><tr><td>Item 1</td><td><a href="#x">Business</a></td><td>3</td></tr></table><p id="x">Pears</p>'
    assert linked(body) == [("Business", "Pears")]


def test_links_come_in_text_order() -> None:
    body = "".join(f'<p><a href="#t{9 - place}">w{place}</a></p>' for place in range(9))
    body += "".join(f'<p id="t{place}">T{place}</p>' for place in range(10))
    assert [words for words, _ in linked(body)] == [f"w{place}" for place in range(9)]

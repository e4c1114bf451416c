"""Text of filings, models and readers comes out of a document to take away inert and whole, whatever it holds."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from serving.frontend.contract.query import Query
from serving.frontend.conversation.asking import Failure
from serving.frontend.conversation.conversation import Turn
from serving.frontend.takeaway.printable import make_printable
from serving.frontend.takeaway.web_address import encode_address
from tests.injections import INJECTIONS
from tests.ui.stub_hostile import HOSTILE
from tests.ui.takeaway_turns import build_turn, export_html, export_markdown, fill_texts

TAGS = set(
    "html head meta title style body main h1 h2 h3 h4 p br ul ol li table thead tbody tr th td a strong em mark "
    "blockquote div hr".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name id class href rel role aria-label tabindex scope colspan start".split()
)
LINES = [*INJECTIONS.values(), HOSTILE]
PIECES = [
    *"<script> </script> <style> </style> <!-- --> <a/href=javascript:x> \"onload=x ' & &lt; &#60; ]]> {{ }}".split(),
    *"![ ](javascript:x) [1] [2]: https://e.example <https://e.example> www.e.example a@b.example".split(),
    *"** * _ __ *** ` ``` ~~ $ $$ \\ \\\\ | |-| |---|---| > - + # ## 1. --- === :red[ :smile: x 9".split(),
    *["\u202e", "\u200b", "\x00", "\x1b", "\ud800", "\uffff", "\n", "\n\n", "  \n", "    ", "\t", "\r", " "],
]
TEXTS = st.one_of(
    st.sampled_from(LINES),
    st.text(min_size=1, max_size=60),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map("".join),
)

FILING = "https://filings.example/velmora-2024.htm"

every_text = pytest.mark.parametrize("text", LINES, ids=[*INJECTIONS, "hostile"])


class Reader(HTMLParser):
    """Notes every tag and attribute, as a browser would see them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def fill_turn(text: str) -> Turn:
    """Return a turn of which every text is this one."""
    turn = build_turn("gross margin?", change=lambda answer: fill_texts(answer, text))
    return Turn(1, Query(text), outcome=turn.outcome)


def assert_inert_page(page: str) -> None:
    reader = Reader(page)
    assert reader.tags <= TAGS
    assert {name for name, _ in reader.attributes} <= ATTRIBUTES
    assert not reader.comments
    ids = {value for name, value in reader.attributes if name == "id"}
    for name, value in reader.attributes:
        assert name != "href" or value == FILING or value.removeprefix("#") in ids
    assert page.count("<style>") == 1


def shown(text: str) -> str:
    """Return text as a page shows it: what cannot be written is marked, white space runs are one space."""
    return " ".join(make_printable(text).split())


def letters(text: str) -> str:
    """Return what no Markdown takes away."""
    return "".join(char for char in make_printable(text) if char.isalpha())


@every_text
def test_planted_line_is_inert_and_whole_in_html(text: str) -> None:
    check_html(text)


@settings(deadline=None, max_examples=150)
@given(text=TEXTS)
@example(text="a\x85b\u2028c\x0bd")
def test_any_text_is_inert_and_whole_in_html(text: str) -> None:
    check_html(text)


def check_html(text: str) -> None:
    page = export_html(fill_turn(text))
    assert_inert_page(page)
    document: Any = html.document_fromstring(page)
    [source] = document.xpath("//h4[@id='source-1-1']")
    assert shown(source.text_content()) == shown(f"[1] {text} ({text}), Form {text}, fiscal year 2024")
    quote = source.getnext().getnext()
    assert quote.tag == "blockquote"
    assert letters(quote.text_content()) == letters(text)
    [answer] = document.xpath("//h3[text()='Answer']")
    answered = ""
    while (answer := answer.getnext()).tag not in {"h3", "h4"}:
        answered += answer.text_content()
    assert letters(answered) == letters(text)


@every_text
def test_planted_line_is_inert_and_whole_in_markdown(text: str) -> None:
    check_markdown(text)


@settings(deadline=None, max_examples=150)
@given(text=TEXTS)
@example(text="Wow![1]")
@example(text="=\n=")
@example(text="a **b **c** d** e")
def test_any_text_is_inert_and_whole_in_markdown(text: str) -> None:
    check_markdown(text)


def check_markdown(text: str) -> None:
    markdown = export_markdown(fill_turn(text))
    tokens = flatten(MarkdownIt("commonmark").enable("table").parse(markdown))
    kinds = {token.type for token in tokens}
    assert not kinds & {"image", "code_block", "code_inline", "fence", "html_block"}
    anchors = [token.content for token in tokens if token.type == "html_inline"]
    assert set(anchors) <= {'<a id="question-1">', '<a id="source-1-1">', "</a>"}
    targets = {token.attrGet("href") for token in tokens if token.type == "link_open"}
    assert targets == {"#source-1-1", FILING}
    bare = markdown.replace(f"](<{FILING}>)", "]")
    assert not re.search(r"(https?|ftp):|www\.|(?<!\u2060)@", bare, re.IGNORECASE), "an address is recognised"
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings == ["h1", "h2", "h3", "h3", "h4", "h3", "h3", "h4", "h3", "h3"]
    assert letters(read_section(tokens, "h4", 2)) == letters(f"{text} ({text}), Form {text}, fiscal year")


def flatten(tokens: list[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *flatten(token.children or []))]


def read_section(tokens: list[Token], tag: str, position: int) -> str:
    """Return the words of the heading of a level that is the `position`-th of them."""
    [start] = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == tag][
        position - 1 : position
    ]
    inline = tokens[start + 1]
    return "".join(child.content for child in inline.children or [] if child.type in {"text_special", "text"})


@settings(deadline=None)
@given(address=st.one_of(TEXTS, TEXTS.map("https://x.example/".__add__)))
def test_address_of_a_source_is_a_plain_web_address_or_none(address: str) -> None:
    assert re.fullmatch(r"(https?://[]\[A-Za-z0-9:/?#@!$&'()*+,;=%~._-]+)?", encode_address(address), re.IGNORECASE)


@every_text
def test_failure_is_inert(text: str) -> None:
    turn = Turn(1, Query(text), outcome=Failure(text, text, text))
    assert_inert_page(export_html(turn))
    tokens = flatten(MarkdownIt("commonmark").enable("table").parse(export_markdown(turn)))
    assert not {token.type for token in tokens} & {
        "image",
        "code_block",
        "code_inline",
        "fence",
        "html_block",
        "link_open",
    }


def test_markup_of_the_answer_survives_beside_hostile_text() -> None:
    page = export_html(build_turn("hostile"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<strong>Shouting</strong>" in page
    assert 'Still a citation <a href="#source-1-1">[1]</a>.' in page

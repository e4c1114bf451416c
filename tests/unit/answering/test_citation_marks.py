"""Citation marks as models write them, made uniform while the text streams; addresses made inert."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.citation_marks import MarkReader, used_marks

KNOWN = frozenset({1, 2, 3, 4, 12})
PIECES = st.sampled_from(
    [
        "[", "]", "(", ")", "[1]", "[7]", "[1, 2]", "【1†source】", "[^3]", "[Source 2]", "[passage", " 1", " ", "  ",
        "\n", "\n\n", ",", ";", ".", ":", "!", "![", "](", "http://evil.example/a", "https://", "www.", "mailto:",
        "<", ">", "<b>", "</b>", "<img src=x", "<https://a.b>", "\\", "|", "word", "Revenue", "(1,234)", "-", "–",
        "1", "12", "and", "to", "javascript:alert(1)", "x" * 45, "\"title\"", "<!--", "é", "【", "】", "†", "*", "#",
        "h", "ht", "htt",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=120)


def read(text: str, pieces: int | None = None) -> tuple[str, list[int]]:
    reader = MarkReader(KNOWN)
    cut = [text] if pieces is None else [text[at : at + pieces] for at in range(0, len(text), pieces)]
    return "".join(map(reader.feed, cut)) + reader.end(), reader.unknown


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Sales rose [1, 2].", "Sales rose [1][2]."),
        ("Sales rose [1][2].", "Sales rose [1][2]."),
        ("Sales rose [1] [2].", "Sales rose [1][2]."),
        ("Sales rose [1], [2]; costs fell.", "Sales rose [1][2]; costs fell."),
        ("Sales rose [1-3].", "Sales rose [1][2][3]."),
        ("Sales rose [1,2 and 4].", "Sales rose [1][2][4]."),
        ("Sales rose 【1】.", "Sales rose [1]."),
        ("Sales rose【1†source】.", "Sales rose[1]."),
        ("Sales rose【1†L3-L9】.", "Sales rose[1]."),
        ("Sales rose [^1].", "Sales rose [1]."),
        ("Sales rose [[1]].", "Sales rose [1]."),
        ("Sales rose [n=1].", "Sales rose [1]."),
        ("Sales rose [passage 1].", "Sales rose [1]."),
        ("Sales rose [Source 1; Source 2].", "Sales rose [1][2]."),
        ("Sales rose [1] [1].", "Sales rose [1]."),
        ("Sales rose [1, 1].", "Sales rose [1]."),
        ("- Sales [1]\n- Costs [1]", "- Sales [1]\n- Costs [1]"),
        ("| Sales [1] | Costs [1] |", "| Sales [1] | Costs [1] |"),
    ],
)
def test_marks_become_uniform(written: str, expected: str) -> None:
    assert read(written) == (expected, [])


@pytest.mark.parametrize(
    ("written", "expected", "unknown"),
    [
        ("word [7].", "word.", [7]),
        ("word [7] next", "word next", [7]),
        ("word [7]next", "word next", [7]),
        ("word [7] [8].", "word.", [7, 8]),
        ("word [1], [7] next", "word [1] next", [7]),
        ("word [7][1].", "word [1].", [7]),
        ("word [1, 7].", "word [1].", [7]),
        ("[7] Sales rose", "Sales rose", [7]),
        ("Sales.\n\n[7] Costs", "Sales.\n\nCosts", [7]),
        ("word [7]\nnext", "word\nnext", [7]),
        ("word [7]", "word", [7]),
        ("word [0] [99] [7] [7]", "word", [0, 99, 7]),
    ],
)
def test_unknown_numbers_are_left_out_and_remembered(written: str, expected: str, unknown: list[int]) -> None:
    assert read(written) == (expected, unknown)


@pytest.mark.parametrize(
    "text",
    [
        "A loss of (1,234) and of [1,234] million",
        "In fiscal [2022] it was so [sic].",
        "See (1) below, Note [Item 7] and [Note 12].",
        "## Heading\n\n**Bold** and *italic*, `code`",
        "Fewer than < 5 % and <5 %, more > 3",
        "\\[1\\] is escaped",
        "An open [1",
        "A [bracket that is much longer than anything a mark could ever be] stays",
        "- [ ] to do\n- [x] done",
    ],
)
def test_other_brackets_stay_as_they_are(text: str) -> None:
    assert read(text) == (text, [])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("the [report](https://evil.example/a?b=(c)) says", "the report says"),
        ("the [report](/relative 'title') says", "the report says"),
        ("the [report](<javascript:alert(1) x>) says", "the report says"),
        ("![chart](http://evil.example/x.png) shows", "chart shows"),
        ("Sales rose [1](https://evil.example/1).", "Sales rose [1]."),
        ("Sales rose [1](up from 2022).", "Sales rose [1] (up from 2022)."),
        ("See https://evil.example/a.b. Next", "See . Next"),
        ("See <https://evil.example> next", "See  next"),
        ("See www.evil.example/?q=secret, next", "See , next"),
        ("a <b>bold</b> word<br>next", "a bold word next"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<!-- hidden -->", "< !-- hidden -->"),
        ("[a link text that is far longer than what is held](http://evil.example/x) next",
         "[a link text that is far longer than what is held] next"),
        ("[ref]: https://evil.example/x\n\n[text][ref]", "[ref] : \n\n[text][ref]"),
        ("[ref]: /x", "[ref] : /x"),
        ("<<b>script>alert(1)", "< script>alert(1)"),
        ("<[7]b>", "< b>"),
        ("htt[7]p://evil.example", "http:/ /evil.example"),
        ("[text][7](/x)", "[text]"),
        ("【1】(/x)", "[1] (/x)"),
    ],
)  # fmt: skip
def test_addresses_and_tags_are_made_inert(written: str, expected: str) -> None:
    assert read(written)[0] == expected


@settings(deadline=None, max_examples=400)
@given(TEXTS, st.data())
def test_cut_into_pieces_changes_nothing(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    whole = read(text)
    reader = MarkReader(KNOWN)
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert ("".join(map(reader.feed, pieces)) + reader.end(), reader.unknown) == whole
    assert read(text, 1) == whole


@settings(deadline=None, max_examples=400)
@given(TEXTS)
def test_no_address_tag_or_unknown_mark_is_left(text: str) -> None:
    written, _ = read(text)
    assert set(used_marks(written)) <= KNOWN
    unescaped = re.sub(r"\\.", "", written, flags=re.DOTALL)
    assert "](" not in unescaped
    assert "]:" not in unescaped
    assert not re.search(r"<[A-Za-z/!?]", unescaped)
    assert not re.search(r"(?<![^\W_])(?:https?://|www\.)\w", unescaped, re.IGNORECASE)


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_only_a_bounded_part_is_held_back(text: str) -> None:
    reader, plain = MarkReader(KNOWN), "and so on it went " * 8
    before = reader.feed(text + " ")
    written = before + reader.feed(plain)
    assert len(written) >= len(before) + len(plain) - 100 or not written.endswith(" ")


def test_plain_words_are_written_as_they_come() -> None:
    reader = MarkReader(KNOWN)
    assert reader.feed("Revenue was $5") == "Revenue was $5"
    assert reader.feed(" million in") == " million in"


def test_used_marks_come_in_order_of_first_use() -> None:
    assert used_marks("b [2][1] a [2] \\[3] [12]") == [2, 1, 12]

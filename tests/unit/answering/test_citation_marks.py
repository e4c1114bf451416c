"""Citation marks as models write them, made uniform while the text streams; addresses made inert."""

from __future__ import annotations

import re
import tracemalloc
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.answering.citation_marks import MarkReader, used_marks

KNOWN = frozenset({1, 2, 3, 4, 12})
PIECES = st.sampled_from(
    [
        "[", "]", "(", ")", "[1]", "[7]", "[1, 2]", "【1†source】", "[^3]", "[Source 2]", "[passage", " 1", " ", "  ",
        "\n", "\n\n", ",", ";", ".", ":", "!", "![", "](", "http://evil.example/a", "https://", "www.", "mailto:",
        "<", ">", "<b>", "</b>", "<img src=x", "<https://a.b>", "\\", "|", "word", "Revenue", "(1,234)", "-", "–",
        "1", "12", "and", "to", "javascript:alert(1)", "x" * 45, "\"title\"", "<!--", "é", "【", "】", "†", "*", "#",
        "h", "ht", "htt", "<think>", "</think>", "</Thinking>", "<reasoning>", "<thi", "\u202e", "\u200b", "\ufe0f",
        "\r", "\U000e0041", "[1, p. 4]", "[1.]", ", p. ", "; Item",
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
        ("Sales rose [1, p. 4].", "Sales rose [1]."),
        ("Sales rose [1, pp. 4-6].", "Sales rose [1]."),
        ("Sales rose [1; Item 7].", "Sales rose [1]."),
        ("Sales rose [1, 2: Note 12].", "Sales rose [1][2]."),
        ("Sales rose [1, 2, page 4].", "Sales rose [1][2]."),
        ("Sales rose [1 at 3].", "Sales rose [1]."),
        ("Sales rose [1 § 3].", "Sales rose [1]."),
        ("Sales rose [1.].", "Sales rose [1]."),
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
        ("word [7, p. 1].", "word.", [7]),
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
        "A ratio of [1.5] and [1 in 3], [1 million] and [1, but not so].",
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
    unescaped = re.sub(r"\\.", " ", written, flags=re.DOTALL)
    assert "](" not in unescaped
    assert "]:" not in unescaped
    assert not re.search(r"<[A-Za-z/!?]", unescaped)
    assert not re.search(r"(?<![^\W_])(?:https?://|www\.)\w", unescaped, re.IGNORECASE)


@settings(deadline=None, max_examples=200)
@given(TEXTS)
def test_only_a_bounded_part_is_held_back(text: str) -> None:
    assume("<think" not in "".join(char for char in text if char.isascii() and char not in "\r"))
    assume("<reasoning" not in text)
    reader, plain = MarkReader(KNOWN), "and so on it went " * 8
    before = reader.feed(text + " ")
    written = before + reader.feed(plain)
    assert len(written) >= len(before) + len(plain) - 100 or not written.endswith(" ")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<think>It may be 5 billion [1].</think>Sales rose [1].", "Sales rose [1]."),
        ("<think>\nFirst <b>this</b>, then\n\nthat\n</think>\n\nSales rose [1].", "Sales rose [1]."),
        ("\n <Thinking>so [7]</Thinking> Sales rose.", "\n Sales rose."),
        ("<reasoning>so</reasoning><think>and so</think>Sales rose.", "Sales rose."),
        ("<think>a </thinking> is no end</think>Sales rose.", "Sales rose."),
        ("<think>It is never closed, and [1]", ""),
        ("<think></think>", ""),
        ("<thin", "< thin"),
        ("<thinner> is no thought", " is no thought"),
        ("Sales rose. <think>aside</think> Costs fell.", "Sales rose. aside Costs fell."),
    ],
)
def test_leading_thoughts_are_dropped_with_what_they_hold(written: str, expected: str) -> None:
    reader = MarkReader(KNOWN)
    assert "".join(map(reader.feed, written)) + reader.end() == expected == read(written)[0]


def test_a_long_thought_is_not_held() -> None:
    reader = MarkReader(KNOWN)
    reader.feed("<think>")
    tracemalloc.start()
    for _ in range(2_000):
        reader.feed("and so on it went, " * 50)
    assert tracemalloc.get_traced_memory()[1] < 200_000
    tracemalloc.stop()
    assert reader.feed("</think>Sales") + reader.end() == "Sales"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("It is 5 billion</think>Apple grew.", "It is 5 billion Apple grew."),
        ("5 billion</b><i>Apple", "5 billion Apple"),
        ("a <b>bold</b>, word", "a bold, word"),
        ("a<b> bold", "a bold"),
        ("394<sup></sup>328", "394 328"),
    ],
)
def test_words_that_a_tag_parted_stay_apart(written: str, expected: str) -> None:
    reader = MarkReader(KNOWN)
    assert "".join(map(reader.feed, written)) + reader.end() == expected == read(written)[0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Sales \u202erose\u202c [1\u200b].", "Sales rose [1]."),
        ("<\u200bscript>x</\u2060script>", "x"),
        ("h\u00adttps://evil.example/x next", " next"),
        ("a\x00b\x1b[0mc\r\nd\te", "ab[0mc\nd\te"),
        ("hid\U000e0041\U000e0042den\ufe0f \U000e0101x\u034f\u3164", "hidden x"),
        ("lone \ud800 half", "lone  half"),
        ("<\u200dthink>so</think>Sales", "Sales"),
    ],
)
def test_characters_that_cannot_be_seen_are_dropped(written: str, expected: str) -> None:
    reader = MarkReader(KNOWN)
    assert "".join(map(reader.feed, written)) + reader.end() == expected == read(written)[0]


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=[])))
def test_no_character_that_cannot_be_seen_is_left(text: str) -> None:
    written, _ = read(text)
    assert not [char for char in written if unicodedata.category(char)[0] == "C" and char not in "\n\t"]


def test_plain_words_are_written_as_they_come() -> None:
    reader = MarkReader(KNOWN)
    assert reader.feed("Revenue was $5") == "Revenue was $5"
    assert reader.feed(" million in") == " million in"


def test_used_marks_come_in_order_of_first_use() -> None:
    assert used_marks("b [2][1] a [2] \\[3] [12]") == [2, 1, 12]


def test_a_number_too_long_for_a_mark_is_none() -> None:
    assert used_marks(f"[1] [{'9' * 5_000}]") == [1]

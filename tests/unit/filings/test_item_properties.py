"""Whatever items a filing prints, in whatever layout: each is found, with the text put under it and no other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.filings.items.finding import find_items
from finrag_ml_tg1.vocabulary.items import FORM_10K_ITEMS
from tests.unit.filings.item_documents import TITLES, bold, document_of, para, prose
from tests.unit.filings.test_item_layouts import REFERENCES, STYLES, part_of

# Layouts whose heading is one block or a row, so that it can be told apart from the text below.
_STYLES = [style for style in STYLES if style not in ("table row over other rows", "run-in bold", "run-in plain")]
_FILLER = [
    *(para(reference) for reference in REFERENCES),
    para("A table follows."),
    "<table><tr><td>Pears</td><td>2019</td><td>2018</td></tr><tr><td>Crates</td><td>12</td><td>9</td></tr></table>",
    para("Short words."),
    bold("Our people"),
    "<ul><li>pears</li><li>plums</li></ul>",
]
_CONTENTS = ["none", "paragraphs", "table", "links"]


@dataclass(frozen=True)
class Report:
    body: str
    items: tuple[str, ...]


def contents(kind: str, items: list[str]) -> str:
    lines = [(item, f"Item {item}. {TITLES[item]}", str(3 + 2 * place)) for place, item in enumerate(items)]
    if kind == "none":
        return ""
    if kind == "paragraphs":
        return "".join(para(f"{line} {page}") for _, line, page in lines)
    if kind == "links":
        return "".join(f'<p><a href="#i{item}">{line}</a></p>' for item, line, _ in lines)
    return f"<table>{''.join(f'<tr><td>{line}</td><td>{page}</td></tr>' for _, line, page in lines)}</table>"


@st.composite
def reports(draw: st.DrawFn) -> Report:
    items = draw(st.lists(st.sampled_from(list(TITLES)), min_size=3, unique=True))
    items.sort(key=list(TITLES).index)
    style = STYLES[draw(st.sampled_from(_STYLES))]
    has_captions = draw(st.booleans())
    body = para("Orchard Holdings, Inc. Annual Report.") + contents(draw(st.sampled_from(_CONTENTS)), items)
    body += para("Some words of caution about what may come, " + "told at length and with care, " * 12 + "stand here.")
    part = ""
    for item in items:
        if has_captions and part != part_of(item):
            part = part_of(item)
            body += bold(f"PART {part}")
        filler = "".join(draw(st.lists(st.sampled_from(_FILLER), max_size=4)))
        start, end = prose(item).split("</p>", maxsplit=1)
        body += f'<a id="i{item}"></a>{style(item, TITLES[item])}{start}</p>{filler}{end}'
    if draw(st.booleans()):
        body += bold("SIGNATURES") + para("Pursuant to the requirements of Section 13 the registrant has signed.")
    return Report(body, tuple(items))


@settings(max_examples=150, deadline=None)
@given(report=reports())
def test_every_item_has_exactly_the_text_put_under_it(report: Report) -> None:
    document, links = document_of(report.body)
    spans = find_items(document, FORM_10K_ITEMS, links)
    assert [span.item for span in spans] == list(report.items)
    for span in spans:
        text = document.text[span.char_start : span.char_end]
        begins = text.index("Here begins")
        assert begins <= len(TITLES[span.item]) * 2 + 40
        assert text[begins:].startswith(f"Here begins what the orchard says under {span.item}.")
        assert text.endswith(f"Here ends what the orchard says under {span.item}.")
        assert text.count("Here begins") == text.count("Here ends") == 1


_SOUP = st.lists(
    st.one_of(
        st.sampled_from([bold(f"Item {item}. {title}") for item, title in TITLES.items()]),
        st.sampled_from([para(f"Item {item}") for item in TITLES]),
        st.sampled_from([bold(f"PART {part}") for part in ("I", "II", "III", "IV")]),
        st.sampled_from(
            [bold("SIGNATURES"), para("Pursuant to the requirements of Section 13"), bold("Exhibit Index")]
        ),
        st.sampled_from(_FILLER),
        st.sampled_from([bold(title) for title in TITLES.values()]),
        st.integers(1, 60).map(lambda count: para("Words. " * count)),
        st.sampled_from(
            ['<p><a href="#a">Item 7</a></p>', '<p id="a">Item 8</p>', '<hr style="page-break-after:always">']
        ),
        st.builds(
            lambda items: "<table>" + "".join(f"<tr><td>Item {i}</td><td>{i}</td></tr>" for i in items) + "</table>",
            st.lists(st.sampled_from(list(TITLES)), min_size=1, max_size=12),
        ),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(parts=_SOUP)
def test_spans_lie_in_the_text_in_order_and_do_not_overlap_whatever_is_printed(parts: list[str]) -> None:
    document, links = document_of(para("Words.") + "".join(parts))
    spans = find_items(document, FORM_10K_ITEMS, links)
    headed = [span for span in spans if span.basis not in ("pages", "index")]
    for span in spans:
        assert 0 <= span.char_start < span.char_end <= len(document.text)
        assert document.text[span.char_start : span.char_end].strip() == document.text[span.char_start : span.char_end]
        assert 0 < span.confidence <= 1
    for left, right in pairwise(headed):
        assert left.char_end <= right.char_start or (left.char_start, left.char_end) == (
            right.char_start,
            right.char_end,
        )

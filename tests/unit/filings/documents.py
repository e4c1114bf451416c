"""Filings made up for tests: HTML whose visible words are known because they were put there."""

from __future__ import annotations

import html
from dataclasses import dataclass

from hypothesis import strategies as st

__all__ = ["Markup", "bodies", "cover_html", "filing_html", "long_bodies", "squeeze"]

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad"))
# No "|": the canonical text keeps it for the borders of table cells.
_LETTERS = "abcXYZ 019 .,;()$%—-’&<>\u00a0\u200b\n😀é•\ufffd"


@dataclass(frozen=True)
class Markup:
    """A stretch of HTML and the words a reader of the page sees in it."""

    source: str
    visible: str


def squeeze(text: str) -> str:
    """Return the text without white space, characters of no width and cell borders."""
    return "".join(text.translate(_INVISIBLE).replace("|", "").split())


def _join(parts: list[Markup]) -> Markup:
    return Markup("".join(part.source for part in parts), "".join(part.visible for part in parts))


_WORDS = st.text(_LETTERS, min_size=1, max_size=12).map(lambda value: Markup(html.escape(value), value))
_SIGNS = st.sampled_from(
    [
        Markup("&amp;", "&"),
        Markup("&#8217;", "’"),
        Markup("&nbsp;", " "),
        Markup("&#x2014;", "—"),
        Markup("<br>", ""),
        Markup("<!-- unseen -->", ""),
        Markup("<script>unseen()</script>", ""),
    ]
)
_UNSEEN = st.sampled_from(['{} style="display:none"', '{} style="color:red; DISPLAY : None;"'])
_INLINE_TAGS = st.sampled_from(
    ["b", "i", "span", 'span style="font-weight:700"', "ix:nonfraction name='x'", "a href='#'"]
)
_BLOCK_TAGS = st.sampled_from(["p", "div", "h2", "li", "center"])


def _element(tag: str, inner: Markup) -> Markup:
    return Markup(f"<{tag}>{inner.source}</{tag.partition(' ')[0]}>", inner.visible)


def _hidden(tag: str, inner: Markup) -> Markup:
    return Markup(_element(tag, inner).source, "")


@st.composite
def _inline(draw: st.DrawFn, depth: int = 2) -> Markup:
    parts = []
    for kind in draw(st.lists(st.sampled_from(["words", "words", "sign", "styled", "unseen"]), max_size=4)):
        if kind == "words" or depth == 0:
            parts.append(draw(_WORDS))
        elif kind == "sign":
            parts.append(draw(_SIGNS))
        elif kind == "styled":
            parts.append(_element(draw(_INLINE_TAGS), draw(_inline(depth - 1))))
        else:
            parts.append(_hidden(draw(_UNSEEN).format("span"), draw(_inline(depth - 1))))
    return _join(parts)


@st.composite
def _row(draw: st.DrawFn, depth: int) -> Markup:
    cells = []
    for kind in draw(st.lists(st.sampled_from(["td", "td", "th", "block", "unseen"]), max_size=4)):
        if kind == "unseen":
            cells.append(_hidden(draw(_UNSEEN).format("td"), draw(_inline())))
        elif kind == "block" and depth > 0:
            cells.append(_element("td", draw(_block(depth - 1))))
        else:
            cells.append(_element("th" if kind == "th" else "td", draw(_inline())))
    row = _join(cells)
    return _hidden(draw(_UNSEEN).format("tr"), row) if draw(st.integers(0, 9)) == 9 else _element("tr", row)


@st.composite
def _table(draw: st.DrawFn, depth: int) -> Markup:
    rows = _join(draw(st.lists(_row(depth), max_size=4)))
    section = draw(st.sampled_from(["", "tbody", "thead"]))
    caption = _element("caption", draw(_inline())) if draw(st.booleans()) else Markup("", "")
    return _element("table", _join([caption, _element(section, rows) if section else rows]))


@st.composite
def _block(draw: st.DrawFn, depth: int) -> Markup:
    kind = draw(st.sampled_from(["inline", "block", "block", "table", "several", "unseen", "header"]))
    if kind == "inline":
        return draw(_inline())
    if kind == "table":
        return draw(_table(depth))
    if kind == "block" or depth == 0:
        return _element(draw(_BLOCK_TAGS), draw(_inline()))
    several = _join(draw(st.lists(_block(depth - 1), max_size=3)))
    if kind == "several":
        return _element(draw(st.sampled_from(["div", "ul", "ix:continuation"])), several)
    return _hidden("ix:header" if kind == "header" else draw(_UNSEEN).format("div"), several)


@st.composite
def bodies(draw: st.DrawFn) -> Markup:
    """Bodies of documents of any shape."""
    return _join(draw(st.lists(_block(2), max_size=5)))


_SENTENCES = (
    "Net sales grew because prices rose. ",
    "Zürich’s plant (2019) — 1,204.5 % of plan ",
    "x" * 130 + " ",
    "a-b_c.d/e,f;" * 12,
    "unaffable" * 9 + " ",
    "資産の部 ",
    "\ufffd",
    "....................",
)
_HEADINGS = (
    "Item 1. Business",
    "Item 1A. Risk Factors",
    "Item 7. Management’s Discussion and Analysis",
    "Items 1 and 2. Business and Properties",
    "Note 3. Leases",
    "Liquidity",
    "-" * 200,
    "資" * 150,
)
_many = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.sampled_from(_SENTENCES), min_size=1, max_size=5),
    st.sampled_from([1, 1, 3, 25]),
)


def _tall_table(header: str, label: str, rows: int) -> str:
    head = f"<tr><td></td><td>{header}</td><td>2022</td></tr>"
    lines = "".join(f"<tr><td>{label} {row}</td><td>$</td><td>{row},204</td><td>-</td></tr>" for row in range(rows))
    return f"<table>{head}{lines}</table>"


_long_blocks = st.one_of(
    _many.map(lambda text: f"<p>{html.escape(text)}</p>"),
    st.sampled_from(_HEADINGS).map(lambda text: f"<p><b>{text}</b></p>"),
    st.builds(_tall_table, _many, _many, st.sampled_from([1, 3, 40])),
    st.integers(1, 99).map(lambda page: f"<p>{page}</p>"),
)


@st.composite
def long_bodies(draw: st.DrawFn) -> str:
    """Bodies with items, long paragraphs, words without a break, runs of headings and tables to be split."""
    return "".join(draw(st.lists(_long_blocks, max_size=8)))


def cover_html(company: str = "Plain Example Corp.", form: str = "10-K", period: str = "December 31, 2023") -> str:
    """Return a first page without any tags."""
    return (
        f"<p>FORM {form}</p><p>For the fiscal year ended {period}</p><p>{html.escape(company)}</p>"
        "<p>(Exact name of registrant as specified in its charter)</p>"
    )


def filing_html(
    company: str = "Plain Example Corp.", *, cik: int = 9_990_000_100, year: int = 2023, body: str = "", **tags: str
) -> bytes:
    """Return a tagged 10-K; `tags` replace or, when empty, remove `dei` tags."""
    values = {
        "DocumentType": "10-K",
        "EntityRegistrantName": company,
        "EntityCentralIndexKey": f"{cik:010d}",
        "DocumentFiscalYearFocus": str(year),
        "DocumentFiscalPeriodFocus": "FY",
        "DocumentPeriodEndDate": f"December 31, {year}",
        "TradingSymbol": company[:3].upper(),
        **tags,
    }
    dei = "".join(
        f'<ix:nonNumeric name="dei:{name}" contextRef="c">{html.escape(value)}</ix:nonNumeric>'
        for name, value in values.items()
        if value
    )
    context = (
        '<ix:header><xbrli:context id="c"><xbrli:period><xbrli:startdate>x</xbrli:startdate>'
        f"<xbrli:endDate>{tags.get('end', f'{year}-12-31')}</xbrli:endDate></xbrli:period></xbrli:context></ix:header>"
    )
    shown = body or "<p><b>Item 1. Business</b></p><p>We sell plain examples.</p>"
    return f"<html><body><div style='display:none'>{context}</div><p>{dei}</p>{shown}</body></html>".encode()

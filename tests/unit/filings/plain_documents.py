"""Plain-text filings made up for tests: what a reader sees in them, and the figures of their tables, are known."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from hypothesis import strategies as st

__all__ = ["PlainDocument", "plain_cover", "plain_documents", "plain_table"]

_WIDTH = 72
_WORDS = st.sampled_from(
    "the Company sells products to 1,204 customers in 1996 and $5.2 million of goods; profit-sharing (net) plan".split()
)
_TITLES = st.sampled_from(["Competition", "Employees and Labor Relations", "BUSINESS", "ITEM 2. PROPERTIES", "PART II"])
_LABELS = st.sampled_from(
    ["Net sales", "Cost of goods sold", "Gross profit", "Interest income, net", "Per share", "Total current assets"]
)
_NUMBERS = st.one_of(
    st.integers(0, 10**7).map(lambda value: f"{value:,}"),
    st.integers(1, 10**6).map(lambda value: f"({value:,})"),
    st.integers(0, 999).map(lambda value: f"{value / 10:.1f}%"),
    st.integers(100, 9_999).map(lambda value: f"${value:,}"),
    st.just("--"),
)


@dataclass(frozen=True)
class PlainDocument:
    """A text, the words a reader sees, and the cells of its tables' rows."""

    source: str
    visible: str
    rows: tuple[tuple[str, ...], ...] = ()


@st.composite
def _paragraph(draw: st.DrawFn) -> PlainDocument:
    text = " ".join(draw(st.lists(_WORDS, min_size=1, max_size=60)))
    first = " " * draw(st.sampled_from([0, 5]))
    return PlainDocument("\n".join(wrap(text, _WIDTH, initial_indent=first, break_on_hyphens=False)), text)


@st.composite
def _heading(draw: st.DrawFn) -> PlainDocument:
    title = draw(_TITLES)
    line = title.center(_WIDTH).rstrip() if draw(st.booleans()) else title
    sign = draw(st.sampled_from(["", "-", "="]))
    if not sign:
        return PlainDocument(line, title)
    ruler = sign * len(title)
    return PlainDocument(f"{line}\n{' ' * (len(line) - len(title))}{ruler}", title + ruler)


@st.composite
def _items(draw: st.DrawFn) -> PlainDocument:
    texts = draw(st.lists(_paragraph(), min_size=1, max_size=3))
    lines = [f"     ({letter})  {text.visible}" for letter, text in zip("abc", texts, strict=False)]
    indent = " " * 10
    return PlainDocument(
        "\n".join("\n".join(wrap(line, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)) for line in lines),
        "".join(lines),
    )


def plain_table(rows: list[tuple[str, ...]], *, leader: str = " ", tagged: bool = False, columns: int = 2) -> str:
    """Return rows of a label and `columns` numbers, aligned on their last digit, under years and above a ruler."""
    years = [str(1996 - column) for column in range(columns)]
    ruler = " " * 34 + ("  " + "-" * 12) * columns
    lines = [" " * 34 + "".join(f"  {year:>12}" for year in years), ruler]
    if tagged:
        lines = ["<TABLE>", "<CAPTION>", *lines, "<S>" + " " * 32 + "<C>           " * columns]
    for label, *values in rows:
        cells = (value if value.endswith((")", "%")) else value + " " for value in values)
        lines.append(f"{label:{leader}<33} " + "".join(f"  {value:>12}" for value in cells))
    return "\n".join([*lines, ruler.replace("-", "="), *(["</TABLE>"] if tagged else [])])


@st.composite
def _table(draw: st.DrawFn) -> PlainDocument:
    columns = draw(st.integers(1, 3))
    row = st.tuples(_LABELS, *[_NUMBERS] * columns).filter(lambda cells: cells[1] != "--")
    rows = draw(st.lists(row, min_size=2, max_size=6))
    source = plain_table(rows, leader=draw(st.sampled_from([" ", "."])), tagged=draw(st.booleans()), columns=columns)
    years = "".join(str(1996 - column) for column in range(columns))
    return PlainDocument(source, years + "".join("".join(row) for row in rows), tuple(rows))


@st.composite
def _page(draw: st.DrawFn) -> PlainDocument:
    number = str(draw(st.integers(1, 99)))
    source, visible = draw(
        st.sampled_from([("{}\n<PAGE>", "{}"), ("<PAGE>   {}", "{}"), ("{}\n\f", "{}"), ("-{}-\n<PAGE>", "-{}-")])
    )
    return PlainDocument(source.format(number), visible.format(number))


@st.composite
def plain_documents(draw: st.DrawFn, *, with_tables: bool = True) -> PlainDocument:
    """Documents of paragraphs, headings, lists, tables, rulers and page breaks, with blank lines between them."""
    tables = [_table()] if with_tables else []
    ruler = st.sampled_from(["-" * 40, "= = = = ".strip() * 5, "* * *", "_" * 72]).map(
        lambda text: PlainDocument(text, text)
    )
    parts = draw(st.lists(st.one_of(_paragraph(), _heading(), _items(), _page(), ruler, *tables), max_size=8))
    blanks = draw(st.sampled_from(["\n\n", "\n\n\n", "\r\n\r\n"]))
    source = blanks.join(part.source for part in parts)
    return PlainDocument(
        source, "".join(part.visible for part in parts), tuple(row for part in parts for row in part.rows)
    )


def plain_cover(
    form: str = "10-K",
    period: str = "For the fiscal year ended December 31, 1996",
    company: str = "PLAIN EXAMPLE CORP.",
) -> str:
    """Return a first page as it was typed."""
    caption = "(Exact name of registrant as specified in its charter)"
    return (
        "\n\n".join(line.center(_WIDTH).rstrip() for line in (f"FORM {form}", period, company))
        + "\n"
        + caption.center(_WIDTH)
    )

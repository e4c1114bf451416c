"""Passages of filings in the HTTP contract: those an answer cites, and those shown around them."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import ContractError, JsonRow

__all__ = ["Citation", "Passage", "PassageWindow", "read_citation"]


@dataclass(frozen=True, slots=True)
class Citation:
    """One passage an answer rests on (`cited`) or that was found beside it.

    `highlights` are [start, end) pairs in Unicode code points of `text`, as the back end sent them.
    """

    n: int
    passage_id: str
    ticker: str | None
    company: str
    form: str
    fiscal_year: int | None
    accession: str
    item: str | None
    item_title: str | None
    page: int | None
    text: str
    highlights: tuple[tuple[int, int], ...]
    source_url: str | None
    cited: bool


def read_citation(row: JsonRow) -> Citation:
    """Return the record, or raise `ContractError`."""
    return Citation(
        n=row.integer("n"),
        passage_id=row.text("passage_id"),
        ticker=row.optional_text("ticker"),
        company=row.text("company"),
        form=row.text("form"),
        fiscal_year=row.optional_integer("fiscal_year"),
        accession=row.text("accession"),
        item=row.optional_text("item"),
        item_title=row.optional_text("item_title"),
        page=row.optional_integer("page"),
        text=row.text("text"),
        highlights=tuple(_read_range(pair) for pair in row.items("highlights")),
        source_url=row.optional_text("source_url"),
        cited=row.flag("cited"),
    )


def _read_range(pair: object) -> tuple[int, int]:
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(edge, int) for edge in pair):
        return pair[0], pair[1]
    raise ContractError("field 'highlights' is not a list of [start, end] pairs")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a filing as stored; `lead` is what is repeated when a table is split."""

    passage_id: str
    kind: str
    lead: str
    heading: str
    text: str
    item: str | None = None
    item_title: str | None = None


@dataclass(frozen=True, slots=True)
class PassageWindow:
    """A passage with its neighbours in the filing, in reading order."""

    passage: Passage
    before: tuple[Passage, ...]
    after: tuple[Passage, ...]

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            passage=_read_passage(row.row("passage")),
            before=tuple(_read_passage(passage) for passage in row.rows("before")),
            after=tuple(_read_passage(passage) for passage in row.rows("after")),
        )


def _read_passage(row: JsonRow) -> Passage:
    return Passage(
        passage_id=row.text("passage_id"),
        kind=row.text("kind"),
        lead=row.optional_text("lead") or "",
        heading=row.optional_text("heading") or "",
        text=row.text("text"),
        item=row.optional_text("item"),
        item_title=row.optional_text("item_title"),
    )

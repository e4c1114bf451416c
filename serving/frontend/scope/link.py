"""A question and its filters as the query parameters of a link, and back. Pure; shows nothing itself.

`q` is the question; `tickers`, `years`, `items` and `forms` are lists parted by commas. What is not a filter (another
shape than the HTTP contract takes) is left out and reported: a link comes from anywhere.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serving.frontend.contract.query import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Query

__all__ = ["Link", "link_of", "read_link"]

_MAX_VALUES = 30
_MAX_FORMS = 8
_TICKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.^-]{0,11}")
_YEAR = re.compile(r"(?:19[89]\d|20\d\d)")
_ITEM = re.compile(r"(?:I{1,2}-)?(?:1[0-6]|[1-9])[ABC]?")
_FORM = re.compile(r"(?:10-K|10-Q|8-K|10-KT?)(?:/A)?")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link asks; `refused` are its parts that cannot be used, as they stand in it."""

    query: Query
    refused: tuple[str, ...] = ()


def link_of(query: Query) -> dict[str, str]:
    """Return the query parameters; without those that limit nothing."""
    filters = query.filters
    parts = {
        "q": query.question,
        "tickers": ",".join(filters.tickers),
        "years": ",".join(map(str, filters.fiscal_years)),
        "items": ",".join(filters.items),
        "forms": ",".join(filters.forms),
    }
    return {name: value for name, value in parts.items() if value}


def read_link(parameters: Mapping[str, str]) -> Link | None:
    """Return what a link asks, None when it holds no question."""
    question = parameters.get("q", "").strip()
    if not MIN_QUESTION_CHARS <= len(question) <= MAX_QUESTION_CHARS:
        return None
    refused: list[str] = []

    def read(name: str, shape: re.Pattern[str], most: int) -> Iterable[str]:
        values = dict.fromkeys(filter(None, (value.strip() for value in parameters.get(name, "").split(","))))
        usable = [value for value in values if shape.fullmatch(value)][:most]
        refused.extend(value for value in values if value not in usable)
        return usable

    filters = Filters(
        tickers=tuple(ticker.upper() for ticker in read("tickers", _TICKER, _MAX_VALUES)),
        fiscal_years=tuple(map(int, read("years", _YEAR, _MAX_VALUES))),
        items=tuple(read("items", _ITEM, _MAX_VALUES)),
        forms=tuple(read("forms", _FORM, _MAX_FORMS)),
    )
    return Link(Query(question, filters), tuple(refused))

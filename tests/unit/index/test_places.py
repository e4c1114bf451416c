"""Filings and contexts are numbered in text order; a context is a page, else a stretch of passages."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.places import Places, joined_places, places_of
from finrag_ml_tg1.vocabulary.items import item_code
from finrag_ml_tg1.vocabulary.statements import STATEMENTS


def rows(*passages: tuple[str, int | None]) -> pl.DataFrame:
    """Passages by filing and page, in order; positions count in each filing."""
    positions: dict[str, int] = {}
    table = []
    for accession, page in passages:
        positions[accession] = positions.get(accession, -1) + 1
        table.append(
            {
                "accession": accession,
                "page_num": page,
                "position": positions[accession],
                "statement": "balance",
                "item": "8",
            }
        )
    return pl.DataFrame(table, schema_overrides={"page_num": pl.Int32, "position": pl.Int32})


def test_each_page_of_each_filing_is_a_context() -> None:
    places = places_of(rows(("a", 0), ("a", 0), ("a", 3), ("b", 3), ("b", 4)))
    assert places.filings.tolist() == [0, 0, 0, 1, 1]
    assert places.contexts.tolist() == [0, 0, 1, 2, 3]


def test_without_pages_five_passages_are_a_context() -> None:
    assert places_of(rows(*[("a", None)] * 7, ("b", None))).contexts.tolist() == [0, 0, 0, 0, 0, 1, 1, 2]


def test_statements_and_items_are_kept_as_codes() -> None:
    places = places_of(rows(("a", 0)))
    assert STATEMENTS[places.statements[0]] == "balance"
    assert places.items.tolist() == [item_code("8")]
    assert item_code("8") != item_code("7")
    assert item_code("no item") == 0


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), max_size=4))
def test_joined_places_number_filings_and_contexts_on(parts: list[list[int]]) -> None:
    single = [places_of(rows(*((f"f{page // 2}", page) for page in sorted(pages)))) for pages in parts]
    joined = joined_places(single)
    assert len(joined.filings) == sum(map(len, parts))
    for numbers, own in (
        (joined.filings, [part.filings for part in single]),
        (joined.contexts, [part.contexts for part in single]),
    ):
        distinct = sum(len(set(part.tolist())) for part in own)
        assert sorted(set(numbers.tolist())) == list(range(distinct))


def test_places_come_back_from_their_arrays() -> None:
    places = places_of(rows(("a", 0), ("b", 1)))
    again = Places.from_arrays(places.to_arrays())
    assert again.contexts.tolist() == places.contexts.tolist()

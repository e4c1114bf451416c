"""A link carries a question with its filters, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.frontend.contract.query import ANY, Filters, Query
from serving.frontend.scope.link import link_of, read_link

TICKERS = st.lists(st.from_regex(r"[A-Z][A-Z0-9.-]{0,5}", fullmatch=True), max_size=4, unique=True)
QUERIES = st.builds(
    Query,
    st.text(min_size=3, max_size=80).map(str.strip).filter(lambda text: len(text) >= 3),
    st.builds(
        Filters,
        TICKERS.map(tuple),
        st.lists(st.integers(1980, 2099), max_size=4, unique=True).map(tuple),
        st.lists(st.sampled_from(["1", "1A", "7", "7A", "II-1A", "16"]), max_size=4, unique=True).map(tuple),
        st.lists(st.sampled_from(["10-K", "10-Q", "8-K", "10-K/A"]), max_size=3, unique=True).map(tuple),
    ),
)


@given(QUERIES)
@settings(deadline=None)
def test_link_reads_back_as_what_was_asked(query: Query) -> None:
    link = read_link(link_of(query))
    assert link is not None
    assert link.query == query
    assert link.refused == ()


def test_link_names_the_filters_in_plain_words() -> None:
    query = Query("What was revenue?", Filters(("AAPL", "NKE"), (2023, 2024), ("7",), ("10-K",)))
    assert link_of(query) == {
        "q": "What was revenue?",
        "tickers": "AAPL,NKE",
        "years": "2023,2024",
        "items": "7",
        "forms": "10-K",
    }
    assert link_of(Query("What was revenue?")) == {"q": "What was revenue?"}


def test_what_is_no_filter_is_left_out_and_told() -> None:
    link = read_link(
        {"q": "What was revenue?", "tickers": "aapl,<b>", "years": "2024,24", "items": "7,99", "forms": "S-1"}
    )
    assert link is not None
    assert link.query.filters == Filters(("AAPL",), (2024,), ("7",))
    assert link.refused == ("<b>", "24", "99", "S-1")


@pytest.mark.parametrize("question", ["", "  ", "ab", "x" * 3501])
def test_link_without_a_question_that_can_be_asked_is_none(question: str) -> None:
    assert read_link({"q": question, "tickers": "AAPL"}) is None


def test_long_list_is_cut_to_what_a_request_may_hold() -> None:
    link = read_link({"q": "What was revenue?", "years": ",".join(map(str, range(1980, 2099)))})
    assert link is not None
    assert len(link.query.filters.fiscal_years) == 30
    assert link.query.filters != ANY

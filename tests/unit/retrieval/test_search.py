"""Search never leaves its scope, shares the list fairly, and holds up where there is nothing to find."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.search import search
from finrag_ml_tg1.scope import CompanyReference, Scope
from tests.unit.retrieval.hashed_index import Text, build_hashed_index

TOPICS = ("revenue growth", "tariffs on steel", "lawsuit about patents", "store closures", "cash and debt")
FILINGS = [(1, "10-K", 2022), (1, "10-K", 2023), (1, "10-Q", 2023), (2, "10-K", 2023), (3, "10-K", 2023)]
ITEMS = {"10-K": ("1", "1A", "7"), "10-Q": ("I-2", "II-1A")}
TEXTS = [
    Text(cik, form, year, item, f"Company {cik} in {year} item {item} tells of {topic}")
    for cik, form, year in FILINGS
    for item in ITEMS[form]
    for topic in TOPICS
]
ACCESSIONS = sorted({text.accession for text in TEXTS})


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Index:
    return build_hashed_index(TEXTS, tmp_path_factory.mktemp("index"), encoder_folder)


def find(
    index: Index, topic: str, *groups: tuple[str, ...], items: tuple[str, ...] = (), count: int = 50
) -> list[PassageRecord]:
    companies = tuple(CompanyReference(number, f"Company {number}", ()) for number, _ in enumerate(groups))
    return search(index, topic, Scope(topic, companies=companies, accessions=groups, items=items), count)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(ACCESSIONS), min_size=1, unique=True),
    st.lists(st.sampled_from(["1", "1A", "7", "2", "9B"]), unique=True),
    st.sampled_from([*TOPICS, "risk factors", "zzz qqq", ""]),
    st.integers(1, 60),
)
def test_passages_are_of_the_scope_alone(
    index: Index, accessions: list[str], items: list[str], topic: str, count: int
) -> None:
    found = find(index, topic, *((accession,) for accession in accessions), items=tuple(items), count=count)
    allowed = {name for item in items for name in (item, f"I-{item}", f"II-{item}")}
    assert len(found) <= count
    assert len({passage.passage_id for passage in found}) == len(found)
    assert {passage.accession for passage in found} <= set(accessions)
    assert not items or {passage.item for passage in found} <= allowed


def test_every_passage_of_the_scope_can_be_found(index: Index) -> None:
    assert len(find(index, "company tells of", ("1-10-K-2023",))) == len(ITEMS["10-K"]) * len(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_best_passage_holds_the_words_asked_for(index: Index, topic: str) -> None:
    assert topic in find(index, topic, ("2-10-K-2023",))[0].text


def test_passages_of_several_filings_alternate_in_the_order_asked(index: Index) -> None:
    asked = ["3-10-K-2023", "1-10-K-2022", "2-10-K-2023"]
    found = find(index, "tariffs on steel", *((accession,) for accession in asked), count=9)
    assert [passage.accession for passage in found] == asked * 3


def test_question_without_company_shows_few_passages_of_each_filing(index: Index) -> None:
    found = search(index, "tariffs on steel", Scope("tariffs on steel"), 50)
    accessions = [passage.accession for passage in found]
    assert set(accessions) == set(ACCESSIONS)
    assert max(accessions.count(accession) for accession in accessions) == 2


def test_question_with_a_year_alone_shows_few_passages_of_each_filing(index: Index) -> None:
    of_year = tuple(accession for accession in ACCESSIONS if accession.endswith("2023"))
    found = search(index, "tariffs on steel", Scope("tariffs on steel", accessions=(of_year,)), 50)
    accessions = [passage.accession for passage in found]
    assert set(accessions) == set(of_year)
    assert max(accessions.count(accession) for accession in accessions) == 2


def test_wording_of_an_item_reorders_without_leaving_passages_out(index: Index) -> None:
    plain = find(index, "tariffs on steel", ("1-10-K-2023",))
    hinted = find(index, "risk factors tariffs on steel", ("1-10-K-2023",))
    assert {passage.passage_id for passage in hinted} == {passage.passage_id for passage in plain}
    assert hinted[0].item == "1A"


def test_item_number_means_the_parts_of_a_quarterly_report_too(index: Index) -> None:
    found = find(index, "tariffs", ("1-10-Q-2023",), items=("1A",))
    assert {passage.item for passage in found} == {"II-1A"}


def test_item_that_a_filing_lacks_finds_nothing(index: Index) -> None:
    assert find(index, "tariffs", ("1-10-K-2023",), items=("9B",)) == []
    assert search(index, "tariffs", Scope("tariffs", items=("9B",)), 10) == []


def test_filing_that_is_not_covered_finds_nothing(index: Index) -> None:
    assert find(index, "tariffs", ("9-10-K-2023",)) == []


@pytest.mark.parametrize("count", [1, 2, 7])
def test_no_more_passages_than_asked_for(index: Index, count: int) -> None:
    assert len(find(index, "tariffs", ("1-10-K-2023",), ("2-10-K-2023",), count=count)) == count
    assert len(search(index, "tariffs", Scope("tariffs"), count)) == count

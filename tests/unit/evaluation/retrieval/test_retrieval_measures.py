"""Measures of rankings whose every value is known beforehand."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.evaluation.retrieval.measures import intervals, judge, means, means_by_kind
from finrag_ml_tg1.evaluation.retrieval.questions import GoldPlace, RetrievalQuestion
from finrag_ml_tg1.index.passage_record import PassageRecord


def passage(accession: str, page: int | None, text: str = "words", start: int = 0) -> PassageRecord:
    return PassageRecord(
        passage_id=f"{accession}-{page}-{start}",
        cik=1,
        ticker="PLX",
        company="Plain Example",
        form="10-K",
        fiscal_year=2023,
        accession=accession,
        item="",
        kind="prose",
        statement="none",
        heading="",
        position=0,
        char_start=start,
        page_num=page,
        lead="",
        text=text,
        source_url=None,
    )


def question(*gold: GoldPlace, kind: str = "plain", answer: str = "") -> RetrievalQuestion:
    return RetrievalQuestion("q", "What?", kind, gold, answer=answer)


def test_pages_are_ranked_at_their_best_passage() -> None:
    ranking = [passage("a", 1), passage("a", 1, start=5), passage("b", 2), passage("a", 3)]
    values = judge(question(GoldPlace("b", 2), GoldPlace("a", 9)), ranking, {}).values
    assert values["mrr@10"] == pytest.approx(1 / 2)
    assert (values["hit@1"], values["hit@5"], values["hit@10"]) == (0, 1, 1)
    assert values["recall@10"] == pytest.approx(1 / 2)
    assert values["doc@1"] == 1
    assert values["all_filings@10"] == 1


def test_only_the_first_ten_pages_count() -> None:
    ranking = [passage("a", page) for page in range(12)]
    assert judge(question(GoldPlace("a", 10)), ranking, {}).values["hit@10"] == 0
    assert judge(question(GoldPlace("a", 9)), ranking, {}).values["mrr@10"] == pytest.approx(1 / 10)


def test_nothing_found_is_nothing_right() -> None:
    assert set(judge(question(GoldPlace("a", 1)), [], {}).values.values()) == {0}


def test_stretches_are_found_by_any_passage_that_shares_a_character() -> None:
    place = GoldPlace("a", spans=((10, 20), (50, 60)))
    assert place.holds(passage("a", None, "x" * 5, start=15))
    assert place.holds(passage("a", None, "x" * 5, start=6))
    assert not place.holds(passage("a", None, "x" * 10, start=20))
    assert not place.holds(passage("b", None, "x" * 10, start=10))


def test_a_filing_kept_twice_is_one() -> None:
    values = judge(question(GoldPlace("copy", 1)), [passage("first", 1)], {"copy": "first"}).values
    assert (values["doc@1"], values["hit@1"]) == (1, 1)


def test_page_of_another_filing_that_prints_the_answer_counts_leniently_alone() -> None:
    asked = question(GoldPlace("a", 1), answer="$1,234 million in 2023")
    values = judge(asked, [passage("b", 7, "It was 1,234 then")], {}).values
    assert (values["hit@5"], values["lenient_hit@5"]) == (0, 1)
    assert judge(asked, [passage("b", 7, "In 2023 it was 12,345")], {}).values["lenient_hit@5"] == 0


def test_means_and_intervals_are_over_questions() -> None:
    hit = judge(question(GoldPlace("a", 1)), [passage("a", 1)], {})
    miss = judge(question(GoldPlace("a", 1), kind="other"), [passage("b", 1)], {})
    judged = [hit, hit, hit, miss]
    assert means(judged)["hit@1"] == 0.75
    assert means_by_kind(judged)["other"]["n"] == 1
    low, high = intervals(judged)["hit@1"]
    assert low <= 0.75 <= high
    assert intervals(judged) == intervals(judged)

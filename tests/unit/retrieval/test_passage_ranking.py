"""Scores keep the order of what they are made of, and what is shown is spread, shared and never repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.index.reader import Index
from finrag_ml_tg1.retrieval.candidates import Candidates
from finrag_ml_tg1.retrieval.focus import Focus
from finrag_ml_tg1.retrieval.phrases import add_phrases
from finrag_ml_tg1.retrieval.ranking import IN_SCOPE, OPEN, features_of, scores_of
from finrag_ml_tg1.retrieval.search import gather, rank, search
from finrag_ml_tg1.scope import CompanyReference, Scope
from finrag_ml_tg1.vocabulary.items import item_code
from finrag_ml_tg1.vocabulary.statements import STATEMENTS
from tests.unit.retrieval.hashed_index import Text, build_hashed_index

FOCUS = Focus("text", ("lease",), {"lease": 1.0}, (), {"balance": 0.5}, frozenset({"7"}))
SCORES = st.lists(st.floats(0, 30, width=32), min_size=1, max_size=20)


def candidates(count: int, words: list[float] | None = None) -> Candidates:
    """Candidates of one filing, each in a context of its own, with these scores of words and 0 for the others."""
    rows = np.arange(count)
    zeros = np.zeros(count, dtype=np.float32)
    codes = np.zeros(count, dtype=np.uint8)
    return Candidates(
        rows=rows,
        filings=np.zeros(count, dtype=np.int64),
        contexts=rows,
        statements=codes + np.uint8(STATEMENTS.index("none")),
        items=codes,
        words=zeros if words is None else np.array(words, dtype=np.float32),
        context_words=zeros,
        bridge=zeros,
        context_bridge=zeros,
        meaning=zeros,
    )


@settings(deadline=None)
@given(SCORES)
def test_words_are_weighed_between_0_and_1_and_keep_their_order(words: list[float]) -> None:
    features = features_of(candidates(len(words), words), FOCUS, np.zeros(1, np.float32))
    weighed = features["words"]
    assert weighed.min() >= 0
    assert weighed.max() <= 1
    for left in range(len(words)):
        for right in range(len(words)):
            assert words[left] > words[right] or weighed[left] <= weighed[right] + 1e-6


def test_place_raises_every_passage_of_its_context() -> None:
    found = candidates(3)
    found = replace(
        found,
        contexts=np.array([0, 0, 1]),
        statements=np.array([STATEMENTS.index("balance"), *[STATEMENTS.index("none")] * 2], dtype=np.uint8),
        items=np.array([0, 0, item_code("7")], dtype=np.uint8),
    )
    features = features_of(found, FOCUS, np.array([-0.25], dtype=np.float32))
    assert features["statement"].tolist() == [0.5, 0.5, 0]
    assert features["item"].tolist() == [0, 0, 1]
    assert features["preference"].tolist() == [-0.25] * 3


@settings(deadline=None)
@given(SCORES, st.floats(0.1, 2))
def test_scores_are_the_weighted_sum(words: list[float], weight: float) -> None:
    features = {"words": np.array(words, dtype=np.float32), "meaning": np.ones(len(words), dtype=np.float32)}
    expected = weight * np.array(words) + 0.5
    assert scores_of(features, {"words": weight, "meaning": 0.5, "phrases": 9}) == pytest.approx(expected, rel=1e-4)


def test_pairs_of_words_side_by_side_raise_a_passage() -> None:
    texts = ["deferred tax asset", "tax on a deferred asset", "nothing"]
    found = candidates(3)
    rarities = {"defer": 1.0, "tax": 1.0, "asset": 1.0}

    def texts_of(rows: Sequence[int]) -> list[str]:
        return [texts[row] for row in rows]

    raised = add_phrases(found, np.zeros(3, np.float32), ("defer", "tax", "asset"), rarities, texts_of, 0.4)
    assert raised == pytest.approx([0.4, 0, 0])


def test_one_word_has_no_pairs() -> None:
    scores = np.ones(2, np.float32)
    raised = add_phrases(candidates(2), scores, ("tax",), {"tax": 1.0}, lambda rows: ["tax"] * len(rows), 0.4)
    assert raised.tolist() == [1, 1]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Index:
    texts = [
        Text(cik, form, year, "7", text)
        for cik, form, year in ((1, "10-K", 2022), (1, "10-K", 2023), (1, "10-K/A", 2023), (2, "10-K", 2023))
        for text in (
            f"Company {cik} tells of tariffs in {year}",
            f"Boilerplate of company {cik} on tariffs",
            "Other matters",
        )
    ]
    return build_hashed_index(texts, tmp_path_factory.mktemp("index"), encoder_folder)


def scope(*groups: tuple[str, ...], preferences: dict[str, float] | None = None) -> Scope:
    companies = (CompanyReference(1, "Company 1", ()), CompanyReference(2, "Company 2", ()))
    return Scope("tariffs", companies=companies, accessions=groups, preferences=preferences or {})


def test_the_same_words_are_shown_once(index: Index) -> None:
    found = search(index, "tariffs", scope(("1-10-K-2023", "1-10-K/A-2023")), 20)
    texts = [passage.text for passage in found]
    assert len(texts) == len(set(texts)) == 3


def test_several_years_of_a_company_all_come_to_word(index: Index) -> None:
    found = search(index, "tariffs", scope(("1-10-K-2022",), ("1-10-K-2023",)), 4)
    assert {passage.fiscal_year for passage in found} == {2022, 2023}


def test_less_likely_filing_comes_later(index: Index) -> None:
    found = search(index, "tariffs", scope(("1-10-K-2022", "1-10-K-2023"), preferences={"1-10-K-2023": -0.4}), 2)
    assert found[0].fiscal_year == 2022


def test_companies_share_the_list(index: Index) -> None:
    found = search(index, "tariffs", scope(("1-10-K-2023",), ("2-10-K-2023",)), 4)
    assert [passage.cik for passage in found] == [1, 2, 1, 2]


def test_weights_can_be_given_and_words_alone_can_be_searched(index: Index) -> None:
    asked = scope(("1-10-K-2023",))
    gathered = gather(index, "tariffs", asked, dense=False)
    assert not gathered.features["meaning"].any()
    assert rank(index, gathered, asked, gathered.weights, 3) == search(index, "tariffs", asked, 3, dense=False)
    assert gathered.weights is IN_SCOPE
    assert gather(index, "tariffs", Scope("tariffs")).weights is OPEN


def test_asked_which_companies_each_comes_to_word(index: Index) -> None:
    found = search(index, "Which companies tell of tariffs?", Scope("Which companies tell of tariffs?"), 20)
    assert sorted(passage.cik for passage in found) == [1, 2]


def test_scope_without_filings_finds_nothing(index: Index) -> None:
    assert search(index, "tariffs", scope(("9-10-K-2023",)), 5) == []

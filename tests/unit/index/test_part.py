from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from finrag_ml_tg1.index.facts import PART_FACTS_SCHEMA
from finrag_ml_tg1.index.lexical import Postings, build_postings
from finrag_ml_tg1.index.part import Part, build_part
from finrag_ml_tg1.index.part_rows import PART_SCHEMA

TEXTS = ["Net sales grew.", "資産の部 😀 €3", "", "Cash | 5\nDebt | 7"]
ROWS = pl.DataFrame(
    [
        {
            "passage_id": f"x-{position}",
            "form": "10-K",
            "accession": "x",
            "item": "7",
            "kind": "prose",
            "statement": "none",
            "heading": "Sales > Growth",
            "position": position,
            "char_start": 10 * position,
            "char_end": 10 * position + len(text),
            "page_num": None,
            "lead": "(in millions)",
            "text": text,
            "cik": 5,
        }
        for position, text in enumerate(TEXTS)
    ]
)
VECTORS = np.eye(4, 8, dtype=np.float32)
FACTS = pl.DataFrame(
    [
        {"concept": "us-gaap:Assets", "value": Decimal("12.5"), "dimensions": ""},
        {"concept": "us-gaap:Nil", "value": None},
    ],
    schema=PART_FACTS_SCHEMA,
)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    path = tmp_path / "part"
    path.write_bytes(build_part(ROWS, TEXTS, VECTORS, FACTS))
    return Part(path)


def test_a_part_gives_back_its_rows_texts_and_vectors(part: Part) -> None:
    assert len(part) == 4
    assert [part.rows[row] for row in range(4)] == ROWS.select(PART_SCHEMA.names()).rows()
    assert [part.text(row) for row in range(4)] == TEXTS
    np.testing.assert_allclose(part.similarities(VECTORS[1]), [0, 1, 0, 0], atol=1e-6)


def test_a_passage_is_found_by_its_id_and_no_other_is(part: Part) -> None:
    assert [part.rows.find(passage_id) for passage_id in ROWS["passage_id"]] == [0, 1, 2, 3]
    assert [part.rows.find(other) for other in ("y-1", "x-4", "x-", "x-1a", "x-²", "", "of another part")] == [None] * 7


def test_rows_are_found_by_filing_and_item(tmp_path: Path) -> None:
    rows = ROWS.with_columns(accession=pl.Series(["x", "x", "y", "y"]), item=pl.Series(["7", "8", "7", "7"]))
    path = tmp_path / "part"
    path.write_bytes(build_part(rows, TEXTS, VECTORS, FACTS))
    part = Part(path)
    assert [part.rows.of_filing(row).tolist() for row in range(4)] == [[0, 1], [0, 1], [2, 3], [2, 3]]
    assert part.rows.of_item("y", "7").tolist() == [2, 3]
    assert part.rows.of_item("x", "8").tolist() == [1]
    assert part.rows.of_item("x", "9").tolist() == part.rows.of_item("z", "7").tolist() == []
    assert [part.rows.accession(row) for row in range(4)] == ["x", "x", "y", "y"]


def test_a_part_gives_back_its_facts_without_those_that_are_nil(part: Part) -> None:
    assert part.facts().select("concept", "value").rows() == [("us-gaap:Assets", Decimal("12.5"))]


def test_a_part_scores_words_as_its_texts_alone_do(part: Part) -> None:
    alone = Postings(build_postings(TEXTS))
    corpus = alone.statistics()
    terms = corpus.weighted(["sale"])
    np.testing.assert_array_equal(part.postings.scores(terms), alone.scores(terms))


def test_the_same_rows_give_the_same_bytes() -> None:
    assert build_part(ROWS, TEXTS, VECTORS, FACTS) == build_part(
        ROWS.clone(), list(TEXTS), VECTORS.copy(), FACTS.clone()
    )

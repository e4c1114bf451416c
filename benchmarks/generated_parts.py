"""Parts of an index with generated text and vectors, as many as wanted: what they say means nothing, their sizes do.

Words follow Zipf's law, the common ones are those of reports and questions. Vectors spread over as many directions as
those of passages do (40 directions hold about half of the variance) and crowd around topics and companies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.facts import PART_FACTS_SCHEMA, pack_facts
from finrag_ml_tg1.index.lexical import build_postings
from finrag_ml_tg1.index.part_rows import PART_SCHEMA, pack_rows
from finrag_ml_tg1.index.places import places_of

__all__ = ["COMMON_WORDS", "SEED", "PartTemplate", "VectorSource", "generated_templates", "invented_names"]

Floats = npt.NDArray[np.float32]

# Of all that is generated: the same index is made each time, and questions about the same topics.
SEED = 8

COMMON_WORDS = tuple(
    "revenue cost income expense cash tax interest rate risk market customer product service contract supplier "
    "competition employee facility lease debt credit loan equity dividend share stock option pension segment region "
    "currency hedge derivative inventory goodwill impairment acquisition divestiture litigation regulation patent "
    "license research development manufacturing distribution logistics tariff inflation demand pricing volume margin "
    "growth decline increase decrease primarily due offset partially compared prior period quarter year program system "
    "software security cybersecurity privacy data cloud platform network energy fuel water climate emission safety "
    "quality audit control report statement balance asset liability obligation commitment payment proceeds investment "
    "maturity note bond covenant facility borrowing repayment issuance purchase repurchase director officer committee "
    "compensation award insurance claim reserve estimate assumption judgment policy standard adoption amendment".split()
)
_SYLLABLES = "bal cor den fel gar hol jun kel lor mar nef oss pel quin rav sol tar ulm ver wen yar zel".split()
_ENDINGS = "ite ora ent ock ane umb est oil art ing".split()
_VOCABULARY = 30_000
_WORDS_A_PASSAGE = 82
_GLUE = ("the", "of", "and", "in", "to", "for", "by")
_TOPICS = 4_000
_ITEMS = ("1", "1A", "7", "7A", "8")


@dataclass(frozen=True, slots=True)
class PartTemplate:
    """What several parts have in common: rows (PART_SCHEMA and `text`), facts, texts, postings."""

    rows: pl.DataFrame
    facts: pl.DataFrame
    arrays: dict[str, npt.NDArray[Any]]

    def renamed(self, accession: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a part of one filing of that name, without vectors."""
        passage_id = pl.format(f"{accession}-{{}}", pl.col("position").cast(pl.String).str.zfill(5))
        renumbered = self.rows.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int32))
        rows = renumbered.with_columns(passage_id=passage_id, accession=pl.lit(accession), form=pl.lit("10-K"))
        facts = self.facts.with_columns(accession=pl.lit(accession))
        old_to_new = dict(zip(self.rows["passage_id"], rows["passage_id"], strict=True))
        facts = facts.with_columns(pl.col("passage_id").replace_strict(old_to_new, default=None))
        return {**self.arrays, **pack_rows(rows), **places_of(rows).to_arrays(), "facts": pack_facts(facts)}


def generated_templates(count: int, rows: int, seed: int) -> list[PartTemplate]:
    """Return templates with so many rows of generated text each, and no facts."""
    chooser = np.random.default_rng(seed)
    words = _vocabulary()
    weights = 1 / (np.arange(len(words)) + 3.0)
    weights /= weights.sum()
    return [_template(chooser, words, weights, rows) for _ in range(count)]


def invented_names() -> Iterator[str]:
    """Yield names of companies that do not exist, each once."""
    for first, middle, ending in product(_SYLLABLES, _SYLLABLES, _ENDINGS):
        if first != middle:
            yield f"{first}{middle}{ending}".capitalize() + " Works Inc. (fictional)"


class VectorSource:
    """Unit vectors around topics and companies."""

    def __init__(self, dimension: int, seed: int) -> None:
        self._chooser = np.random.default_rng(seed)
        spread = (np.arange(dimension) + 8.0) ** -0.55
        rotation, _ = np.linalg.qr(self._chooser.normal(size=(dimension, dimension)))
        self._directions = ((spread / np.linalg.norm(spread))[:, None] * rotation).astype(np.float32)
        self._common = self._drawn(1)
        self._topics = self._drawn(_TOPICS)

    def passages(self, count: int) -> Floats:
        """Return the vectors of one company's passages."""
        topics = self._topics[self._chooser.integers(0, _TOPICS, count)]
        return _unit(0.4 * self._common + 0.3 * self._drawn(1) + 0.8 * topics + 0.6 * self._drawn(count))

    def questions(self, count: int) -> Floats:
        """Return vectors as questions have: near a topic."""
        topics = self._topics[self._chooser.integers(0, _TOPICS, count)]
        return _unit(0.4 * self._common + 0.8 * topics + 0.6 * self._drawn(count))

    def mixed(self, vectors: Floats) -> Floats:
        """Return vectors between those given and others of them: new ones, where such vectors lie."""
        others = vectors[self._chooser.permutation(len(vectors))]
        share = self._chooser.uniform(0.55, 0.8, size=(len(vectors), 1)).astype(np.float32)
        return _unit(share * vectors + (1 - share) * others)

    def _drawn(self, count: int) -> Floats:
        return self._chooser.standard_normal((count, len(self._directions)), dtype=np.float32) @ self._directions


def _vocabulary() -> list[str]:
    made = ("".join(parts) for parts in product(_SYLLABLES, _SYLLABLES, _SYLLABLES, _ENDINGS))
    return [*COMMON_WORDS, *(word for word, _ in zip(made, range(_VOCABULARY - len(COMMON_WORDS)), strict=False))]


def _template(
    chooser: np.random.Generator, words: list[str], weights: npt.NDArray[np.float64], rows: int
) -> PartTemplate:
    picks = chooser.choice(len(words), size=(rows, _WORDS_A_PASSAGE), p=weights)
    texts = [_sentence([words[pick] for pick in row]) for row in picks]
    table = pl.DataFrame(
        {
            "passage_id": [f"template-{position:05d}" for position in range(rows)],
            "form": "10-K",
            "accession": "template",
            "item": [_ITEMS[position * len(_ITEMS) // rows] for position in range(rows)],
            "kind": "prose",
            "statement": "none",
            "heading": "",
            "position": range(rows),
            "char_start": 0,
            "char_end": [len(text) for text in texts],
            "page_num": None,
            "lead": "",
            "text": texts,
        }
    ).cast(dict(PART_SCHEMA.items()))
    blobs = [text.encode() for text in texts]
    arrays = {
        "texts": np.frombuffer(b"".join(blobs), dtype=np.uint8),
        "text_offsets": np.cumsum([0, *(len(blob) for blob in blobs)], dtype=np.int64),
        **build_postings(texts),
    }
    return PartTemplate(table, pl.DataFrame(schema=PART_FACTS_SCHEMA), arrays)


def _sentence(words: list[str]) -> str:
    glued = (f"{word} {_GLUE[place % len(_GLUE)]}" if place % 3 == 0 else word for place, word in enumerate(words))
    return " ".join(glued).capitalize() + "."


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

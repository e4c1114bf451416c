"""Questions with the places that answer them, as each dataset writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.filings.paged.document import identifier_of
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["GoldPlace", "RetrievalQuestion", "read_questions"]

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """A place that has to be found: a filing, or a page of it, or one of some stretches of its canonical text."""

    accession: str
    page_num: int | None = None
    spans: tuple[tuple[int, int], ...] = ()

    def holds(self, passage: PassageRecord) -> bool:
        """Return whether a passage is of that place."""
        if passage.accession != self.accession or (self.page_num is not None and passage.page_num != self.page_num):
            return False
        start, end = passage.char_start, passage.char_start + len(passage.text)
        return not self.spans or any(start < last and first < end for first, last in self.spans)


@dataclass(frozen=True, slots=True)
class RetrievalQuestion:
    """A question; `kind` is what results are broken down by, `tickers` whom it is about where that is known.

    `answer` is what the dataset gives as the answer.
    """

    identifier: str
    text: str
    kind: str
    gold: tuple[GoldPlace, ...]
    tickers: tuple[str, ...] = ()
    answer: str = ""

    @property
    def filings(self) -> frozenset[str]:
        """The filings that hold the answer."""
        return frozenset(place.accession for place in self.gold)


def read_questions(dataset: str, path: Path) -> list[RetrievalQuestion]:
    """Return the questions of a JSON lines file; those whose filing is not in the corpus are left out.

    Raises SettingsError when a line is none of this dataset's.
    """
    read = _READERS[dataset]
    questions: list[RetrievalQuestion] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            questions += read(json.loads(line)) if line.strip() else ()
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"{path.name}, line {number}: no question of {dataset} ({error!r})") from error
    if not questions:
        raise SettingsError(f"{path.name}: no question of {dataset} that can be judged")
    return questions


def _financebench(row: _Row) -> Iterator[RetrievalQuestion]:
    if row["doc_in_corpus"]:
        accession = identifier_of(row["doc_name"])
        gold = tuple(GoldPlace(accession, page) for page in dict.fromkeys(row["evidence_pages"]))
        yield RetrievalQuestion(
            row["financebench_id"], row["question"], row["question_type"], gold, answer=str(row["answer"])
        )


def _finqa(row: _Row) -> Iterator[RetrievalQuestion]:
    kind = row["source"] if row["source"] != "finqa" or row["standalone"] else "finqa, not standalone"
    gold = (GoldPlace(identifier_of(row["context_id"])),)
    tickers = (row["ticker"],) if row["ticker"] else ()
    yield RetrievalQuestion(row["qid"], row["question"], kind, gold, tickers, str(row["answer"]))


def _docugami(row: _Row) -> Iterator[RetrievalQuestion]:
    gold = tuple(GoldPlace(identifier_of(name)) for name in row["gold_docs"])
    yield RetrievalQuestion(row["qid"], row["question"], row["question_type"], gold, answer=row["answer"])


def _filings(row: _Row) -> Iterator[RetrievalQuestion]:
    gold = tuple(
        GoldPlace(place["accession"], spans=tuple((start, end) for start, end in place["spans"]))
        for place in row["gold"]
    )
    yield RetrievalQuestion(row["id"], row["question"], row["kind"], gold)


_READERS: Mapping[str, Callable[[_Row], Iterator[RetrievalQuestion]]] = {
    "financebench": _financebench,
    "finqa": _finqa,
    "docugami": _docugami,
    "filings": _filings,
}

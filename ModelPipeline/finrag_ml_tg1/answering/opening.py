"""What a company says of itself where its report begins to describe the business."""

from __future__ import annotations

from collections.abc import Sequence

from finrag_ml_tg1.answering.quotation import Statement
from finrag_ml_tg1.answering.sentence_fit import points_elsewhere
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.quotable import is_quotable
from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["opening_sentences"]

_MAX_SENTENCES = 3
_MAX_WORDS = 100


def opening_sentences(passages: Sequence[PassageRecord]) -> list[Statement]:
    """Return the first whole sentences of each filing among the passages, as the filing reads."""
    filings = list(dict.fromkeys(passage.accession for passage in passages))
    most = max(1, _MAX_SENTENCES // max(1, len(filings)))
    return [part for accession in filings for part in _first(passages, accession, most, _MAX_WORDS // len(filings))]


def _first(passages: Sequence[PassageRecord], accession: str, most: int, max_words: int) -> list[Statement]:
    kept: list[Statement] = []
    words = 0
    for number, passage in enumerate(passages):
        if passage.accession != accession or passage.kind != "prose":
            continue
        for start, end in sentence_spans(passage.text):
            text = passage.text[start:end]
            if not is_quotable(text) or points_elsewhere(text):
                continue
            words += len(text.split())
            if len(kept) == most or (kept and words > max_words):
                return kept
            kept.append(Statement(number, start, end, 1.0))
    return kept

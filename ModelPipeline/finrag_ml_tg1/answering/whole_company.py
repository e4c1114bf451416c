"""Whether a sentence speaks of a whole company or of one of its segments."""

from __future__ import annotations

import re
from functools import lru_cache

from finrag_ml_tg1.answering.topic import Topic
from finrag_ml_tg1.answering.word_families import family_terms
from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["gain_of_whole"]

_OF_WHOLE = 0.2
_OF_PART = 0.25
_BESIDE_METRICS = "change changed explain factor factors decrease increase total overall company reason reasons"
_SEGMENT_HEADING = re.compile(r"\bsegments?\b", re.IGNORECASE)
_SPEAKS_OF_WHOLE = re.compile(
    r"\b(?:consolidated|company[- ]wide|(?:on an? )?overall basis|total (?:company |net )?(?:revenues?|sales)|"
    r"the company[’']s (?:\w+ )?(?:revenues?|sales|income|margins?|earnings|expenses?))\b|"
    r"^(?:total |our |consolidated )?(?:net )?(?:revenues?|sales)\b",
    re.IGNORECASE,
)


def gain_of_whole(topic: Topic, passage: PassageRecord, sentence: str) -> float:
    """Return what a sentence gains by speaking of the whole company, below 0 for one out of the part on segments.

    0 where something beside the numbers of the statements is asked for: that may be a segment's.
    """
    if not topic.weights or topic.weights.keys() - _terms_of_metrics():
        return 0.0
    names_company = passage.company.split(",")[0].split()[0].lower() in sentence.lower().split(",")[0].split()[:3]
    if _SEGMENT_HEADING.search(passage.heading):
        return -_OF_PART
    return _OF_WHOLE if names_company or _SPEAKS_OF_WHOLE.search(sentence) else 0.0


@lru_cache(maxsize=1)
def _terms_of_metrics() -> frozenset[str]:
    names = (name for metric in load_metrics().values() for name in (metric.label, *metric.synonyms))
    return frozenset(family_terms(" ".join((*names, _BESIDE_METRICS)))) | frozenset(split_terms(_BESIDE_METRICS))

"""What is looked for: the words of a question, the words filings use for them, and where the answer probably stands.

Statements and items are hints: they raise passages, they never exclude one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from finrag_ml_tg1.index.lexical import CorpusStatistics, split_terms
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.vocabulary.filing_words import filing_words_for
from finrag_ml_tg1.vocabulary.filler_words import FILLERS
from finrag_ml_tg1.vocabulary.items import items_worded_in
from finrag_ml_tg1.vocabulary.metrics import Metric, load_metrics
from finrag_ml_tg1.vocabulary.statements import statements_named_in, statements_of_line_items

__all__ = ["Focus", "read_focus"]

# Why a figure changed is told in Management's Discussion and Analysis; its statement tells only that it did.
_ASKS_FOR_REASON = re.compile(
    r"\b(?:why|what (?:drove|caused|led to|contributed|were the (?:main |key |principal )?(?:factors|drivers|reasons))|"
    r"(?:factors|drivers|reasons?|causes?) (?:for|of|behind|contributing|influencing)|drove|driven by|due to what)\b",
    re.IGNORECASE,
)
_ASKS_COMPANIES = re.compile(
    r"^\s*who\b|\b(?:which|what|list|name|how many)\s+(?:of\s+the\s+)?(?:other\s+)?"
    r"(?:companies|firms|filers|filings|issuers)\b",
    re.IGNORECASE,
)
# "... then state that and explain why": asked of the answer, not of the company.
_EXPLAIN = re.compile(r"(?<=[.?!;])\s*if\b[^.?!]*\b(?:state|explain|say)\b[^.?!]*[.?!]?", re.IGNORECASE)
# How discussions tell why.
_REASONS = "primarily due driven reflecting resulted offset attributable"
_DISCUSSION = frozenset(("7", "I-2"))
# Words of lines and statements that are no metric's name.
_LINE_WORDS = (
    "ratio margin margins profile balance cash flow statement income operations investing financing activities asset "
    "liability"
)
_SYNONYMS = 4
_YEAR = re.compile(r"(?:fy|q[1-4])?(?:19|20)?\d\d|q[1-4]|[1-4]q\d*")


# They ask, whatever is asked. Other fillers ("total", "net", "increase") are words of tables and their notes as well.
_ASKING = frozenset(
    split_terms(
        "amount answer ask based calculate company compare describe detail discuss explain fiscal fy give information "
        "key list main many much name please question report reported reports respective say show state summarize tell "
        "year years"
    )
)


@dataclass(frozen=True, slots=True)
class Focus:
    """`terms` are asked, `bridge` are the filing's words for them; `text` is what is encoded.

    `rarities` are the inverse document frequencies of the terms. `statements` have weights up to 1: how surely the
    answer stands in each primary statement. `asks_companies`: each of those found is an answer.
    """

    text: str
    terms: tuple[str, ...]
    rarities: Mapping[str, float]
    bridge: tuple[str, ...]
    statements: Mapping[str, float]
    items: frozenset[str]
    asks_companies: bool = False


def read_focus(question: str, scope: Scope, corpus: CorpusStatistics, *, is_of_named_years: bool) -> Focus:
    """Return the focus of a question within its scope; `corpus` tells how rare its words are.

    `is_of_named_years`: all filings in scope are of the years it names, which then tell nothing more.
    """
    plain = _EXPLAIN.sub(" ", question)
    asked = _EXPLAIN.sub(" ", scope.asked or scope.topic)
    asks_reason = _ASKS_FOR_REASON.search(plain) is not None
    words = dict.fromkeys(split_terms(asked))
    terms = tuple(term for term in words if term not in _ASKING and not (is_of_named_years and _YEAR.fullmatch(term)))
    # Among the filings of all companies the lines of statements tell nothing: every one has them.
    metrics = list(_with_inputs(scope.metrics)) if scope.accessions else []
    written = " ".join(" ".join((metric.label, *metric.synonyms[:_SYNONYMS])) for metric in metrics)
    reasons = _REASONS if asks_reason else ""
    bridge = [term for term in split_terms(f"{written} {filing_words_for(asked)} {reasons}") if term not in terms]
    items = items_worded_in(asked)
    terms = terms or tuple(words)
    return Focus(
        asked,
        terms,
        {term: _rarity(term, corpus) for term in terms},
        tuple(dict.fromkeys(bridge)),
        _statements(plain, asked, scope, metrics, corpus) if not asks_reason else {},
        items | _DISCUSSION if asks_reason else items,
        _ASKS_COMPANIES.search(plain) is not None,
    )


def _with_inputs(names: tuple[str, ...]) -> Iterator[Metric]:
    """The metrics, and those that a derived one is calculated from: these are what filings print."""
    registry = load_metrics()
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            metric = registry[name]
            yield metric
            waiting += sorted(metric.needs) if metric.formula else []


def _statements(
    question: str, asked: str, scope: Scope, metrics: list[Metric], corpus: CorpusStatistics
) -> dict[str, float]:
    """The primary statements that print what is asked; the less surely, the more is asked beside their lines."""
    named = statements_named_in(question)
    if named:
        return dict.fromkeys(named, 1.0)
    found = {metric.statement for metric in metrics if metric.statement != "none"} | statements_of_line_items(asked)
    if not found:
        return {}
    names = " ".join(" ".join((metric, *load_metrics()[metric].synonyms)) for metric in scope.metrics)
    of_lines = set(split_terms(f"{names} {_LINE_WORDS}"))
    weights = {
        term: _rarity(term, corpus)
        for term in dict.fromkeys(split_terms(asked))
        if term not in _asking_terms() and not _YEAR.fullmatch(term)
    }
    total = sum(weights.values())
    share = sum(weight for term, weight in weights.items() if term in of_lines) / total if total else 1.0
    return dict.fromkeys(found, share)


def _rarity(term: str, corpus: CorpusStatistics) -> float:
    return math.log1p(corpus.rows / (1 + corpus.document_frequency(term)))


@lru_cache(maxsize=1)
def _asking_terms() -> frozenset[str]:
    return frozenset(split_terms(" ".join(FILLERS)))

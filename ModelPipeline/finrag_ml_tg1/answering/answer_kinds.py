"""What kind of answer a question wants, and whether a sentence is of that kind: a reason, an amount, a day, a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from finrag_ml_tg1.answering.counts import gain_of_count
from finrag_ml_tg1.index.lexical import split_terms

__all__ = [
    "asks_for_amount",
    "asks_for_business",
    "asks_for_reason",
    "asks_what_is_said",
    "breaks_down",
    "gain_by_kind",
]

_ASKS_FOR_REASON = re.compile(
    r"\b(?:why|drove|drives?|driven|drivers?|reasons?|caused?|causes|led to|factors? (?:behind|contribut\w+)|explain|"
    r"explanation|what made|due to what)\b",
    re.IGNORECASE,
)
_GIVES_REASON = re.compile(
    r"\b(?:due to|driven by|because|as a result of|attributable to|reflect(?:s|ed|ing)|result(?:ed|ing) (?:from|in)|"
    r"caused by|impacted by|offset by|owing to|in response to)\b",
    re.IGNORECASE,
)
_ASKS_FOR_REST = re.compile(
    r"\b(?:by|per|for each|across|of each|into|split|breakdown|break down)\s+(?:\w+\s+)?(?:its\s+)?(?:segments?|"
    r"regions?|countr(?:y|ies)|geograph\w+|products?|product (?:lines?|categor\w+)|categor(?:y|ies)|channels?|"
    r"quarters?|business(?:es)?|lines? of business|part of|parts|type|class|maturit\w+|years?)\b|\bbreak ?down\b|"
    r"\bsplit (?:by|into|up)\b|\b(?:schedule|table) of\b|\bcontractual obligations\b|\bmaturit(?:y|ies)\b",
    re.IGNORECASE,
)
_ASKS_FOR_BEST = re.compile(
    r"\b(?:which|what)\s+(?:\w+\s+){0,4}?(?:segments?|regions?|countr(?:y|ies)|geograph\w+|products?|categor(?:y|ies)|"
    r"divisions?|business(?:es)?|areas?|markets?|liabilit(?:y|ies)|assets?|expenses?|costs?)\b[^?]*\b(?:most|"
    r"least|best|worst|fastest|slowest|largest|biggest|smallest|highest|lowest|drop|decline|increase|grew|fell)\b|"
    r"\bwhat (?:is|are|was|were) the (?:\w+ )?(?:largest|biggest|geograph\w+)\b",
    re.IGNORECASE,
)
_ASKS_FOR_AMOUNT = re.compile(
    r"\bhow (?:much|many|large|big|high|low|far|steep\w*)\b|\bnumber of\b|"
    r"\b(?:what|which) (?:\w+ )?(?:percentage|percent|share|portion|amounts?|prices?|sum|level|weight|stake|part|slice|"
    r"penalty|costs?|loss|charges?|gain|proceeds)\b",
    re.IGNORECASE,
)


_ASKS_WHAT_IS_SAID = re.compile(r"\b(?:say|says|said|tell|describe|comment|write) (?:\w+ )?(?:about|on|of)\b", re.I)
_ASKS_FOR_BUSINESS = re.compile(
    r"\bwhat (?:business|industry|sector|line of business)\b|\bdescribe (?:the |its )?business\b|"
    r"\bkind of (?:business|company)\b|\bbusiness (?:model|overview|description)\b|"
    r"\bwhat (?:does|do|did)\s+(?:the company |it |they )?(?:do|make|sell)\W*$|"
    r"\b(?:main|principal|key|major|core) (?:products?|services?|business(?:es)?)\b",
    re.IGNORECASE,
)
_ASKING = frozenset(split_terms("annual 10-k describe explain fiscal report say tell us fy year k s"))
_OF_BUSINESS = frozenset(
    split_terms(
        "business businesses company core industry key kind line main major make model operate operates operating "
        "overview primarily primary principal product products sector sell service services"
    )
)
# "Elliott Hill, President and Chief Executive Officer"
_OFFICER = re.compile(
    r"[A-Z][a-z]+ [A-Z][\w’'-]+, (?:\w+ ){0,8}?(?:Chief|President|Chair\w*|Officer|Director)"
    r"|(?:appointed|named|elected|succeed\w*)\b"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    asked: re.Pattern[str]
    given: re.Pattern[str]
    gain: float


# The gains were set on one half of benchmarks/questions/filings.jsonl and hold on the other.
_KINDS = (
    _Kind(_ASKS_FOR_REASON, _GIVES_REASON, 0.15),
    _Kind(
        _ASKS_FOR_AMOUNT,
        re.compile(r"[$€£%]|\bpercent\b|\b(?:m|b|tr)illion\b|\d,\d{3}"),
        0.14,
    ),
    _Kind(
        re.compile(r"\bwhen\b|\b(?:what|which) (?:date|day|year|month)\b|\bhow long\b", re.IGNORECASE),
        re.compile(
            r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|"
            r"\b(?:19|20)\d\d\b|\b\d+ (?:years|months|days)\b"
        ),
        0.08,
    ),
    _Kind(
        re.compile(
            r"\bwho\b|\bwhom\b|\b(?:which|what) (?:\w+ ){0,3}(?:compan(?:y|ies)|agenc(?:y|ies)|countr(?:y|ies)|names?|"
            r"wholesalers?|customers?|suppliers?|officer|executive|drugs|medicines|segments?|brands?)\b",
            re.IGNORECASE,
        ),
        re.compile(r"(?<=[a-z,;:] )[A-Z][\w’'.-]+(?: [A-Z][\w’'.-]+)+"),
        0.1,
    ),
    _Kind(
        re.compile(
            r"\b(?:list|name|who are|which|what are)\b[^?]*\b(?:competitors?|rivals|partners|brands|suppliers)\b", re.I
        ),
        re.compile(r"(?:[A-Z][\w’'.&-]+(?: [A-Z][\w’'.&-]+)*(?:, (?:and )?| and )){2}[A-Z]"),
        0.2,
    ),
    _Kind(
        re.compile(r"\bwhere\b|\bheadquarter", re.IGNORECASE),
        re.compile(
            r"\b(?:located|headquarter\w*|offices?|based)\b[^.;]*\b(?:in|at) [A-Z][a-z]+(?: [A-Z][a-z]+)*, [A-Z]"
        ),
        0.12,
    ),
    _Kind(re.compile(r"\baudit(?:s|ed|ors?)\b|\baccounting firm\b", re.IGNORECASE), re.compile(r"\bLLP\b"), 0.3),
    _Kind(re.compile(r"\bwho\b[^?]*\b(?:ceo|cfo|chief|chair\w*|president|officers?)\b", re.IGNORECASE), _OFFICER, 0.2),
)


def asks_for_reason(question: str) -> bool:
    """Return whether a question asks why."""
    return _ASKS_FOR_REASON.search(question) is not None


def asks_for_amount(question: str) -> bool:
    """Return whether a question asks how much or how many."""
    return _ASKS_FOR_AMOUNT.search(question) is not None


def asks_for_business(question: str) -> bool:
    """Return whether a question asks what a company does, and nothing in particular of it."""
    rest = {term for term in split_terms(question) if not term.isdigit()} - _OF_BUSINESS - _ASKING
    return _ASKS_FOR_BUSINESS.search(question) is not None and not rest


def asks_what_is_said(question: str) -> bool:
    """Return whether a question asks what a filing says of a thing."""
    return _ASKS_WHAT_IS_SAID.search(question) is not None


def breaks_down(question: str) -> bool:
    """Return whether a question asks for the parts of a whole, or for one of several compared: a table answers it."""
    return _ASKS_FOR_REST.search(question) is not None or _ASKS_FOR_BEST.search(question) is not None


def gain_by_kind(question: str, sentence: str) -> float:
    """Return what speaks for a sentence by its kind: the sum for each kind of answer asked for that it is."""
    return sum(_gains(question, sentence))


def _gains(question: str, sentence: str) -> Iterator[float]:
    for kind in _kinds_asked(question):
        if kind.given.search(sentence):
            yield kind.gain
    yield gain_of_count(question, sentence)


@lru_cache(maxsize=64)
def _kinds_asked(question: str) -> tuple[_Kind, ...]:
    return tuple(kind for kind in _KINDS if kind.asked.search(question))

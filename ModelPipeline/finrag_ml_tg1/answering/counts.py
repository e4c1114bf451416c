"""Whether a sentence counts what a question asks the number of: "how many employees" and "172,000 people"."""

from __future__ import annotations

import re
from functools import lru_cache

from finrag_ml_tg1.facts.fact_set import FactSet

__all__ = ["asks_for_count", "gain_of_count", "is_money_for_things"]

_OF_COUNT = 0.25
_OF_TOTAL = 0.12
_TOTAL = re.compile(r"\b(?:total|worldwide|globally|in all|in aggregate)\b", re.IGNORECASE)

_ASKS_COUNT = re.compile(
    r"\b(?:how many|number of|count of)\s+(?:[\w-]+\s+){0,3}?(?P<counted>people|personnel|staff|[a-z]{2,}(?<!s)s)\b|"
    r"\b(?P<workforce>headcount|staff(?=(?:ing)? (?:count|level|number|size)))\b|"
    r"\b(?:size of|how (?:large|big) is)\s+(?:\w+\s+)?(?P<whole>workforce|staff)\b",
    re.IGNORECASE,
)
_ASKS_MONEY = re.compile(
    r"\bhow many\s+(?:\w+\s+)?(?:dollars|euros|pounds|thousands|millions|billions)\b", re.IGNORECASE
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_PEOPLE = "employees people persons workers associates members personnel colleagues staff individuals".split()
_EMPLOYED = frozenset("employees people workers staff personnel workforce headcount".split())
# No year, no amount of money, no share.
_NUMBER = (
    r"(?<![\d$€£¥.,-])(?!(?:19|20)\d\d\b)(?:\d[\d,]*(?:\.\d+)?(?![\d.,]*\d|\s*%|\s+percent)(?:\s+(?:million|thousand))?|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)"
)
_WORKFORCE_OF = r"\b(?:workforce|headcount)\b[^.;]{0,60}?"
_EMPLOYED_PEOPLE = r"\bemploy(?:s|ed)?\b[^.;]{0,30}?"


def asks_for_count(question: str) -> bool:
    """Return whether a question asks how many there are of a thing, which a number alone answers."""
    asked = _ASKS_COUNT.search(question)
    return asked is not None and asked["counted"] is not None


def is_money_for_things(question: str, found: FactSet) -> bool:
    """Return whether only lines in money were found where a number of things is asked for.

    A line named "Restaurants" states what they are worth, not how many there are.
    """
    lines = [used for used in found.facts if not used.metric]
    is_of_money = bool(lines) and all(_CURRENCY.fullmatch(used.fact.unit) for used in lines)
    return is_of_money and asks_for_count(question) and not _ASKS_MONEY.search(question)


def gain_of_count(question: str, sentence: str) -> float:
    """Return what a sentence gains by a number next to the name of what is to be counted; more where it is of all.

    0 for a question that asks for no count.
    """
    counted = _counted_in(question)
    if counted is None or counted.search(sentence) is None:
        return 0.0
    return _OF_COUNT + (_OF_TOTAL if _TOTAL.search(sentence) else 0.0)


@lru_cache(maxsize=64)
def _counted_in(question: str) -> re.Pattern[str] | None:
    """How the number of what a question asks the number of is written; None where it asks for none."""
    asked = _ASKS_COUNT.search(question)
    return _count_of(next(name for name in asked.groups() if name).lower()) if asked else None


@lru_cache(maxsize=64)
def _count_of(counted: str) -> re.Pattern[str]:
    names = _PEOPLE if counted in _EMPLOYED else [counted]
    before = rf"{_NUMBER}(?:[\s-]+[\w’'-]+){{0,4}}?[\s-]+(?:{'|'.join(map(re.escape, names))})\b"
    if counted not in _EMPLOYED:
        return re.compile(before, re.IGNORECASE)
    return re.compile(f"{before}|(?:{_WORKFORCE_OF}|{_EMPLOYED_PEOPLE}){_NUMBER}", re.IGNORECASE)

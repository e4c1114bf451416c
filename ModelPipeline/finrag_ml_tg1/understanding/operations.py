"""What a question wants done with numbers: look up, compare over time, divide, rank, test against a value."""

from __future__ import annotations

import re

from finrag_ml_tg1.plan import Operation
from finrag_ml_tg1.understanding.comparisons import asks_extreme, asks_to_rank, compares
from finrag_ml_tg1.understanding.thresholds import find_threshold, tests_multiple

__all__ = [
    "asks_for_part",
    "asks_for_shares",
    "asks_for_words",
    "breakdown_axis",
    "is_about_change",
    "is_self_defined",
    "operation_of",
]

_PART = (
    r"(?:reportable |operating |business |product |major |single |revenue )*"
    r"(?P<{}>segment|product|geograph\w*|region|countr(?:y|ies)|categor(?:y|ies)|customer|division)s?\b"
)
_BREAKDOWN = re.compile(
    rf"\b(?:by|per|across|for each|each|broken down by|split by)\s+{_PART.format('by')}"
    rf"|\b(?:which|what)\s+(?:of\s+(?:its|the|their)\s+)?(?:[\w’'&.]+\s+){{0,3}}?{_PART.format('which')}(?=.*\b(?:most|highest|lowest|"
    r"largest|biggest|smallest|least|top|more|less|fastest|slowest)\b)"
    rf"|\b(?:largest|biggest|smallest|top|main|highest|lowest)\s+{_PART.format('largest')}"
    rf"|\brank(?:ing)?\s+(?:(?:of|all|the|its|their)\s+)*{_PART.format('rank')}"
    rf"|\b(?:top|bottom)\s+(?:\d{{1,2}}|two|three|four|five|ten)\s+{_PART.format('first')}"
    rf"|\b{_PART.format('mix')}\s+(?:\w+\s+)?(?:mix|split|breakdown)\b",
    re.IGNORECASE,
)
_ASKS_WHETHER = re.compile(r"^(?:did|does|do|was|were|is|are|has|have|had)\b", re.IGNORECASE)
_CAGR = re.compile(r"\bcagr\b|\bcompound(?:ed)? (?:annual |average )*growth", re.IGNORECASE)
_AVERAGE = re.compile(
    r"\b(?:years?|,|annual)\s+average\b|\baverage(?:d)?\s+(?:annual\s+|of\s+|over\s+)?"
    r"(?!collection|number|shares|price|cost|rate)|\bmean\b",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"\b(?:total of|in total|total over|cumulative(?:ly)?|combined|sum of|in total over|altogether|aggregate)\b",
    re.IGNORECASE,
)
_GROWTH = re.compile(
    r"\bgrowth\b|\bgr(?:ow|ew|own|owing)\b|\byoy\b|\by/y\b|\byear[- ](?:over|on)[- ]year\b|"
    r"(?:percent(?:age)?|%) (?:change|increase|decrease|decline|rise|drop)|"
    r"\b(?:by )?(?:what|how many) (?:percent|percentage|%)[^?]*"
    r"\b(?:change|increase|decrease|decline|rise|fall|drop|grow)|"
    r"\b(?:increase|decrease|change|decline|rise|fall|drop)d?\s+(?:in percent|as a percent\w*)",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\bchang(?:e|ed|es|ing)\b|\bincreas\w*\b|\bdecreas\w*\b|\bdeclin\w*\b|"
    r"\b(?:rise|rose|risen|fall|fell|fallen|drop\w*)\b|"
    r"\bdifference (?:between|from|in|of|to|vs)\b|"
    r"\b(?:go|gone|went) (?:up|down)\b|\bimprov\w*\b|\bdeteriorat\w*\b|\breduction\b|\bexpand(?:ed)?\b|\bshr[aiu]nk\b",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"(?:\b(?:share|percent(?:age)?|portion|proportion|fraction|part)|%)\s+of\b|\bcontribut\w+\b|"
    r"(?<!per )(?<!a )\bshare\b(?!\s*(?:price|repurchase|buyback|count|capital|based))",
    re.IGNORECASE,
)
_AS_SHARE = re.compile(
    r"\bas (?:an? )?(?:share|percent(?:age)?s?|%|proportion)\b|\bmix\b|\bin percent\b", re.IGNORECASE
)
_PART_OF_WHOLE = re.compile(
    r"\b(?:how much|what (?:share|part|percent(?:age)?|%|portion|proportion|fraction)) of\b.{0,60}\b"
    r"(?:c[ao]mes?|derived?|generated|earned) (?:from|by|with|through)\b|\bhow much of\b.{0,60}\b(?:was|were|is|are)\b",
    re.IGNORECASE,
)
# Figures that filers define for themselves beside the tagged ones.
_SELF_DEFINED = re.compile(
    r"\bnon-?\s?gaap\b|\badjusted\b|\bpro[- ]?forma\b|\borganic(?:ally)?\b|\bnormali[sz]ed\b|\bconstant[- ]currency\b|"
    r"\bunderlying\b|\bcomparable\b|\bsame[- ]store\b|\blike[- ]for[- ]like\b",
    re.IGNORECASE,
)
_TREND = re.compile(
    r"\btrend\w*\b|\bover time\b|\bhistor(?:y|ical(?:ly)?)\b|\beach (?:fiscal )?year\b|"
    r"\bevolv\w*\b|\bdevelop(?:ed)?\b",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"\bwhy\b|\bhow (?:does|do|is|are|was|were|will|can)\b|\bdescribe\b|\bexplain\b|\bdiscuss\b|\bsummari[sz]e\b|"
    r"\btell (?:me|us) about\b|\bwhat does .{0,60}\b(?:say|mean|consider)\b|"
    r"\bpolic(?:y|ies)\b|\brisks?\b|\bstrateg\w+\b|"
    r"\bwhat (?:drove|caused|led|explains)\b|\bdriv(?:e|en|ers?|ing)\b|\breasons?\b|\bcauses?\s+(?:of|for)\b|"
    r"\bfactors?\b|\brecogni[sz]\w*\b|"
    r"\baccount(?:ed|ing)? for\b|\bmethods?\b|\bexpect\w*\b|\boutlook\b|\bguidance\b|\bforecast\w*\b|\bwhere\b",
    re.IGNORECASE,
)

_WHO = re.compile(r"\bwho\b", re.IGNORECASE)


def operation_of(text: str, *, years: int, companies: int, is_qualified: bool) -> Operation:  # noqa: PLR0911
    """Return what is to be done, for so many years and companies named (0 companies: all of them).

    `is_qualified`: words beside the metric name a part of it, so that a share is a share of its total.
    """
    if breakdown_axis(text):
        return "breakdown"
    threshold = find_threshold(text)
    if threshold is not None:
        is_of_change = tests_multiple(text) or is_about_change(text) or _GROWTH.search(text)
        return ("growth" if threshold.is_share else "change") if is_of_change else "threshold"
    if asks_to_rank(text) and (companies != 1 or years > 1):
        return "ranking"
    if _CAGR.search(text):
        return "cagr"
    if _SHARE.search(text) and is_qualified:
        return "share"
    if years > 1 and _AVERAGE.search(text):
        return "average"
    if years > 1 and _SUM.search(text):
        return "sum"
    if _GROWTH.search(text):
        return "growth"
    if is_about_change(text):
        return "change"
    return "trend" if years > 1 or _TREND.search(text) else "lookup"


def is_about_change(text: str) -> bool:
    """Return whether a text speaks of going up or down."""
    return _CHANGE.search(text) is not None


def asks_for_shares(text: str) -> bool:
    """Return whether the parts of a breakdown are asked for as shares of their total."""
    return _SHARE.search(text) is not None or _AS_SHARE.search(text) is not None


def asks_for_part(text: str) -> bool:
    """Return whether the metric named first is a whole and the words after it name its part."""
    return _PART_OF_WHOLE.search(text) is not None


def is_self_defined(text: str) -> bool:
    """Return whether a figure is asked for that the filer defines itself: no tagged number is that figure."""
    return _SELF_DEFINED.search(text) is not None


def asks_for_words(text: str) -> bool:
    """Return whether sentences answer the question, whatever numbers go with them."""
    if _WORDS.search(text) or (_WHO.search(text) and not asks_to_rank(text)):
        return True
    is_yes_or_no = _ASKS_WHETHER.match(text.strip()) is not None
    has_number = find_threshold(text) is not None or is_about_change(text) or _GROWTH.search(text) or asks_extreme(text)
    has_number = has_number or compares(text) != ""
    return is_yes_or_no and not has_number


def breakdown_axis(text: str) -> str:
    """Return the word a breakdown is asked by ("segment"), "" when none is."""
    match = _BREAKDOWN.search(text)
    return next(filter(None, match.groups())).lower() if match else ""

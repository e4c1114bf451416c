"""Question to Plan: which numbers are asked for, of which periods, and what is to be done with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.plan import Operation, Plan, Wording
from finrag_ml_tg1.understanding.asked_sentence import read_asked_sentence
from finrag_ml_tg1.understanding.filler_words import FILLERS, JOINING_WORDS, NAMING_FILLERS
from finrag_ml_tg1.understanding.metric_names import MetricMention, MetricNames
from finrag_ml_tg1.understanding.operations import (
    after_share_of,
    asks_extreme,
    asks_for_part,
    asks_for_shares,
    asks_for_words,
    asks_lowest,
    breakdown_axis,
    is_about_change,
    is_ratio,
    is_self_defined,
    operation_of,
)
from finrag_ml_tg1.understanding.periods import Periods, contradiction_in, find_periods, without_periods
from finrag_ml_tg1.understanding.stated_formula import read_stated_formula
from finrag_ml_tg1.understanding.thresholds import find_threshold
from finrag_ml_tg1.understanding.wording import Word, read_words

__all__ = ["Planner"]

# A report named by its year says what it said, whatever a later one made of it.
_FIRST_REPORTED = re.compile(
    r"\b(?:originally|first|initially) (?:reported|stated)\b|\bbefore (?:any )?restatements?\b|"
    r"\b(?:in|from|per)\s+(?:\S+\s+){0,2}?(?:fy\s?|fiscal\s+)?(?:20|19)\d\d\s+"
    r"(?:annual report|(?:form )?10-?k|filing)\b",
    re.IGNORECASE,
)
_MAX_LINE_ITEM_WORDS = 10
_ASKS_AMOUNT = re.compile(r"\bhow (?:much|many)\b|\b(?:amount|value|balance|total|number)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The words of a question that tell which number is meant: metrics named, what stands beside them, all together."""

    metrics: tuple[str, ...]
    qualifier: str
    line_item: str
    wording: Wording


class Planner:
    """Makes plans with the names of metrics."""

    def __init__(self, names: MetricNames) -> None:
        self._names = names

    def plan(self, topic: str, *, companies: int, fiscal_years: Sequence[int] = ()) -> Plan | None:
        """Return the plan of a question without its company names, None when it asks for no number.

        `companies` is how many it names, `fiscal_years` what the user fixed by hand.
        """
        asked = read_asked_sentence(topic)
        periods = find_periods(asked.text)
        years = tuple(sorted(fiscal_years)) or periods.years
        text = without_periods(asked.text)
        if is_self_defined(asked.text):
            return None
        reading = self._read(read_words(text), is_whole_first=asks_for_part(asked.text))
        wants_words = asks_for_words(asked.text)
        if not _is_line(reading, asked.text) or (wants_words and not (reading.metrics and is_about_change(asked.text))):
            return None
        operation = operation_of(
            asked.text,
            years=max(len(years), periods.latest),
            companies=companies,
            is_qualified=bool(reading.qualifier),
        )
        plan = Plan(
            operation=operation,
            metrics=reading.metrics,
            line_item=reading.line_item,
            qualifier=reading.qualifier,
            wording=reading.wording,
            axis=breakdown_axis(asked.text),
            years=years,
            latest=_years_meant(operation, periods),
            fiscal_period=periods.fiscal_period,
            threshold=find_threshold(asked.text),
            as_shares=asks_for_shares(asked.text),
            asks_extreme=asks_extreme(asked.text),
            asks_lowest=asks_lowest(asked.text),
            as_first_reported=_FIRST_REPORTED.search(topic) is not None,
            in_calendar_years="calendar" in asked.text.lower(),
            supports_words=wants_words,
            obstacle=contradiction_in(asked.text),
        )
        return self._with_formula(plan, asked.text, asked.formula)

    def _with_formula(self, plan: Plan, text: str, stated: str) -> Plan:
        """The plan with the formula that the question states, or with the ratio of two metrics it asks for."""
        year = plan.years[-1] if plan.years else None
        formula = read_stated_formula(stated, self._names, year) if stated else None
        if formula:
            return replace(plan, formula=formula)
        if stated:
            note = f"The definition in the question (“{stated}”) was not understood; the usual one was taken."
            plan = replace(plan, notes=(note,))
        if len(plan.metrics) == 2 and is_ratio(text) and not plan.qualifier:
            part, whole = plan.metrics
            after = self._names.find(read_words(after_share_of(text)))
            if after and after[0].metric == part:
                part, whole = whole, part
            return replace(plan, formula=f"{part} / {whole}")
        return plan

    def _read(self, words: Sequence[Word], *, is_whole_first: bool) -> _Reading:
        mentions = self._names.find(words)
        if is_whole_first:
            mentions = mentions[:1]
        beside = [index for index in range(len(words)) if _is_telling(words, index) and not _covered(index, mentions)]
        if not mentions:
            telling = [words[index].text for index in beside]
            return _Reading((), "", " ".join(telling) if len(telling) <= _MAX_LINE_ITEM_WORDS else "", Wording())
        bound = sorted(index for index in beside if is_whole_first or index in _bound(words, mentions, beside))
        named = sorted({*bound, *(index for mention in mentions for index in range(mention.start, mention.end))})
        return _Reading(
            tuple(dict.fromkeys(mention.metric for mention in mentions)),
            " ".join(words[index].text for index in bound),
            " ".join(words[index].text for index in named),
            _wording(words, mentions, bound),
        )


def _is_line(reading: _Reading, text: str) -> bool:
    """Whether the words can be the name of a number: one word alone has to be asked for as an amount."""
    if reading.metrics or not reading.line_item:
        return bool(reading.metrics)
    return len(reading.line_item.split()) > 1 or _ASKS_AMOUNT.search(text) is not None


def _is_telling(words: Sequence[Word], index: int) -> bool:
    word = words[index]
    if word.text not in FILLERS:
        return not word.text.replace(".", "").isdigit()
    before = words[index - 1].text if index else ""
    follower = words[index + 1].text if index + 1 < len(words) else ""
    if word.text == "us":
        is_name = word.is_capitalised or not any(other.is_capitalised for other in words)
        return (
            is_name and before not in ("give", "tell", "show", "let") and follower not in ("gaap", "dollar", "dollars")
        )
    return word.text == "other" or (word.text == "all" and follower == "other")


def _covered(index: int, mentions: Sequence[MetricMention]) -> bool:
    return any(mention.start <= index < mention.end for mention in mentions)


def _bound(words: Sequence[Word], mentions: Sequence[MetricMention], beside: Sequence[int]) -> set[int]:
    """Of the words beside the metrics those that say which part is meant: next to one, joined to one, or a name."""
    telling = set(beside)
    bound = {index for index in beside if words[index].is_capitalised and index > 0}
    for mention in mentions:
        index = mention.start - 1
        while index in telling and not words[index + 1].after_break:
            bound.add(index)
            index -= 2 if words[index - 1].text == "and" and index - 2 in telling else 1
        index = _joined_to(words, mention)
        while index in telling and not words[index].after_break:
            bound.add(index)
            index += 1
            if index < len(words) and words[index].text in ("and", "of", "the") and index + 1 in telling:
                index += 1
    return bound


def _joined_to(words: Sequence[Word], mention: MetricMention) -> int:
    """Where the words begin that a metric is joined to: "sales *from* ...", "sales generated *in the* ..."; else -1."""
    index = mention.end
    while index < len(words) and words[index].text in FILLERS - NAMING_FILLERS and not words[index].after_break:
        index += 1
    return index if index > mention.end and words[index - 1].text in JOINING_WORDS | {"the"} else -1


def _wording(words: Sequence[Word], mentions: Sequence[MetricMention], bound: Sequence[int]) -> Wording:
    written: list[str] = []
    places: list[int] = []
    for word in words:
        if word.after_break and written:
            written.append(",")
        places.append(len(written))
        written.append(word.text)
    named = [(mention.metric, places[mention.start], places[mention.end - 1] + 1) for mention in mentions]
    beside = [places[mention.start] - 1 for mention in mentions] + [places[index] for index in bound]
    beside += [
        places[index] for index in (_joined_to(words, mention) for mention in mentions) if 0 <= index < len(words)
    ]
    return Wording(tuple(written), tuple(named), frozenset(beside))


def _years_meant(operation: Operation, periods: Periods) -> int:
    """How many of the latest years are meant when none is named; a trend of one year is none."""
    return max(periods.latest, 3) if operation == "trend" and periods.latest == 1 else periods.latest

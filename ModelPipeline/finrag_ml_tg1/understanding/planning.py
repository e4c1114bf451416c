"""Question to Plan: which numbers are asked for, of which periods, and what is to be done with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from finrag_ml_tg1.plan import Operation, Plan
from finrag_ml_tg1.understanding.asked_sentence import places_asked, read_asked_sentence
from finrag_ml_tg1.understanding.combinations import (
    combination_asked,
    formula_of_two,
    is_reversed,
    shown_as,
    without_operators,
)
from finrag_ml_tg1.understanding.comparisons import asks_extreme, asks_lowest, compares
from finrag_ml_tg1.understanding.currencies import currency_asked, without_currency
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.metrics_asked import Reading, read_metrics_asked
from finrag_ml_tg1.understanding.operations import (
    asks_for_part,
    asks_for_shares,
    asks_for_words,
    breakdown_axis,
    is_about_change,
    is_self_defined,
    operation_of,
)
from finrag_ml_tg1.understanding.part_of_year import unread_part
from finrag_ml_tg1.understanding.periods import Periods, contradiction_in, find_periods, without_periods
from finrag_ml_tg1.understanding.rankings import (
    asks_to_rank_all,
    falls_most,
    loss_as_metric,
    over_all_problem,
    place_asked,
    ranked_by,
    ranking_limit,
    ranks_by_measure,
    sign_listed,
)
from finrag_ml_tg1.understanding.shares import whole_first
from finrag_ml_tg1.understanding.stated_formula import read_stated_formula
from finrag_ml_tg1.understanding.thresholds import find_threshold
from finrag_ml_tg1.understanding.wording import both_named, read_words
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["Planner"]

# A report named by its year says what it said, whatever a later one made of it.
_FIRST_REPORTED = re.compile(
    r"\b(?:originally|first|initially) (?:reported|stated)\b|\bbefore (?:any )?restatements?\b|"
    r"\b(?:in|from|per)\s+(?:\S+\s+){0,2}?(?:fy\s?|fiscal\s+)?(?:20|19)\d\d\s+"
    r"(?:annual report|(?:form )?10-?k|filing)\b",
    re.IGNORECASE,
)
_ASKS_SHARES = re.compile(r"\b(?:how many|number of)\s+(?:\w+\s+){0,2}?shares\b", re.IGNORECASE)
_SHARES_THEMSELVES = re.compile(r"\b(?:how many|number of)\s+shares\b", re.IGNORECASE)
# Amounts of years to come stand in schedules, whose rows no fiscal period tells.
_SCHEDULED = re.compile(
    r"\b(?:due|maturing|maturit(?:y|ies))\s+(?:(?:in|during|for)\s+)?(?:fiscal\s+)?20\d\d\b|"
    r"\bnext\s+(?:(?:fiscal\s+)?year|(?:twelve|12)\s+months)\b",
    re.IGNORECASE,
)
_IN_PERCENT = re.compile(
    r"\b(?:in|as an?)\s+(?:percent\b|percentages?\b|%)"
    r"|\b(?:increase|decrease|decline|drop|fall|rise|change)\s+(?:percent\b|percentage\b|rate\b|%)"
    r"|(?:\bpercent|\bpercentage|\brate\s+of|%)\s+(?:increase|decrease|decline|drop|fall|rise|change)\b",
    re.IGNORECASE,
)
_SEVERAL_YEARS = 3
_ASKS_AMOUNT = re.compile(r"\bhow (?:much|many)\b|\b(?:amount|value|balance|total|number)\b", re.IGNORECASE)


class Planner:
    """Makes plans with the names of metrics."""

    def __init__(self, names: MetricNames) -> None:
        self._names = names

    def plan(self, topic: str, *, companies: int, fiscal_years: Sequence[int] = ()) -> Plan | None:
        """Return the plan of a question without its company names, None when it asks for no number.

        `companies` is how many it names, `fiscal_years` what the user fixed by hand.
        """
        topic, is_loss = loss_as_metric(topic)
        asked = read_asked_sentence(both_named(topic))
        periods = find_periods(asked.text, companies=companies)
        years = tuple(sorted(fiscal_years)) or periods.years
        text = without_operators(without_currency(without_periods(asked.text)))
        asks_shares = _ASKS_SHARES.search(text) is not None
        text = _SHARES_THEMSELVES.sub(" ", text)
        if is_self_defined(asked.text) or _SCHEDULED.search(asked.text):
            return None
        words = read_words(whole_first(self._names, text))
        reading = read_metrics_asked(self._names, words, is_whole_first=asks_for_part(asked.text))
        axis = breakdown_axis(asked.text)
        if axis and ranked_by(asked.text) and not reading.metrics and reading.line_item.rstrip("s") == axis:
            # "Which segment grew fastest?": what grows, when nothing else is said, is revenue.
            reading = replace(reading, metrics=("revenue",), line_item="revenue")
        wants_words = asks_for_words(asked.text)
        if not _is_line(reading, asked.text) or (wants_words and not (reading.metrics and is_about_change(asked.text))):
            return None
        unread = unread_part(asked.text)
        if unread and wants_words:
            return None
        named_years = max(len(years), periods.latest, _SEVERAL_YEARS if periods.up_to_latest else 1)
        operation = _operation(asked.text, reading, named_years, companies)
        if operation == "change" and _IN_PERCENT.search(topic):
            operation = "growth"
        is_since = periods.up_to_latest == "each"
        if operation == "trend" and (is_since or len(years) > 1) and _is_total(reading, is_since=is_since):
            operation = "sum"
        plan = Plan(
            operation=operation,
            metrics=tuple(map(self._names.counted, reading.metrics)) if asks_shares else reading.metrics,
            line_item=reading.line_item,
            qualifier=reading.qualifier,
            loose=reading.loose,
            phrase=reading.phrase,
            label=reading.label,
            wording=reading.wording,
            axis=axis,
            years=years,
            latest=_years_meant(operation, periods),
            up_to_latest=periods.up_to_latest if years == periods.years else "",
            years_ago=0 if years else periods.years_ago,
            of_each_year=operation == "growth" and named_years > 1 and periods.are_listed,
            fiscal_period=periods.fiscal_period,
            threshold=find_threshold(asked.text),
            as_shares=asks_for_shares(asked.text),
            asks_extreme=asks_extreme(asked.text),
            asks_lowest=asks_lowest(asked.text),
            limit=ranking_limit(asked.text),
            compares=compares(asked.text) if len(reading.metrics) == 2 or companies == 2 else "",
            is_reversed=is_reversed(asked.text),
            shown_as=shown_as(asked.text),
            currency=currency_asked(asked.text),
            places=places_asked(topic),
            as_first_reported=_FIRST_REPORTED.search(topic) is not None,
            in_calendar_years="calendar" in asked.text.lower(),
            supports_words=wants_words,
            notes=_order_note(years) if periods.is_reversed else (),
            obstacle=contradiction_in(asked.text) or unread or _too_few_years(operation, years, periods),
        )
        plan = self._as_ranking(plan, asked.text, reading, companies, is_loss=is_loss)
        return self._with_formula(plan, asked.text, asked.formula)

    def _as_ranking(self, plan: Plan, text: str, reading: Reading, companies: int, *, is_loss: bool) -> Plan:
        """The plan as a ranking of all companies where none is named; of any ranking what it goes by."""
        threshold = plan.threshold or sign_listed(text)
        refused = over_all_problem(text) if companies == 0 and plan.obstacle is None else None
        if refused:
            return replace(plan, obstacle=refused)
        if companies == 0 and plan.metrics and asks_to_rank_all(text, reading) and plan.operation != "breakdown":
            plan = replace(plan, operation="ranking", threshold=threshold)
        if plan.operation not in ("ranking", "breakdown"):
            return plan
        order = ranked_by(text)
        is_below = plan.threshold is not None and not plan.threshold.is_above
        measure = ranks_by_measure(self._names, text) if plan.operation == "ranking" else ""
        return replace(
            plan,
            metrics=(measure,) if measure else plan.metrics,
            ranked_by=order,
            place=place_asked(text),
            asks_lowest=plan.asks_lowest or is_loss or (order == "change" and falls_most(text)) or is_below,
        )

    def _with_formula(self, plan: Plan, text: str, stated: str) -> Plan:
        """The plan with the formula that the question states, or with the ratio of two metrics it asks for."""
        year = plan.years[-1] if plan.years else None
        formula = read_stated_formula(stated, self._names, year) if stated else None
        if formula:
            return replace(plan, formula=formula)
        if stated:
            note = f"The definition in the question (“{stated}”) was not understood; the usual one was taken."
            plan = replace(plan, notes=(*plan.notes, note))
        if len(plan.metrics) == 2 and not plan.qualifier:
            return replace(plan, formula=formula_of_two(self._names, text, *plan.metrics))
        return plan


def _operation(text: str, reading: Reading, years: int, companies: int) -> Operation:
    """What is to be done; what is made of two companies, parts or metrics is not done over time."""
    operation = operation_of(text, years=years, companies=companies, is_qualified=bool(reading.qualifier))
    if operation == "change" and reading.metrics and not is_about_change(" ".join(reading.wording.outside_mentions())):
        # "Change in cash" is a line of the cash flow statement by its name.
        operation = "trend" if years > 1 else "lookup"
    combination = combination_asked(text)
    if not combination or operation not in ("lookup", "change", "trend"):
        return operation
    if len(reading.metrics) == 2 and not reading.qualifier:
        return "trend" if years > 1 else "lookup"
    if years > 1:
        return "change" if combination == "difference" and companies == 1 else operation
    are_several = companies == 2 or (companies > 2 and combination == "together")
    return combination if len(reading.metrics) == 1 and (are_several or reading.qualifier) else operation


def _is_line(reading: Reading, text: str) -> bool:
    """Whether the words can be the name of a number: one word alone has to be asked for as an amount."""
    if reading.metrics or not reading.line_item:
        return bool(reading.metrics)
    return len(reading.line_item.split()) > 1 or _ASKS_AMOUNT.search(text) is not None


def _is_total(reading: Reading, *, is_since: bool) -> bool:
    """Whether the sum of flows is asked for: "total dividends since 2022", but not "total assets since 2022".

    Of years that are listed, "total revenue" is each year's.
    """
    own = {place for _, start, end in reading.wording.mentions for place in range(start, end)}
    totals = [place for place, word in enumerate(reading.wording.words) if word == "total"]
    is_said = any(is_since or place not in own for place in totals)
    return is_said and all(load_metrics()[name].measures == "flow" for name in reading.metrics)


def _years_meant(operation: Operation, periods: Periods) -> int:
    """How many of the latest years are meant when none is named; a trend of one year is none, nor is a CAGR.

    Growth over three years is that from the year before them.
    """
    if operation in ("cagr", "growth", "change") and periods.latest > 1:
        return periods.latest + 1
    return _SEVERAL_YEARS if operation in ("trend", "cagr") and periods.latest == 1 else periods.latest


def _order_note(years: Sequence[int]) -> tuple[str, ...]:
    return (f"The years are taken in their order, {years[0]} to {years[-1]}.",)


def _too_few_years(operation: Operation, years: Sequence[int], periods: Periods) -> str | None:
    if operation == "cagr" and len(years) == 1 and periods.latest == 1 and not periods.up_to_latest:
        return f"A compound annual growth rate needs two different years; only {years[0]} is named."
    return None

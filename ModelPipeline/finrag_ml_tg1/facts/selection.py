"""Which of several facts of one period is the value: the latest filing's, from the statement rather than a note."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from finrag_ml_tg1.facts.fact_set import Display, UsedFact
from finrag_ml_tg1.facts.number_words import value_words
from finrag_ml_tg1.facts.periods import FiscalPeriod, covers
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["display_of", "restatements", "select_fact"]

_DISPLAYS: dict[str, Display] = {
    "money": "money",
    "money per share": "money",
    "money per person": "money",
    "ratio": "percent",
    "times": "times",
    "days": "days",
}
_PER_SHARE = ("money per share", "shares")
# Filers have tagged 21 for 21 %.
_LEAST_DOUBTED_RATIO = 5
_SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)
_SPLIT_TOLERANCE = Decimal("0.03")


def display_of(metric: Metric) -> Display:
    """Return how a metric's value is shown."""
    return _DISPLAYS.get(metric.unit, "number")


def select_fact(
    metric: Metric, ordered: Iterable[Sequence[Fact]], period: FiscalPeriod, *, as_first_reported: bool = False
) -> UsedFact | None:
    """Return the value of a metric in a period, None when no filing holds it.

    `ordered` are the facts of its concepts, best concept first. A later filing's value replaces an earlier one's,
    unless the first report is asked for. A concept on the metric's own statement goes before one on another, and that
    before one in a note: what a cash flow statement adds back under a concept may be a part of the metric alone.
    """
    is_flow = metric.measures == "flow"
    ranked = [
        (rank, fact)
        for rank, facts in enumerate(ordered)
        for fact in _in_main_unit(facts)
        if covers(fact, period, is_flow=is_flow)
    ]
    if not ranked:
        return None
    on_own = [entry for entry in ranked if entry[1].statement == metric.statement != "none"]
    on_any = [entry for entry in ranked if entry[1].statement != "none"]
    pool = on_own or on_any or ranked
    annual = [entry for entry in pool if period.part != "FY" or entry[1].form.startswith("10-K")] or pool
    recency = (min if as_first_reported else max)(fact.recency for _, fact in annual)
    rank, chosen = min((entry for entry in annual if entry[1].recency == recency), key=lambda entry: entry[0])
    # The same value is quoted from the report of its own year, where the reader looks for it.
    agreeing = [fact for other, fact in annual if other == rank and fact.value == chosen.value]
    chosen = min(agreeing, key=lambda fact: fact.recency)
    others = [fact for other, fact in ranked if other == rank and fact.value != chosen.value]
    notes = (*_doubts(metric, chosen), *restatements(metric, chosen, others))
    return UsedFact(chosen, metric.name, metric.label, display_of(metric), notes)


def _doubts(metric: Metric, chosen: Fact) -> Iterator[str]:
    if metric.unit == "ratio" and abs(chosen.value) >= _LEAST_DOUBTED_RATIO:
        yield (
            f"{metric.label} is tagged as {chosen.value.normalize():,f}, which is {chosen.value * 100:,.0f} %: "
            "the filer may have tagged the percentage for the ratio."
        )


def _in_main_unit(facts: Sequence[Fact]) -> Sequence[Fact]:
    """The facts in the unit most of them have: a filer may tag a few amounts in another currency beside its own."""
    units = [fact.unit for fact in facts]
    if len(set(units)) < 2:
        return facts
    main = max(set(units), key=lambda unit: (unit.startswith("USD"), units.count(unit)))
    return [fact for fact in facts if fact.unit == main]


def restatements(metric: Metric, chosen: Fact, others: Iterable[Fact]) -> Iterator[str]:
    """Yield that another filing gives another value for the same period, and whether a share split explains it."""
    for other in others:
        if other.accession == chosen.accession or _is_rounding(chosen, other):
            continue
        when = "later" if other.recency > chosen.recency else "earlier"
        yield (
            f"{metric.label} for the period to {chosen.period_end:%Y-%m-%d} differs in the {when} {other.form} "
            f"({other.accession}): {value_words(other.value, other.unit, display_of(metric))}"
            f"{_split(metric, chosen, other)}."
        )


def _is_rounding(one: Fact, other: Fact) -> bool:
    """Whether two values differ by no more than the rounding that either states for itself."""
    places = [int(fact.decimals) for fact in (one, other) if fact.decimals and fact.decimals.lstrip("-").isdigit()]
    return bool(places) and abs(one.value - other.value) <= Decimal(1).scaleb(-min(places)) / 2


def _split(metric: Metric, chosen: Fact, other: Fact) -> str:
    if metric.unit not in _PER_SHARE or not chosen.value or not other.value:
        return ""
    ratio = abs(max(chosen.value, other.value, key=abs) / min(chosen.value, other.value, key=abs))
    factor = next((split for split in _SPLITS if abs(ratio / split - 1) <= _SPLIT_TOLERANCE), None)
    return f", which is what a {factor}-for-1 share split explains" if factor else ", restated"

"""Yes or no: whether a value is on the side asked for, whether one of two is more than the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from finrag_ml_tg1.answering.number_table import result_cik, result_words
from finrag_ml_tg1.facts.fact_set import Calculation, UsedFact, result_value
from finrag_ml_tg1.facts.units import PURE
from finrag_ml_tg1.plan import Plan

__all__ = ["comparison", "verdict"]


def verdict(plan: Plan, value: Decimal, unit: str) -> str:
    """Return whether a value is on the side of the plan's threshold, "" without one."""
    threshold = plan.threshold
    if threshold is None or plan.operation == "ranking":
        return ""
    # Nil is nil in every unit.
    if threshold.value and threshold.is_share != (unit == PURE):
        return "The value asked about is in another unit, so the two cannot be compared. "
    return "Yes. " if threshold.is_met_by(value) else "No. "


def comparison(plan: Plan, results: Sequence[UsedFact | Calculation], companies: Mapping[int, str]) -> str:
    """Return whether the first of two metrics, or of two companies, is more than the second, or less; else ""."""
    if not plan.compares or len(results) != 2:
        return ""
    (first, unit), (second, other_unit) = map(result_value, results)
    if unit != other_unit:
        return ""
    is_met = first > second if plan.compares == "more" else first < second
    verb = "more than" if first > second else "less than" if first < second else "as much as"
    left, right = results
    if result_cik(left) != result_cik(right):
        names = [companies[result_cik(result)] for result in results]
        words = (
            f"{left.label} of {names[0]}, {result_words(left)}, was {verb} that of {names[1]}, {result_words(right)}"
        )
    else:
        words = f"{left.label} was {verb} {right.label.lower()}"
    return f"{'Yes' if is_met else 'No'}. **{words.rstrip('.')}.**"

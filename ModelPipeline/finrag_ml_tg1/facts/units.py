"""Units through arithmetic: unlike things are not added, and what is divided by its like has no unit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from finrag_ml_tg1.vocabulary.metrics import Metric

__all__ = ["PURE", "UnitError", "combined_unit", "in_words", "scale_of", "unit_of_metric"]

PURE = "pure"

_SCALES = ((9, "billions"), (6, "millions"), (3, "thousands"))


class UnitError(ValueError):
    """Two values cannot be added or subtracted; the message says which units they have."""


def combined_unit(operator: str, left: str, right: str) -> str:
    """Return the unit of a result; raises UnitError for a sum of unlike things."""
    if operator in "+-":
        if left != right:
            raise UnitError(f"{left} and {right} cannot be added or compared")
        return left
    if operator == "*":
        return right if left == PURE else left
    if right == PURE:
        return left
    return PURE if left == right else f"{left}/{right}"


def unit_of_metric(metric: Metric, computed: str) -> str:
    """Return the unit a derived metric's value has; days have no unit of the taxonomy."""
    return "days" if metric.unit == "days" else computed


def in_words(value: Decimal) -> str:
    """Return an exact number with thousands separators, without zeros at its end."""
    return f"{value.normalize():,f}".replace("-", "−")


def scale_of(values: Sequence[Decimal]) -> tuple[int, str]:
    """Return the largest power of a thousand in which all the values are whole numbers, with its name."""
    amounts = [value for value in values if value]
    for power, name in _SCALES:
        if amounts and all(value == value.scaleb(-power).to_integral_value().scaleb(power) for value in amounts):
            return power, name
    return 0, ""

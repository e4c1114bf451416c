"""Numbers as people read them: currency sign, scale in words, percentages; every rounding said."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from finrag_ml_tg1.facts.fact_set import UsedFact
from finrag_ml_tg1.facts.periods import in_fiscal_words
from finrag_ml_tg1.facts.units import scale_of

__all__ = ["period_words", "value_words"]

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_MILLION = 1_000_000
# Amounts in whole thousands are written in millions, where no place is lost, and so are those that are rounded anyway.
_LEAST_POWER = 3
_PLACES = {"percent": 2, "points": 2, "basis points": 1, "times": 2, "days": 1}


def value_words(value: Decimal, unit: str, display: str, places: int | None = None) -> str:
    """Return a value in words, exact unless it says "about": "$391,035 million", "46.21 %", "1.07 times".

    `places` are those asked for; of amounts none is ever cut off.
    """
    kept = _PLACES.get(display, 2) if places is None else places
    if display in ("percent", "points") and unit == "pure":
        number, is_rounded = _rounded(value * 100, kept)
        return f"{_about(is_rounded)}{number} {'percentage points' if display == 'points' else '%'}"
    if display == "basis points" and unit == "pure":
        number, is_rounded = _rounded(value * 10_000, _PLACES[display])
        return f"{_about(is_rounded)}{number} basis points"
    if display == "times" or (display == "days" and unit == "days"):
        number, is_rounded = _rounded(value, kept)
        return f"{_about(is_rounded)}{number} {display}"
    return _amount(value, unit)


def _amount(value: Decimal, unit: str) -> str:
    money, _, per = unit.partition("/")
    is_cut = value != round(value, 2) or scale_of([value])[0] >= _LEAST_POWER
    power = 6 if not per and abs(value) >= _MILLION and is_cut else 0
    scaled = value.scaleb(-power)
    # Millions have as many places as they need; dollars two, and amounts a share up to the four they are tagged with.
    places = next((places for places in ((1, 2, 3) if power else (2, 3, 4)) if scaled == round(scaled, places)), 2)
    number, is_rounded = _rounded(scaled, places)
    sign = _SIGNS.get(money, "")
    written = f"−{sign}{number[1:]}" if number.startswith("−") else f"{sign}{number}"
    name = "" if sign or money == "pure" else f" {money}"
    suffix = f" per {per.rstrip('s')}" if per else ""
    return f"{_about(is_rounded)}{written}{' million' if power else ''}{name}{suffix}"


def period_words(used: UsedFact) -> str:
    """Return which period a number is of, with the dates the filer gives it."""
    fact = used.fact
    end = fact.period_end.isoformat()
    label = in_fiscal_words(fact.fiscal_year, fact.fiscal_period)
    return f"{label}, at {end}" if fact.period_start is None else f"{label}, {fact.period_start.isoformat()} to {end}"


def _rounded(value: Decimal, places: int) -> tuple[str, bool]:
    """The number with at most so many places, and whether anything was cut off; an amount has two places or none."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    is_rounded = rounded != value
    text = f"{rounded:,.{places}f}"
    if not is_rounded and value == value.to_integral_value():
        text = f"{value:,.0f}"
    return text.replace("-", "−"), is_rounded


def _about(is_rounded: bool) -> str:
    return "about " if is_rounded else ""

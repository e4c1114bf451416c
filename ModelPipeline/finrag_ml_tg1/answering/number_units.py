"""What a written number is, and the scales and units it is said with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = ["CURRENCY", "SCALE", "UNIT", "NumberKind", "WrittenNumber", "power_of", "unit_of"]

NumberKind = Literal["money", "percent", "points", "basis points", "times", "days", "shares", "plain"]

# Scales are looked up as they were found: without regard to case, but among ASCII letters, since a search without
# regard to case takes "ı" and "ſ" for i and s.
SCALE = (
    r"(?:(?:(?a:hundred)[\s-])?(?a:thousand|million|billion|trillion)(?a:s?)|(?a:hundred|mm|mn|bn|tn|mil|bil)(?a:s?))"
)
"""The words of a scale."""

CURRENCY = r"US\$|[$€£¥]|\b(?:USD|EUR|GBP|JPY)"
"""What stands before an amount."""

_OF_SHARES = (
    "of|its|our|common|ordinary|diluted|basic|weighted|average|weighted-average|outstanding|restricted|preferred"
)
UNIT = rf"""(?:
    \s?% | [\s\-]?percentage[\s\-]points? | \s?percent\s?points? | [\s\-]?(?:percent|pct|per\scent)\b
    | [\s\-]?(?:basis\spoints?|bps?)\b | \s?(?:points|pts|pp)\b | \s?x\b | × | \stimes\b | [\s\-]?fold\b
    | \s(?:US\s|U\.S\.\s)?dollars\b | \sUSD\b | \seuros?\b | \sEUR\b | \s?[€£¥] | [\s\-]days?\b
    | \s(?:(?:{_OF_SHARES})\s){{0,4}}shares\b)"""
"""What stands after a number, in verbose notation."""

_POWERS = {
    "hundred": 2, "k": 3, "thousand": 3, "m": 6, "mm": 6, "mn": 6, "mil": 6, "million": 6, "b": 9, "bn": 9, "bil": 9,
    "billion": 9, "tn": 12, "trillion": 12,
}  # fmt: skip
_CURRENCY_NAMES = {
    "$": "USD",
    "us$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "¥": "JPY",
}
_UNITS: dict[str, NumberKind] = {
    "%": "percent",
    "percent": "percent",
    "pct": "percent",
    "cent": "percent",
    "x": "times",
    "×": "times",
    "times": "times",
    "fold": "times",
}


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number at [start, end) of a text.

    `digits` is what is printed, without sign and scale; `places` its decimals. `power` of ten is the scale said with
    it, None when none is. `currency` is "" when none is said.
    """

    start: int
    end: int
    digits: Decimal
    places: int
    power: int | None
    kind: NumberKind
    currency: str = ""
    is_negative: bool = False
    is_word: bool = False

    @property
    def significant(self) -> int:
        """How many digits are shown, without zeros at either end of a whole number."""
        shown = f"{self.digits:f}".replace(".", "").lstrip("0")
        return len(shown if self.places else shown.rstrip("0"))


def power_of(scale: str) -> int:
    """Return the power of ten that words of a scale, or a letter, stand for: 8 for "hundred million"."""
    return sum(_POWERS[word.rstrip("s")] for word in scale.lower().replace("-", " ").split())


def unit_of(currency: str, unit: str) -> tuple[NumberKind, str]:
    """Return the kind of a number, and its currency if any, from what was found before and after it."""
    words = " ".join(unit.replace("-", " ").lower().split())
    sign = currency.strip().lower()
    before = _CURRENCY_NAMES.get(sign, sign.upper())
    last = words.rpartition(" ")[2]
    if words.endswith(("basis point", "basis points")) or last in ("bp", "bps"):
        return "basis points", ""
    if last in ("point", "points", "pts", "pp"):
        return "points", ""
    if before or last in _CURRENCY_NAMES or last in ("usd", "eur"):
        return "money", before or _CURRENCY_NAMES.get(last, last.upper())
    if last == "shares":
        return "shares", ""
    if last in ("day", "days"):
        return "days", ""
    return _UNITS.get(last, "plain"), ""

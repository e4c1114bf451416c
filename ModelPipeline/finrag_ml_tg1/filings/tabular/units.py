"""In which units a table is printed: "(In millions, except per share data)"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["UNSTATED", "Units", "units_in"]

_POWERS = {"thousand": 3, "million": 6, "billion": 9, "000": 3}
_SCALE = r"(?:(?P<scale>thousand|million|billion)s|(?P<zeros>\$?[’'‘]?000)[’'‘]?s?\b)"
_LINE = re.compile(
    rf"(?:\b(?:in|of|amounts?|dollars|figures|tables?|stated|expressed)\b|\(|\$|€|£|^)\s*"
    rf"(?:(?:in|of|u\.\s?s\.|us|dollars?|\$|€|£|euros?|shares?|and|amounts?|tabular|units)\s*){{0,5}}{_SCALE}",
    re.IGNORECASE,
)
_SHARES = re.compile(
    rf"(?<!per )(?<!per-)\b(?:shares?|units)\b(?:\s+(?:amounts?|data|information|counts?))?[\s,]*"
    rf"(?:which\s+)?(?:are\s+|is\s+)?(?:reflected|stated|shown|presented|expressed)?\s*\b(?:in\s+){_SCALE}",
    re.IGNORECASE,
)
_EXCEPT_SHARES = re.compile(r"\bexcept\b[^)]*?(?<!per )(?<!per-)\bshares?\b(?! price)", re.IGNORECASE)
_DOLLARS = re.compile(
    rf"(?:\bdollars?(?:\s+amounts?)?|\$|\bamounts?)\s*(?:and shares )?(?:are\s+)?in\s+{_SCALE}", re.IGNORECASE
)
_CURRENCIES = (
    (re.compile(r"€|\beuros?\b", re.IGNORECASE), "EUR"),
    (re.compile(r"£|\bpounds? sterling\b|\bGBP\b"), "GBP"),
    (re.compile(r"¥|\byen\b", re.IGNORECASE), "JPY"),
    (re.compile(r"C\$|\bcanadian dollars?\b", re.IGNORECASE), "CAD"),
)


@dataclass(frozen=True, slots=True)
class Units:
    """The units a line states: powers of ten for money and for share counts, and the currency; `line` as printed."""

    line: str
    money: int
    shares: int
    currency: str
    is_money: bool


UNSTATED = Units("", 0, 0, "USD", is_money=False)


@lru_cache(maxsize=4096)
def units_in(text: str) -> Units | None:
    """Return the units stated in a header cell, caption or label; None where it states none."""
    found = _LINE.search(text)
    if not found:
        return None
    dollars, shares = _DOLLARS.search(text), _SHARES.search(text)
    is_for_shares = shares is not None and dollars is None and shares.end() == found.end()
    mixed = is_for_shares and re.search(r"dollars?\s+and|\$\s+and", text[: found.end()], re.IGNORECASE)
    money = 0 if is_for_shares and not mixed else _power(dollars or found)
    unstated_shares = 0 if _EXCEPT_SHARES.search(text) else money
    currency = next((code for pattern, code in _CURRENCIES if pattern.search(text)), "USD")
    return Units(
        _line_around(text, found),
        money,
        _power(shares) if shares else unstated_shares,
        currency,
        is_money=not is_for_shares or bool(mixed),
    )


def _power(match: re.Match[str]) -> int:
    return _POWERS[match["scale"].lower()] if match["scale"] else 3


def _line_around(text: str, found: re.Match[str]) -> str:
    """The words in parentheses around the statement, else the whole of a short text, else the statement alone."""
    start = text.rfind("(", 0, found.end())
    end = text.find(")", found.start())
    if start >= 0 and end > start:
        return text[start + 1 : end].strip()
    return text if len(text) <= 120 else found.group().strip(" (")

"""Whether characters of a text are a number: judged by their digits alone, not by how the reader reads them."""

from __future__ import annotations

from decimal import Decimal

from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.number_words import number_from_words

__all__ = ["shows_number"]

# A reference may hold its numbers as 64-bit floats: so many digits of them mean something.
_DIGITS_OF_FLOAT = 15


def shows_number(printed: str, value: float | Decimal) -> bool:
    """Return whether the characters are the number but for scale, sign and separators, a word, or a dash for 0."""
    digits = "".join(filter(str.isdigit, printed))
    if digits:
        return digits.strip("0") == _digits_of(value)
    if value == 0:
        return bool(printed.strip())
    try:
        return _digits_of(Decimal(number_from_words(printed))) == _digits_of(value)
    except Unreadable:
        return False


def _digits_of(value: float | Decimal) -> str:
    exact = value if isinstance(value, Decimal) else Decimal(f"{value:.{_DIGITS_OF_FLOAT}g}")
    return "".join(map(str, exact.as_tuple().digits)).strip("0")

"""The months as filings print them, in full or shortened."""

from __future__ import annotations

__all__ = ["MONTH", "month_number"]

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

# A pattern without groups; to be matched without regard to case.
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)


def month_number(name: str) -> int:
    """Return 1 to 12 for a month's name; raises ValueError for another word."""
    return _MONTHS.index(name[:3].lower()) + 1

"""How a fiscal year is written: "2023", "FY23", "fiscal '23"."""

from __future__ import annotations

import re

__all__ = ["MARK", "MARKED_YEAR", "YEAR", "full_year"]

# Patterns without groups; to be matched without regard to case. What reads as a year is one, covered or not.
YEAR = r"(?:1[89]\d\d|20\d\d|2100)"
MARK = r"(?:fy\s?|fiscal\s+(?:years?\s+)?)"
MARKED_YEAR = rf"{MARK}[’']?(?:{YEAR}|\d\d)\b"


def full_year(written: str, century: int = 20) -> int:
    """Return the year that the digits at the end of "FY23", "Q2 2023" or "2Q23" stand for."""
    four = re.search(rf"{YEAR}$", written)
    return int(four.group()) if four else century * 100 + int(written[-2:])

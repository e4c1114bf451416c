"""Which items a filing has to have: the SEC added, moved and dropped items of Form 10-K over the years."""

from __future__ import annotations

from datetime import date

__all__ = ["expected_items"]

_ALWAYS = ("1", "2", "3", "4", "5", "7", "8", "9", "10", "11", "12", "13", "14")

# Item, first and last period end for which Form 10-K asks for it, and where that is from.
_PHASES: tuple[tuple[str, date, date], ...] = (
    ("1A", date(2005, 12, 1), date.max),  # Release 33-8591
    ("1B", date(2005, 12, 1), date.max),  # Release 33-8591
    ("1C", date(2023, 12, 15), date.max),  # Release 33-11216
    ("6", date.min, date(2020, 12, 30)),  # Release 33-10890: [Reserved] afterwards, and often left out
    ("7A", date(1998, 6, 15), date.max),  # Release 33-7386, for all but small filers
    ("9A", date(2003, 8, 14), date.max),  # Release 33-8238
    ("9B", date(2004, 8, 23), date.max),  # Release 33-8400
    ("9C", date(2022, 1, 10), date.max),  # Release 34-93701
    ("15", date(2002, 12, 31), date.max),  # Release 33-8124: Exhibits moved from Item 14
)
_QUARTERLY = ("I-1", "I-2", "I-3", "I-4", "II-6")
_SMALL_BUSINESS = tuple(f"SB-{number}" for number in range(1, 14))


def expected_items(form: str, period_end: date) -> tuple[str, ...]:
    """Return the items the form asks of a filing for that period, in filing order.

    None of an amendment or a current report. Items that may be left out are not expected: Item 16, Item 6 since it is
    [Reserved], items of Part II of Form 10-Q to which the answer is no (General Instruction to Part II).
    """
    form = form.upper()
    if form.endswith("/A") or form.startswith("8-K"):
        return ()
    if form.startswith("10-Q"):
        return _QUARTERLY
    if form.startswith("10-KSB"):
        return _SMALL_BUSINESS
    phased = [item for item, first, last in _PHASES if first <= period_end <= last]
    return tuple(sorted((*_ALWAYS, *phased), key=_place))


def _place(item: str) -> tuple[int, str]:
    digits = item.rstrip("ABC")
    return int(digits), item[len(digits) :]

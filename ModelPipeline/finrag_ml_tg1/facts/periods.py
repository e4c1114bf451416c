"""Which facts cover a fiscal period: by their own dates, never by the date of the filing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from finrag_ml_tg1.index.facts import Fact

__all__ = ["FiscalPeriod", "covers", "in_fiscal_words", "years_with"]

# 52 and 53 weeks, and calendar years, with a few days for filers who moved a year end.
_ANNUAL_DAYS = range(350, 381)
_BALANCE_DATES = {"H1": "Q2", "9M": "Q3", "Q4": "FY", "H2": "FY"}
_PART_WORDS = {
    "FY": "",
    "": "",
    "H1": "the first six months of ",
    "H2": "the second half of ",
    "9M": "the first nine months of ",
}


def in_fiscal_words(fiscal_year: int | str, part: str) -> str:
    """Return a fiscal period in words: "fiscal 2024", "Q2 of fiscal 2024"; of several years, "fiscal 2023, 2024"."""
    return f"{_PART_WORDS.get(part, f'{part} of ')}fiscal {fiscal_year}"


@dataclass(frozen=True, slots=True)
class FiscalPeriod:
    """A fiscal year, or a part of one ("Q1" to "Q4", "H1", "H2", "9M")."""

    fiscal_year: int
    part: str = "FY"

    def __str__(self) -> str:
        return in_fiscal_words(self.fiscal_year, self.part)

    def year_before(self) -> FiscalPeriod:
        """The same part of the year before."""
        return FiscalPeriod(self.fiscal_year - 1, self.part)


def covers(fact: Fact, period: FiscalPeriod, *, is_flow: bool) -> bool:
    """Return whether a fact is of a period: a flow over all of it and nothing else, a stock at its end."""
    if fact.fiscal_year != period.fiscal_year or is_flow != (fact.period_start is not None):
        return False
    if fact.period_start is None:
        return fact.fiscal_period == _BALANCE_DATES.get(period.part, period.part)
    if fact.fiscal_period != period.part:
        return False
    return period.part != "FY" or (fact.period_end - fact.period_start).days + 1 in _ANNUAL_DAYS


def years_with(facts: Iterable[Fact], part: str, *, is_flow: bool) -> list[int]:
    """Return the fiscal years, ascending, for which there is a fact of this part of the year."""
    years = {fact.fiscal_year for fact in facts}
    return sorted(
        year
        for year in years
        if any(covers(fact, FiscalPeriod(year, part), is_flow=is_flow) for fact in facts if fact.fiscal_year == year)
    )

"""Annual numbers of companies straight from a reference of tagged facts, for recomputing what the product calculates.

Nothing of the product's own reading, selection or arithmetic takes part: the rules stand here once more, written from
the forms' instructions. Undimensioned numbers only; a flow is a duration of 350 to 380 days, a stock an instant on the
last day; a later annual report replaces an earlier one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError

__all__ = ["CompanyNumbers", "TaggedNumber", "read_companies"]

_YEAR_DAYS = range(350, 381)
_YEARS_APART_DAYS = range(355, 376)
_SHOWN_DAYS = range(376)
# So many different flows of a year show that the filer's own years end that day: a few are of others.
_LEAST_FLOWS = 5
_EXACT = 99


@dataclass(frozen=True, slots=True)
class TaggedNumber:
    """One number of a report; `report` is the report's fiscal year, `decimals` how exact the number is."""

    report: int
    is_annual: bool
    concept: str
    start: date | None
    end: date
    unit: str
    value: float
    decimals: int


class CompanyNumbers:
    """The annual numbers of one company; `reports` are the fiscal years of its annual reports, ascending."""

    def __init__(self, cik: int, numbers: Iterable[TaggedNumber]) -> None:
        self.cik = cik
        kept = [number for number in numbers if number.start is None or _days(number) in _YEAR_DAYS]
        self.reports = tuple(sorted({number.report for number in kept if number.is_annual}))
        self.concepts = frozenset(number.concept for number in kept)
        self._numbers = kept
        self._by_place: dict[tuple[str, date, bool], list[TaggedNumber]] = {}
        for number in kept:
            self._by_place.setdefault((number.concept, number.end, number.start is not None), []).append(number)
        self._ends = _ends_of_years(kept, self.reports)

    def end_of(self, fiscal_year: int) -> date | None:
        """Return the last day of a fiscal year, None when no report covers it."""
        return self._ends.get(fiscal_year)

    def stated(self, concepts: Sequence[str], end: date, *, is_flow: bool, unit: str) -> float | None:
        """Return what the latest annual report states, else the latest quarterly one; None when neither does.

        Later reports tell of days that their balance sheets no longer show by tags of other statements: these come
        last. Of several numbers in one report the most exact counts, since sentences round what statements give in
        full; of equally exact ones the concept named first.
        """
        stated = [
            (self._shows(number), number.is_annual, number.report, number.decimals, -rank, number.value)
            for rank, concept in enumerate(concepts)
            for number in self._by_place.get((concept, end, is_flow), ())
            if number.unit == unit
        ]
        return max(stated)[-1] if stated else None

    def largest(self, concepts: Sequence[str], end: date) -> float | None:
        """Return the largest of the flows that the latest annual report states for a year: the others are its parts."""
        stated = [
            (number.report, number.value)
            for concept in concepts
            for number in self._by_place.get((concept, end, True), ())
            if number.is_annual
        ]
        return max(stated)[1] if stated else None

    def _shows(self, number: TaggedNumber) -> bool:
        """Whether the report's own statements show the number's day: a balance sheet shows two."""
        own = self._ends.get(number.report)
        return number.start is not None or own is None or (own - number.end).days in _SHOWN_DAYS

    def on_cover(self, concept: str, fiscal_year: int) -> float | None:
        """Return what the cover of a year's annual report states, on whatever day; None when it states nothing."""
        stated = [
            number.value
            for number in self._numbers
            if number.concept == concept and number.is_annual and number.report == fiscal_year
        ]
        return stated[0] if stated else None


def read_companies(folder: Path) -> list[CompanyNumbers]:
    """Return the companies of the folder's ixbrl_facts.parquet, by cik; FilingError when it cannot be read."""
    path = folder / "ixbrl_facts.parquet"
    try:
        table = pl.read_parquet(path).filter(
            (pl.col("dims").fill_null("") == "") & pl.col("value").is_not_null() & pl.col("fiscal_year").is_not_null()
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FilingError(f"{path}: {str(error).splitlines()[0]}") from error
    by_cik: dict[int, list[TaggedNumber]] = {}
    for row in table.iter_rows(named=True):
        by_cik.setdefault(int(row["cik"]), []).append(_number(row))
    return [CompanyNumbers(cik, numbers) for cik, numbers in sorted(by_cik.items())]


def _number(row: Mapping[str, Any]) -> TaggedNumber:
    start = str(row["start"] or "")[:10]
    decimals = str(row["decimals"] or "")
    return TaggedNumber(
        report=int(row["fiscal_year"]),
        is_annual=row["form"].startswith("10-K"),
        concept=row["concept"],
        start=date.fromisoformat(start) if start else None,
        end=date.fromisoformat(str(row["end"])[:10]),
        unit=row["unit"],
        value=float(row["value"]),
        decimals=int(decimals) if decimals.lstrip("-").isdigit() else _EXACT,
    )


def _days(number: TaggedNumber) -> int:
    return (number.end - number.start).days + 1 if number.start else 0


def _ends_of_years(numbers: Iterable[TaggedNumber], reports: Sequence[int]) -> dict[int, date]:
    """The last day of each fiscal year: a report's own is the latest that many flows share, others lie before it."""
    flows = {(number.report, number.concept, number.end) for number in numbers if number.start and number.is_annual}
    shared = Counter((report, end) for report, _, end in flows)
    ends: dict[int, date] = {}
    for report in reports:
        of_report = sorted(
            (end for (of, end), count in shared.items() if of == report and count >= _LEAST_FLOWS), reverse=True
        )
        year, last = report, None
        for end in of_report:
            if last is None or (last - end).days in _YEARS_APART_DAYS:
                ends[year] = end
                year, last = year - 1, end
    return ends

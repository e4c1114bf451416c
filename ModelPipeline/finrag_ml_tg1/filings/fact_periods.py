"""Which fiscal year and period a fact belongs to, by its own dates.

The label of a filing's own period is the filer's (`dei:DocumentFiscalYearFocus`); its other periods are labelled by
their distance from it. What a fact's filing was labelled never decides: a 10-K holds facts of several years.
"""

from __future__ import annotations

from datetime import date, timedelta

from finrag_ml_tg1.filings.companyfacts import is_annual
from finrag_ml_tg1.filings.cover import Cover

__all__ = ["FiscalLabels"]

_DAYS_A_YEAR = 365.25
# A 52/53-week year ends up to a week from the same day of the year before.
_MAX_DRIFT_DAYS = 10
_QUARTER_DAYS = range(80, 101)
_HALF_YEAR_DAYS = range(170, 195)
_NINE_MONTHS_DAYS = range(260, 287)


class FiscalLabels:
    """The fiscal years of one filer as one filing shows them."""

    def __init__(self, cover: Cover) -> None:
        self._fiscal_year = cover.fiscal_year
        self._year_end = self._end_of_fiscal_year(cover)

    def label(self, start: date | None, end: date) -> tuple[int, str]:
        """Return (fiscal year, fiscal period) of a duration, or of an instant when `start` is None.

        The period is "FY" for a whole year and for the instant at its end, "Q1" to "Q4" for a quarter and the instant
        at its end, "H1" and "9M" for the year to date, and "" for anything else.
        """
        years = self._years_after(end)
        year = self._fiscal_year + years
        remaining = (self._year_end_of(years) - end).days
        quarter = 4 - round(remaining / (_DAYS_A_YEAR / 4))
        at_quarter_end = abs(remaining - (4 - quarter) * _DAYS_A_YEAR / 4) <= _MAX_DRIFT_DAYS
        if start is None:
            return year, ("FY" if quarter == 4 else f"Q{quarter}") if at_quarter_end and quarter else ""
        return year, self._duration(start, end, quarter if at_quarter_end else 0)

    @staticmethod
    def _duration(start: date, end: date, quarter: int) -> str:
        days = (end - start).days + 1
        if is_annual(start, end) and quarter == 4:
            return "FY"
        if days in _QUARTER_DAYS and quarter:
            return f"Q{quarter}"
        if days in _HALF_YEAR_DAYS and quarter == 2:
            return "H1"
        return "9M" if days in _NINE_MONTHS_DAYS and quarter == 3 else ""

    def _years_after(self, end: date) -> int:
        """Fiscal years from the filing's own to the one that holds the date; a drifting year end stays in its year."""
        days = (end - self._year_end).days - _MAX_DRIFT_DAYS
        return -int(-days // _DAYS_A_YEAR)

    def _year_end_of(self, years: int) -> date:
        return self._year_end + timedelta(days=round(years * _DAYS_A_YEAR))

    @staticmethod
    def _end_of_fiscal_year(cover: Cover) -> date:
        """The end of the fiscal year that the cover's period lies in."""
        if cover.form.startswith("10-K"):
            return cover.period_end
        month, day = (int(part) for part in cover.fiscal_year_end.split("-"))
        for year in (cover.period_end.year, cover.period_end.year + 1):
            end = date(year, month, min(day, 28)) + timedelta(days=max(0, day - 28))
            if end >= cover.period_end - timedelta(days=_MAX_DRIFT_DAYS):
                return end
        return cover.period_end

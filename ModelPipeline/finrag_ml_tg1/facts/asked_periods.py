"""Which periods of one company a plan is about, among those that its facts know."""

from __future__ import annotations

from collections.abc import Callable

from finrag_ml_tg1.facts.periods import FiscalPeriod
from finrag_ml_tg1.plan import Plan

__all__ = ["asked_periods"]

_MAX_YEARS = 40
_QUARTERS = ("Q1", "Q2", "Q3", "Q4")
# What is stated for all of these is known for the part of the year, as it is or as a difference.
_KNOWN_BY = {
    "Q1": (("Q1",), ("H1", "Q2")),
    "Q2": (("Q2",), ("H1", "Q1")),
    "Q3": (("Q3",), ("9M", "H1")),
    "Q4": (("Q4",), ("FY", "9M")),
    "H2": (("H2",), ("FY", "H1")),
}


def asked_periods(plan: Plan, years_stated: Callable[[str], list[int]]) -> list[FiscalPeriod]:
    """Return the periods asked for, oldest first; none where the facts know none.

    `years_stated` returns the years for which a part of the year is stated. A change from one year alone is a change
    from the year before.
    """
    if plan.fiscal_period in ("quarters", "Q"):
        return _quarters(plan, years_stated)
    are_all_named = bool(plan.years) and not plan.up_to_latest
    years = list(plan.years) if are_all_named else _years(plan, _years_known(plan.fiscal_period, years_stated))
    if plan.operation in ("change", "growth", "cagr") and years:
        years = [years[0], years[-1]] if len(years) > 1 else [years[0] - 1, years[0]]
    return [FiscalPeriod(year, plan.fiscal_period) for year in years[:_MAX_YEARS]]


def _years(plan: Plan, known: list[int]) -> list[int]:
    if not plan.years:
        return [known[-1] - plan.years_ago] if plan.years_ago and known else known[-plan.latest :]
    first, latest = plan.years[0], max([plan.years[-1], *known])
    if plan.up_to_latest == "each":
        return list(range(first, latest + 1))
    return sorted({*plan.years, latest}) if plan.up_to_latest == "ends" else list(plan.years)


def _quarters(plan: Plan, years_stated: Callable[[str], list[int]]) -> list[FiscalPeriod]:
    """Each quarter of the years asked for, else of the latest ones; or of all of them the latest known."""
    known = sorted((year, part) for part in _QUARTERS for year in _years_known(part, years_stated))
    with_quarters = sorted({year for year, _ in known})
    years = _years(plan, with_quarters) if plan.years or plan.fiscal_period == "quarters" else with_quarters
    if plan.fiscal_period == "quarters":
        return [FiscalPeriod(year, part) for year in years if year in with_quarters for part in _QUARTERS]
    latest = max((quarter for quarter in known if quarter[0] in years), default=None)
    if latest is None:
        return []
    year, part = latest
    count = 2 if plan.operation in ("change", "growth") or plan.latest > 1 else 1
    return [FiscalPeriod(year - back, part) for back in reversed(range(count))]


def _years_known(part: str, years_stated: Callable[[str], list[int]]) -> list[int]:
    ways = _KNOWN_BY.get(part, ((part,),))
    return sorted({year for way in ways for year in set.intersection(*(set(years_stated(need)) for need in way))})

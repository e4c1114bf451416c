"""Comparisons over years as questions, and the formula of each written by hand: change, growth, CAGR, average, sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from finrag_ml_tg1.evaluation.hand_formulas import DERIVED, research
from finrag_ml_tg1.evaluation.hand_year import FiscalYear, NotStatedError

__all__ = ["COMPARISONS", "Comparison"]

# A line's name here, and the words that ask for it.
_LINES = {
    "revenue": "revenue",
    "operating_income": "operating income",
    "net_income": "net income",
    "operating_cash": "operating cash flow",
    "assets": "total assets",
    "eps_diluted": "diluted EPS",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question with {company}, {year}, {before} (a year earlier) and {first} (two years earlier), and its formula."""

    question: str
    formula: Callable[[FiscalYear], float]


def _earlier(y: FiscalYear, years: int) -> FiscalYear:
    return FiscalYear(y.company, y.year - years)


def _growth(line: str) -> Callable[[FiscalYear], float]:
    def growth(y: FiscalYear) -> float:
        before = _positive(_earlier(y, 1)[line])
        return (y[line] - before) / before

    return growth


def _annual_growth(line: str) -> Callable[[FiscalYear], float]:
    def annual_growth(y: FiscalYear) -> float:
        first, last = _positive(_earlier(y, 2)[line]), y[line]
        if last < 0:
            raise NotStatedError("a positive value at the end")
        return float((last / first) ** 0.5 - 1)

    return annual_growth


def _positive(value: float) -> float:
    """A value that growth can be told from."""
    if value <= 0:
        raise NotStatedError("a positive value to grow from")
    return value


def _change(line: str) -> Callable[[FiscalYear], float]:
    return lambda y: y[line] - _earlier(y, 1)[line]


def _sum(line: str) -> Callable[[FiscalYear], float]:
    return lambda y: _earlier(y, 2)[line] + _earlier(y, 1)[line] + y[line]


def _average(line: str) -> Callable[[FiscalYear], float]:
    return lambda y: _sum(line)(y) / 3


def _change_of_ratio(metric: str) -> Callable[[FiscalYear], float]:
    return lambda y: DERIVED[metric](y) - DERIVED[metric](_earlier(y, 1))


def _of_lines() -> dict[str, Comparison]:
    made = {}
    for line, words in _LINES.items():
        made[f"growth of {line}"] = Comparison(
            f"What was the growth of {words} of {{company}} in fiscal {{year}}?", _growth(line)
        )
        made[f"change in {line}"] = Comparison(
            f"By how much did {words} of {{company}} change from fiscal {{before}} to fiscal {{year}}?", _change(line)
        )
        if line == "assets":
            # A balance sheet holds two years.
            continue
        made[f"CAGR of {line}"] = Comparison(
            f"What was the CAGR of {words} of {{company}} from fiscal {{first}} to fiscal {{year}}?",
            _annual_growth(line),
        )
        made[f"average {line}"] = Comparison(
            f"What was the three-year average {words} of {{company}} for fiscal {{first}} to {{year}}?", _average(line)
        )
        made[f"sum of {line}"] = Comparison(
            f"What was the cumulative {words} of {{company}} over fiscal {{first}} to {{year}}?", _sum(line)
        )
    return made


COMPARISONS: Mapping[str, Comparison] = {
    **_of_lines(),
    "change in operating_margin": Comparison(
        "How did the operating margin of {company} change from fiscal {before} to fiscal {year}?",
        _change_of_ratio("operating_margin"),
    ),
    "change in free_cash_flow": Comparison(
        "How did the free cash flow of {company} change from fiscal {before} to fiscal {year}?",
        _change_of_ratio("free_cash_flow"),
    ),
    "research as a share of revenue": Comparison(
        "What was R&D expense as a percentage of revenue at {company} in fiscal {year}?",
        lambda y: research(y) / y["revenue"],
    ),
    "tax as a share of pretax income": Comparison(
        "What was the ratio of income tax expense to pre-tax income of {company} in fiscal {year}?",
        lambda y: y["income_tax"] / y["pretax_income"],
    ),
}

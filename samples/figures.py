"""The figures that prose may name, and the words they become: `{usd revenue}`, `{pct gross_margin@-1}`.

`@-1` is the year before. Every figure in a filing's prose comes from here, so that it agrees with the statements.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from samples.balance import BalanceSheet
from samples.company import Company
from samples.flows import CashFlow, IncomeStatement
from samples.statements import YearStatements

__all__ = ["Figures", "format_date"]

_PLACEHOLDER = re.compile(r"\{(\w+)(?: ([\w.]+))?(?:@(-\d+))?\}")
_MILLION = 1_000_000
_NOT_MONEY = {"basic_shares", "diluted_shares", "unit", "dividend_per_share"}


class Figures:
    """The figures of one company as its report for `fiscal_year` sees them; money is in dollars."""

    def __init__(self, company: Company, fiscal_year: int) -> None:
        self._company = company
        self._fiscal_year = fiscal_year
        self._values = {label: _collect(company, label) for label in company.statements}

    def get_value(self, key: str, offset: int = 0) -> Decimal:
        """Return the figure of the year `offset` years from this one (0 or negative); KeyError names what is absent."""
        return self._values[self._fiscal_year + offset][key]

    def fill(self, text: str, tag: Callable[[str, Decimal], str]) -> str:
        """Return `text` with its placeholders filled; `tag(key, dollars)` writes a figure that is a tagged fact."""

        def replace(match: re.Match[str]) -> str:
            verb, key, offset = match[1], match[2], int(match[3] or 0)
            if verb == "tag":
                return tag(key, self.get_value(key, offset))
            return self._describe(verb, key, offset)

        return _PLACEHOLDER.sub(replace, text)

    def _describe(self, verb: str, key: str | None, offset: int) -> str:
        year = self._company.find_year(self._fiscal_year + offset)
        words = {"fy": str(year.label), "end": format_date(year.end), "start": format_date(year.start)}
        words |= {"weeks": str(year.weeks), "name": self._company.name, "year": str(year.end.year)}
        if key is None:
            return words[verb] if verb in words else self._company.constants[verb]
        value = self.get_value(key, offset)
        if verb in _FORMATS:
            return _FORMATS[verb](value)
        if verb == "usd":
            return _write_money(value, self._company.unit)
        before = self.get_value(key, offset - 1)
        if verb == "by":
            return _write_money(abs(value - before), self._company.unit)
        if verb == "bps":
            return _compare_points(value, before)
        if verb == "chg":
            return _compare(value, before)
        raise KeyError(f"unknown placeholder verb {verb}")


def format_date(day: date) -> str:
    """Return the date as reports print it: January 28, 2023."""
    return f"{day:%B} {day.day}, {day.year}"


def _collect(company: Company, label: int) -> dict[str, Decimal]:
    year = company.statements[label]
    values = {name: measure.values[label] for name, measure in company.measures.items()}
    for part in (year.balance, year.income, year.cash):  # income after balance; names they share mean the same
        for name in _list_figures(type(part)):
            scale = 1 if name in _NOT_MONEY or name.endswith("_per_share") else company.unit
            key = f"cash.{name}" if isinstance(part, CashFlow) else name
            values[key] = Decimal(getattr(part, name)) * scale
    values["corporate_cost"] = Decimal(year.corporate_cost * company.unit)
    values |= _collect_segments(company, year, label)
    values |= _derive(company, year, label, values)
    return values


def _list_figures(kind: type[BalanceSheet | IncomeStatement | CashFlow]) -> list[str]:
    properties = [name for name, member in vars(kind).items() if isinstance(member, property)]
    return [field.name for field in fields(kind)] + properties


def _collect_segments(company: Company, year: YearStatements, label: int) -> dict[str, Decimal]:
    values: dict[str, Decimal] = {}
    for name, revenue in year.segment_revenue.items():
        income = year.segment_income[name]
        values[f"revenue.{name}"] = Decimal(revenue * company.unit)
        values[f"income.{name}"] = Decimal(income * company.unit)
        values[f"margin.{name}"] = Decimal(income) / revenue
        values[f"share.{name}"] = Decimal(revenue) / year.income.revenue
        for cause, points in company.growth[label][name].growth.items():
            values[f"growth.{name}.{cause}"] = points
    return values


def _derive(company: Company, year: YearStatements, label: int, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    revenue = values["revenue"]
    derived = {
        "gross_margin": values["gross_profit"] / revenue,
        "operating_margin": values["operating_income"] / revenue,
        "overhead_ratio": values["selling_general_administrative"] / revenue,
        "research_ratio": values["research_development"] / revenue,
        "tax_rate": values["income_tax"] / values["pretax_income"],
        "term_loan": values["debt"] - company.debt.notes * company.unit,
        "senior_notes": Decimal(company.debt.notes * company.unit),
        "free_cash_flow": values["cash.operating"] + values["cash.capital_expenditures"],
    }
    before = company.find_balance(label - 1)
    acquired_goodwill = year.balance.goodwill - before.goodwill + year.income.goodwill_impairment
    acquired_intangibles = year.balance.intangibles - before.intangibles + year.income.amortization
    derived["acquired_goodwill"] = Decimal(acquired_goodwill * company.unit)
    derived["acquired_intangibles"] = Decimal(acquired_intangibles * company.unit)
    first, *others = (Decimal(amount * company.unit) for amount in year.segment_revenue.values())
    derived["first_segment_lead"] = first - max(others)
    derived["rate_sensitivity"] = derived["term_loan"] / 100
    for part, shares in company.split.shares.items():
        derived[f"split.{part}"] = shares[label]
    last = list(company.split.parts)[-1]
    derived[f"split.{last}"] = 1 - sum((shares[label] for shares in company.split.shares.values()), Decimal(0))
    derived["tenth_of_split"] = derived[f"split.{last}"] * revenue / 10
    return derived


def _round(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), ROUND_HALF_UP)


def _write_money(dollars: Decimal, unit: int) -> str:
    whole = unit == _MILLION and dollars % _MILLION == 0
    return f"${_round(abs(dollars) / _MILLION, '1' if whole else '0.1'):,} million"


def _write_percent(ratio: Decimal) -> str:
    return f"{_round(ratio * 100, '0.1')}%"


def _compare(value: Decimal, before: Decimal) -> str:
    change = _round((value / before - 1) * 100, "0.1")
    return "was unchanged" if change == 0 else f"{'increased' if change > 0 else 'decreased'} {abs(change)}%"


def _compare_points(value: Decimal, before: Decimal) -> str:
    change = (_round(value * 100, "0.1") - _round(before * 100, "0.1")) * 100
    return "was unchanged" if change == 0 else f"{'rose' if change > 0 else 'fell'} {abs(change):.0f} basis points"


def _write_effect(points: Decimal) -> str:
    return f"{'added' if points >= 0 else 'subtracted'} {abs(_round(points * 100, '0.1'))} points"


_FORMATS: Mapping[str, Callable[[Decimal], str]] = {
    "pct": _write_percent,
    "pts": lambda value: f"{abs(_round(value * 100, '0.1'))} points",
    "effect": _write_effect,
    "num": lambda value: f"{value:,f}",
    "per": lambda value: f"${value}" if value >= 0 else f"$({-value})",
}

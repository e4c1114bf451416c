"""The undimensioned amounts of a filing's facts by their period: what the identities of its statements are about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl

from finrag_ml_tg1.filings.checks.amounts import Amount, PeriodAndUnit
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["StatementAmounts"]

_CURRENCY = re.compile(r"[A-Z]{3}")
_DAY = timedelta(days=1)
# What rows without tags are called, beside the metrics of the vocabulary; the metric's first concept stands for them.
_METRICS_OF_ROWS = (
    "total_assets",
    "liabilities_and_equity",
    "gross_profit",
    "revenue",
    "cost_of_revenue",
    "pretax_income",
    "income_tax_expense",
    "operating_cash_flow",
    "investing_cash_flow",
    "financing_cash_flow",
)
_OTHER_ROWS = {
    "us-gaap:CashAndCashEquivalentsPeriodIncreaseDecrease": re.compile(
        r"^(?:net )?\(?(?:increase|decrease|change)\)?\b.*\bcash\b(?!.*\b(?:before|from|due)\b)", re.IGNORECASE
    ),
    "us-gaap:EffectOfExchangeRateOnCashAndCashEquivalents": re.compile(r"\bexchange rates?\b.*\bcash\b", re.IGNORECASE),
    "us-gaap:CashAndCashEquivalentsAtCarryingValue": re.compile(
        r"\bcash\b.*\b(?:beginning|end(?:ing)?) (?:of|balances?)\b", re.IGNORECASE
    ),
}


class StatementAmounts:
    """Amounts by period and concept; a number in two values is in none, since either may be the wrong one."""

    def __init__(self, facts: pl.DataFrame) -> None:
        self._amounts: dict[PeriodAndUnit, dict[str, Amount]] = defaultdict(dict)
        self._rows: dict[PeriodAndUnit, list[Amount]] = defaultdict(list)
        doubled: set[tuple[PeriodAndUnit, str]] = set()
        for row in _whole_amounts(facts).iter_rows(named=True):
            period = row["period_start"], row["period_end"], row["unit"]
            amount = Amount(row["value"], _place(row["decimals"]), row["row_label"] or row["label"], row["char_start"])
            if row["statement"] != "none":
                self._rows[period].append(amount)
            for concept in [row["concept"]] if row["concept"] else _concepts_of_row(row):
                if self._amounts[period].setdefault(concept, amount).value != amount.value:
                    doubled.add((period, concept))
        for period, concept in doubled:
            del self._amounts[period][concept]

    @property
    def periods(self) -> list[PeriodAndUnit]:
        """The periods that have amounts, earliest first, instants before durations."""
        return sorted(self._amounts, key=lambda period: (period[1], period[0] or date.min, period[2]))

    def at(self, period: PeriodAndUnit, at: Literal["period", "opening", "closing"]) -> Mapping[str, Amount]:
        """Return the amounts of a period by concept, or those that stand at its beginning or end."""
        start, end, unit = period
        if at == "period":
            return self._amounts.get(period, {})
        if start is None:
            return {}
        return self._amounts.get((None, start - _DAY if at == "opening" else end, unit), {})

    def rows(self, period: PeriodAndUnit) -> list[Amount]:
        """Return what the primary statements print of a period."""
        return self._rows.get(period, [])


def _whole_amounts(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.filter(
        pl.col("dimensions") == "", pl.col("value").is_not_null(), pl.col("unit").str.contains(f"^{_CURRENCY.pattern}$")
    )


def _place(decimals: str | None) -> int | None:
    return None if decimals in (None, "INF") else -int(decimals)


def _concepts_of_row(row: Mapping[str, Any]) -> Iterator[str]:
    label = row["row_label"]
    for name in _METRICS_OF_ROWS:
        metric = load_metrics()[name]
        if metric.statement == row["statement"] and any(re.search(pattern, label) for pattern in metric.rows):
            yield metric.concepts[0]
    if row["statement"] == "cash flow":
        yield from (concept for concept, pattern in _OTHER_ROWS.items() if pattern.search(label))

"""What counts as right in the bank of questions, for a filing made by hand."""

from __future__ import annotations

from datetime import date

import polars as pl

from finrag_ml_tg1.evaluation.question_bank import BankRow, make_bank

END = date(2023, 12, 31)
FILING = {
    "cik": 7,
    "tickers": ["MRBY"],
    "company": "Marrowby Works, Inc. (fictional)",
    "form": "10-K",
    "accession": "A-2023",
    "fiscal_year": 2023,
    "period_end": END,
}


def bank(**values: float) -> dict[str, BankRow]:
    """One row for each metric, of a filing with these balance-sheet numbers."""
    facts = [
        {"cik": 7, "accession": "A-2023", "concept": f"us-gaap:{concept}", "value": value}
        | {"period_start": None, "period_end": END, "dimensions": "", "source": "tagged"}
        for concept, value in values.items()
    ]
    schema = {"period_start": pl.Date}
    return {row.metric: row for row in make_bank(pl.DataFrame([FILING]), pl.DataFrame(facts, schema_overrides=schema))}


def test_part_of_a_metric_is_right_only_where_the_whole_is_not_tagged() -> None:
    assert bank(InventoryNet=12.0, InventoryFinishedGoodsNetOfReserves=7.0)["inventory"].accepted == (12.0,)
    assert bank(InventoryFinishedGoodsNetOfReserves=7.0)["inventory"].accepted == (7.0,)


def test_sum_over_more_than_a_metric_is_right_only_where_it_is_not_tagged_alone() -> None:
    rows = bank(AccountsPayableCurrent=3.0, AccountsPayableAndAccruedLiabilitiesCurrent=9.0, LongTermDebt=5.0)
    assert rows["accounts_payable"].accepted == (3.0,)
    assert rows["long_term_debt"].accepted == (5.0,)
    assert "inventory" not in rows

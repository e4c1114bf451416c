"""Lines by the name the filing prints, against metrics that have some of its words; facts are made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.scope import CompanyReference
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.vocabulary.metrics import load_metrics
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row

COMPANY = CompanyReference(COMPANY_CIK, "Marrowby Works, Inc. (fictional)", ("MRBY",))
PLANNER = Planner(MetricNames(load_metrics()))


def line(concept: str, value: int, row_label: str, statement: str = "none", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return make_row(concept, value, 2023, row_label=row_label, label="", statement=statement, **fields)


ROWS = [
    line("NetIncomeLoss", 10, "Net income", "income"),
    line("IncomeTaxExpenseBenefit", 4, "Taxes on earnings", "income"),
    line("OperatingLeaseLiability", 30, "Total lease liabilities", instant=True),
    line("OperatingLeaseLiabilityCurrent", 6, "Current operating lease liabilities", "balance", instant=True),
    line("InterestExpense", 9, "Interest expense", "income"),
    line("InterestIncomeExpenseNonoperatingNet", -7, "Interest expense, net", "income"),
    line("InventoryNet", 50, "Inventories", "balance", instant=True),
    line("IncreaseDecreaseInInventories", 8, "Increase in inventories", "cash flow"),
    line("InventoryPurchaseObligation", 80, "Inventory purchase obligations", instant=True),
    line("TechnologyCost", 12, "Technology and content", "income"),
    line("DeferredTaxAssetsInventory", 3, "Inventories", instant=True),
    line("Revenues", 100, "Total revenues", "income"),
]


def ask(text: str, *rows: dict[str, Any]) -> FactSet:
    plan = PLANNER.plan(text, companies=1)
    assert plan is not None
    company = make_company(*(rows or ROWS))
    return FactFinder(lambda cik: company).find(plan, [COMPANY])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("taxes on earnings in 2023", 4),
        ("current operating lease liabilities 2023", 6),
        ("operating lease liabilities 2023", 30),
        ("interest expense, net 2023", -7),
        ("interest expense 2023", 9),
        ("increase in inventories in 2023", 8),
        ("inventories 2023", 50),
        ("inventory purchase obligations in 2023", 80),
        ("technology and content costs in 2023", 12),
        ("total revenues 2023", 100),
        ("I was wondering, what were the inventories in 2023?", 50),
    ],
)
def test_line_is_the_one_that_has_the_words_asked_for(text: str, value: int) -> None:
    assert [used.fact.value for used in ask(text).facts] == [value]


@pytest.mark.parametrize(
    "text",
    ["average revenue of the top inventory lines in 2023", "net income before taxes on content in 2023"],
)
def test_words_that_lines_are_named_with_are_not_dropped(text: str) -> None:
    assert not ask(text).is_found


def test_row_of_a_concept_of_the_filers_own_is_found_by_its_label() -> None:
    own = line("Revenues", 1, "x") | {"concept": "mrby:IncomeBeforeTaxes", "row_label": "Income before income taxes"}
    found = ask("pretax income in 2023", own | {"statement": "income", "value": Decimal(14)})
    assert [used.fact.value for used in found.facts] == [14]


def test_untagged_row_in_another_unit_is_no_value_of_the_metric() -> None:
    per_share = line("", 0, "Net income", "income", source="table", unit="USD/shares") | {"concept": ""}
    assert not ask("net income in 2023", per_share).is_found


def test_costs_that_an_untagged_statement_prints_negative_are_positive() -> None:
    printed = [("Cost of sales", -60), ("Research and development expenses", -5), ("Net sales", 100)]
    rows = [line("", value, label, "income", source="table") | {"concept": ""} for label, value in printed]
    assert [used.fact.value for used in ask("cost of sales in 2023", *rows).facts] == [60]


def test_margin_of_a_part_is_calculated_from_what_is_tagged_for_it() -> None:
    dimensions = "us-gaap:StatementBusinessSegmentsAxis=mrby:ShopsSegmentMember"
    rows = [
        line("Revenues", 100, "Total revenues", "income"),
        line("Revenues", 40, "Shops", dimensions=dimensions),
        line("OperatingIncomeLoss", 10, "Shops", dimensions=dimensions),
    ]
    calculation = ask("Shops operating margin in 2023", *rows).calculations[0]
    assert calculation.value == Decimal("0.25")
    assert "Shops" in calculation.label


def test_number_of_shares_is_given_where_how_many_are_asked_for() -> None:
    rows = [
        line("PaymentsForRepurchaseOfCommonStock", 900, "Repurchases", "cash flow"),
        line("StockRepurchasedDuringPeriodShares", 7, "Shares repurchased", unit="shares"),
    ]
    assert [used.fact.value for used in ask("How many shares did they repurchase in 2023?", *rows).facts] == [7]

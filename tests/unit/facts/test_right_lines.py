"""Which of several lines a metric means, on facts made by hand after filings that state them so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet, result_value
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row

COMPANY = CompanyReference(COMPANY_CIK, "Marrowby Works, Inc. (fictional)", ("MRBY",))


def find(metric: str, *rows: dict[str, Any]) -> FactSet:
    company = make_company(*rows)
    return FactFinder(lambda cik: company).find(Plan("lookup", metrics=(metric,), years=(2023,)), [COMPANY])


def stock(concept: str, value: str | int, statement: str = "balance") -> dict[str, Any]:
    return make_row(concept, value, 2023, instant=True, statement=statement)


def value_of(found: FactSet) -> Decimal:
    return result_value(found.results[0])[0]


def test_debt_tagged_whole_is_not_counted_twice_in_total_debt() -> None:
    rows = [stock("LongTermDebt", "28.5", "none"), stock("LongTermDebtCurrent", "10.8")]
    assert value_of(find("total_debt", *rows)) == Decimal("28.5")
    assert value_of(find("total_debt", *rows, stock("LongTermDebtNoncurrent", "17.7"))) == Decimal("28.5")


def test_payables_of_a_note_go_before_a_sum_of_the_balance_sheet() -> None:
    both = stock("AccountsPayableAndAccruedLiabilitiesCurrent", 31)
    assert value_of(find("accounts_payable", both, stock("AccountsPayableCurrent", 4, "none"))) == 4
    found = find("accounts_payable", both)
    assert value_of(found) == 31
    assert found.calculations[0].formula == "Accounts payable and accrued liabilities"


def test_insurer_that_divides_its_balance_sheet_has_a_current_ratio() -> None:
    marks = [make_row("PremiumsEarnedNet", 9, 2023), stock("LiabilityForClaimsAndClaimsAdjustmentExpense", 5)]
    rows = [stock("AssetsCurrent", 6), stock("LiabilitiesCurrent", 8)]
    assert value_of(find("current_ratio", *marks, *rows)) == Decimal("0.75")
    assert "do not divide" in find("current_ratio", *marks).missing[0].reason


def test_payment_that_a_statement_without_tags_prints_as_negative_is_positive() -> None:
    printed = make_row("", -5, 2023, row_label="Dividends paid", statement="cash flow", source="table") | {
        "concept": ""
    }
    assert value_of(find("dividends_paid", printed)) == 5

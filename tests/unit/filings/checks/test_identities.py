"""The identities of accounting on made-up statements: what is wrong in them was put there."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.checks.amounts import Amount, Footing
from finrag_ml_tg1.filings.checks.footing import identities_judged
from finrag_ml_tg1.filings.checks.identities import IDENTITIES
from finrag_ml_tg1.filings.checks.statement_amounts import StatementAmounts
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.facts.table import facts_table
from finrag_ml_tg1.filings.filing import Filing, read_filing
from tests.unit.filings.checks.checked_filings import checks_of, line, money, passage_showing
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.documents import filing_html
from tests.unit.filings.tagged_filings import read_tagged, statement

INSTANTS = ("end", "end_before")
OPERATING, INVESTING, FINANCING = (
    f"NetCashProvidedByUsedIn{activities}Activities" for activities in ("Operating", "Investing", "Financing")
)
CHANGE = (
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchangeRateEffect"
)
CASH = "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"
TOTAL_EQUITY = "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"


def judged(filing: Filing) -> dict[str, list[bool]]:
    """Whether each identity holds, period by period, earliest first."""
    found: dict[str, list[bool]] = {}
    for footing in sorted(identities_judged(StatementAmounts(facts_table(filing, []))), key=lambda f: f.period[1]):
        found.setdefault(footing.name, []).append(footing.holds)
    return found


def prose(*numbers: str) -> str:
    return "".join(f"<p>It was {number} million.</p>" for number in numbers)


def test_assets_are_told_with_both_numbers_when_they_are_not_liabilities_and_equity() -> None:
    sheet = statement(
        "Consolidated Balance Sheets",
        line("Cash", "Cash", 204, 100, contexts=INSTANTS),
        line("Total assets", "Assets", 1_204, 1_100, contexts=INSTANTS),
        line("Total liabilities", "Liabilities", 700, 600, contexts=INSTANTS),
        line("Retained earnings", "StockholdersEquity", 505, 500, contexts=INSTANTS),
        line("Total liabilities and equity", "LiabilitiesAndStockholdersEquity", 1_205, 1_100, contexts=INSTANTS),
    )
    filing = read_tagged(sheet)
    assert judged(filing) == {
        "assets = liabilities and equity": [True, False],
        "liabilities and equity = liabilities + equity": [True, True],
    }
    (mismatch,) = checks_of(filing).mismatches
    assert mismatch == (
        "the statements do not add up at 2023-12-31 (assets = liabilities and equity): 'Total assets' is 1,204,000,000 "
        "USD, but 'Total liabilities and equity' 1,205,000,000 = 1,205,000,000 (passage "
        f"{passage_showing(filing, 'Total assets')})"
    )


def cash_flow(financing: int, *other: str, tagged_sign: str = "-") -> Filing:
    """2023: 90 - 50 + financing = 10, and 20 at the beginning; 2022 adds up."""
    of_2023 = [
        money(OPERATING, 90, "c"),
        money(INVESTING, -50, "c"),
        money(FINANCING, financing, "c", sign=tagged_sign),
    ]
    of_2022 = [money(OPERATING, 70, "before"), money(INVESTING, -40, "before"), money(FINANCING, -25, "before")]
    cash = [money(CHANGE, 10, "c"), money(CHANGE, 5, "before"), money(CASH, 30, "end"), money(CASH, 20, "end_before")]
    return read_tagged(prose(*of_2023, *of_2022, *cash, *other))


FLOWS = "change in cash = operating + investing + financing cash flow"


def test_cash_flows_add_up_when_the_change_is_their_sum() -> None:
    assert judged(cash_flow(-30)) == {FLOWS: [True, True], "closing cash = opening cash + change": [True]}
    assert checks_of(cash_flow(-30)).mismatches == ()


def test_a_sign_missing_in_a_tag_is_found_when_the_cash_flows_are_added() -> None:
    assert judged(cash_flow(-30, tagged_sign=""))[FLOWS] == [True, False]


def test_effects_of_exchange_rates_and_discontinued_operations_are_added_when_they_are_tagged() -> None:
    rates = money("EffectOfExchangeRateOnCashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents", -4, "c")
    discontinued = money("NetCashProvidedByUsedInDiscontinuedOperations", 7, "c")
    assert judged(cash_flow(-33, rates, discontinued))[FLOWS] == [True, True]
    assert judged(cash_flow(-40, rates, discontinued))[FLOWS] == [True, False]


def test_closing_cash_is_told_when_opening_and_change_do_not_reach_it() -> None:
    filing = read_tagged(
        prose(
            *(money(CASH, 35, "end"), money(CASH, 20, "end_before"), money(CASH, 12, "end_earlier")),
            *(money(CHANGE, 10, "c"), money(CHANGE, 8, "before")),
        ),
        periods={
            "c": ("2023-01-01", "2023-12-31"),
            "before": ("2022-01-01", "2022-12-31"),
            "end": ("2023-12-31",),
            "end_before": ("2022-12-31",),
            "end_earlier": ("2021-12-31",),
        },
    )
    assert judged(filing) == {"closing cash = opening cash + change": [True, False]}


PRETAX = "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest"


@pytest.mark.parametrize(("net_income", "holds"), [(75, [True, True]), (70, [True, False])])
def test_net_income_is_told_when_it_is_not_what_tax_leaves_of_pretax_income(net_income: int, holds: list[bool]) -> None:
    lines = [
        *(money(PRETAX, 100, "c"), money("IncomeTaxExpenseBenefit", 25, "c"), money("NetIncomeLoss", net_income, "c")),
        *(money(PRETAX, 80, "before"), money("IncomeTaxExpenseBenefit", -5, "before")),
        money("NetIncomeLoss", 85, "before"),
    ]
    assert judged(read_tagged(prose(*lines))) == {"net income = pretax income - tax": holds}


@pytest.mark.parametrize("missing", range(3))
def test_an_identity_is_not_judged_when_one_of_its_numbers_is_missing(missing: int) -> None:
    lines = [money(PRETAX, 100, "c"), money("IncomeTaxExpenseBenefit", 25, "c"), money("NetIncomeLoss", 1, "c")]
    assert judged(read_tagged(prose(*lines[:missing], *lines[missing + 1 :]))) == {}


def test_an_identity_is_not_held_against_a_filer_when_he_never_keeps_it() -> None:
    """Gross profit after another cost: the concepts do not mean here what they usually do."""
    years = ((100, 60, 35, "c"), (90, 50, 36, "before"))
    lines = [
        money(concept, number, context)
        for *numbers, context in years
        for concept, number in zip(("Revenues", "CostOfRevenue", "GrossProfit"), numbers, strict=True)
    ]
    assert judged(read_tagged(prose(*lines))) == {}


def income_statement(*rows: str) -> Filing:
    return read_tagged(
        statement(
            "Consolidated Statements of Operations",
            line("Revenue", "Revenues", 100, 90),
            line("Cost of revenue", "CostOfRevenue", 60, 50),
            *rows,
            line("Gross profit", "GrossProfit", 35, 40),
            line("Operating expenses", "OperatingExpenses", 10, 10),
            line("Income before income taxes", PRETAX, 25, 30),
            line("Provision for income taxes", "IncomeTaxExpenseBenefit", 7, 7),
            line("Net income", "NetIncomeLoss", 18, 23),
        )
    )


def test_an_identity_is_not_judged_when_another_row_of_the_statement_is_the_gap() -> None:
    name = "gross profit = revenue - cost of revenue"
    assert judged(income_statement())[name] == [True, False]
    assert judged(income_statement(line("Amortization", "Amortization", 5, 0)))[name] == [True]


def test_parts_of_equity_and_redeemable_interests_are_added_when_they_are_tagged() -> None:
    def equity(redeemable: int) -> dict[str, list[bool]]:
        lines = [
            *(money("Assets", 100, "end"), money("LiabilitiesAndStockholdersEquity", 100, "end")),
            *(money("Liabilities", 60, "end"), money("StockholdersEquity", 30, "end")),
            *(money("MinorityInterest", 6, "end"), money(TOTAL_EQUITY, 36, "end")),
            money("RedeemableNoncontrollingInterestEquityCarryingAmount", redeemable, "end"),
            *(money("Assets", 90, "end_before"), money("LiabilitiesAndStockholdersEquity", 90, "end_before")),
            *(money("Liabilities", 60, "end_before"), money(TOTAL_EQUITY, 30, "end_before")),
        ]
        return judged(read_tagged(prose(*lines)))

    assert equity(4) == {
        "assets = liabilities and equity": [True, True],
        "liabilities and equity = liabilities + equity": [True, True],
        "equity = parent's equity + noncontrolling interests": [True],
    }
    assert equity(50)["liabilities and equity = liabilities + equity"] == [True, False]


def test_a_number_in_two_values_is_not_judged_when_either_may_be_wrong() -> None:
    lines = [
        money("Assets", 100, "end"),
        money("Assets", 90, "end"),
        money("LiabilitiesAndStockholdersEquity", 90, "end"),
    ]
    assert judged(read_tagged(prose(*lines))) == {}


def test_statements_without_tags_are_judged_when_their_rows_say_what_they_are() -> None:
    def sheet(assets: int) -> Filing:
        body = statement(
            "Consolidated Balance Sheets",
            "Cash and cash equivalents|5|6",
            "Accounts receivable|4|2",
            f"Total assets|{assets}|8",
            "Accounts payable|3|3",
            "Total liabilities|3|3",
            "Retained earnings|6|5",
            "Total liabilities and shareholders' equity|9|8",
        )
        dated = body.replace("2023", "December 31, 2023").replace("2022", "December 31, 2022")
        return read_filing(filing_html(body=f"<p><b>Item 8. Statements</b></p><p>(in millions)</p>{dated}"), "x.html")

    assert judged(sheet(9)) == {"assets = liabilities and equity": [True, True]}
    assert judged(sheet(10)) == {"assets = liabilities and equity": [True, False]}


@pytest.mark.parametrize(("owed", "holds"), [(9_000_000, True), (9_010_000, False)])
def test_numbers_that_sec_holds_of_a_filing_are_judged_when_it_tags_none(owed: int, holds: bool) -> None:
    filing = read_filing(filing_html(), "x.html")
    day = date(2023, 12, 31)
    held = [
        CompanyFact(1, concept, None, "USD", Decimal(value), None, day, filing.accession, "10-K", day, None)
        for concept, value in (("us-gaap:Assets", 9_000_000), ("us-gaap:LiabilitiesAndStockholdersEquity", owed))
    ]
    (footing,) = identities_judged(StatementAmounts(facts_table(filing, [], held)))
    assert footing.holds is holds


def rounded(exact: int, place: int) -> Amount:
    return Amount(Decimal(round(exact, -place)), place)


@given(
    addends=st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=12),
    places=st.lists(st.sampled_from([0, 3, 6]), min_size=13, max_size=13),
)
def test_a_sum_holds_when_its_numbers_were_rounded_and_fails_when_it_is_further_off(
    addends: list[int], places: list[int]
) -> None:
    parts = tuple((1, rounded(addend, place)) for addend, place in zip(addends, places[1:], strict=False))
    total = rounded(sum(addends), places[0])
    allowed = sum(10 ** (amount.place or 0) for amount in (total, *(part for _, part in parts)))
    one = ("", (None, date(2023, 12, 31), "USD"))
    assert Footing(*one, total, parts).holds or abs(Footing(*one, total, parts).gap) == Decimal(allowed) / 2
    assert not Footing(*one, Amount(total.value + allowed, total.place), parts).holds


def test_whole_numbers_without_stated_precision_are_exact_when_they_are_not_all_in_thousands() -> None:
    period = (None, date(2023, 12, 31), "USD")
    exact, thousands = [
        tuple(Amount(Decimal(value), None) for value in values)
        for values in ((1_204, 1_000, 202), (1_204_000, 1_000_000, 203_000))
    ]
    assert not Footing("", period, exact[0], ((1, exact[1]), (1, exact[2]))).holds
    assert Footing("", period, thousands[0], ((1, thousands[1]), (1, thousands[2]))).holds


def test_identities_hold_in_real_filings(real_filings: list[RealFiling]) -> None:
    """One is broken: a tag there lacks its minus."""
    found = [
        footing
        for report in real_filings
        for footing in identities_judged(StatementAmounts(facts_table(report.filing, [])))
    ]
    assert {footing.name for footing in found} == {identity.name for identity in IDENTITIES}
    assert len(found) > 700
    assert [footing.name for footing in found if not footing.holds] == [FLOWS]

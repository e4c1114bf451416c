"""Tagged tables of the notes on debt, leases, intangible assets and income taxes."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from samples.cells import FactCells
from samples.inline_xbrl import Period
from samples.markup import Row, write_table
from samples.schedules import spread_amortization, spread_debt, spread_leases

__all__ = ["write_debt", "write_intangibles", "write_leases", "write_maturities", "write_tax_rate", "write_taxes"]

_DEBT_AXIS = "us-gaap:LongtermDebtTypeAxis"
_STATUTORY_RATE = Decimal("0.21")
_RECONCILIATION = "us-gaap:IncomeTaxReconciliation"
_DEBT_DUE = tuple(
    f"us-gaap:LongTermDebtMaturitiesRepaymentsOfPrincipal{suffix}"
    for suffix in ("InNextTwelveMonths", "InYearTwo", "InYearThree", "InYearFour", "InYearFive", "AfterYearFive")
)
_LEASES_DUE = tuple(
    f"us-gaap:LesseeOperatingLeaseLiabilityPaymentsDue{suffix}"
    for suffix in ("NextTwelveMonths", "YearTwo", "YearThree", "YearFour", "YearFive", "AfterYearFive")
)
_AMORTIZATION_DUE = tuple(
    f"us-gaap:FiniteLivedIntangibleAssetsAmortizationExpense{suffix}"
    for suffix in ("NextTwelveMonths", "YearTwo", "YearThree", "YearFour", "YearFive", "AfterYearFive")
)


def write_debt(cells: FactCells) -> str:
    """Return borrowings by instrument at two year ends."""
    company, years = cells.company, cells.years[:2]
    debt = company.debt
    balances = [company.find_balance(label) for label in years]
    periods = [cells.find_instant(label) for label in years]
    rows: list[Row] = []
    parts = (
        (debt.notes_label, "us-gaap:SeniorNotesMember", [debt.notes for _ in years]),
        (debt.loan_label, "us-gaap:LoansPayableMember", [balance.debt - debt.notes for balance in balances]),
    )
    total = "us-gaap:LongTermDebt"
    for title, member, amounts in parts:
        if any(amounts):
            rows.append(cells.write_row(title, total, amounts, periods, ((_DEBT_AXIS, member),)))
    current = [-balance.debt_current for balance in balances]
    noncurrent = [balance.debt_noncurrent for balance in balances]
    rows += [
        cells.write_row("Total debt", total, [balance.debt for balance in balances], periods, total=True),
        cells.write_row("Less current portion", "us-gaap:LongTermDebtCurrent", current, periods, flip=True),
        cells.write_row("Long-term debt", "us-gaap:LongTermDebtNoncurrent", noncurrent, periods, total=True),
    ]
    return write_table(cells.units, [cells.name_instant(label) for label in years], rows)


def write_maturities(cells: FactCells) -> str:
    """Return the principal due by year, footing to total debt."""
    balance = cells.company.find_balance(cells.fiscal_year)
    due = spread_debt(balance.debt, balance.debt_current, cells.company.debt, cells.fiscal_year)
    rows = _write_due(cells, _DEBT_DUE, due)
    total = cells.write_money("us-gaap:LongTermDebt", balance.debt, cells.find_instant(cells.fiscal_year), dollar=True)
    return write_table(cells.units, ["Principal due"], [*rows, Row("Total debt", [total], total=True)])


def write_leases(cells: FactCells) -> str:
    """Return lease payments by year, less interest, footing to the lease liability."""
    liability = cells.company.find_balance(cells.fiscal_year).lease_liabilities
    payments, interest = spread_leases(liability)
    period = cells.find_instant(cells.fiscal_year)
    excess = "us-gaap:LesseeOperatingLeaseLiabilityUndiscountedExcessAmount"
    total = cells.write_money("us-gaap:LesseeOperatingLeaseLiabilityPaymentsDue", sum(payments), period)
    rows = [
        *_write_due(cells, _LEASES_DUE, payments),
        Row("Total lease payments", [total], total=True),
        Row("Less imputed interest", [cells.write_money(excess, -interest, period, flip=True)]),
        Row(
            "Operating lease liabilities",
            [cells.write_money("us-gaap:OperatingLeaseLiability", liability, period, dollar=True)],
            total=True,
        ),
    ]
    return write_table(cells.units, ["Payments due"], rows)


def write_intangibles(cells: FactCells) -> str:
    """Return expected amortization by year, footing to intangible assets."""
    year = cells.company.statements[cells.fiscal_year]
    rows = _write_due(cells, _AMORTIZATION_DUE, spread_amortization(year.balance.intangibles, year.income.amortization))
    period = cells.find_instant(cells.fiscal_year)
    total = cells.write_money("us-gaap:FiniteLivedIntangibleAssetsNet", year.balance.intangibles, period, dollar=True)
    return write_table(cells.units, ["Expected amortization"], [*rows, Row("Total", [total], total=True)])


def write_taxes(cells: FactCells) -> str:
    """Return income tax expense by kind for three years."""
    parts = cells.company.tax_parts
    columns: list[list[int]] = []
    for label in cells.years:
        year = cells.company.statements[label]
        current = year.income.income_tax - year.cash.deferred_tax
        state, foreign = _round(current * parts["state"]), _round(current * parts["foreign"])
        federal = current - state - foreign
        columns.append([federal, state, foreign, current, year.cash.deferred_tax, year.income.income_tax])
    titles = (
        ("Current: federal", "us-gaap:CurrentFederalTaxExpenseBenefit"),
        ("Current: state", "us-gaap:CurrentStateAndLocalTaxExpenseBenefit"),
        ("Current: foreign", "us-gaap:CurrentForeignTaxExpenseBenefit"),
        ("Total current", "us-gaap:CurrentIncomeTaxExpenseBenefit"),
        ("Deferred", "us-gaap:DeferredIncomeTaxExpenseBenefit"),
        ("Income tax expense", "us-gaap:IncomeTaxExpenseBenefit"),
    )
    return _write_yearly(cells, titles, columns)


def write_tax_rate(cells: FactCells) -> str:
    """Return income tax expense reconciled from the federal statutory rate for three years."""
    parts = cells.company.tax_parts
    columns: list[list[int]] = []
    for label in cells.years:
        income = cells.company.statements[label].income
        statutory = _round(income.pretax_income * _STATUTORY_RATE)
        impairment = _round(income.goodwill_impairment * _STATUTORY_RATE)
        state = _round((income.pretax_income + income.goodwill_impairment) * parts["state_rate"])
        research = -_round(income.revenue * parts["research_share"])
        other = income.income_tax - statutory - impairment - state - research
        columns.append([statutory, state, research, impairment, other, income.income_tax])
    titles = (
        (
            "Tax at the federal statutory rate of 21%",
            f"{_RECONCILIATION}IncomeTaxExpenseBenefitAtFederalStatutoryIncomeTaxRate",
        ),
        ("State taxes, net of federal benefit", f"{_RECONCILIATION}StateAndLocalIncomeTaxes"),
        ("Research credits", f"{_RECONCILIATION}TaxCreditsResearch"),
        ("Goodwill impairment", f"{_RECONCILIATION}NondeductibleExpenseImpairmentLosses"),
        ("Other, net", f"{_RECONCILIATION}OtherAdjustments"),
        ("Income tax expense", "us-gaap:IncomeTaxExpenseBenefit"),
    )
    return _write_yearly(cells, titles, columns)


def _write_yearly(cells: FactCells, titles: Sequence[tuple[str, str]], columns: Sequence[Sequence[int]]) -> str:
    rows: list[Row] = []
    for index, (title, concept) in enumerate(titles):
        amounts = [column[index] for column in columns]
        if not any(amounts):
            continue
        flip = concept.endswith("TaxCreditsResearch")  # the concept counts a credit as positive
        total = title in {"Total current", "Income tax expense"}
        rows.append(cells.write_row(title, concept, amounts, cells.durations, flip=flip, total=total))
    return write_table(cells.units, cells.duration_names, rows)


def _write_due(cells: FactCells, concepts: Sequence[str], amounts: Sequence[int]) -> list[Row]:
    period: Period = cells.find_instant(cells.fiscal_year)
    titles = [f"Fiscal {cells.fiscal_year + 1 + index}" for index in range(5)] + ["Thereafter"]
    rows = zip(titles, concepts, amounts, strict=True)
    return [Row(title, [cells.write_money(concept, amount, period)]) for title, concept, amount in rows]


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))

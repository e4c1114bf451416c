"""The four primary statements of Item 8 as tagged tables."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from samples.balance import BalanceSheet
from samples.cells import FactCells
from samples.flows import CashFlow, IncomeStatement
from samples.inline_xbrl import Dimensions, Period
from samples.lines import BALANCE_LINES, CASH_LINES, INCOME_LINES, Line
from samples.markup import Cell, Row, write_table

__all__ = ["write_balance_sheet", "write_cash_flow", "write_equity", "write_income_statement"]

Statement = BalanceSheet | CashFlow | IncomeStatement

_CASH = "us-gaap:CashAndCashEquivalentsAtCarryingValue"
_COMPONENTS = "us-gaap:StatementEquityComponentsAxis"
_REQUISITE = "us-gaap:AdjustmentsToAdditionalPaidInCapitalSharebasedCompensationRequisiteServicePeriodRecognitionValue"
_REPURCHASED = "us-gaap:StockRepurchasedDuringPeriodValue"
_TAKEN_FROM_EQUITY = {"us-gaap:DividendsCommonStockCash", _REPURCHASED}
_MEMBERS = {
    "paid": "us-gaap:CommonStockIncludingAdditionalPaidInCapitalMember",
    "retained": "us-gaap:RetainedEarningsMember",
    "other": "us-gaap:AccumulatedOtherComprehensiveIncomeMember",
}


def write_income_statement(cells: FactCells) -> str:
    """Return three years of income."""
    statements = [cells.company.statements[label].income for label in cells.years]
    periods = [cells.find_duration(label) for label in cells.years]
    rows = _write_lines(cells, INCOME_LINES, statements, periods)
    units = "(In thousands, except per share data)"
    if cells.company.unit != 1000:
        units = "(Dollars in millions, shares in thousands, except per share data)"
    return write_table(units, [cells.name_duration(label) for label in cells.years], rows)


def write_balance_sheet(cells: FactCells) -> str:
    """Return two balance sheets."""
    years = cells.years[:2]
    statements = [cells.company.find_balance(label) for label in years]
    rows = _write_lines(cells, BALANCE_LINES, statements, [cells.find_instant(label) for label in years])
    return write_table(cells.units, [cells.name_instant(label) for label in years], rows)


def write_cash_flow(cells: FactCells) -> str:
    """Return three years of cash flows, from opening to closing cash."""
    statements = [cells.company.statements[label].cash for label in cells.years]
    rows = _write_lines(cells, CASH_LINES, statements, [cells.find_duration(label) for label in cells.years])
    for label, back in (
        ("Cash and cash equivalents, beginning of year", 1),
        ("Cash and cash equivalents, end of year", 0),
    ):
        ends = [year - back for year in cells.years]
        amounts = [
            cells.write_money(_CASH, cells.company.find_balance(end).cash, cells.find_instant(end), dollar=True)
            for end in ends
        ]
        rows.append(Row(label, amounts, total=back == 0))
    return write_table(cells.units, [cells.name_duration(label) for label in cells.years], rows)


def write_equity(cells: FactCells) -> str:
    """Return how each part of stockholders' equity moved over three years."""
    oldest = min(cells.years)
    rows = [_write_equity_balance(cells, oldest - 1)]
    for label in sorted(cells.years):
        rows += _write_moves(cells, label)
        rows.append(_write_equity_balance(cells, label))
    return write_table(cells.units, ["Common stock and paid-in capital", "Retained earnings", "Other", "Total"], rows)


def _write_equity_balance(cells: FactCells, label: int) -> Row:
    balance = cells.company.find_balance(label)
    amounts: list[tuple[int, Dimensions]] = [
        (balance.common_stock + balance.paid_in_capital, ((_COMPONENTS, _MEMBERS["paid"]),)),
        (balance.retained_earnings, ((_COMPONENTS, _MEMBERS["retained"]),)),
        (balance.other_comprehensive_income, ((_COMPONENTS, _MEMBERS["other"]),)),
        (balance.equity, ()),
    ]
    period = cells.find_instant(label)
    row = [cells.write_money("us-gaap:StockholdersEquity", amount, period, dims) for amount, dims in amounts]
    return Row(f"Balance at {cells.name_instant(label)}", row, total=True)


def _write_moves(cells: FactCells, label: int) -> list[Row]:
    cash = cells.company.statements[label].cash
    moves = (
        ("Net income (loss)", "us-gaap:NetIncomeLoss", "retained", cash.net_income),
        ("Stock-based compensation", _REQUISITE, "paid", cash.stock_compensation),
        ("Dividends declared", "us-gaap:DividendsCommonStockCash", "retained", cash.dividends),
        ("Repurchases of common stock", _REPURCHASED, "retained", cash.repurchases),
        ("Foreign currency translation", "us-gaap:OtherComprehensiveIncomeLossNetOfTax", "other", cash.exchange_effect),
    )
    return [_write_move(cells, label, *move) for move in moves if move[3]]


def _write_move(cells: FactCells, label: int, title: str, concept: str, part: str, amount: int) -> Row:
    period, flip = cells.find_duration(label), concept in _TAKEN_FROM_EQUITY
    row = [
        cells.write_money(concept, amount, period, ((_COMPONENTS, member),), flip=flip) if name == part else Cell("")
        for name, member in _MEMBERS.items()
    ]
    return Row(cells.company.name_line(title), [*row, cells.write_money(concept, amount, period, flip=flip)])


def _write_lines(
    cells: FactCells, lines: Sequence[Line], statements: Sequence[Statement], periods: Sequence[Period]
) -> list[Row]:
    """Return the rows of a statement; a line that is zero in every column is left out, as filers do."""
    rows: list[Row] = []
    for line in lines:
        label = cells.company.name_line(line.label)
        if line.kind == "caption":
            rows.append(Row(label))
            continue
        amounts = [getattr(statement, line.figure) for statement in statements]
        if any(amounts):
            write = _choose_writer(cells, line)
            pairs = zip(amounts, periods, strict=True)
            rows.append(Row(label, [write(amount, period) for amount, period in pairs], line.total, not line.total))
    return rows


def _choose_writer(cells: FactCells, line: Line) -> Callable[[int, Period], Cell]:
    concept = line.concept or cells.company.revenue_concept
    if line.kind == "shares":
        return lambda amount, period: cells.write_shares(concept, amount, period)
    if line.kind == "per_share":
        return lambda amount, period: cells.write_per_share(concept, Decimal(amount), period)
    dollar = line.total or line.figure in {"revenue", "cash"}
    return lambda amount, period: cells.write_money(concept, amount, period, flip=line.flip, dollar=dollar)

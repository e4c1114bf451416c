"""What is tagged against what is printed: the errors in these documents were put there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.filings.checks.printed_values import printed_mismatches
from tests.unit.filings.checks.checked_filings import checks_of, line, money, passage_showing
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.tagged_filings import fact, read_tagged, statement

PURE = '<xbrli:unit id="pure"><xbrli:measure>xbrli:pure</xbrli:measure></xbrli:unit>'
SHARES = "us-gaap:WeightedAverageNumberOfSharesOutstandingBasic"


def mismatches(body: str) -> list[tuple[list[Decimal], tuple[Decimal, ...] | None]]:
    """What is tagged, and what is printed there."""
    found = printed_mismatches(read_tagged(body, extra=PURE))
    return [([place.value for place in mismatch.places], mismatch.printed) for mismatch in found]


def rate(text: str, scale: str) -> str:
    return fact(text, concept="us-gaap:EffectiveIncomeTaxRateContinuingOperations", unitRef="pure", scale=scale)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (f"The rate was {rate('12.5', '-2')}%.", []),
        (f"The rate was {rate('12.5', '0')}%.", [([Decimal("12.5")], (Decimal("0.125"),))]),
        (f"The rate was ({rate('68', '0')}%).", [([Decimal(68)], (Decimal("0.68"),))]),
        (f"The rate was {rate('12', '0')} percent.", [([Decimal(12)], (Decimal("0.12"),))]),
        (f"Each share is worth {rate('2', '0')} of the other.", []),
        (f"We paid ${money('Assets', 1_204, 'end')} million.", []),
        (
            f"We paid ${money('Assets', 1_204, 'end', scale='3')} million.",
            [([Decimal(1_204_000)], (Decimal(1_204_000_000),))],
        ),
        (f"We paid ${money('Assets', 1_204, 'end', scale='9')} billion.", []),
        (f"We paid ${money('Assets', 1_204, 'end', scale='9')} millions of times.", []),
        (f"We paid ${money('Assets', 5, 'end')} to $9 million.", []),
    ],
)
def test_a_scale_is_told_when_the_word_behind_the_number_says_another(
    words: str, found: list[tuple[list[Decimal], tuple[Decimal, ...]]]
) -> None:
    assert mismatches(f"<p>{words}</p>") == found


def income_statement(*rows: str, units: str = "(in millions, except per share amounts)") -> str:
    lines = (
        line("Revenue", "Revenues", 1_000, 900),
        line("Cost of revenue", "CostOfRevenue", 600, 500),
        line("Operating income", "OperatingIncomeLoss", 400, 400),
        line("Provision for income taxes", "IncomeTaxExpenseBenefit", 100, 100),
        line("Net income", "NetIncomeLoss", 300, 300),
    )
    title = statement("Consolidated Statements of Operations", *lines, *rows)
    return title.replace("<table>", f"<p>{units}</p><table>", 1)


def shares(text: str, scale: str, when: str = "c") -> str:
    return fact(text, concept=SHARES, contextRef=when, unitRef="shares", scale=scale)


def test_nothing_is_told_when_a_statement_is_tagged_in_its_units() -> None:
    row = f"Weighted-average shares outstanding|{shares('727.9', '6')}|{shares('736.5', '6', 'before')}"
    assert mismatches(income_statement(row)) == []


def test_shares_are_told_when_they_are_tagged_without_the_units_of_their_statement() -> None:
    row = f"Weighted-average shares outstanding|{shares('727.9', '0')}|{shares('736.5', '0', 'before')}"
    body = income_statement(row)
    assert mismatches(body) == [
        ([Decimal("727.9"), Decimal("736.5")], (Decimal(727_900_000), Decimal(736_500_000))),
    ]
    filing = read_tagged(body)
    assert checks_of(filing).mismatches == (
        f"not tagged as printed in the row 'Weighted-average shares outstanding': {SHARES}: 727,900,000 is printed, "
        f"727.9 tagged; 736,500,000 is printed, 736.5 tagged (shares) (passage {passage_showing(filing, '727.9')})",
    )


def test_one_number_is_told_when_only_it_is_tagged_in_other_units_than_its_statement() -> None:
    interest = fact("7", concept="us-gaap:InterestExpense", scale="3")
    assert mismatches(income_statement(f"Interest expense|{interest}|8")) == [([Decimal(7_000)], (Decimal(7_000_000),))]


def test_nothing_is_told_when_the_whole_statement_is_tagged_in_other_units() -> None:
    """Then it is as likely that the units were not understood."""
    assert mismatches(income_statement(units="(in thousands)")) == []


def test_signs_of_a_row_are_told_when_they_are_tagged_by_two_conventions() -> None:
    row = "Other income (expense)|({})|({})".format(
        money("OtherNonoperatingIncomeExpense", 9, "c", sign="-"), money("OtherNonoperatingIncomeExpense", 8, "before")
    )
    body = income_statement(row)
    assert mismatches(body) == [([Decimal(-9_000_000), Decimal(8_000_000)], None)]
    (told,) = checks_of(read_tagged(body)).mismatches
    assert told.startswith(
        "signs tagged by two conventions in the row 'Other income (expense)': us-gaap:OtherNonoperatingIncomeExpense: "
        "(9) as -9,000,000, (8) as 8,000,000 (passage "
    )


def test_signs_of_a_row_are_not_told_when_a_cost_is_printed_as_a_deduction_throughout() -> None:
    row = f"Interest expense|({money('InterestExpense', 9, 'c')})|({money('InterestExpense', 8, 'before')})"
    assert mismatches(income_statement(row)) == []


def test_the_first_few_are_told_and_how_many_there_are_when_there_are_many() -> None:
    body = "".join(
        f"<p>The rate was {fact('1.5', concept=f'x:Rate{place}', unitRef='pure')}%.</p>" for place in range(7)
    )
    told = checks_of(read_tagged(body, extra=PURE)).mismatches
    assert len(told) == 4
    assert told[-1] == "7 rows or sentences that are not tagged as printed in all"


def test_rows_of_real_filings_are_told_when_they_are_not_tagged_as_printed(real_filings: list[RealFiling]) -> None:
    """Each was looked at in its document: scales left out, and signs tagged by two conventions."""
    found = [len(printed_mismatches(report.filing)) for report in real_filings]
    assert (sum(found), sum(count > 0 for count in found)) == (42, 7)

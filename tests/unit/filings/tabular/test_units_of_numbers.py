from __future__ import annotations

import pytest

from finrag_ml_tg1.filings.tabular.number_units import unit_of
from finrag_ml_tg1.filings.tabular.numbers import read_number
from finrag_ml_tg1.filings.tabular.units import UNSTATED, units_in


@pytest.mark.parametrize(
    ("line", "money", "shares"),
    [
        ("(In millions)", 6, 6),
        ("(in millions, except per share data)", 6, 6),
        ("(In thousands, except share and per share data)", 3, 0),
        ("In millions, except number of shares, which are reflected in thousands, and per-share amounts", 6, 3),
        ("($ in millions; shares in thousands)", 6, 3),
        ("(Dollars in Thousands)", 3, 3),
        ("(Dollars and shares in millions, except per share amounts)", 6, 6),
        ("Amounts in millions of dollars except per share amounts", 6, 6),
        ("($000’s omitted)", 3, 3),
        ("For the years ended December 31 (In millions; per-share amounts in dollars)", 6, 6),
        ("($ in billions)", 9, 9),
    ],
)
def test_a_units_line_states_powers_of_ten(line: str, money: int, shares: int) -> None:
    units = units_in(line)
    assert units is not None
    assert (units.money, units.shares) == (money, shares)


@pytest.mark.parametrize("line", ["", "Net sales", "Sales rose by millions", "A million reasons", "2023"])
def test_other_lines_state_none(line: str) -> None:
    assert units_in(line) is None


@pytest.mark.parametrize(
    ("printed", "labels", "headings", "unit", "power"),
    [
        ("$1,204", ("Net sales",), ("2023",), "USD", 6),
        ("1,204", ("Net sales",), ("2023",), "USD", 6),
        ("$6.11", ("Basic", "Earnings per share:"), ("2023",), "USD/shares", 0),
        ("15,744", ("Basic", "Weighted-average shares outstanding:"), ("2023",), "shares", 3),
        ("727.9", ("Shares used in computing earnings per share",), ("2023",), "shares", 3),
        ("$0.94", ("Cash dividends declared per common share",), ("2023",), "USD/shares", 0),
        ("12", ("Common stock, $0.01 par value per share; 900 shares authorized",), ("2023",), "USD", 6),
        ("(954)", ("Dividends declared ($0.94 per share)",), ("Retained earnings",), "USD", 6),
        ("(7,750)", ("Repurchases of common shares",), ("2023",), "USD", 6),
        ("4,515", ("Issuance of stock",), ("Common Stock", "Shares"), "shares", 3),
        ("21.0%", ("Effective rate",), ("2023",), "pure", -2),
        ("(3.2)", ("Net sales",), ("% Change",), "pure", -2),
        ("$1.2 billion", ("Commitments",), ("2023",), "USD", 9),
        ("128,641,762,000", ("Weighted average shares outstanding",), ("2023",), "shares", 0),
        ("€5", ("Notes",), ("2023",), "EUR", 6),
        ("412", ("Number of stores",), ("2023",), "pure", 0),
    ],
)
def test_what_is_nearest_to_a_number_says_its_unit(
    printed: str, labels: tuple[str, ...], headings: tuple[str, ...], unit: str, power: int
) -> None:
    units = units_in("(in millions, except shares in thousands and per share data)")
    number = read_number(printed)
    assert units is not None
    assert number is not None
    assert unit_of(number, labels, headings, units) == (unit, power)


def test_a_bare_number_in_a_table_without_units_is_pure() -> None:
    number = read_number("12")
    assert number is not None
    assert unit_of(number, ("Plants",), ("2023",), UNSTATED) == ("pure", 0)

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.tabular.numbers import is_year, read_number, without_footnotes

_VALUES = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=3)


@given(
    value=_VALUES,
    symbol=st.sampled_from(["", "$", "€"]),
    suffix=st.sampled_from(["", "%", " %"]),
    mark=st.sampled_from(["", "(1)", " (a)", "*", " (1)(2)", " †"]),
    style=st.sampled_from(["inside", "outside", "minus"]),
)
def test_a_number_printed_in_us_style_is_read_back(
    value: Decimal, symbol: str, suffix: str, mark: str, style: str
) -> None:
    digits = f"{abs(value):,}"
    if value >= 0:
        printed = f"{symbol}{digits}"
    elif style == "inside":
        printed = f"{symbol}({digits})"
    elif style == "outside":
        printed = f"({symbol}{digits})"
    else:
        printed = f"-{symbol}{digits}"
    number = read_number(printed + suffix + mark)
    assert number is not None
    assert number.value == value
    assert number.symbol == symbol
    assert number.suffix == suffix.strip()
    assert "".join(number.footnotes) == mark.replace(" ", "")


@pytest.mark.parametrize("printed", ["—", "$—", "-", "–", "$ —", "—%", "(—)", "— (a)"])
def test_a_dash_is_zero_and_says_so(printed: str) -> None:
    number = read_number(printed)
    assert number is not None
    assert number.value == 0
    assert number.is_dash


@pytest.mark.parametrize("printed", ["n/a", "N/A", "NM", "*", "", "Note 3", "1,204)", "12/31/2023", "1.2.3", "3 - 5"])
def test_words_and_marks_are_no_number(printed: str) -> None:
    assert read_number(printed) is None


@pytest.mark.parametrize(
    ("printed", "value", "suffix", "power"),
    [
        ("(3.2)%", "-3.2", "%", 0),
        ("(3.2%)", "-3.2", "%", 0),
        ("$1.2 billion", "1.2", "", 9),
        ("0.5pts", "0.5", "pts", 0),
        ("2.5x", "2.5", "x", 0),
        ("(1)", "-1", "", 0),
        (".05", "0.05", "", 0),
    ],
)
def test_signs_and_words_after_the_digits_are_told(printed: str, value: str, suffix: str, power: int) -> None:
    number = read_number(printed)
    assert number is not None
    assert (number.value, number.suffix, number.power) == (Decimal(value), suffix, power)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = read_number(text)
    assert number is None or number.value.is_finite()


@pytest.mark.parametrize(("text", "year"), [("2023", True), ("FY 2023", True), ("2023(1)", True), ("2,023", False)])
def test_years_are_told_from_counts(text: str, year: bool) -> None:
    assert is_year(text) is year


@pytest.mark.parametrize(
    ("label", "bare", "marks"),
    [
        ("Subscription(1)", "Subscription", ("(1)",)),
        ("Other (a)(b)", "Other", ("(a)", "(b)")),
        ("Total *", "Total", ("*",)),
        ("Net income (loss)", "Net income (loss)", ()),
        ("(1)", "(1)", ()),
    ],
)
def test_footnote_marks_leave_the_label(label: str, bare: str, marks: tuple[str, ...]) -> None:
    assert without_footnotes(label) == (bare, marks)

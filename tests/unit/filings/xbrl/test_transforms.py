"""The transformation registries' grammars: what they turn into a number, and what they do not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.transforms import REGISTRY_NAMESPACES, SEC_NAMESPACE, transform

WHOLE = st.integers(0, 10**18)
DECIMALS = st.decimals(min_value=0, max_value=10**15, allow_nan=False, allow_infinity=False, places=3)


def number(text: str, name: str) -> Decimal:
    return transform(text, REGISTRY_NAMESPACES, name)


def words(text: str) -> Decimal:
    return transform(text, frozenset((SEC_NAMESPACE,)), "numwordsen")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("", "1234.50", "1234.50"),
        ("", ".5", "0.5"),
        ("numcomma", "1234,5", "1234.5"),
        ("numcommadot", "1,234,567.89", "1234567.89"),
        ("numdash", "-", "0"),
        ("numdotcomma", "1.234.567,89", "1234567.89"),
        ("numspacecomma", "1 234 567,89", "1234567.89"),
        ("numspacedot", "1\u00a0234\u00a0567.89", "1234567.89"),
        ("numcommadecimal", "1.234.567,89", "1234567.89"),
        ("numcommadecimal", "1 234\u00a0567,89", "1234567.89"),
        ("numdotdecimal", "1,234,567.89", "1234567.89"),
        ("numdotdecimal", "1234567", "1234567"),
        ("numdotdecimalin", "12,34,56,789.12", "123456789.12"),
        ("numdotdecimalin", "1,00,000", "100000"),
        ("numunitdecimal", "1,234 dollars 5 cents", "1234.05"),
        ("numunitdecimal", "１２３円５０銭", "123.50"),
        ("numunitdecimalin", "1,00,000 rupees 50 paise", "100000.50"),
        ("zerodash", "—", "0"),
        ("zerodash", "\u2010", "0"),
        ("fixed-zero", "no", "0"),
        ("fixed-zero", "", "0"),
        ("num-dot-decimal", "1,234 567.8 9", "1234567.89"),
        ("num-dot-decimal", ".25", "0.25"),
        ("num-comma-decimal", "1.234\u00a0567,89", "1234567.89"),
        ("num-unit-decimal", "1,234円５銭", "1234.05"),
        ("num-dot-decimal-apos", "1'234’567.89", "1234567.89"),
        ("num-comma-decimal-apos", "1'234.567,89", "1234567.89"),
        ("num-unit-decimal-apos", "1＇234 francs 05 rappen", "1234.05"),
    ],
)
def test_registry_grammar_gives_exact_number(name: str, text: str, value: str) -> None:
    assert number(text, name) == Decimal(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "1,234"),
        ("", "-5"),
        ("", "1e6"),
        ("", "٣"),
        ("", ""),
        ("numcommadot", "1,23,456"),
        ("numdotdecimal", "1,23"),
        ("numdotdecimal", "1.234.567"),
        ("numdotdecimal", "(5)"),
        ("numdotdecimalin", "1,234,567"),
        ("numcommadecimal", "1,234,567"),
        ("num-dot-decimal", ","),
        ("num-dot-decimal", "5."),
        ("num-dot-decimal", "1’234"),
        ("num-dot-decimal", "１２"),
        ("num-dot-decimal", "$5"),
        ("num-unit-decimal", ". dollars 5"),
        ("num-unit-decimal", "5 dollars 123 cents"),
        ("zerodash", "0"),
        ("zerodash", ""),
        ("numdash", "—"),
        ("numunitdecimalin", "１ rupee 5"),
        ("numunitdecimalin", "1 rupee ５0"),
        ("zerodash", "--"),
        ("fixed-empty", ""),
        ("nocontent", "—"),
        ("fixed-true", "1"),
        ("date-day-month-year", "1.1.2020"),
        ("num-dot", "5"),
        ("numwordsen", "five"),
    ],
)
def test_text_outside_the_grammar_is_refused(name: str, text: str) -> None:
    with pytest.raises(Unreadable):
        number(text, name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", 0),
        ("None", 0),
        ("Zero", 0),
        ("Two", 2),
        ("nineteen", 19),
        ("twenty-five", 25),
        ("Ninety Nine", 99),
        ("one hundred", 100),
        ("twelve hundred and six", 1206),
        ("two thousand five hundred and six", 2506),
        ("one thousand and one", 1001),
        ("one million, two hundred thirty-four thousand, five hundred sixty-seven", 1_234_567),
        ("nine quintillion", 9 * 10**18),
    ],
)
def test_number_words_give_their_number(text: str, value: int) -> None:
    assert words(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "several", "3", "hundred", "thousand", "five six", "twenty ten", "two zero", "one thousand two million",
     "one thousand two thousand", "and five", "five and", "ten hundred hundred", "half", "one point five"],
)  # fmt: skip
def test_words_that_are_no_number_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        words(text)


@pytest.mark.parametrize("namespace", ["http://example.com/transformation", ""])
def test_transformation_of_a_foreign_registry_is_refused(namespace: str) -> None:
    with pytest.raises(Unreadable, match="num-dot-decimal"):
        transform("5", frozenset((namespace,)), "num-dot-decimal")


@given(DECIMALS, st.sampled_from(("numdotdecimal", "num-dot-decimal", "num-dot-decimal-apos", "numcommadot")))
def test_point_decimal_survives_the_round_trip(value: Decimal, name: str) -> None:
    assert number(f"{value:,f}", name) == value


@given(DECIMALS, st.sampled_from(("numcommadecimal", "num-comma-decimal", "num-comma-decimal-apos", "numdotcomma")))
def test_comma_decimal_survives_the_round_trip(value: Decimal, name: str) -> None:
    assert number(f"{value:,f}".translate(str.maketrans(",.", ".,")), name) == value


@given(DECIMALS, st.sampled_from(("numspacedot", "numdotdecimal", "num-dot-decimal")), st.sampled_from(" \u00a0"))
def test_spaces_between_thousands_survive_the_round_trip(value: Decimal, name: str, space: str) -> None:
    assert number(f"{value:,f}".replace(",", space), name) == value


@given(WHOLE, st.integers(0, 99), st.sampled_from(("numunitdecimal", "num-unit-decimal", "num-unit-decimal-apos")))
def test_units_and_hundredths_survive_the_round_trip(whole: int, hundredths: int, name: str) -> None:
    expected = Decimal(whole) + Decimal(hundredths) / 100
    assert number(f"{whole:,} dollars and {hundredths} cents", name) == expected
    full_width = str.maketrans("0123456789,", "０１２３４５６７８９，")
    assert number(f"{whole:,}円{hundredths}銭".translate(full_width), name) == expected


@given(WHOLE)
def test_indian_grouping_survives_the_round_trip(whole: int) -> None:
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    assert number(",".join([*pairs, tail]), "numdotdecimalin") == whole


@given(WHOLE)
def test_spelled_number_survives_the_round_trip(value: int) -> None:
    assert words(spelled(value)) == value


@given(st.text(max_size=12), st.sampled_from(("", "num-dot-decimal", "numunitdecimal", "zerodash", "numdotdecimalin")))
def test_any_text_gives_a_finite_number_or_is_refused(text: str, name: str) -> None:
    try:
        value = number(text, name)
    except Unreadable:
        return
    assert value.is_finite()
    assert value >= 0


SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**18, "quintillion"), (10**15, "quadrillion"), (10**12, "trillion"), (10**9, "billion"),
          (10**6, "million"), (1000, "thousand"))  # fmt: skip


def spelled(value: int) -> str:
    """A number in English words, written the other way round than the reader works: from the largest scale down."""
    for scale, word in SCALES:
        if value >= scale:
            rest = value % scale
            return f"{spelled(value // scale)} {word}" + (f", {spelled(rest)}" if rest else "")
    if value >= 100:
        return f"{SMALL[value // 100]} hundred" + (f" and {spelled(value % 100)}" if value % 100 else "")
    if value >= 20:
        return TENS[value // 10] + (f"-{SMALL[value % 10]}" if value % 10 else "")
    return SMALL[value]

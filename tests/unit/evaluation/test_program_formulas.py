"""Programs of question sets become formulas: what each stands for was worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.evaluation.program_formulas import ProgramError, translate_calls, translate_sum

TABLE = [["", "2021", "2020", "2019"], ["net sales", "$ 30", "12.5", "-4 ( 4 )"], ["growth, net", "4%", "( 2 )%", "1%"]]


@pytest.mark.parametrize(
    ("program", "formula", "numbers"),
    [
        ("divide(25, 40)", "(25 / 40)", [25, 40]),
        ("divide(subtract(9, 8), 8)", "((9 - 8) / 8)", [9, 8, 8]),
        ("subtract(9, 8), divide(#0, 8)", "((9 - 8) / 8)", [9, 8, 8]),
        ("add(5, 6), add(#0, 7), divide(#1, const_3)", "(((5 + 6) + 7) / 3)", [5, 6, 7]),
        ("multiply(25%, 5283.3)", "((25 / 100) * 5283.3)", [25, "5283.3"]),
        ("add(multiply(351, const_m1), 538)", "((351 * (-1)) + 538)", [351, 538]),
        ("subtract(17388, -38957)", "(17388 - (-38957))", [17388, -38957]),
        ("exp(1.05, const_3)", "(1.05 * 1.05 * 1.05)", ["1.05"]),
        ("60.94", "60.94", ["60.94"]),
        ("table_sum(net sales, none)", "(30 + 12.5 + (-4))", [30, "12.5", -4]),
        ("table_average(Net Sales, none)", "((30 + 12.5 + (-4)) / 3)", [30, "12.5", -4]),
        ("subtract(table_max(net sales, none), table_min(net sales, none))", "(30 - (-4))", [30, "12.5", -4] * 2),
        ("table_max(growth, net, none)", "(4 / 100)", [4, -2, 1]),
    ],
)
def test_calls_are_written_as_one_formula(program: str, formula: str, numbers: list[int | str]) -> None:
    translated = translate_calls(program, TABLE)
    assert translated.formula == formula
    assert translated.numbers == tuple(Decimal(number) for number in numbers)
    assert not translated.asks_whether


def test_comparison_asks_for_the_sign_of_the_difference() -> None:
    translated = translate_calls("greater(9, 10)", ())
    assert (translated.formula, translated.asks_whether) == ("(9 - 10)", True)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("(73,260-57,768)/57,768", "(73260-57768)/57768"),
        ("[(4+4)/2] - [(2+3)/2]", "((4+4)/2) - ((2+3)/2)"),
        ("53%*$23,406 ", "(53 / 100)*23406"),
        ("-2,545 / 4,095 - 1", "-2545 / 4095 - 1"),
        ("3 + (13) + 26", "3+ (-13) +26"),
        ("$(290.2 + 239.6)", "(290.2+239.6)"),
    ],
)
def test_sums_lose_what_only_print_needs(text: str, formula: str) -> None:
    assert translate_sum(text).formula.replace(" ", "") == formula.replace(" ", "")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("power(2, 3)", "power is no operation"),
        ("divide(2, #4)", "no earlier call"),
        ("divide(2", "ends early"),
        ("table_sum(gross profit, none)", "no row"),
        ("table_sum(remarks, none)", "numbers alone"),
        ("exp(1.05, 0.5)", "whole number of factors"),
        ("divide(two, 3)", "is no number"),
        ("divide(2, 3) 4", "is due"),
    ],
)
def test_program_that_is_none_is_refused_with_the_reason(program: str, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        translate_calls(program, [*TABLE, ["remarks", "none", "1", "2"]])


@pytest.mark.parametrize("text", ["Find the year with the higher sum", "60 million + 3 thousand", "2018"[:0], "5 >"])
def test_words_are_no_sum(text: str) -> None:
    with pytest.raises(ProgramError):
        translate_sum(text)

"""Counting equal, missing and different reference rows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from finrag_ml_tg1.evaluation.facts_extraction import FactMiss, FactRow, compare_facts, rows_of
from finrag_ml_tg1.evaluation.printed_numbers import shows_number
from tests.unit.filings.xbrl.inline_document import context, fact, read_all

ROW = FactRow("a.html", "us-gaap:Assets", "", "2023-12-31", "", "USD", 1_000_000.0)


def test_rows_are_equal_missing_or_different() -> None:
    other = replace(ROW, concept="us-gaap:Liabilities")
    result = compare_facts([ROW, replace(other, value=5.0)], [ROW, replace(other, value=6.0), replace(ROW, unit="EUR")])
    assert (result.expected, result.equal, result.missing, result.different) == (3, 1, 1, 1)
    assert result.misses == (FactMiss(replace(other, value=6.0), (5.0,)), FactMiss(replace(ROW, unit="EUR"), ()))


@pytest.mark.parametrize(
    "change",
    [{"file": "b.html"}, {"concept": "x:Y"}, {"start": "2023-01-01"}, {"end": "2022-12-31"}, {"dims": "a:B=c:D"}],
)
def test_every_part_of_the_key_counts(change: dict[str, str]) -> None:
    assert compare_facts([ROW], [replace(ROW, **change)]).missing == 1  # type: ignore[arg-type]


def test_value_may_be_any_of_several_under_one_key() -> None:
    rounded = replace(ROW, value=1_000_400.0)
    assert compare_facts([ROW, rounded], [rounded, ROW]).equal == 2
    assert compare_facts([ROW], [rounded, ROW]).different == 1


@pytest.mark.parametrize(("value", "equal"), [(1_000_000.0005, 1), (1_000_000.01, 0), (-1_000_000.0, 0)])
def test_values_are_equal_within_what_a_float_holds(value: float, equal: int) -> None:
    assert compare_facts([replace(ROW, value=value)], [ROW]).equal == equal


def test_nothing_compared_with_nothing_is_nothing() -> None:
    assert compare_facts([], []).expected == 0


def test_rows_of_tagged_facts_leave_out_nil_and_name_typed_members() -> None:
    segment = (
        '<xbrldi:typedMember dimension="a:Start"><a:domain>2024-01-01</a:domain></xbrldi:typedMember>'
        '<xbrldi:explicitMember dimension="a:Product">a:Widget</xbrldi:explicitMember>'
    )
    found = read_all(fact("5", scale="3") + fact("", xsi_nil="true"), contexts=context(segment=segment))
    assert [item.value for item in found.facts] == [Decimal(5000), None]
    assert rows_of("a.html", found.facts) == [
        FactRow(
            "a.html", "us-gaap:Assets", "2023-01-01", "2023-12-31", "a:Product=a:Widget|a:Start=typed", "USD", 5000.0
        )
    ]


def test_a_place_that_shows_another_number_than_the_reference_gives_is_told() -> None:
    right, wrong = replace(ROW, printed="1.0"), replace(ROW, concept="x:Y", printed="1,001")
    hidden = replace(ROW, concept="x:Z")
    result = compare_facts([right, wrong, hidden], [ROW, replace(ROW, concept="x:Y"), replace(ROW, concept="x:Z")])
    assert (result.equal, result.shown) == (3, 2)
    assert result.misplaced == ((replace(ROW, concept="x:Y"), "1,001"),)


@pytest.mark.parametrize(
    ("printed", "value", "shows"),
    [
        ("1,204", 1_204_000_000.0, True),
        ("$(12.50", -12.5, True),
        ("5.0%", 0.05, True),
        ("23.4", 23.400000000000002, True),
        ("—", 0.0, True),
        ("twelve", 12.0, True),
        ("1,240", 1_204_000_000.0, False),
        ("—", 3.0, False),
        ("", 0.0, False),
        ("eleven", 12.0, False),
    ],
)
def test_characters_show_a_number_by_their_digits(printed: str, value: float, shows: bool) -> None:
    assert shows_number(printed, value) is shows

"""Duplicates: roundings of one number become one fact, contradictions stay apart."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.xbrl.reconcile import Fact, reconcile
from tests.unit.filings.xbrl.inline_document import context, fact, read_all


def reconciled(*reported: tuple[str, str]) -> tuple[Fact, ...]:
    """Reconcile facts of one concept, each a value and its decimals, in the order given."""
    body = "".join(
        fact(value.lstrip("-"), decimals=decimals, **({"sign": "-"} if value.startswith("-") else {}))
        for value, decimals in reported
    )
    return reconcile(read_all(body).facts)


def only(result: tuple[Fact, ...]) -> Fact:
    (joined,) = result
    return joined


def test_roundings_of_one_number_become_its_most_precise_value() -> None:
    joined = only(reconciled(("22000", "-3"), ("22038", "0"), ("22040", "-1"), ("22038", "0")))
    assert joined.value == 22038
    assert joined.decimals == "0"
    assert len(joined.elements) == 4


def test_occurrences_are_in_document_order() -> None:
    result = read_all("".join(fact(value, decimals=decimals, id=name) for name, value, decimals in [
        ("a", "500", "-2"), ("b", "510", "-1"), ("c", "500", "-2"),
    ]))  # fmt: skip
    assert [element.get("id") for element in only(reconcile(result.facts)).elements] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("500", "-2"), ("550", "-1")),  # the EDGAR Filer Manual's example (§6.5.12): closed intervals meet at 545–550
        (("500", "-2"), ("450", "INF")),
        (("0", "-6"), ("499999", "INF")),
        (("-500", "-2"), ("-549", "0")),
    ],
)
def test_intervals_that_touch_agree(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert len(only(reconciled(first, second)).elements) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("500", "-2"), ("501", "-2")),
        (("500", "-2"), ("556", "-1")),
        (("500", "-2"), ("551", "INF")),
        (("5", "INF"), ("6", "INF")),
        (("500", "-2"), ("-500", "-2")),
    ],
)
def test_contradictions_stay_apart(first: tuple[str, str], second: tuple[str, str]) -> None:
    result = reconciled(first, second, first)
    assert [(str(item.value), len(item.elements)) for item in result] == [(first[0], 2), (second[0], 1)]


def test_nil_agrees_with_nil_and_contradicts_a_value() -> None:
    nil = fact("", xsi_nil="true")
    assert only(reconcile(read_all(nil + nil).facts)).value is None
    result = reconcile(read_all(nil + fact("0")).facts)
    assert [item.value for item in result] == [None, 0]


def test_number_without_stated_precision_agrees_only_as_it_stands() -> None:
    without = '<ix:nonFraction name="us-gaap:Assets" contextRef="c" unitRef="usd">{}</ix:nonFraction>'
    assert only(reconcile(read_all(without.format(510) + fact("510", decimals="0")).facts)).decimals == "0"
    assert len(reconcile(read_all(without.format(510) + fact("512", decimals="0")).facts)) == 2


@pytest.mark.parametrize(
    "attributes",
    [{"concept": "us-gaap:Liabilities"}, {"contextRef": "d"}, {"unitRef": "eur"}],
)
def test_other_concept_period_or_unit_is_another_fact(attributes: dict[str, str]) -> None:
    contexts = context() + context("<xbrli:instant>2023-12-31</xbrli:instant>", identifier="d")
    units = "".join(
        f'<xbrli:unit id="{name}"><xbrli:measure>iso4217:{name.upper()}</xbrli:measure></xbrli:unit>'
        for name in ("usd", "eur")
    )
    result = reconcile(read_all(fact("5") + fact("6", **attributes), contexts=contexts, units=units).facts)
    assert [item.value for item in result] == [5, 6]


def test_equal_contexts_of_another_id_make_no_other_fact() -> None:
    found = read_all(fact("5") + fact("5", contextRef="d"), contexts=context() + context(identifier="d"))
    assert len(only(reconcile(found.facts)).elements) == 2


@given(st.integers(0, 10**15), st.lists(st.integers(-9, 0), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_roundings_of_a_number_join(number: int, decimals: list[int], random: object) -> None:
    reported = [
        (f"{Decimal(number).quantize(Decimal(10) ** -places, ROUND_HALF_EVEN):f}", str(places)) for places in decimals
    ]
    reported.append((str(number), "INF"))
    random.shuffle(reported)  # type: ignore[attr-defined]
    joined = only(reconciled(*reported))
    assert joined.value == number
    assert len(joined.elements) == len(reported)


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(("-1", "0", "INF"))), min_size=1, max_size=8))
def test_no_occurrence_is_lost_whatever_is_reported(reported: list[tuple[int, str]]) -> None:
    result = reconciled(*((str(value), decimals) for value, decimals in reported))
    assert sum(len(item.elements) for item in result) == len(reported)


def test_thousands_of_contradicting_values_are_each_kept_and_repetitions_joined() -> None:
    """Every value is compared with few others, every repetition with none."""
    values = [(str(number), "0") for number in range(3_000)]
    result = reconciled(*values, *values)
    assert [fact.value for fact in result] == list(range(3_000))
    assert {len(fact.elements) for fact in result} == {2}

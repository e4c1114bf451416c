"""The registry of metrics: what is in it, and what it refuses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.vocabulary.formulas import FormulaError, Name, Number, Operation, names_in, parse_formula
from finrag_ml_tg1.vocabulary.metrics import load_metrics, read_metrics

PLAIN = "{label: %s, group: other, unit: money, measures: flow, synonyms: [%s], concepts: ['us-gaap:%s']}"


def test_bundled_metrics_are_many_and_of_every_group() -> None:
    metrics = load_metrics()
    assert len(metrics) >= 80
    assert {metric.group for metric in metrics.values()} >= {
        "income",
        "balance",
        "cash flow",
        "per share",
        "shares",
        "tax",
    }


def test_metrics_that_are_negative_by_convention_say_so() -> None:
    metrics = load_metrics()
    assert metrics["capital_expenditures"].sign == "outflow"
    assert metrics["cost_of_revenue"].sign == "cost"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"a: {PLAIN % ('A a', 'x', 'A')}\nb: {PLAIN % ('B b', 'x', 'B')}", "is said for"),
        (
            "a: {label: A a, group: ratio, unit: ratio, measures: flow, synonyms: [x], formula: b / b, definition: D.}",
            "no metric",
        ),
        (
            "a: {label: A a, group: ratio, unit: ratio, measures: flow, synonyms: [x], formula: a / a, definition: D.}",
            "by itself",
        ),
        ("a: {label: A a, group: ratio, unit: ratio, measures: flow, synonyms: [x]}", "neither concepts"),
        ("a: {label: A a, group: ratio, unit: ratio, measures: flow, synonyms: [x], formula: 1 + 1}", "definition"),
        (f"a: {PLAIN % ('A a', 'x', 'A b')}", "concepts"),
    ],
)
def test_registry_that_is_wrong_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_metrics(text)


def test_formula_is_read_with_the_precedence_of_arithmetic() -> None:
    assert parse_formula("1 + a / 2") == Operation(
        "+", Number(Decimal(1)), Operation("/", Name("a"), Number(Decimal(2)))
    )
    assert list(names_in(parse_formula("average(a) - prior(b) * optional(c)"))) == ["a", "b", "c"]


def test_sign_before_a_term_takes_it_from_nil() -> None:
    taken = Operation("-", Number(Decimal(0)), Name("a"))
    assert parse_formula("-a * 2") == Operation("*", taken, Number(Decimal(2)))


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a ** b", "a.b", "a if b else c", "average(a + b)", "exec(a)", "'x'", "a[0]", "", "a +"],
)
def test_text_that_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text)

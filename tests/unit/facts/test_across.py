"""Values of two companies made one, on facts made by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.plan import Operation, Plan
from finrag_ml_tg1.scope import CompanyReference
from tests.unit.facts.company import make_company, make_row

REVENUES = {1: 600, 2: 150, 3: 50}
NAMES = {1: "Orrin Mills", 2: "Tavery Foods", 3: "Wendle Rail"}


def find(operation: Operation, *ciks: int, is_reversed: bool = False, year: int = 2023) -> FactSet:
    companies = {cik: make_company(make_row("Revenues", value, 2023), cik=cik) for cik, value in REVENUES.items()}
    plan = Plan(operation, metrics=("revenue",), years=(year,), is_reversed=is_reversed, shown_as="times")
    return FactFinder(companies.__getitem__).find(plan, [CompanyReference(cik, NAMES[cik], ()) for cik in ciks])


@pytest.mark.parametrize(
    ("operation", "is_reversed", "value", "formula"),
    [
        ("difference", False, 450, "Orrin Mills − Tavery Foods"),
        ("difference", True, -450, "Tavery Foods − Orrin Mills"),
        ("multiple", False, 4, "Orrin Mills ÷ Tavery Foods"),
        ("together", False, 750, "Orrin Mills + Tavery Foods"),
    ],
)
def test_one_value_is_calculated_of_two(operation: Operation, is_reversed: bool, value: int, formula: str) -> None:
    found = find(operation, 1, 2, is_reversed=is_reversed)
    (calculation,) = found.calculations
    assert found.results == (calculation,)
    assert (calculation.value, calculation.formula) == (Decimal(value), formula)
    assert {used.fact.cik for used in calculation.inputs} == {1, 2}


def test_multiple_is_written_in_times_unless_it_is_less_than_one() -> None:
    assert find("multiple", 1, 2).calculations[0].display == "times"
    assert find("multiple", 1, 2, is_reversed=True).calculations[0].display == "percent"


def test_sum_of_three_companies_is_calculated() -> None:
    assert find("together", 1, 2, 3).calculations[0].value == 800


def test_difference_of_three_companies_is_refused_in_a_note() -> None:
    found = find("difference", 1, 2, 3)
    assert len(found.results) == 3
    assert not found.calculations
    assert "not of 3" in found.notes[0]


def test_nothing_is_calculated_when_nothing_is_there() -> None:
    assert not find("difference", 1, 2, year=2019).is_found

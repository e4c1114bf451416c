"""Companies in order, on facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet, result_value
from finrag_ml_tg1.plan import Plan, Threshold
from finrag_ml_tg1.scope import CompanyReference
from tests.unit.facts.company import make_company, make_row

REVENUES = {1: (100, 110), 2: (10, 30), 3: (50, 40)}
RANKING = Plan("ranking", metrics=("revenue",), years=(2023,))


def find(plan: Plan) -> FactSet:
    companies = {
        cik: make_company(make_row("Revenues", before, 2022), make_row("Revenues", now, 2023), cik=cik)
        for cik, (before, now) in REVENUES.items()
    }
    return FactFinder(companies.__getitem__).find(
        plan, [CompanyReference(cik, f"Company {cik}", ()) for cik in REVENUES]
    )


def values(plan: Plan) -> list[Decimal]:
    return [result_value(result)[0] for result in find(plan).results]


def test_largest_comes_first() -> None:
    assert values(RANKING) == [110, 40, 30]


def test_growth_is_what_is_ranked_when_it_is_asked_for() -> None:
    assert values(replace(RANKING, ranked_by="growth")) == [2, Decimal("0.1"), Decimal("-0.2")]


def test_only_the_place_asked_for_is_given() -> None:
    assert values(replace(RANKING, place=2)) == [40]
    assert values(replace(RANKING, place=4)) == []


def test_only_those_on_the_side_asked_for_are_listed() -> None:
    assert values(replace(RANKING, threshold=Threshold(Decimal(35), is_above=True))) == [110, 40]


def test_value_that_means_nothing_is_not_ranked() -> None:
    company = make_company(
        make_row("LongTermDebt", 100, 2023, instant=True, statement="balance"),
        make_row("StockholdersEquity", -50, 2023, instant=True, statement="balance"),
    )
    plan = Plan("ranking", metrics=("debt_to_equity",), years=(2023,))
    found = FactFinder(lambda cik: company).find(plan, [CompanyReference(7, "Company", ())])
    assert not found.is_found
    assert "not meaningful" in found.missing[0].reason

"""Segments, products and places: found by the filer's words, never replaced by the total, nothing counted twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finrag_ml_tg1.facts.execution import FactFinder
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.scope import CompanyReference
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.vocabulary.metrics import load_metrics
from tests.unit.facts.company import COMPANY_CIK, make_company, make_row

COMPANY = CompanyReference(COMPANY_CIK, "Marrowby Works, Inc. (fictional)", ("MRBY",))
PLANNER = Planner(MetricNames(load_metrics()))
PRODUCT, SEGMENT = "srt:ProductOrServiceAxis", "us-gaap:StatementBusinessSegmentsAxis"
SUBSEGMENT, PLACE = "us-gaap:SubsegmentsAxis", "srt:StatementGeographicalAxis"


def part(value: int, dimensions: str, **fields: str) -> dict[str, Any]:
    return make_row("Revenues", value, 2023, dimensions=dimensions, **({"statement": "none", "row_label": ""} | fields))


ROWS = [
    make_row("Revenues", 100, 2023),
    part(60, f"{PRODUCT}=mrby:BlueLampMember"),
    part(10, f"{PRODUCT}=mrby:ComputeMember"),
    part(30, f"{PRODUCT}=mrby:OEMAndOtherMember"),
    part(70, f"{PRODUCT}=us-gaap:ProductMember"),
    part(55, f"{PLACE}=country:US"),
    part(45, f"{PLACE}=us-gaap:NonUsMember"),
    part(5, f"{PLACE}=country:JP"),
    part(25, f"{SEGMENT}=mrby:MarrowbyWebStoreSegmentMember", row_path="Shops > MWS"),
    part(75, f"{SEGMENT}=mrby:WorkshopSegmentMember"),
]


def ask(text: str, *rows: dict[str, Any], are_named: bool = True) -> FactSet:
    plan = PLANNER.plan(text, companies=1 if are_named else 0)
    assert plan is not None
    company = make_company(*(rows or ROWS))
    return FactFinder(lambda cik: company).find(plan, [COMPANY], are_named=are_named)


def values(found: FactSet) -> list[Decimal]:
    return [used.fact.value for used in found.facts]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("What was Blue Lamp revenue in 2023?", 60),
        ("revenue from blue lamps in 2023", 60),
        ("What was the Compute revenue in 2023?", 10),
        ("OEM and Other revenue 2023", 30),
        ("Revenue in the United States in 2023", 55),
        ("U.S. revenue in 2023", 55),
        ("revenue from Japan in 2023", 5),
        ("non-US revenue in 2023", 45),
        ("MWS revenue in 2023", 25),
        ("Revenue of the Marrowby Web Store segment in 2023", 25),
    ],
)
def test_part_is_found_by_its_name_initials_or_printed_label(text: str, value: int) -> None:
    assert values(ask(text)) == [value]


@pytest.mark.parametrize("text", ["Red Lamp revenue in 2023", "revenue from lanterns in 2023", "other revenue in 2023"])
def test_part_that_is_not_tagged_is_not_answered_by_the_total(text: str) -> None:
    found = ask(text)
    assert not found.is_found
    assert found.missing


def test_several_parts_are_given_each() -> None:
    assert values(ask("Blue Lamp and Compute revenue in 2023")) == [60, 10]


def test_share_of_a_part_is_of_the_whole_company() -> None:
    assert ask("What share of revenue came from Blue Lamp in 2023?").calculations[0].value == Decimal("0.6")


def test_product_is_found_without_its_company_but_a_place_is_not() -> None:
    found = ask("Blue Lamp revenue in 2023", are_named=False)
    assert values(found) == [60]
    assert any("Marrowby" in note for note in found.notes)
    assert not ask("revenue in the United States in 2023", are_named=False).is_found


def test_sum_of_other_parts_is_left_out_of_a_breakdown_and_named() -> None:
    found = ask("revenue by product in 2023")
    assert values(found) == [60, 30, 10]
    assert any("Product is the sum of others" in note for note in found.notes)
    assert any("add up to the total" in note for note in found.notes)


def test_part_stated_with_the_parts_of_its_own_is_replaced_by_them() -> None:
    rows = [
        make_row("Revenues", 100, 2023),
        part(80, f"{SEGMENT}=mrby:BrandMember"),
        part(50, f"{SEGMENT}=mrby:BrandMember|{SUBSEGMENT}=mrby:EastMember"),
        part(30, f"{SEGMENT}=mrby:BrandMember|{SUBSEGMENT}=mrby:WestMember"),
        part(20, f"{SEGMENT}=mrby:ShopsMember"),
    ]
    assert values(ask("revenue by segment in 2023", *rows)) == [50, 30, 20]


def test_breakdown_that_lacks_something_says_so() -> None:
    rows = [make_row("Revenues", 100, 2023), *(part(value, f"{SEGMENT}=mrby:S{value}Member") for value in (61, 27))]
    assert any("do not add up" in note for note in ask("revenue by segment in 2023", *rows).notes)


def test_breakdown_is_given_for_each_year() -> None:
    earlier = [make_row("Revenues", 90, 2022, accession="A-2023")]
    earlier += [part(60, f"{SEGMENT}=mrby:AMember") | {"fiscal_year": 2022} | dates(2022)]
    earlier += [part(30, f"{SEGMENT}=mrby:BMember") | {"fiscal_year": 2022} | dates(2022)]
    later = [make_row("Revenues", 90, 2023), part(50, f"{SEGMENT}=mrby:AMember"), part(40, f"{SEGMENT}=mrby:BMember")]
    assert values(ask("revenue by segment 2022 to 2023", *earlier, *later)) == [60, 30, 50, 40]


def dates(year: int) -> dict[str, Any]:
    return {name: make_row("Revenues", 1, year)[name] for name in ("period_start", "period_end")}


def test_name_of_a_metric_within_the_name_of_a_part_is_no_second_metric() -> None:
    rows = [make_row("Revenues", 100, 2023), part(8, f"{PRODUCT}=mrby:AdvertisingServicesMember")]
    assert values(ask("Advertising services revenue in 2023", *rows)) == [8]


def test_restated_part_is_given_with_what_an_earlier_filing_said() -> None:
    rows = [
        part(60, f"{PRODUCT}=mrby:BlueLampMember"),
        part(58, f"{PRODUCT}=mrby:BlueLampMember", accession="A-2024"),
    ]
    used = ask("Blue Lamp revenue in 2023", *rows).facts[0]
    assert used.fact.value == 58
    assert any("60" in note for note in used.notes)


def test_products_stated_only_within_their_portfolio_are_parts() -> None:
    portfolio = "mrby:ProductPortfolioAxis=mrby:{}Member"
    rows = [
        make_row("Revenues", 100, 2023),
        part(50, f"{portfolio.format('Lamps')}|{PRODUCT}=mrby:BlueLampMember"),
        part(30, f"{portfolio.format('Tools')}|{PRODUCT}=mrby:HammerMember"),
        part(20, f"{PRODUCT}=mrby:OtherMember"),
    ]
    assert values(ask("top 2 products by revenue in 2023", *rows)) == [50, 30]


def test_parts_are_ordered_by_their_growth_when_it_is_asked_for() -> None:
    rows = [
        part(60, f"{SEGMENT}=mrby:WebMember"),
        part(40, f"{SEGMENT}=mrby:ShopMember"),
        part(30, f"{SEGMENT}=mrby:WebMember") | {"fiscal_year": 2022} | dates(2022),
        part(50, f"{SEGMENT}=mrby:ShopMember") | {"fiscal_year": 2022} | dates(2022),
    ]
    growth = ask("Which segment grew fastest in 2023?", *rows).calculations
    assert [calculation.value for calculation in growth] == [Decimal(1), Decimal("-0.2")]


def test_share_is_given_for_every_year_asked() -> None:
    rows = [
        *ROWS,
        make_row("Revenues", 50, 2022),
        part(20, f"{PRODUCT}=mrby:BlueLampMember") | {"fiscal_year": 2022} | dates(2022),
    ]
    shares = ask("Blue Lamp share of revenue in 2022 and 2023", *rows).calculations
    assert [calculation.value for calculation in shares] == [Decimal("0.4"), Decimal("0.6")]

"""Questions as people ask them, and the plan that is meant."""

from __future__ import annotations

from decimal import Decimal

import pytest

from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.planning import Planner
from finrag_ml_tg1.vocabulary.metrics import load_metrics

PLANNER = Planner(MetricNames(load_metrics()))


def plan(text: str, companies: int = 1) -> Plan:
    found = PLANNER.plan(text, companies=companies)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("top line in 2023", "revenue"),
        ("What was the bottom line in FY23?", "net_income"),
        ("capex 2023", "capital_expenditures"),
        ("PP&E at the end of 2023", "property_plant_equipment"),
        ("COGS FY2022", "cost_of_revenue"),
        ("What was the cash burn in 2023?", "free_cash_flow"),
        ("shareholders’ equity in 2023", "stockholders_equity"),
        ("SG&A 2023", "selling_general_administrative"),
        ("Research & development expense, fiscal 2023", "research_and_development"),
        ("days sales outstanding 2023", "days_sales_outstanding"),
        ("operating lease right-of-use assets 2023", "operating_lease_assets"),
    ],
)
def test_metric_is_understood_by_the_name_people_use(text: str, metric: str) -> None:
    assert plan(text).metrics == (metric,)
    assert plan(text).qualifier == ""


@pytest.mark.parametrize(
    ("text", "operation", "years"),
    [
        ("revenue in 2023", "lookup", (2023,)),
        ("How much did revenue grow in 2023?", "growth", (2023,)),
        ("revenue CAGR from 2020 to 2023", "cagr", (2020, 2021, 2022, 2023)),
        ("change in inventories between 2022 and 2023", "change", (2022, 2023)),
        ("average net margin over 2021-2023", "average", (2021, 2022, 2023)),
        ("revenue for 2021, 2022 and 2023", "trend", (2021, 2022, 2023)),
        ("revenue by segment in 2023", "breakdown", (2023,)),
        ("Did revenue exceed $5 billion in 2023?", "threshold", (2023,)),
    ],
)
def test_operation_and_years_are_understood(text: str, operation: str, years: tuple[int, ...]) -> None:
    assert (plan(text).operation, plan(text).years) == (operation, years)


def test_ranking_is_asked_of_several_companies() -> None:
    assert plan("Which has the lowest operating margin in 2023?", companies=3).operation == "ranking"
    assert plan("Which has the lowest operating margin in 2023?", companies=3).asks_lowest


def test_words_beside_the_metric_name_a_part_of_the_company() -> None:
    assert plan("iPhone net sales in 2024").qualifier == "iphone"
    assert plan("sales in Greater China in 2023").qualifier == "greater china"
    assert plan("Data Center revenue 2025").qualifier == "data center"


def test_ratio_of_two_metrics_is_read_in_the_order_meant() -> None:
    assert plan("capex as a % of revenue in 2023").formula == "capital_expenditures / revenue"
    assert plan("What share of revenue was R&D in 2023?").formula == "research_and_development / revenue"


def test_definition_stated_in_the_question_is_followed() -> None:
    text = (
        "What is the FY2019 asset turnover? Asset turnover is defined as: FY2019 revenue / (average total assets "
        "between FY2018 and FY2019). Round your answer to two decimal places."
    )
    assert plan(text).formula.replace(" ", "") == "revenue/(average(total_assets))"


def test_instructions_around_the_question_are_not_asked_for() -> None:
    text = (
        "Basing your judgment on the income statement, what was the FY2019 gross profit? Answer in USD millions. "
        "Give a response using the balance sheet and net income."
    )
    assert plan(text).metrics == ("gross_profit",)


def test_threshold_is_in_the_base_unit() -> None:
    threshold = plan("Was net income more than $1.5 billion in 2023?").threshold
    assert threshold is not None
    assert (threshold.value, threshold.is_above) == (Decimal(1_500_000_000), True)


@pytest.mark.parametrize(
    "text",
    [
        "How does the company recognize revenue?",
        "What does it say about goodwill impairment policy?",
        "Describe the main risks to revenue",
        "Who audits the financial statements?",
        "What was adjusted EBITDA in 2023?",
        "non-GAAP net income 2023",
    ],
)
def test_question_for_words_or_for_a_self_defined_figure_has_no_plan(text: str) -> None:
    assert PLANNER.plan(text, companies=1) is None


def test_periods_that_exclude_each_other_are_said() -> None:
    assert "2010" in str(plan("revenue in 2023 before 2010").obstacle)


def test_report_named_by_its_year_is_quoted_as_it_was() -> None:
    assert plan("net income in the 2022 annual report").as_first_reported
    assert plan("net income 2022 as originally reported").as_first_reported
    assert not plan("net income in 2022").as_first_reported


@pytest.mark.parametrize(
    ("text", "part"),
    [("Q3 2023 revenue", "Q3"), ("revenue in the fourth quarter of 2023", "Q4"), ("revenue, nine months 2023", "9M")],
)
def test_part_of_the_year_is_understood(text: str, part: str) -> None:
    assert plan(text).fiscal_period == part

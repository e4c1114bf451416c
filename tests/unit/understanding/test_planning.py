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


def test_what_is_asked_to_be_earned_names_a_part() -> None:
    assert plan("What royalty does earn in 2023?").qualifier == "royalty"
    assert plan("How much money did earn in 2023?").qualifier == ""
    assert plan("What profit did earn in 2023?").qualifier == ""


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


@pytest.mark.parametrize(
    "text",
    [
        "How did revenue develop over the last three years?",
        "How has revenue evolved over the last three years?",
        "How has revenue moved over the last three years?",
        "How did revenue fare over the last three years?",
    ],
)
def test_word_for_going_on_names_no_part_of_the_metric(text: str) -> None:
    asked = plan(text)
    assert (asked.operation, asked.metrics, asked.qualifier) == ("trend", ("revenue",), "")


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


def test_longest_name_counts_where_names_of_metrics_overlap() -> None:
    assert plan("total dividends declared per share in 2023").metrics == ("dividends_per_share",)


@pytest.mark.parametrize(
    "text",
    [
        "Find the 2024 operating profit in the income statement, balance sheet or cash flow statement.",
        "Looking at the annual report for 2024, what is the value of operating profit?",
        "state the operating profit recorded for the 2024 fiscal year in US dollars",
        "According to the 10-K, how big was operating profit in 2024?",
    ],
)
def test_where_to_look_and_how_to_answer_is_no_part_of_what_is_asked(text: str) -> None:
    assert (plan(text).metrics, plan(text).qualifier, plan(text).years) == (("operating_income",), "", (2024,))


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("U.S. revenue in 2023", "us"),
        ("non-US sales 2023", "non us"),
        ("OEM and Other net sales 2023", "oem other"),
        ("all other operating income 2023", "all other"),
        ("iPhone and Mac net sales in 2024", "iphone mac"),
        ("revenue per squirrel in 2023", "squirrel"),
        ("tell us revenue in 2023", ""),
        ("US GAAP revenue in 2023", ""),
    ],
)
def test_words_that_may_name_a_part_are_kept_from_the_total(text: str, qualifier: str) -> None:
    assert plan(text).qualifier == qualifier


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("revenue by segment in 2023", "segment"),
        ("Which segment had the highest revenue in 2023?", "segment"),
        ("What was the biggest product category by revenue in 2023?", "category"),
        ("segment mix of revenue in 2023", "segment"),
    ],
)
def test_breakdown_is_understood_however_it_is_asked(text: str, axis: str) -> None:
    assert (plan(text).operation, plan(text).axis) == ("breakdown", axis)


def test_whole_is_what_follows_the_words_for_a_share() -> None:
    for text in ("Did R&D exceed 10% of revenue in 2024?", "What share of revenue was R&D in 2024?"):
        assert plan(text).formula == "research_and_development / revenue"


def test_growth_is_what_a_percentage_is_tested_against() -> None:
    assert plan("Did revenue grow by more than 10% in 2024?").operation == "growth"
    assert plan("Did net income more than double in 2024?").operation == "growth"


def test_years_named_backwards_are_taken_in_order_with_a_note() -> None:
    assert plan("revenue growth from 2024 to 2022").notes == ("The years are taken in their order, 2022 to 2024.",)


def test_compound_growth_needs_two_years() -> None:
    assert "two different years" in str(plan("revenue CAGR from 2024 to 2024").obstacle)
    assert plan("revenue CAGR").latest == 3


def test_first_few_of_all_companies_are_ranked() -> None:
    asked = plan("Top three companies by revenue in 2023", companies=0)
    assert (asked.operation, asked.limit, asked.asks_lowest) == ("ranking", 3, False)


def test_each_quarter_is_asked_for_but_not_by_a_quarterly_dividend() -> None:
    assert plan("quarterly revenue 2023").fiscal_period == "quarters"
    assert plan("quarterly dividends per share 2023").fiscal_period == "FY"


def test_currency_is_understood_and_no_part_of_the_metric() -> None:
    asked = plan("What was revenue in euros in 2024?")
    assert (asked.currency, asked.qualifier) == ("EUR", "")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("net margin in 2023? Round your answer to two decimal places.", 2),
        ("revenue CAGR 2020 to 2022 (in units of percents and round to one decimal place)", 1),
        ("net margin in 2023 rounded to the nearest whole percent", 0),
        ("net margin in 2023", None),
    ],
)
def test_places_asked_for_are_understood(text: str, places: int | None) -> None:
    assert plan(text).places == places


def test_metric_right_before_another_says_of_which_kind_that_is() -> None:
    asked = plan("advertising revenue in 2023")
    assert (asked.metrics, asked.qualifier) == (("revenue",), "advertising")
    assert plan("revenue and advertising in 2023").metrics == ("revenue", "advertising_expense")


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("difference between net income and operating cash flow in 2023", "net_income - operating_cash_flow"),
        ("How much larger are total assets than total liabilities?", "total_assets - total_liabilities"),
        ("How much less was net income than revenue in 2023?", "revenue - net_income"),
        ("operating income minus net income 2023", "operating_income - net_income"),
        ("revenue as a multiple of net income", "revenue / net_income"),
        ("How many times net income is revenue in 2023?", "revenue / net_income"),
        ("capex/revenue", "capital_expenditures / revenue"),
        ("y/y growth of revenue and net income", ""),
        ("revenue and net income combined in 2023", "revenue + net_income"),
    ],
)
def test_two_metrics_of_one_company_become_one_value(text: str, formula: str) -> None:
    assert plan(text).formula == formula


@pytest.mark.parametrize(
    ("text", "operation", "is_reversed"),
    [
        ("How much more did spend on R&D than in 2023?", "difference", False),
        ("How much less revenue did make than in 2023?", "difference", True),
        ("How many times larger is revenue than ?", "multiple", False),
        ("what multiple of revenue is revenue in 2023", "multiple", True),
        ("How much revenue did and make together in 2023?", "together", False),
        ("difference in revenue between and in 2023", "difference", False),
        ("revenue of and in 2023", "lookup", False),
    ],
)
def test_values_of_two_companies_become_one(text: str, operation: str, is_reversed: bool) -> None:
    assert (plan(text, companies=2).operation, plan(text, companies=2).is_reversed) == (operation, is_reversed)


def test_difference_between_two_years_stays_a_change() -> None:
    assert plan("difference between revenue in 2022 and 2023").operation == "change"


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("by how many basis points did operating margin change", "basis points"),
        ("gross margin change in bps in 2023", "basis points"),
        ("capex divided by depreciation", "times"),
        ("R&D as a percentage of revenue", ""),
    ],
)
def test_ratio_is_written_as_asked(text: str, shown_as: str) -> None:
    assert plan(text).shown_as == shown_as
    assert plan(text).qualifier == ""


@pytest.mark.parametrize(
    ("text", "companies", "expected"),
    [
        ("Is more profitable than ?", 2, "more"),
        ("Does have more debt than ?", 2, "more"),
        ("Is revenue smaller than ?", 2, "less"),
        ("Did operating cash flow exceed net income in 2023?", 1, "more"),
        ("Did have more than 5 employees?", 1, ""),
    ],
)
def test_which_of_two_is_more_is_asked(text: str, companies: int, expected: str) -> None:
    assert plan(text, companies).compares == expected
    assert expected == "" or plan(text, companies).threshold is None


@pytest.mark.parametrize("text", ["basic vs diluted EPS in 2023", "basic and diluted earnings per share, 2023"])
def test_two_kinds_of_one_name_are_both_meant(text: str) -> None:
    assert plan(text).metrics == ("eps_basic", "eps_diluted")


@pytest.mark.parametrize("text", ["Change in revenue in 2023 in percent", "change in revenue 2023 in %"])
def test_change_in_percent_is_growth(text: str) -> None:
    assert plan(text).operation == "growth"


@pytest.mark.parametrize(
    ("text", "ranked_by", "place", "lowest"),
    [
        ("highest EPS 2024", "", 0, False),
        ("top 10 by total assets", "", 0, False),
        ("second highest revenue in 2024", "", 2, False),
        ("who had the largest loss in 2023?", "", 0, True),
        ("fastest growing company by revenue 2024", "growth", 0, False),
        ("which company had the largest decrease in revenue in 2024", "change", 0, True),
    ],
)
def test_all_companies_are_ranked_when_none_is_named(text: str, ranked_by: str, place: int, lowest: bool) -> None:
    found = plan(text, companies=0)
    assert found.operation == "ranking"
    assert (found.ranked_by, found.place, found.asks_lowest) == (ranked_by, place, lowest)


@pytest.mark.parametrize("text", ["tesla largest goodwill 2024", "top line in 2023", "revenue most recent year"])
def test_nothing_is_ranked_when_other_words_are_in_the_question(text: str) -> None:
    assert plan(text, companies=0).operation != "ranking"


def test_companies_above_a_value_are_listed() -> None:
    found = plan("list companies with revenue over 200 billion in 2024", companies=0)
    assert found.operation == "ranking"
    assert found.threshold is not None
    assert found.threshold.value == 200_000_000_000


def test_companies_with_a_loss_are_listed() -> None:
    found = plan("Which companies had a net loss in 2024?", companies=0)
    assert found.operation == "ranking"
    assert found.threshold is not None
    assert not found.threshold.is_above


def test_average_of_all_companies_is_refused() -> None:
    assert "average" in (plan("average revenue of all companies in 2023", companies=0).obstacle or "")


def test_measure_named_after_by_is_the_one_ranked_by() -> None:
    assert plan("the three most profitable companies by net margin", companies=0).metrics == ("net_margin",)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("iphone share of total sales 2023", "iphone"),
        ("graphics segment share of revenue", "graphics segment"),
        ("online stores net sales as a % of total", "online stores"),
        ("EMEA revenue share", "emea"),
        ("What percentage of revenue comes from Services?", "services"),
    ],
)
def test_part_whose_share_is_asked_is_understood_on_either_side(text: str, part: str) -> None:
    assert (plan(text).operation, plan(text).qualifier) == ("share", part)


@pytest.mark.parametrize("text", ["R&D share of revenue 2023", "earnings per share 2023", "share repurchases 2023"])
def test_share_that_is_none_of_a_part_is_not_taken_for_one(text: str) -> None:
    assert plan(text).operation != "share"


@pytest.mark.parametrize(
    ("text", "limit", "ranked_by"),
    [
        ("rank products by revenue", 0, ""),
        ("top 5 products by revenue 2023", 5, ""),
        ("Which segment grew fastest in 2023?", 0, "growth"),
    ],
)
def test_parts_are_put_in_order(text: str, limit: int, ranked_by: str) -> None:
    found = plan(text)
    assert (found.operation, found.metrics) == ("breakdown", ("revenue",))
    assert (found.limit, found.ranked_by) == (limit, ranked_by)

"""Which numbers of an answer stand out, and what they are set against."""

import pytest

from serving.frontend.contract.figures import read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.numbers.cards import Card, choose_cards
from tests.ui.stub_numbers import Json, build_fact, build_margin, build_revenues, build_segments


def choose(facts: list[Json], calculations: list[Json] | None = None, metrics: tuple[str, ...] = ()) -> list[Card]:
    row = JsonRow({"facts": facts, "calculations": calculations or []})
    return choose_cards(read_facts(row, "facts"), read_calculations(row, "calculations"), metrics)


def in_company(row: Json, ticker: str) -> Json:
    return {**row, "ticker": ticker, "company": f"{ticker} (fictional)"}


def test_calculated_value_stands_out_and_its_inputs_do_not() -> None:
    margin = build_margin()
    assert choose(margin["inputs"], [margin], ("gross_margin",)) == [Card("Gross margin, FY2024", "39.1 %")]


def test_newest_year_is_set_against_the_year_before() -> None:
    # 412.3 / 389.75 - 1 = 5.786 %
    assert choose(build_revenues()[::-1], metrics=("revenue",)) == [
        Card("Revenue, FY2024", "$412.3 million", "+5.79 %", "up", "vs FY2023")
    ]


def test_number_without_its_year_before_is_set_against_nothing() -> None:
    revenues = build_revenues()
    assert choose([revenues[0], revenues[2]]) == [Card("Revenue, FY2024", "$412.3 million")]
    assert choose(revenues[2:]) == [Card("Revenue, FY2024", "$412.3 million")]


def test_change_of_a_ratio_is_in_percentage_points() -> None:
    margins = [build_margin(2023, 0.4125), build_margin(2024, 0.3909)]
    (card,) = choose([], margins, ("gross_margin",))
    assert (card.change, card.arrow) == ("−2.16 percentage points", "down")


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [(5.96e9, -12.08e9, "−$18.0 billion"), (-5.0e6, -2.0e6, "+$3.00 million"), (0.0, 2.0e6, "+$2.00 million")],
)
def test_amount_that_was_or_became_a_loss_has_no_growth_in_per_cent(before: float, now: float, change: str) -> None:
    (card,) = choose([build_fact("Net income", before, 2023), build_fact("Net income", now, 2024)])
    assert card.change == change


def test_number_that_stayed_is_said_to_be_unchanged() -> None:
    (card,) = choose([build_fact("Revenue", 5.0, 2023), build_fact("Revenue", 5.0, 2024)])
    assert (card.change, card.arrow) == ("unchanged", "off")


def test_quarter_is_set_against_the_same_quarter() -> None:
    quarters = [
        build_fact("Revenue", value, year, fiscal_period=part, period_end=end)
        for value, year, part, end in (
            (100.0, 2023, "Q2", "2023-01-31"),
            (400.0, 2024, "Q1", "2023-10-31"),
            (110.0, 2024, "Q2", "2024-01-31"),
        )
    ]
    assert choose(quarters) == [Card("Revenue, Q2 FY2024", "$110", "+10.0 %", "up", "vs Q2 FY2023")]


def test_quarter_and_year_to_date_under_one_name_have_no_card() -> None:
    quarter = build_fact("Revenue", 110.0, fiscal_period="Q2")
    assert choose([quarter, {**quarter, "value": 210.0, "period_start": "2023-01-01"}]) == []


def test_growth_over_several_years_keeps_both_in_its_label_and_is_set_against_nothing() -> None:
    growth = {**build_margin(), "name": "Growth of revenue, fiscal 2022 to 2024", "metric": "revenue"}
    other = {**growth, "name": "Growth of revenue, fiscal 2021 to 2023", "fiscal_year": 2023}
    assert choose([], [growth], ("revenue",)) == [Card("Growth of revenue, FY2022 to FY2024", "39.1 %")]
    cards = choose([], [growth, {**other, "inputs": [build_fact("Revenue", 1.0, 2023)]}], ("revenue",))
    assert [card.change for card in cards] == [""]


def test_steps_on_the_way_to_a_result_have_no_card() -> None:
    margins = [build_margin(2023, 0.41), build_margin(2024, 0.39)]
    change = {
        **build_margin(value=-0.02),
        "name": "Change in gross margin, fiscal 2023 to 2024",
        "display": "points",
        "inputs": [fact for margin in margins for fact in margin["inputs"]],
    }
    assert choose([], [change, *margins], ("gross_margin",)) == [
        Card("Change in gross margin, FY2023 to FY2024", "−2.00 percentage points")
    ]


def test_tagged_number_asked_for_beside_a_calculated_one_has_its_card() -> None:
    margin = build_margin()
    cards = choose(margin["inputs"], [margin], ("revenue", "gross_margin"))
    assert [card.label for card in cards] == ["Gross margin, FY2024", "Revenue, FY2024"]


def test_what_a_share_is_of_has_no_card() -> None:
    share = {**build_margin(), "metric": "", "name": "Gauges as a share of revenue, fiscal 2024"}
    assert [card.label for card in choose(share["inputs"], [share], ("revenue",))] == [
        "Gauges as a share of revenue, FY2024"
    ]


def test_companies_are_named_where_there_are_several() -> None:
    cards = choose([in_company(build_fact("Revenue", 1.0), name) for name in "BAC"])
    assert [card.label for card in cards] == [f"{name} (fictional): Revenue, FY2024" for name in "BAC"]


def test_of_a_long_ranking_the_first_has_a_card() -> None:
    ranked = [in_company(build_margin(value=5.0 - place), name) for place, name in enumerate("EADCB")]
    assert [card.label for card in choose([], ranked, ("gross_margin",))] == ["E (fictional): Gross margin, FY2024"]


def test_of_many_companies_in_no_order_none_has_a_card() -> None:
    values = zip("ABCDE", (3.0, 5.0, 1.0, 2.0, 4.0), strict=True)
    assert choose([in_company(build_fact("Revenue", value), name) for name, value in values]) == []


def test_parts_of_a_whole_have_no_card_and_a_single_part_has() -> None:
    assert choose(build_segments()) == []
    assert [card.label for card in choose(build_segments()[:1])] == ["Revenue, Gauges, FY2024"]


def test_answer_without_numbers_has_no_card() -> None:
    assert choose([]) == []

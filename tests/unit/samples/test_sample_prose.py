"""The markup of the prose, and the words that figures become."""

from decimal import Decimal

import pytest

from samples.company import load_companies
from samples.figures import Figures
from samples.prose import Block, read_blocks


def test_blocks_are_read_with_their_kind_when_marked() -> None:
    text = "## One\n\n### Two\n\nthree\nfour\n\n- five\n\n[table income]"

    assert read_blocks(text, 2023, {}) == [
        Block("heading", "One"),
        Block("subheading", "Two"),
        Block("paragraph", "three four"),
        Block("bullet", "five"),
        Block("table", "income"),
    ]


def test_block_is_left_out_when_it_belongs_to_another_year() -> None:
    assert read_blocks("@2022,2024 ### a\n\nb", 2023, {}) == [Block("paragraph", "b")]
    assert read_blocks("@2022,2024 ### a\n\nb", 2024, {})[0] == Block("subheading", "a")


def test_shared_text_is_inserted_when_included() -> None:
    assert read_blocks("[include x]", 2023, {"x": "a\n\nb"}) == [Block("paragraph", "a"), Block("paragraph", "b")]


def test_unknown_shared_text_is_an_error() -> None:
    with pytest.raises(KeyError, match="absent"):
        read_blocks("[include absent]", 2023, {})


def test_figures_are_those_of_the_statements_in_words() -> None:
    (company,) = [company for company in load_companies() if company.ticker == "ORQN"]
    income, before = company.statements[2023].income, company.statements[2022].income
    change = (Decimal(income.revenue) / before.revenue - 1) * 100
    figures = Figures(company, 2023)

    def fill(text: str) -> str:
        return figures.fill(text, lambda key, value: f"<{key} {value}>")

    assert fill("{usd revenue}") == f"${income.revenue / 1000:,.1f} million"
    assert fill("{usd revenue@-1}") == f"${before.revenue / 1000:,.1f} million"
    assert fill("{chg revenue}") == f"increased {change:.1f}%"
    assert fill("{fy} {end@-1}") == "2023 December 31, 2022"
    assert fill("{tag lease_cost}") == "<lease_cost 7800000.0>"


def test_unknown_figure_is_an_error() -> None:
    with pytest.raises(KeyError):
        Figures(load_companies()[0], 2023).fill("{usd nonsense}", lambda key, value: "")

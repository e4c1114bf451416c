"""How a number came about, in words that hold every digit, tag and place."""

from serving.frontend.contract.figures import read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.numbers.trace import build_trace
from tests.ui.stub_numbers import COMPANY, Json, build_fact, build_margin, build_revenues, build_segments


def trace(facts: list[Json], calculations: list[Json] | None = None, *, is_cited: bool = True) -> str:
    row = JsonRow({"facts": facts, "calculations": calculations or []})
    return build_trace(read_facts(row, "facts"), read_calculations(row, "calculations"), is_cited=is_cited)


def test_calculation_shows_formula_numbers_result_and_where_each_input_is_from() -> None:
    margin = build_margin()
    margin["inputs"][0]["citation"] = None
    assert trace(margin["inputs"], [margin]).split("\n") == [
        "**Gross margin, fiscal 2024**",
        "",
        "- Formula: Gross profit ÷ Revenue",
        "- In numbers: 161,200 ÷ 412,300 (thousands)",
        "- Exact result: 0.3909774436090226",
        "- Rounded: 39.1 %",
        "",
        "| Input | Exact value | Source |",
        "| :--- | ---: | :--- |",
        "| :small[Gross profit, FY2024, 2023-07-01 to 2024-06-30] | :small[161,200,000 USD] | :small[not printed] |",
        "| :small[Revenue, FY2024, 2023-07-01 to 2024-06-30] | :small[412,300,000 USD] | :small[\\[1\\]] |",
        "",
        "- Gross profit, FY2024  ",
        "  :small[us-gaap\\:GrossProfit · filing 0009990001-24-000001]",
        "- Revenue, FY2024  ",
        "  :small[us-gaap\\:Revenues · filing 0009990001-24-000001]",
    ]


def test_facts_have_the_same_table_without_a_formula() -> None:
    words = trace(build_revenues())
    assert "Formula" not in words
    assert words.startswith("| Number | Exact value | Source |")
    assert ":small[389,750,000 USD]" in words
    assert "- Revenue, FY2023  \n  :small[us-gaap\\:Revenues · filing 0009990001-23-000001]" in words


def test_periods_of_one_filing_share_a_line() -> None:
    facts = [build_fact("Revenue", 1.0, year, accession="0009990001-24-000001") for year in (2023, 2024)]
    assert "- Revenue, FY2023, FY2024  \n" in trace(facts)


def test_calculations_of_one_formula_share_their_inputs() -> None:
    margins = [build_margin(2023, 0.41), build_margin(2024, 0.39)]
    words = trace([], margins)
    assert words.startswith("**Gross margin** = Gross profit ÷ Revenue\n\n- FY2023: 41.0 %  \n")
    assert ":small[161,200 ÷ 412,300 (thousands) = 0.39]" in words
    assert words.count("| Input |") == 1
    assert words.count(":small[412,300,000 USD]") == 2


def test_inputs_are_not_told_again_among_the_facts() -> None:
    margin = build_margin()
    other = build_fact("Research", 5.0)
    words = trace([*margin["inputs"], other], [margin])
    assert words.count(":small[412,300,000 USD]") == 1
    assert "**Other numbers**\n\n| Number |" in words


def test_balance_and_printed_table_say_what_they_are() -> None:
    words = trace([build_fact("Cash", 1.0, period_start=None), build_fact("Backlog", 2.0, source="table")])
    assert "Cash, FY2024, at 2024-06-30" in words
    assert "read from the printed table" in words


def test_dimensions_are_told() -> None:
    assert r"us-gaap\:StatementBusinessSegmentsAxis = vlmr\:GaugesMember" in trace(build_segments())


def test_companies_are_named_where_there_are_several() -> None:
    others = [{**fact, "ticker": "OTHR", "company": "Other (fictional)"} for fact in build_revenues()]
    words = trace(build_revenues() + others)
    assert "OTHR: Revenue, FY2024" in words
    assert COMPANY not in words


def test_sources_are_not_told_where_the_numbers_come_without_any() -> None:
    words = trace(build_revenues(), is_cited=False)
    assert words.startswith("| Number | Exact value |\n")
    assert "printed" not in words


def test_text_of_filings_is_inert() -> None:
    words = trace([build_fact("A|B [x](https://evil.example) $x$", 1.0, concept="x:<b>")])
    assert "(https://" not in words
    assert r"A\|B" in words
    assert "<b>" not in words.replace(r"\<b", "")

"""The facts table: every tagged number once, exact, in the place where a reader finds it best."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact
from finrag_ml_tg1.filings.facts.table import facts_left_out, facts_table, words_of_concept
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.passages.building import build_passages
from finrag_ml_tg1.filings.table_schemas import is_storable
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.documents import filing_html
from tests.unit.filings.tagged_filings import fact, read_tagged, statement
from tests.unit.filings.xbrl.inline_document import context

BALANCE = "Consolidated Balance Sheets"
MEMBER = '<xbrldi:explicitMember dimension="us-gaap:StatementBusinessSegmentsAxis">x:WestMember</xbrldi:explicitMember>'


COMMAS = "ixt:num-dot-decimal"


def money(text: str) -> str:
    return fact(text, contextRef="end", scale="6", decimals="-6", format=COMMAS)


def count_words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def rows_of(filing: Filing, company_facts: tuple[CompanyFact, ...] = ()) -> list[dict[str, Any]]:
    passages = build_passages(filing, count_words)
    texts = {f"{filing.accession}-{passage.position:05d}": passage for passage in passages}
    rows = facts_table(filing, passages, company_facts).to_dicts()
    for row in rows:
        if row["char_start"] is None:
            assert row["passage_id"] is None
            continue
        passage = texts[row["passage_id"]]
        assert passage.char_start <= row["char_start"] < row["char_end"] <= passage.char_end
    return rows


def balance_sheet(assets: str = "", assets_before: str = "") -> str:
    return statement(
        BALANCE,
        "Current assets:||",
        "Cash|5|6",
        "Total current assets|5|6",
        f"Total assets|{assets or 9}|{assets_before or 8}",
        "Long-term debt|1|1",
        "Total liabilities|3|3",
        "Retained earnings|6|5",
    )


def test_a_number_of_several_places_stands_in_the_statement_with_its_row() -> None:
    prose = f"<p>Assets were {money('1,204')} million.</p>"
    sheet = balance_sheet(money("1,204"))
    filing = read_tagged(prose + sheet + prose)
    (row,) = rows_of(filing)
    assert (row["concept"], row["label"], row["row_label"]) == ("us-gaap:Assets", "Assets", "Total assets")
    assert (row["statement"], row["value"], row["unit"]) == ("balance", Decimal(1_204_000_000), "USD")
    assert (row["occurrences"], row["fiscal_year"], row["fiscal_period"]) == (3, 2023, "FY")
    assert filing.document.text[row["char_start"] : row["char_end"]] == "1,204"
    assert filing.document.text[: row["char_start"]].endswith("Total assets | ")


def test_a_rounded_number_in_prose_gives_neither_value_nor_place() -> None:
    rounded = fact("1.2", contextRef="end", scale="9", decimals="-8")
    exact = fact("1,204,117", contextRef="end", scale="3", decimals="-3", format=COMMAS)
    filing = read_tagged(f"<p>About {rounded} billion.</p><table><tr><td>Assets held</td><td>{exact}</td></tr></table>")
    (row,) = rows_of(filing)
    assert (row["value"], row["row_label"], row["statement"]) == (Decimal(1_204_117_000), "Assets held", "none")


def test_a_number_in_the_label_of_a_statements_row_stands_in_that_statement() -> None:
    shares = fact("15,116", concept="us-gaap:CommonStockSharesOutstanding", contextRef="end", format=COMMAS)
    lines = ["Cash|5|6", "Total current assets|5|6", "Total assets|9|8", "Total liabilities|3|3"]
    sheet = statement(BALANCE, *lines, f"Common stock, {shares} shares outstanding|6|5", "Retained earnings|1|1")
    (row,) = rows_of(read_tagged(sheet))
    assert (row["statement"], row["row_label"]) == ("balance", "Common stock, 15,116 shares outstanding")


def test_a_row_without_a_label_is_labelled_by_the_concept_or_by_another_place() -> None:
    exact = fact("9", contextRef="end")
    unlabelled = f"<table><tr><td></td><td>{exact}</td></tr><tr><td>Other</td><td>4</td></tr></table>"
    assert [row["row_label"] for row in rows_of(read_tagged(unlabelled))] == ["Assets"]
    labelled = f"<table><tr><td>Assets held for sale</td><td>{exact}</td></tr><tr><td>Other</td><td>4</td></tr></table>"
    assert [row["row_label"] for row in rows_of(read_tagged(unlabelled + labelled))] == ["Assets held for sale"]


def test_a_hidden_number_has_no_place_and_prose_has_no_row() -> None:
    hidden = f"<div style='display:none'>{fact('7', concept='x:Hidden')}</div>"
    rows = rows_of(read_tagged(f"{hidden}<p>We have {fact('12', concept='x:Plants', unitRef='shares')} plants.</p>"))
    assert [(row["concept"], row["char_start"] is None, row["row_label"]) for row in rows] == [
        ("x:Hidden", True, ""),
        ("x:Plants", False, ""),
    ]


def test_dimensions_are_kept_and_do_not_replace_the_whole() -> None:
    west = context("<xbrli:instant>2023-12-31</xbrli:instant>", identifier="west", segment=MEMBER)
    rows = rows_of(read_tagged(f"<p>{fact('3', contextRef='west')} of {fact('9', contextRef='end')}</p>", extra=west))
    assert [(row["dimensions"], row["value"]) for row in rows] == [
        ("", Decimal(9)),
        ("us-gaap:StatementBusinessSegmentsAxis=x:WestMember", Decimal(3)),
    ]


def test_a_fact_tagged_as_nil_is_a_row_without_value() -> None:
    (row,) = rows_of(read_tagged(f"<p>None: {fact('', contextRef='end', xsi_nil='true')}</p>"))
    assert (row["concept"], row["value"], row["fiscal_year"]) == ("us-gaap:Assets", None, 2023)


@pytest.mark.parametrize(("text", "attributes"), [("5", {"scale": "40"}), ("0.1234567890123", {})])
def test_a_number_the_column_cannot_hold_is_left_out_and_told(text: str, attributes: dict[str, str]) -> None:
    filing = read_tagged(f"<p>{fact(text, contextRef='end', **attributes)} {fact('3', concept='x:Plants')}</p>")
    assert [row["concept"] for row in rows_of(filing)] == ["x:Plants"]
    (issue,) = filing.issues
    assert (issue.concept, issue.reason) == ("us-gaap:Assets", "it has more digits than the facts table holds exactly")


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("0E-30", True),
        ("1.50000000000000000", True),
        ("0.000000000001", True),
        ("0.0000000000001", False),
        ("99999999999999999999999999", True),
        ("-100000000000000000000000000", False),
        ("1E+25", True),
        ("1E+26", False),
        ("NaN", False),
    ],
)
def test_column_holds_26_digits_before_the_point_and_12_after_it(value: str, fits: bool) -> None:
    assert is_storable(Decimal(value)) is fits


def company_fact(concept: str, value: str, accession: str, end: date = date(2023, 12, 31)) -> CompanyFact:
    return CompanyFact(1, concept, None, "USD", Decimal(value), None, end, accession, "10-K", date(2024, 2, 1), None)


def test_numbers_that_sec_holds_of_an_exhibit_are_added_to_those_the_document_tags() -> None:
    filing = read_tagged(f"<p>Assets are {fact('9', contextRef='end')}.</p>")
    held = (
        company_fact("us-gaap:Assets", "9", filing.accession),
        company_fact("us-gaap:Liabilities", "4", filing.accession),
        company_fact("us-gaap:Liabilities", "5", "0000000001-22-000001"),
        company_fact("us-gaap:Ratio", "0.33333333333333333", filing.accession),
    )
    rows = rows_of(filing, held)
    assert [(row["concept"], row["value"], row["source"]) for row in rows] == [
        ("us-gaap:Assets", Decimal(9), "tagged"),
        ("us-gaap:Liabilities", Decimal(4), "companyfacts"),
    ]
    assert [issue.concept for issue in facts_left_out(filing, held)] == ["us-gaap:Ratio"]


def test_statements_of_a_filing_without_tags_are_read_as_printed() -> None:
    sheet = balance_sheet().replace("2023", "December 31, 2023").replace("2022", "December 31, 2022")
    filing = read_filing(filing_html(body=f"<p><b>Item 8. Statements</b></p><p>(in millions)</p>{sheet}"), "x.html")
    rows = [row for row in rows_of(filing) if row["row_label"] == "Total assets"]
    assert [(row["value"], row["period_end"], row["source"], row["concept"]) for row in rows] == [
        (Decimal(8_000_000), date(2022, 12, 31), "table", ""),
        (Decimal(9_000_000), date(2023, 12, 31), "table", ""),
    ]


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("us-gaap:NetIncomeLoss", "Net income loss"),
        ("aapl:IncomeTaxExpenseBenefitFromStateAidDecision", "Income tax expense benefit from state aid decision"),
        ("x:EBITDAMargin", "EBITDA margin"),
        ("x:Form10KItem1A", "Form 10 k item 1 a"),
        ("", ""),
    ],
)
def test_words_of_concept(concept: str, words: str) -> None:
    assert words_of_concept(concept) == words


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans(), st.integers(1, 3)), min_size=1, max_size=8))
def test_each_number_of_a_made_up_filing_is_one_exact_row_in_its_own_place(
    numbers: list[tuple[int, bool, int]],
) -> None:
    body = ""
    for index, (number, in_table, times) in enumerate(numbers):
        tagged = fact(
            f"{number:,}", concept=f"x:Line{index}", contextRef="end", scale="3", format="ixt:num-dot-decimal"
        )
        body += f"<p>We count {tagged} here.</p>" * (times - in_table)
        body += f"<table><tr><td>Row {index}</td><td>{tagged}</td></tr></table>" if in_table else ""
    filing = read_tagged(body)
    rows = {row["concept"]: row for row in rows_of(filing)}
    assert len(rows) == len(numbers)
    for index, (number, in_table, times) in enumerate(numbers):
        row = rows[f"x:Line{index}"]
        assert (row["value"], row["occurrences"]) == (Decimal(number) * 1000, times)
        assert row["row_label"] == (f"Row {index}" if in_table else "")
        assert filing.document.text[row["char_start"] : row["char_end"]] == f"{number:,}"


def test_whole_years_of_real_filings_are_labelled_one_after_the_other(real_filings: list[RealFiling]) -> None:
    for report in real_filings:
        cover = report.filing.cover
        if not cover.form.startswith("10-K"):
            continue
        rows = facts_table(report.filing, []).to_dicts()
        years = {
            (row["period_end"], row["fiscal_year"])
            for row in rows
            if row["fiscal_period"] == "FY" and row["statement"] != "none" and row["period_start"] is not None
        }
        for end, label in years:
            assert label - cover.fiscal_year == round((end - cover.period_end).days / 365.25), report.row["file"]
        assert len({label for _, label in years}) == len(years), report.row["file"]

"""Numbers of a filing kept as pages: the right row, year, unit and page, or none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl

from finrag_ml_tg1.filings.extraction import extract_tables
from finrag_ml_tg1.filings.facts.table import facts_table
from finrag_ml_tg1.filings.filing import Filing, read_filing
from finrag_ml_tg1.filings.paged.document import PagedDocument, written
from finrag_ml_tg1.filings.paged.footing import statements_in_doubt
from finrag_ml_tg1.filings.passages.building import build_passages
from tests.unit.filings.paged.paged_filings import BALANCE, CASH_FLOWS, INCOME, velmora

_MILLION = 1_000_000
_REVENUES = "Revenues:\nLamps $ 1,150 $ 1,020 $ 900\nRepairs 100 80 80\n1,250 1,100 980"


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def _read(document: PagedDocument) -> Filing:
    return read_filing(written(document), document.identifier)


def _values(filing: Filing, label: str) -> dict[tuple[str, int], Decimal]:
    facts = facts_table(filing, []).filter(pl.col("row_label") == label)
    return {(row["unit"], row["fiscal_year"]): row["value"] for row in facts.iter_rows(named=True)}


def test_cover_is_as_printed_and_as_collected() -> None:
    filing = _read(velmora())
    assert filing.accession == "VELMORA_2021_10K"
    assert filing.cover.period_end == date(2021, 6, 30)
    assert filing.cover.fiscal_year == 2021
    assert filing.source_url is None


def test_flows_have_their_year_and_exact_value() -> None:
    filing = _read(velmora())
    sales = {("USD", 2021): 1250, ("USD", 2020): 1100, ("USD", 2019): 980}
    assert _values(filing, "Net sales") == {key: Decimal(value) * _MILLION for key, value in sales.items()}
    facts = facts_table(filing, []).filter(pl.col("row_label") == "Net sales")
    assert set(facts["source"]) == {"table"}
    assert sorted(facts["period_start"]) == [date(2018, 7, 1), date(2019, 7, 1), date(2020, 7, 1)]


def test_notes_named_in_a_label_do_not_hide_it() -> None:
    filing = _read(velmora())
    assert _values(filing, "Cost of sales")["USD", 2021] == 800 * _MILLION
    assert _values(filing, "Inventories")["USD", 2020] == 230 * _MILLION


def test_a_broken_label_is_whole_again() -> None:
    filing = _read(velmora())
    assert _values(filing, "INCOME BEFORE INCOME TAXES")["USD", 2021] == 228 * _MILLION
    assert not _values(filing, "INCOME TAXES")
    assert _values(filing, "Property, plant and equipment, net")["USD", 2021] == 400 * _MILLION


def test_rows_run_together_are_parted_and_lose_their_headings() -> None:
    filing = _read(velmora())
    cash = facts_table(filing, []).filter(
        (pl.col("row_label") == "Cash and cash equivalents") & (pl.col("statement") == "balance")
    )
    assert dict(zip(cash["period_end"], cash["value"], strict=True)) == {
        date(2021, 6, 30): 210 * _MILLION,
        date(2020, 6, 30): 160 * _MILLION,
    }
    assert _values(filing, "Total current assets")["USD", 2021] == 647 * _MILLION


def test_a_missing_cell_gives_no_number() -> None:
    assert not _values(_read(velmora()), "Deferred charges")


def test_a_dash_is_nothing_and_parentheses_are_negative() -> None:
    filing = _read(velmora())
    impairment = {("USD", 2021): 0, ("USD", 2020): 15 * _MILLION, ("USD", 2019): 0}
    assert _values(filing, "Impairment of a kiln") == impairment
    assert _values(filing, "Interest expense")["USD", 2019] == -15 * _MILLION


def test_amounts_per_share_and_share_counts_keep_their_scale() -> None:
    diluted = _values(_read(velmora()), "Diluted")
    assert diluted["USD/shares", 2021] == Decimal("1.75")
    assert diluted["shares", 2021] == Decimal("101.7") * _MILLION


def test_words_on_lines_of_their_own_head_a_statement() -> None:
    filing = _read(velmora())
    assert _values(filing, "Net cash provided by operating activities")["USD", 2020] == 155 * _MILLION
    assert _values(filing, "Dividends paid") == {
        ("USD", 2021): -53 * _MILLION,
        ("USD", 2020): -50 * _MILLION,
        ("USD", 2019): -48 * _MILLION,
    }


def test_a_date_in_a_label_dates_no_rows() -> None:
    assert _values(_read(velmora()), "Total liabilities and equity") == {
        ("USD", 2021): 1137 * _MILLION,
        ("USD", 2020): 1040 * _MILLION,
    }


def test_a_balance_sheet_that_does_not_foot_gives_no_numbers() -> None:
    filing = _read(velmora(balance=BALANCE.replace("Total assets $ 1,137", "Total assets $ 1,173")))
    assert statements_in_doubt(filing) == {
        "balance": "total assets differ from total liabilities and equity on 2021-06-30"
    }
    statements = set(facts_table(filing, [])["statement"])
    assert "balance" not in statements
    assert {"income", "cash flow"} <= statements


def test_statements_without_units_or_in_other_units_give_no_numbers() -> None:
    without = _read(velmora(income=INCOME.replace("(in millions, except per share amounts)\n", "")))
    assert statements_in_doubt(without)["income"] == "the income statement states no units"
    other = _read(velmora(cash_flows=CASH_FLOWS.replace("(in millions)", "(in thousands)")))
    assert list(statements_in_doubt(other)) == ["cash flow"]


def test_totals_without_a_label_are_named_where_the_numbers_tell() -> None:
    balance = BALANCE.replace("Total assets $", "$").replace("Total liabilities and equity $", "$")
    filing = _read(velmora(balance=balance, income=INCOME.replace("Net sales $ 1,250 $ 1,100 $ 980", _REVENUES)))
    assert _values(filing, "Total assets")["USD", 2021] == 1137 * _MILLION
    assert _values(filing, "Total liabilities and equity")["USD", 2020] == 1040 * _MILLION
    assert _values(filing, "Total revenues")["USD", 2019] == 980 * _MILLION
    other = _read(
        velmora(income=INCOME.replace("Net sales $ 1,250 $ 1,100 $ 980", _REVENUES.replace("80 80", "80 81")))
    )
    assert not _values(other, "Total revenues")


def test_two_columns_of_one_year_give_no_numbers() -> None:
    filing = _read(velmora(income=INCOME.replace("2021 2020 2019", "2021 2020 2020")))
    assert set(_values(filing, "Net sales")) == {("USD", 2021)}


def test_a_passage_stands_on_one_page() -> None:
    filing = _read(velmora())
    passages = build_passages(filing, _words)
    assert {passage.page_num for passage in passages} == {30, 31, 32, 33, 34, 35}
    for passage in passages:
        blocks = [
            block
            for block in filing.document.blocks
            if passage.char_start <= block.char_start < passage.char_end and block.kind != "furniture"
        ]
        assert {filing.page_numbers[block.page] for block in blocks} == {passage.page_num}
    on_35 = [passage.text for passage in passages if passage.page_num == 35]
    assert any("standing lamps" in text for text in on_35)


def test_what_is_left_out_is_told() -> None:
    document = velmora(balance=BALANCE.replace("Total assets $ 1,137", "Total assets $ 1,173"))
    tables = extract_tables(written(document), document.identifier, _words)
    assert any("total assets differ" in note for note in tables.notes)
    assert any("without tags" in note for note in tables.notes)


def test_a_quarterly_report_has_passages_and_no_numbers() -> None:
    document = replace(velmora(), form="10-Q", fiscal_period="Q2")
    tables = extract_tables(written(document), document.identifier, _words)
    assert tables.passage_count
    assert not tables.fact_count
    assert any("no numbers are taken from its tables" in note for note in tables.notes)

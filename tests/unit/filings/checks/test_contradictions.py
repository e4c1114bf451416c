from __future__ import annotations

from finrag_ml_tg1.filings.checks.contradictions import contradictions
from tests.unit.filings.checks.checked_filings import checks_of, passage_showing
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.tagged_filings import fact, read_tagged, statement

COMMAS = "ixt:num-dot-decimal"


def assets(text: str, **attributes: str) -> str:
    return fact(text, contextRef="end", format=COMMAS, **attributes)


def test_both_values_are_told_with_their_places_when_a_fact_is_tagged_with_two() -> None:
    sheet = statement(
        "Consolidated Balance Sheets",
        "Cash|5|6",
        f"Total assets|{assets('1,204')}|8",
        "Total liabilities|3|3",
        "Retained earnings|6|5",
    )
    filing = read_tagged(f"<p>We hold assets of {assets('1,304')} dollars.</p><p>More follows.</p>{sheet}")
    assert checks_of(filing).mismatches == (
        "tagged with 2 values at 2023-12-31: us-gaap:Assets: "
        f"1,304 USD (passage {passage_showing(filing, '1,304')}); "
        f"1,204 USD in the row 'Total assets' (passage {passage_showing(filing, '1,204')})",
    )


def test_nothing_is_told_when_a_value_is_a_rounding_of_the_other() -> None:
    rounded = assets("1.2", scale="3", decimals="-2")
    assert checks_of(read_tagged(f"<p>{assets('1,204')}, about {rounded} thousand.</p>")).mismatches == ()


def test_nil_and_a_hidden_value_are_told_when_they_contradict() -> None:
    hidden = f"<div style='display:none'>{assets('7')}</div>"
    (told,) = checks_of(read_tagged(f"{hidden}<p>None: {assets('', xsi_nil='true')}</p>")).mismatches
    assert told.startswith("tagged with 2 values at 2023-12-31: us-gaap:Assets: 7 USD hidden; nil")


def test_real_filings_tag_no_fact_with_two_values(real_filings: list[RealFiling]) -> None:
    assert [contradictions(report.filing.facts) for report in real_filings if contradictions(report.filing.facts)] == []

from __future__ import annotations

import re
from datetime import date

import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.cover import LOCAL_CIK_BASE, Cover
from finrag_ml_tg1.filings.filing import read_filing
from tests.unit.filings.conftest import RealFiling, Sample
from tests.unit.filings.documents import cover_html, filing_html


def cover_of(data: bytes | str) -> Cover:
    return read_filing(data.encode() if isinstance(data, str) else data, "filing.html").cover


def test_cover_of_the_samples_equals_their_ground_truth(samples: list[Sample]) -> None:
    for sample in samples:
        cover, truth = sample.filing.cover, sample.truth
        assert cover.company == truth["company"]
        assert cover.cik == int(truth["cik"])
        assert cover.tickers == (truth["ticker"],)
        assert cover.form == truth["form"]
        assert cover.fiscal_year == truth["fiscal_year"]
        assert cover.period_end == date.fromisoformat(truth["period_end"])
        assert sample.filing.accession == truth["accession"]
        assert sample.filing.source_url is None, "SEC holds no fictional filing"


def test_the_samples_have_years_of_52_and_53_weeks(samples: list[Sample]) -> None:
    """So that the labels above are not just the calendar year of the period's end."""
    assert {sample.truth["weeks"] for sample in samples} >= {52, 53}
    assert any(sample.truth["fiscal_year"] != int(sample.truth["period_end"][:4]) for sample in samples)


def test_cover_of_real_filings_agrees_with_the_manifest(real_filings: list[RealFiling]) -> None:
    compared = 0
    for report in real_filings:
        cover, row = report.filing.cover, report.row
        assert cover.form == row["form"], row["file"]
        if row["cik"]:
            assert cover.cik == int(row["cik"]), row["file"]
            assert cover.fiscal_year == int(float(row["fiscal_year"])), row["file"]
            compared += 1
        if re.fullmatch(r"\d{10}-\d\d-\d{6}", row["accession"]):
            assert report.filing.accession == row["accession"]
    assert compared > 30


@pytest.mark.parametrize(
    ("form", "period", "expected_form", "expected_end", "expected_year"),
    [
        ("10-K", "December 31, 2023", "10-K", date(2023, 12, 31), 2023),
        ("10-K405", "June 30, 1999", "10-K405", date(1999, 6, 30), 1999),
        ("10-K/A", "September 28,2024", "10-K/A", date(2024, 9, 28), 2024),
        ("10‑K", "DECEMBER 31, 2023", "10-K", date(2023, 12, 31), 2023),
        ("10- K", "January 2, 2021", "10-K", date(2021, 1, 2), 2020),
    ],
)
def test_cover_is_read_from_its_words_when_there_are_no_tags(
    form: str, period: str, expected_form: str, expected_end: date, expected_year: int
) -> None:
    cover = cover_of(cover_html(form=form, period=period))
    assert (cover.company, cover.form) == ("Plain Example Corp.", expected_form)
    assert (cover.period_end, cover.fiscal_year) == (expected_end, expected_year)
    assert cover.fiscal_year_end == f"{expected_end:%m-%d}"
    assert cover.cik >= LOCAL_CIK_BASE
    assert len(cover.notes) == 2


def test_a_local_number_is_the_same_for_the_same_name() -> None:
    first, again, other = (cover_of(cover_html(name)).cik for name in ("Plain Corp.", "PLAIN CORP.", "Other Corp."))
    assert first == again != other


def test_the_filers_label_is_the_fiscal_year_whatever_the_period_end() -> None:
    cover = cover_of(filing_html(year=2023, end="2024-02-03"))
    assert (cover.fiscal_year, cover.period_end) == (2023, date(2024, 2, 3))


@pytest.mark.parametrize("label", ["", "n/a", "²", "20232023202320232023", "23"])
def test_the_fiscal_year_comes_from_the_period_end_when_the_label_is_no_year(label: str) -> None:
    cover = cover_of(filing_html(DocumentFiscalYearFocus=label))
    assert cover.fiscal_year == 2023
    assert any("fiscal year" in note for note in cover.notes)


@pytest.mark.parametrize("cik", ["", "²", "1" * 30])
def test_a_local_number_stands_in_when_the_tagged_one_is_none(cik: str) -> None:
    assert cover_of(filing_html(EntityCentralIndexKey=cik)).cik >= LOCAL_CIK_BASE


@pytest.mark.parametrize("end", ["2023-13-45", "soon", ""])
def test_the_printed_period_is_taken_when_the_tagged_one_is_no_date(end: str) -> None:
    assert cover_of(filing_html(end=end)).period_end == date(2023, 12, 31)


def test_listed_notes_are_no_tickers() -> None:
    tagged = '<ix:nonNumeric name="dei:TradingSymbol" contextRef="c">{}</ix:nonNumeric>'
    body = "<p>" + tagged.format("PEC29A") + tagged.format("PEC-B") + tagged.format("PEC") + "</p><p>Words.</p>"
    assert cover_of(filing_html(TradingSymbol="", body=body)).tickers == ("PEC-B", "PEC")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (cover_html(period="the year’s end"), "period"),
        (cover_html(period="February 31, 2023"), "period"),
        (cover_html(form="8-K"), "10-K or 10-Q"),
        ("<p>FORM 10-K</p><p>For the fiscal year ended December 31, 2023</p>", "registrant"),
        ("<p>A poem about form and content</p>", "10-K or 10-Q"),
    ],
)
def test_a_document_whose_cover_lacks_what_is_needed_is_refused(data: str, reason: str) -> None:
    with pytest.raises(FilingError, match=reason):
        cover_of(data)

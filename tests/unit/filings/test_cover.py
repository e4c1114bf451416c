from __future__ import annotations

import os
import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.cover.cover_words import period_in
from finrag_ml_tg1.filings.cover.fiscal_year import fiscal_year_of, fiscal_year_of_quarter
from finrag_ml_tg1.filings.cover.reading import LOCAL_CIK_BASE, Cover
from finrag_ml_tg1.filings.filing import read_filing
from tests.unit.filings.conftest import RealFiling, Sample
from tests.unit.filings.documents import cover_html, filing_html
from tests.unit.filings.plain_documents import plain_cover


def evaluation_data() -> Path:
    return Path(os.environ["FINRAG_EVAL_DATA"])


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


# Read from the covers and the first pages of the filings themselves; they carry no tags.
UNTAGGED = {
    "0000950153-99-001234": ("MEDICIS PHARMACEUTICAL CORPORATION", 1999, date(1999, 6, 30)),
    "0001193125-10-073212": ("GAINSCO, INC.", 2009, date(2009, 12, 31)),
    "0001376474-16-000635": ("COMMONWEALTH INCOME & GROWTH FUND V", 2015, date(2015, 12, 31)),
}
# The period ends, as their covers print them, of the filings whose years do not end with a month.
WEEKS = {
    "AAPL_10-K": date(2024, 9, 28),
    "AAPL_10-Q": date(2023, 7, 1),
    "AMD_10-K": date(2023, 12, 30),
    "GME_10-K": date(2024, 2, 3),
    "HD_10-K_0000354950-24": date(2024, 1, 28),
    "HD_10-K_2025": date(2025, 2, 2),
    "INTC_10-K": date(2023, 12, 30),
    "JNJ_10-K_2025": date(2024, 12, 29),
    "NVDA_10-K_0001045810-24": date(2024, 1, 28),
    "NVDA_10-K_2025": date(2025, 1, 26),
    "PEP_10-K": date(2023, 12, 30),
}


def test_fiscal_years_of_real_filings_equal_those_of_their_tagged_facts(real_filings: list[RealFiling]) -> None:
    table = pl.read_parquet(evaluation_data() / "filings" / "ixbrl_facts.parquet", columns=["file", "fiscal_year"])
    labels = {file: int(label) for file, label in table.unique().iter_rows()}
    assert len(labels) == 43
    for report in real_filings:
        cover, file = report.filing.cover, report.row["file"]
        if file in labels:
            assert (cover.fiscal_year, cover.notes) == (labels[file], ()), file
        else:
            company, label, period_end = UNTAGGED[report.filing.accession]
            assert (cover.company, cover.fiscal_year, cover.period_end) == (company, label, period_end)


def test_fiscal_years_of_real_filings_are_told_by_their_words_alone(real_filings: list[RealFiling]) -> None:
    for report in real_filings:
        cover, text = report.filing.cover, report.filing.document.text
        if cover.form == "10-K":
            year = fiscal_year_of(text, cover.period_end, None)
        else:
            year = fiscal_year_of_quarter(text, cover.period_end, None, cover.fiscal_year_end)
        assert year.label == cover.fiscal_year, report.row["file"]


def test_period_ends_of_real_filings_are_those_they_print(real_filings: list[RealFiling]) -> None:
    for report in real_filings:
        cover, name = report.filing.cover, report.row["file"].removeprefix("html/")
        assert period_in(report.filing.document.text[:12_000]) == cover.period_end, name
        expected = next((end for prefix, end in WEEKS.items() if name.startswith(prefix)), None)
        assert expected in (None, cover.period_end), name
        assert expected or (cover.period_end + timedelta(days=1)).day == 1, name


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


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("10-K405", "10-K405"),
        ("10-K405/A", "10-K405/A"),
        ("10-KSB", "10-KSB"),
        ("10-KSB40", "10-KSB40"),
        ("10-KSB/A", "10-KSB/A"),
        ("10-QSB", "10-QSB"),
        ("10-KT", "10-KT"),
        ("10-K/A", "10-K/A"),
        ("10-K\n\n(Amendment No. 1)", "10-K/A"),
        ("10 - K", "10-K"),
    ],
)
def test_forms_of_old_filings_are_told_apart(form: str, expected: str) -> None:
    assert cover_of(plain_cover(form=form)).form == expected


ANNUAL = "ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT"
TRANSITION = "TRANSITION REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT"


def test_a_report_without_the_number_of_its_form_is_known_by_its_title() -> None:
    assert cover_of(plain_cover().replace("FORM 10-K", f"[X]  {ANNUAL}")).form == "10-K"


def test_the_checked_box_tells_a_transition_report() -> None:
    period = "For the transition period from April 1, 1998 to December 31, 1998"
    assert cover_of(plain_cover(period=f"[X] {TRANSITION}\n\n{period}\n\n[ ] {ANNUAL}")).form == "10-KT"
    cover = cover_of(plain_cover(period=f"[ ] {ANNUAL}\n\n[X] {TRANSITION}\n\n{period}"))
    assert (cover.form, cover.period_end) == ("10-KT", date(1998, 12, 31))
    unchecked = (
        "For the fiscal year ended June 30, 1998\n\n[ ] " + TRANSITION + "\n\nFor the transition period from     to"
    )
    assert cover_of(plain_cover(period=f"[X] {ANNUAL}\n\n{unchecked}")).form == "10-K"


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("For the fiscal year ended December 31, 1996", date(1996, 12, 31)),
        ("For the year ended June 30, 1999", date(1999, 6, 30)),
        ("fiscal year ended: 12/31/97", date(1997, 12, 31)),
        ("FOR THE FISCAL YEAR ENDED DECEMBER 28, 1996", date(1996, 12, 28)),
        ("For the fiscal year\n     ended December\n     31, 1996", date(1996, 12, 31)),
        (
            "For the fiscal year ended    December 31, 1996\n                             -----------------",
            date(1996, 12, 31),
        ),
        ("For the fiscal year ended __December 31, 1996__", date(1996, 12, 31)),
        ("For the 52 weeks ended Saturday, February 1, 1997", date(1997, 2, 1)),
        ("For the fiscal year ended Sept. 30, 2001", date(2001, 9, 30)),
        ("For the fiscal year ended 30 June 1999", date(1999, 6, 30)),
        ("For the fiscal year ending March 31, 2000", date(2000, 3, 31)),
    ],
)
def test_the_period_is_read_however_it_is_written(period: str, expected: date) -> None:
    assert cover_of(plain_cover(period=period)).period_end == expected


CAPTION = "(Exact name of registrant as specified in its charter)"


@pytest.mark.parametrize(
    "lines",
    [
        f"PLAIN EXAMPLE CORP.\n{CAPTION}",
        f"PLAIN EXAMPLE CORP.\n-------------------\n{CAPTION}",
        f"__________PLAIN EXAMPLE CORP.__________\n{CAPTION}",
        f"PLAIN EXAMPLE CORP. {CAPTION}",
        "Exact name of registrant as specified in its charter:  PLAIN EXAMPLE CORP.",
        "PLAIN EXAMPLE CORP.\n\n(Name of small business issuer in its charter)",
        "PLAIN EXAMPLE CORP.\n\nName of registrant",
        f"PLAIN EXAMPLE CORP.\n\nCommission file number 0-1234\n\n{CAPTION}",
        "Commission file number 0-1234\n\nPLAIN EXAMPLE CORP.\n\nOne Plain Street",
    ],
)
def test_the_registrant_is_found_around_its_caption(lines: str) -> None:
    assert (
        cover_of(f"FORM 10-K\n\nFor the fiscal year ended June 30, 1999\n\n{lines}\n").company == "PLAIN EXAMPLE CORP."
    )


@pytest.mark.parametrize(
    ("words", "end", "expected"),
    [
        ("", "January 31, 1997", 1996),
        ("", "February 1, 1997", 1996),
        ("", "March 31, 1997", 1997),
        ("", "June 30, 1997", 1997),
        ("", "December 28, 1996", 1996),
        ("Fiscal 1997 refers to the 52-week period ended January 31, 1997.", "January 31, 1997", 1997),
        ('In the fiscal year ended February 1, 1997 ("fiscal 1996") sales grew.', "February 1, 1997", 1996),
        ("Sales of fiscal 1997 exceeded those of fiscal 1996. In fiscal 1997 they grew.", "January 31, 1997", 1997),
        (
            "Sales of fiscal 1996 were high, as in fiscal 1996 all were. In fiscal 1996 or 1997.",
            "January 31, 1997",
            1996,
        ),
        ("Fiscal 1996 sales, compared with those of the year ended January 31, 1997.", "January 31, 1997", 1996),
        ("Our fiscal year 1998, which ended on March 31, 1997, was long.", "March 31, 1997", 1998),
    ],
)
def test_the_words_of_the_document_label_its_year(words: str, end: str, expected: int) -> None:
    cover = cover_of(f"{plain_cover(period=f'For the fiscal year ended {end}')}\n\nITEM 1. BUSINESS\n\n{words}\n")
    assert cover.fiscal_year == expected
    assert sum("fiscal year" in note for note in cover.notes) == 1


SAID = "<p>Fiscal 2023 refers to the 53 weeks ended February 3, 2024.</p>"


@pytest.mark.parametrize(
    ("tagged", "body", "expected", "noted"),
    [
        (2023, SAID * 2, 2023, False),
        (2024, SAID, 2024, False),
        (2024, SAID * 2, 2023, True),
        (2021, SAID, 2023, True),
        (2026, "<p>Words.</p>", 2023, True),
    ],
)
def test_a_tagged_year_that_the_document_contradicts_is_overridden(
    tagged: int, body: str, expected: int, noted: bool
) -> None:
    cover = cover_of(filing_html(year=tagged, end="2024-02-03", body=body))
    assert cover.fiscal_year == expected
    assert any(f"tags fiscal year {tagged}" in note for note in cover.notes) == noted
    assert len(cover.notes) == noted


HEADER = """-----BEGIN PRIVACY-ENHANCED MESSAGE-----
Proc-Type: 2001,MIC-CLEAR

<SEC-DOCUMENT>0009990000-97-000001.txt : 19970401
<SEC-HEADER>0009990000-97-000001.hdr.sgml : 19970401
ACCESSION NUMBER:\t\t0009990000-97-000001
CONFORMED SUBMISSION TYPE:\t{form}
CONFORMED PERIOD OF REPORT:\t{period}
FILED AS OF DATE:\t\t19970401

FILER:

\tCOMPANY DATA:\t
\t\tCOMPANY CONFORMED NAME:\t\t\tPLAIN EXAMPLE CORP /DE/
\t\tCENTRAL INDEX KEY:\t\t\t0000999001
\t\tFISCAL YEAR END:\t\t\t1231
</SEC-HEADER>
<DOCUMENT>
<TYPE>{form}
<SEQUENCE>1
<TEXT>
"""


def submission(text: str, form: str = "10-K405", period: str = "19961231") -> bytes:
    return f"{HEADER.format(form=form, period=period)}{text}\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n".encode()


def test_the_header_of_a_submission_tells_who_filed_what_and_when() -> None:
    filing = read_filing(submission(plain_cover(period="For the year ended December 28, 1996")), "full.txt")
    cover = filing.cover
    assert (cover.company, cover.cik, cover.form) == ("PLAIN EXAMPLE CORP /DE/", 999_001, "10-K405")
    assert (cover.period_end, cover.fiscal_year, cover.filed) == (date(1996, 12, 28), 1996, date(1997, 4, 1))
    assert filing.accession == "0009990000-97-000001"
    assert "CONFORMED" not in filing.document.text
    assert [note for note in cover.notes if "CIK" in note] == []


def test_the_header_stands_in_for_a_period_the_cover_leaves_out_or_mistakes() -> None:
    assert cover_of(submission(plain_cover(period="")).decode()).period_end == date(1996, 12, 31)
    cover = cover_of(submission(plain_cover(period="For the fiscal year ended December 31, 1969")).decode())
    assert cover.period_end == date(1996, 12, 31)
    assert any("1969-12-31" in note for note in cover.notes)


def test_a_quarter_belongs_to_the_year_whose_end_the_header_tells() -> None:
    period = "For the quarterly period ended September 30, 1996"
    cover = cover_of(submission(plain_cover("10-Q", period), "10-Q", "19960930").decode())
    assert (cover.form, cover.fiscal_year, cover.fiscal_period, cover.fiscal_year_end) == ("10-Q", 1996, "Q3", "12-31")


def test_a_submission_of_another_form_is_refused() -> None:
    with pytest.raises(FilingError, match="10-K or 10-Q"):
        cover_of(submission(plain_cover(), "8-K").decode())

"""Notes to the statements: found by their count or their tags, and ending where something else begins."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.filings.filing import Filing, read_filing
from tests.unit.filings.conftest import RealFiling
from tests.unit.filings.documents import filing_html
from tests.unit.filings.tagged_filings import read_tagged

LINES = ["Cash", "Total current assets", "Total assets", "Long-term debt", "Total liabilities", "Retained earnings"]
SHEET = (
    "<p><b>Item 8. Financial Statements</b></p><p><b>Consolidated Balance Sheets</b></p><table>"
    + "".join(f"<tr><td>{line}</td><td>5</td><td>7</td></tr>" for line in LINES)
    + "</table><p><b>Notes to Consolidated Financial Statements</b></p>"
)
AFTER = "<p><b>Item 9. Changes in Accountants</b></p><p>None.</p><p><b>SIGNATURES</b></p><p>Signed.</p>"
SUBJECTS = ["Basis of Presentation", "Revenue", "Leases", "Debt"]


def read(body: str) -> Filing:
    return read_filing(filing_html(body=body), "x.html")


def titles(filing: Filing) -> list[str]:
    return [note.title for note in filing.notes]


def words_of(filing: Filing, index: int) -> str:
    note = filing.notes[index]
    return filing.document.text[note.char_start : note.char_end].strip()


def notes(pattern: str) -> str:
    """The notes, their headings written to a pattern with {n}, {letter} and {title}."""
    body = ""
    for number, title in enumerate(SUBJECTS, start=1):
        heading = pattern.format(n=number, letter="ABCD"[number - 1], title=title)
        body += f"{heading}<p>We say what is to be said of {title.lower()}.</p>"
    return body


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("<p><b>Note {n} – {title}</b></p>", "Note 1 – Basis of Presentation"),
        ("<p><b>NOTE {n}: {title}</b></p>", "NOTE 1: Basis of Presentation"),
        ("<p><b>({n}) {title}</b></p>", "(1) Basis of Presentation"),
        ("<p><b>{n}. {title}</b></p>", "1. Basis of Presentation"),
        ("<p><b>{letter}. {title}</b></p>", "A. Basis of Presentation"),
        ("<p><b>NOTE {n}.</b></p><p><b>{title}</b></p>", "NOTE 1. Basis of Presentation"),
        ("<p><b>{n}. {title}.</b> We say more.</p>", "1. Basis of Presentation."),
        ("<table><tr><td>Note {n} :</td><td>{title}</td></tr></table>", "Note 1 : Basis of Presentation"),
    ],
)
def test_notes_are_found_when_they_are_counted(pattern: str, first: str) -> None:
    filing = read(SHEET + notes(pattern) + AFTER)
    assert len(filing.notes) == 4
    assert titles(filing)[0] == first
    for index, subject in enumerate(SUBJECTS):
        assert words_of(filing, index).endswith(f"said of {subject.lower()}.")


def test_a_heading_continued_on_the_next_page_begins_no_note() -> None:
    continued = "<p><b>Note 2 – Revenue (Continued)</b></p><p>More of it.</p>"
    body = notes("<p><b>Note {n} – {title}</b></p>").replace("<p><b>Note 3", f"{continued}<p><b>Note 3")
    filing = read(SHEET + body + AFTER)
    assert titles(filing) == [f"Note {number} – {title}" for number, title in enumerate(SUBJECTS, start=1)]
    assert words_of(filing, 1).endswith("More of it.")


def test_a_list_that_counts_is_no_note_when_it_stands_before_the_statements_or_after_their_item() -> None:
    counted = "".join(f"<p><b>{number}. Priority {number}</b></p><p>Words.</p>" for number in range(1, 9))
    discussion = f"<p><b>Item 7. Management’s Discussion</b></p>{counted}"
    exhibits = f"<p><b>Item 15. Exhibits</b></p>{counted}"
    filing = read(discussion + SHEET + notes("<p><b>{n}. {title}</b></p>") + AFTER + exhibits)
    assert titles(filing) == [f"{number}. {title}" for number, title in enumerate(SUBJECTS, start=1)]


@pytest.mark.parametrize(
    "following",
    [
        "<p><b>Report of Independent Registered Public Accounting Firm</b></p>",
        "<p><b>Schedule II – Valuation Accounts</b></p>",
        "<p><b>Item 9. Changes in Accountants</b></p>",
        "<p><b>PART III</b></p>",
        "<p><b>SIGNATURES</b></p>",
    ],
)
def test_the_last_note_ends_before_what_follows_the_notes(following: str) -> None:
    filing = read(SHEET + notes("<p><b>Note {n} – {title}</b></p>") + following + "<p>Other words.</p>")
    assert words_of(filing, 3).endswith("said of debt.")


def tagged(concept: str, body: str) -> str:
    return f'<ix:nonNumeric name="us-gaap:{concept}TextBlock" contextRef="c" escape="true">{body}</ix:nonNumeric>'


def test_the_last_note_ends_with_its_tag() -> None:
    body = notes("<p><b>Note {n} – {title}</b></p>")
    last = body[body.index("<p><b>Note 4") :]
    more = "<p>Words that nothing sets apart.</p>"
    filing = read_tagged(SHEET + body.replace(last, tagged("DebtDisclosure", last)) + more + AFTER)
    assert len(filing.notes) == 4
    assert words_of(filing, 3).endswith("said of debt.")


def test_notes_without_numbers_are_found_by_their_tags() -> None:
    concepts = ["SignificantAccountingPolicies", "RevenueFromContractWithCustomer", "LesseeLeases", "DebtDisclosure"]
    body = "".join(
        tagged(concept, f"<p><b>{title}</b></p><p>Words on it.</p>")
        for concept, title in zip(concepts, SUBJECTS, strict=True)
    )
    table = tagged("ScheduleOfDebtTable", "<p><b>Table of debt</b></p><p>Five.</p>")
    filing = read_tagged(SHEET + body + table + AFTER)
    assert titles(filing) == SUBJECTS


def test_a_first_note_that_lost_its_number_is_found_by_its_tag() -> None:
    body = notes("<p><b>{n}. {title}</b></p>").replace("1. Basis", "Basis")
    first = body[: body.index("<p><b>2. ")]
    filing = read_tagged(SHEET + body.replace(first, tagged("SignificantAccountingPolicies", first)) + AFTER)
    assert titles(filing) == ["Basis of Presentation", "2. Revenue", "3. Leases", "4. Debt"]


def test_a_filing_without_statements_has_no_notes() -> None:
    assert read("<p><b>Item 8. Financial Statements</b></p><p>See the annual report.</p>" + AFTER).notes == ()


def test_notes_of_real_filings_end_in_the_item_they_began_in(real_filings: list[RealFiling]) -> None:
    for report in real_filings:
        filing = report.filing
        text = filing.document.text
        for note in filing.notes:
            assert "SIGNATURES" not in text[note.char_start : note.char_end], report.row["file"]
        has_statements = any(reading.is_primary for reading in filing.tables.values())
        assert (len(filing.notes) >= 8) == has_statements, report.row["file"]

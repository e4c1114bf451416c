from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.submission_text import (
    SubmissionHeader,
    documents,
    main_document,
    read_header,
)
from tests.unit.filings.edgar.filer import CIK, old_submission

# Texts as they may stand in a document: any bytes, but no line that begins with a tag of the submission.
TEXTS = st.binary(max_size=200).map(lambda text: text.replace(b"<", b"(").replace(b"\r", b" "))


def test_header_facts_are_read_of_the_first_filer() -> None:
    assert read_header(old_submission([("10-K405", b"report")])) == SubmissionHeader(
        form="10-K405",
        company="POLAR LTD",
        cik=CIK,
        period_end=date(1995, 12, 31),
        filed=date(1996, 3, 29),
        fiscal_year_end="1231",
        sic="3571",
    )


def test_header_without_facts_is_empty() -> None:
    empty = SubmissionHeader(form="", company="", cik=None, period_end=None, filed=None, fiscal_year_end="", sic="")

    assert read_header(b"") == empty
    assert read_header(b"CENTRAL INDEX KEY: none\nFILED AS OF DATE: 19991399\nFISCAL YEAR END: Dec") == empty


def test_facts_in_the_documents_are_not_taken_for_the_header() -> None:
    assert read_header(b"<DOCUMENT>\n<TYPE>10-K\n<TEXT>\nCOMPANY CONFORMED NAME: OTHER\n</TEXT>\n").company == ""


def test_main_document_is_the_first_of_the_forms_family() -> None:
    data = old_submission([("COVER", b"letter"), ("10-K405", b"report"), ("10-K405", b"again"), ("EX-13", b"annual")])

    assert main_document(data, "10-K") == b"report"
    assert main_document(data, "10-K405") == b"report"


def test_documents_carry_their_names_and_place() -> None:
    data = old_submission([("10-K", b"report"), ("EX-27", b"")])

    first, second = documents(data)

    assert (first.type, first.filename, data[first.start : first.end]) == ("10-K", "d1.txt", b"report")
    assert (second.type, data[second.start : second.end]) == ("EX-27", b"")


def test_submission_without_the_form_is_refused_with_what_it_holds() -> None:
    with pytest.raises(FilingError, match="holds no 10-K, but 8-K, EX-99"):
        main_document(old_submission([("8-K", b"x"), ("EX-99", b"y"), ("EX-99", b"z")]), "10-KSB")
    with pytest.raises(FilingError, match="holds no 10-K, but no document at all"):
        main_document(b"<html>maintenance</html>", "10-K")


def test_first_document_without_type_is_the_report() -> None:
    assert main_document(b"<DOCUMENT>\n<TEXT>\nreport\n</TEXT>\n</DOCUMENT>\n", "10-K") == b"report"


@pytest.mark.parametrize("wrapper", [b"XBRL", b"xml"])
def test_marks_around_newer_documents_are_taken_off(wrapper: bytes) -> None:
    body = b"<%s>\n<?xml version='1.0'?><html/>\n</%s>" % (wrapper, wrapper)

    assert main_document(old_submission([("10-K", body)]), "10-K") == b"<?xml version='1.0'?><html/>"


@given(
    before=st.lists(st.tuples(st.sampled_from(["EX-27", "COVER", "8-K"]), TEXTS), max_size=3),
    report=TEXTS,
    after=st.lists(st.tuples(st.sampled_from(["10-K", "EX-13"]), TEXTS), max_size=3),
    has_crlf=st.booleans(),
    drops_text_end=st.booleans(),
    drops_document_end=st.booleans(),
)
def test_main_document_is_found_whole_whatever_closing_tags_are_there(
    before: list[tuple[str, bytes]],
    report: bytes,
    after: list[tuple[str, bytes]],
    has_crlf: bool,
    drops_text_end: bool,
    drops_document_end: bool,
) -> None:
    data = old_submission([*before, ("10-K", report), *after])
    if drops_text_end:
        data = data.replace(b"</TEXT>\n", b"")
    if drops_document_end:
        data = data.replace(b"</DOCUMENT>\n", b"")
    if has_crlf:
        data = data.replace(b"\n", b"\r\n")
        report = report.replace(b"\n", b"\r\n")

    found = main_document(data, "10-K")

    assert found == report


TAGS = [
    b"<DOCUMENT>", b"</DOCUMENT>", b"<TYPE>10-K", b"<TYPE>EX-13", b"<TEXT>", b"</TEXT>", b"", b"\r", b"x",
    b"<XBRL>", b"</XBRL>", b"<SEC-HEADER>", b"CENTRAL INDEX KEY:", b" 12", b"\xff\x00",
]  # fmt: skip


@given(st.lists(st.sampled_from(TAGS), max_size=30).map(b"\n".join))
def test_no_mixture_of_tags_breaks_the_reader(data: bytes) -> None:
    read_header(data)
    for document in documents(data):
        assert 0 <= document.start <= document.end <= len(data)
    with suppress(FilingError):
        assert main_document(data, "10-K") in data

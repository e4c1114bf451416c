from __future__ import annotations

import json
from datetime import date

import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.filer import CIK, Row, columns, list_filer, old_submission

RECENT: list[Row] = [
    ("9990000200-24-000009", "2024-11-01", "2024-09-30", "10-Q", "q3.htm"),
    ("9990000200-24-000003", "2024-05-02", "2023-12-31", "10-K/A", "ka.htm"),
    ("9990000200-24-000002", "2024-03-01", "2024-02-27", "4", "xslF345X05/form4.xml"),
    ("9990000200-24-000001", "2024-02-20", "2023-12-31", "10-K", "plr-20231231.htm"),
    ("9990000200-23-000001", "2023-02-20", "2022-12-31", "10-K", "plr-20221231.htm"),
]
OLDER: dict[str, list[Row]] = {
    "2022-12-30": [
        ("9990000200-22-000001", "2022-02-20", "2021-12-31", "10-K", "plr-20211231.htm"),
        ("9990000200-23-000001", "2023-02-20", "2022-12-31", "10-K", "plr-20221231.htm"),  # on both pages
    ],
    "1999-12-30": [("9990000200-96-000003", "1996-03-29", "1995-12-31", "10-K405", "")],
}


def _accessions(client: EdgarClient, years: set[int], *forms: str) -> list[str]:
    return [listing.accession for listing in client.filings(CIK, forms or ("10-K",), frozenset(years))]


def test_filings_of_the_years_are_listed_newest_first_each_once(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, RECENT, OLDER)

    assert _accessions(client, {2021, 2022, 2023}) == [
        "9990000200-24-000001", "9990000200-23-000001", "9990000200-22-000001",
    ]  # fmt: skip


def test_listing_says_what_edgar_says(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, RECENT)

    (listing,) = client.filings(CIK, ("10-K",), frozenset({2023}))

    assert (listing.cik, listing.company, listing.tickers) == (CIK, "Polar Ltd", ("PLR", "PLR-B"))
    assert (listing.form, listing.filed, listing.period_end) == ("10-K", date(2024, 2, 20), date(2023, 12, 31))
    assert listing.url == f"{edgar.url}/Archives/edgar/data/{CIK}/999000020024000001/plr-20231231.htm"
    assert listing.fiscal_year_end == "1231"
    assert 2023 in listing.fiscal_years
    assert 2022 not in listing.fiscal_years


def test_amendments_and_quarters_are_listed_only_when_asked_for(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, RECENT)

    assert _accessions(client, {2023}, "10-K/A") == ["9990000200-24-000003"]
    assert _accessions(client, {2024}, "10-K", "10-Q") == ["9990000200-24-000009"]


def test_older_pages_are_fetched_only_when_they_may_hold_the_years(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, RECENT, OLDER)

    client.filings(CIK, ("10-K",), frozenset({2022}))

    assert [request.path for request in edgar.received] == [
        f"/submissions/CIK{CIK:010d}.json", f"/submissions/CIK{CIK:010d}-submissions-001.json",
    ]  # fmt: skip


def test_old_filing_without_document_name_is_cut_out_of_its_complete_submission(
    client: EdgarClient, edgar: EdgarServer
) -> None:
    list_filer(edgar, RECENT, OLDER)
    (listing,) = client.filings(CIK, ("10-K",), frozenset({1995}))
    path = f"/Archives/edgar/data/{CIK}/9990000200-96-000003.txt"
    edgar.files[path] = old_submission([("10-K405", b"ANNUAL REPORT"), ("EX-27", b"<ARTICLE> 5")])

    assert listing.url == edgar.url + path
    assert client.document(listing) == b"ANNUAL REPORT"
    assert client.submission(listing) == edgar.files[path]
    assert len(edgar.statuses(path)) == 1


def test_main_document_is_returned_as_filed(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, RECENT)
    (listing,) = client.filings(CIK, ("10-K",), frozenset({2023}))
    edgar.files[f"/Archives/edgar/data/{CIK}/999000020024000001/plr-20231231.htm"] = b"<html>\xa0report</html>"

    assert client.document(listing) == b"<html>\xa0report</html>"


def test_company_facts_are_returned_as_sent(client: EdgarClient, edgar: EdgarServer) -> None:
    edgar.files[f"/api/xbrl/companyfacts/CIK{CIK:010d}.json"] = b'{"facts": {}}'

    assert client.company_facts(CIK) == b'{"facts": {}}'


def test_filing_on_paper_is_refused_without_a_request(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, [("9999999997-02-000001", "2002-03-29", "2001-12-31", "10-K", "9999999997-02-000001.paper")])
    (listing,) = client.filings(CIK, ("10-K",), frozenset({2001}))

    with pytest.raises(FilingError, match="filed on paper"):
        client.document(listing)


def test_row_with_a_malformed_period_does_not_hide_the_others(client: EdgarClient, edgar: EdgarServer) -> None:
    list_filer(edgar, [("9990000200-24-000077", "2024-03-02", "0000-00-00", "SC 13G", ""), *RECENT])

    assert _accessions(client, {2023}) == ["9990000200-24-000001"]


@pytest.mark.parametrize(
    "filings",
    [
        {},
        {"recent": {**columns(RECENT), "form": ["10-K"]}, "files": []},
        {"recent": columns(RECENT), "files": [{"name": "../../etc/passwd", "filingTo": "2023-01-01"}]},
        {"recent": columns([("9990000200-24-000001", "2024-02-20", "2023-12-31", "10-K", "../../x.htm")])},
        {"recent": columns([("24-1", "2024-02-20", "2023-12-31", "10-K", "x.htm")])},
    ],
)
def test_list_in_another_form_than_documented_is_refused(
    client: EdgarClient, edgar: EdgarServer, filings: object
) -> None:
    path = f"/submissions/CIK{CIK:010d}.json"
    edgar.files[path] = json.dumps({"name": "Polar Ltd", "filings": filings}).encode()

    with pytest.raises(FilingError, match=path) as caught:
        client.filings(CIK, ("10-K",), frozenset({2023}))

    assert "\n" not in str(caught.value)

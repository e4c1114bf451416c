from __future__ import annotations

import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from tests.unit.filings.edgar.edgar_server import EdgarServer
from tests.unit.filings.edgar.filer import CIK, list_filer, list_tickers


@pytest.mark.parametrize("typed", ["BRK-B", "brk.b", "BRK/B", " Brk B "])
def test_share_classes_are_found_in_any_writing(client: EdgarClient, edgar: EdgarServer, typed: str) -> None:
    list_tickers(edgar)

    company = client.company(typed)

    assert (company.cik, company.ticker, company.name) == (1067983, "BRK-B", "Berkshire Hathaway Inc")


@pytest.mark.parametrize("typed", [str(CIK), f"{CIK:010d}", f"cik{CIK:010d}"])
def test_company_is_found_by_its_number_with_no_ticker_at_all(
    client: EdgarClient, edgar: EdgarServer, typed: str
) -> None:
    list_filer(edgar, [])

    company = client.company(typed)

    assert (company.cik, company.ticker, company.name) == (CIK, "PLR", "Polar Ltd")


def test_number_that_no_filer_has_is_refused_after_one_request(client: EdgarClient, edgar: EdgarServer) -> None:
    with pytest.raises(FilingError, match=r"CIK0000000007\.json: EDGAR holds no such file \(404\)"):
        client.company("7")

    assert len(edgar.received) == 1


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("APPL", "did you mean AAPL (Apple Inc.)?"),
        ("apple", "AAPL (Apple Inc.)"),
        ("Q", "give a ticker that SEC lists"),
    ],
)
def test_unknown_ticker_is_refused_with_what_may_be_meant(
    client: EdgarClient, edgar: EdgarServer, typed: str, suggestion: str
) -> None:
    list_tickers(edgar)

    with pytest.raises(FilingError) as caught:
        client.company(typed)

    assert f"unknown ticker {typed!r}" in str(caught.value)
    assert suggestion in str(caught.value)


def test_list_of_tickers_is_fetched_once_for_many_companies(client: EdgarClient, edgar: EdgarServer) -> None:
    list_tickers(edgar)

    for ticker in ("AAPL", "PLR", "BRK.B"):
        client.company(ticker)

    assert len(edgar.received) == 1


def test_list_of_tickers_in_another_form_is_refused(client: EdgarClient, edgar: EdgarServer) -> None:
    edgar.files["/files/company_tickers.json"] = b'{"0": {"symbol": "AAPL"}}'

    with pytest.raises(FilingError, match="does not have its documented form"):
        client.company("AAPL")

"""EDGAR for the rest of the pipeline: a company by its ticker, its filings of some years, and their documents."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.access import ARCHIVES_URL, DATA_URL, base_address, user_agent
from finrag_ml_tg1.filings.edgar.companies import CompanyTable, EdgarCompany, typed_cik
from finrag_ml_tg1.filings.edgar.http import EdgarHttp, Fetched, Network
from finrag_ml_tg1.filings.edgar.submission_text import main_document
from finrag_ml_tg1.filings.edgar.submissions import FilingListing, Submissions, select_filings

__all__ = ["EdgarClient"]

_TICKERS_MAX_AGE_S = 86_400.0
_COMPANY_MAX_AGE_S = 600.0  # a run that was interrupted goes on without asking again
_NETWORK = Network()


class EdgarClient:
    """EDGAR over HTTP. For many threads; processes may share `cache_folder`, which also holds their common rate limit.

    `contact` is who SEC may write to, a name and an e-mail address. `archives_url` and `data_url` are for mirrors and
    tests: https, or http on this machine. `progress` is told of each finished request, from whichever thread made it.
    Every method may raise FilingError (this company or filing cannot be had), EdgarUnavailableError (EDGAR cannot be
    used now), StoreError (the folder cannot be used); the constructor raises SettingsError.
    """

    def __init__(
        self,
        contact: str,
        cache_folder: Path,
        *,
        archives_url: str = ARCHIVES_URL,
        data_url: str = DATA_URL,
        progress: Callable[[Fetched], None] = lambda _: None,
        network: Network = _NETWORK,
    ) -> None:
        self._archives_url = base_address(archives_url)
        self._data_url = base_address(data_url)
        self._http = EdgarHttp(
            user_agent(contact),
            (self._archives_url, self._data_url),
            cache_folder,
            network=network,
            progress=progress,
        )
        self._table: CompanyTable | None = None
        self._table_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def company(self, ticker: str) -> EdgarCompany:
        """Return the company with this ticker (any case, BRK.B or BRK-B) or this CIK number; FilingError if none."""
        cik = typed_cik(ticker)
        if cik is not None:
            submissions = self._submissions(cik)
            return EdgarCompany(cik, next(iter(submissions.tickers), ""), submissions.company)
        with self._table_lock:
            if self._table is None:
                url = f"{self._archives_url}/files/company_tickers.json"
                self._table = CompanyTable.from_json(self._http.get(url, max_age_s=_TICKERS_MAX_AGE_S))
            table = self._table
        return table.find(ticker)

    def filings(self, cik: int, forms: tuple[str, ...], years: frozenset[int]) -> list[FilingListing]:
        """Return the filings on these forms that may belong to these fiscal years, newest first.

        Generous: EDGAR does not list the fiscal year. Drop a filing whose cover, once read, names another year.
        """
        if not years:
            raise FilingError("no fiscal year is given")
        submissions = self._submissions(cik)
        for name in submissions.pages_with(years):
            url = f"{self._data_url}/submissions/{name}"
            submissions = submissions.with_older(self._http.get(url, max_age_s=_COMPANY_MAX_AGE_S), url)
        return select_filings(submissions, cik, forms, years, self._archives_url)

    def document(self, listing: FilingListing) -> bytes:
        """Return the filing's main document as filed: HTML, or plain text for old filings."""
        if listing.primary_document.lower().endswith((".paper", ".pdf")):
            raise FilingError(f"{listing.accession} was filed on paper: EDGAR holds no text of it")
        data = self._http.get(listing.url, max_age_s=None)
        if listing.primary_document:
            return data
        try:
            return main_document(data, listing.form)
        except FilingError as error:
            raise FilingError(f"{listing.url}: {error}") from error

    def submission(self, listing: FilingListing) -> bytes:
        """Return the complete submission, for `submission_text`: header, report and exhibits in one text."""
        url = f"{self._archives_url}/Archives/edgar/data/{listing.cik}/{listing.accession}.txt"
        return self._http.get(url, max_age_s=None)

    def company_facts(self, cik: int) -> bytes:
        """Return the companyfacts JSON of the company, all numbers it ever tagged; FilingError when it has none."""
        url = f"{self._data_url}/api/xbrl/companyfacts/CIK{cik:010d}.json"
        return self._http.get(url, max_age_s=_COMPANY_MAX_AGE_S)

    def _submissions(self, cik: int) -> Submissions:
        url = f"{self._data_url}/submissions/CIK{cik:010d}.json"
        return Submissions.from_json(self._http.get(url, max_age_s=_COMPANY_MAX_AGE_S), url)

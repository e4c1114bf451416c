"""SEC's list of tickers (company_tickers.json), and finding a company in it by what people type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter, ValidationError

from finrag_ml_tg1.errors import FilingError

__all__ = ["CompanyTable", "EdgarCompany", "typed_cik"]

_MAX_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class EdgarCompany:
    """A filer; `ticker` as SEC writes it (BRK-B), empty when it was asked for by number and has none."""

    cik: int
    ticker: str
    name: str


class _Row(BaseModel):
    cik_str: int
    ticker: str
    title: str


_ROWS = TypeAdapter(dict[str, _Row])


class CompanyTable:
    """The companies by ticker."""

    def __init__(self, companies: Iterable[EdgarCompany]) -> None:
        self._by_ticker: dict[str, EdgarCompany] = {}
        for company in companies:
            self._by_ticker.setdefault(_normal(company.ticker), company)

    @classmethod
    def from_json(cls, data: bytes) -> CompanyTable:
        """Return the table in the content of company_tickers.json; FilingError when it has another form."""
        try:
            rows = _ROWS.validate_json(data)
        except ValidationError as error:
            raise FilingError("SEC's list of tickers does not have its documented form") from error
        return cls(EdgarCompany(row.cik_str, row.ticker, row.title) for row in rows.values())

    def find(self, ticker: str) -> EdgarCompany:
        """Return the company with this ticker (any case, BRK.B or BRK-B); FilingError, with suggestions, if none."""
        company = self._by_ticker.get(_normal(ticker))
        if company is None:
            raise FilingError(f"unknown ticker {ticker.strip()[:40]!r}{self._suggestion(ticker)}")
        return company

    def _suggestion(self, typed: str) -> str:
        name = typed.strip().casefold()
        named = [
            ticker
            for ticker, company in self._by_ticker.items()
            if len(name) >= 3 and company.name.casefold().startswith(name)
        ]
        close = difflib.get_close_matches(_normal(typed)[:40], self._by_ticker, n=_MAX_SUGGESTIONS)
        found = [self._by_ticker[ticker] for ticker in dict.fromkeys([*named[:2], *close])][:_MAX_SUGGESTIONS]
        if not found:
            return ": give a ticker that SEC lists, or the CIK number"
        return ": did you mean " + ", ".join(f"{company.ticker} ({company.name})" for company in found) + "?"


def typed_cik(text: str) -> int | None:
    """Return the number of a filer typed as such (320193, 0000320193, CIK0000320193), or None for anything else."""
    match = re.fullmatch(r"(?:CIK)?\s*([0-9]{1,10})", text.strip(), re.IGNORECASE)
    return int(match.group(1)) if match else None


def _normal(ticker: str) -> str:
    return re.sub(r"[./ ]", "-", ticker.strip().upper())

"""EDGAR's filings as sources of a batch: chosen first, fetched one by one while others are being read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.submissions import FilingListing
from finrag_ml_tg1.filings.extraction import Provenance
from finrag_ml_tg1.filings.facts.companyfacts import CompanyFact, read_companyfacts
from finrag_ml_tg1.filings.ingest import Ingested, Source

__all__ = ["EdgarSources", "facts_by_accession"]

# 17 CFR 229.601(b)(101): the first filers tagged their reports for periods after June 15, 2009.
_FIRST_XBRL_YEAR = 2009


@dataclass
class EdgarSources:
    """The filings of some companies, forms and fiscal years.

    `holds` tells what the store has of an accession already: that is not fetched again. `failures` are companies that
    could not be listed, `notes` tell of companies whose numbers could not be had: their filings are read all the same.
    """

    client: EdgarClient
    forms: tuple[str, ...]
    years: frozenset[int]
    holds: Callable[[str], Ingested | None]
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Of one company at a time: a large filer's numbers take hundreds of megabytes.
    _facts_of: tuple[int, dict[str, tuple[CompanyFact, ...]]] | None = None

    def listings(self, tickers: Iterable[str]) -> list[FilingListing]:
        """Return the filings to fetch, each company's newest first; a company named twice is taken once."""
        listings: list[FilingListing] = []
        seen: set[int] = set()
        for ticker in tickers:
            try:
                company = self.client.company(ticker)
                if company.cik in seen:
                    continue
                seen.add(company.cik)
                found = self.client.filings(company.cik, self.forms, self.years)
            except FilingError as error:
                self.failures.append(f"{ticker}: {error}")
                continue
            if not found:
                self.failures.append(f"{ticker}: EDGAR lists no {' or '.join(self.forms)} for these fiscal years")
            listings.extend(found)
        return listings

    def sources(self, listings: Iterable[FilingListing]) -> Iterator[partial[Source | Ingested]]:
        """Yield for each listing the call that fetches it."""
        for listing in listings:
            yield partial(self._fetched, listing)

    def _fetched(self, listing: FilingListing) -> Source | Ingested:
        held = self.holds(listing.accession)
        if held is not None:
            return held
        # Before 2001 EDGAR names no main document: the whole submission is kept, whose header tells who filed it.
        document = self.client.document(listing) if listing.primary_document else self.client.submission(listing)
        suffix = listing.primary_document.rpartition(".")[2] if listing.primary_document else "txt"
        provenance = Provenance(
            filed=listing.filed,
            source_url=listing.url,
            cik=listing.cik,
            tickers=listing.tickers,
            company_facts=self._company_facts(listing, document),
        )
        return Source(f"{listing.accession}.{suffix}", document, provenance, wanted_years=self.years)

    def _company_facts(self, listing: FilingListing, document: bytes) -> tuple[CompanyFact, ...]:
        """The numbers that SEC holds of a filing which carries none of its own tags inline; () where it holds none."""
        if b"<ix:" in document or listing.filed.year < _FIRST_XBRL_YEAR:
            return ()
        if self._facts_of is None or self._facts_of[0] != listing.cik:
            self._facts_of = listing.cik, self._fetched_facts(listing.cik)
        return self._facts_of[1].get(listing.accession, ())

    def _fetched_facts(self, cik: int) -> dict[str, tuple[CompanyFact, ...]]:
        try:
            facts = read_companyfacts(self.client.company_facts(cik)).facts
        except FilingError as error:
            self.notes.append(f"CIK {cik}: no numbers from EDGAR's companyfacts: {error}")
            return {}
        return facts_by_accession(facts)


def facts_by_accession(facts: Iterable[CompanyFact]) -> dict[str, tuple[CompanyFact, ...]]:
    """Return the facts of each filing."""
    grouped: dict[str, list[CompanyFact]] = {}
    for fact in facts:
        grouped.setdefault(fact.accession, []).append(fact)
    return {accession: tuple(members) for accession, members in grouped.items()}

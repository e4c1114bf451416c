"""The facts of companies that were asked for last, made of their parts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection

from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.index.open_parts import OpenParts

__all__ = ["OpenCompanies"]

_MOST_OPEN = 64


class OpenCompanies:
    """Reads the facts of companies, and keeps those of the last used. Safe for threads."""

    def __init__(self, catalog: Catalog, parts: OpenParts) -> None:
        self._catalog = catalog
        self._parts = parts
        self._facts: OrderedDict[int, CompanyFacts] = OrderedDict()
        self._lock = threading.Lock()

    def facts(self, cik: int) -> CompanyFacts:
        """Return all facts of a covered company, of all its filings."""
        with self._lock:
            facts = self._facts.get(cik)
            if facts is not None:
                self._facts.move_to_end(cik)
                return facts
        entries = self._catalog.parts_of({cik}, ())
        self._parts.open_all(entries)
        tables = [self._parts.opened(entry).facts() for entry in entries]
        facts = CompanyFacts(cik, tables, self._catalog.forms(cik))
        with self._lock:
            self._facts[cik] = facts
            while len(self._facts) > _MOST_OPEN:
                self._facts.popitem(last=False)
        return facts

    def open_all(self, ciks: Collection[int]) -> None:
        """Open side by side what `facts` of these companies will read, one after the other otherwise."""
        with self._lock:
            unread = {cik for cik in ciks if cik not in self._facts}
        if unread:
            self._parts.open_all(self._catalog.parts_of(unread, ()))

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            self._facts.clear()

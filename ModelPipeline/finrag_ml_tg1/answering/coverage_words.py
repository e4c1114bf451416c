"""What the filings searched do not hold, or were not read of: sentences that stand beside an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.scope import Scope
from finrag_ml_tg1.understanding.resolution import describe_coverage
from finrag_ml_tg1.vocabulary.items import STATEMENT_ITEMS, items_worded_in
from finrag_ml_tg1.vocabulary.statements import statements_of_line_items

__all__ = ["CoverageWords"]


class CoverageWords:
    """Says of one catalog's filings what an answer lacks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def silent_filings(self, scope: Scope, answer: Answer) -> Iterator[str]:
        """Name what was asked for but has no part in the answer: a partial answer is not to be taken for a whole."""
        cited = {citation.passage.accession for citation in answer.citations if citation.is_cited}
        silent = [group for group in scope.accessions if scope.companies and not cited & set(group)]
        names = [f"{row['company']} ({row['form']} for fiscal {row['fiscal_year']})" for row in self._filings(silent)]
        if names:
            yield f"No passage that answers this was found for {'; '.join(names)}."

    def unread_items(self, scope: Scope) -> Iterator[str]:
        """Say of the items asked for which of them a filing does not hold, or holds in doubt.

        A line of the financial statements asks for the item that holds them: some filers put it into an exhibit.
        """
        asked = set(scope.items) or items_worded_in(scope.topic)
        of_statements = STATEMENT_ITEMS if statements_of_line_items(scope.topic) else frozenset()
        for row in self._filings(scope.accessions if scope.companies and asked | of_statements else ()):
            coverage = self._catalog.coverage(int(str(row["cik"])))[str(row["accession"])]
            filing = f"{row['company']} {row['form']} for fiscal {row['fiscal_year']}"
            for item in coverage.missing:
                if item in asked:
                    yield f"Item {item} was not found in {filing}."
            for item, says in coverage.pointers().items():
                is_away = says == "incorporated by reference" and item in of_statements
                if is_away or (item in asked and says != "nothing to report"):
                    yield f"Item {item} of {filing} holds no text of its own: {says}."
            for item, reason in coverage.doubts:
                if item in asked:
                    yield f"Item {item} of {filing} may not have been read whole: {reason}."

    def _filings(self, groups: Iterable[tuple[str, ...]]) -> Iterator[dict[str, object]]:
        for group in groups:
            filing = self._catalog.filing(group[0])
            if filing is not None:
                yield filing

    def doubts(self, facts: Iterable[Fact]) -> Iterator[str]:
        """Yield what was found wrong with the rows that numbers are printed in: tags against print, sums."""
        for fact in dict.fromkeys(facts):
            filing = self._catalog.filing(fact.accession) if fact.passage_id else None
            notes = filing["notes"] if filing else None
            for note in notes if isinstance(notes, list) else ():
                if f"passage {fact.passage_id})" in note and f"'{fact.row_label}'" in note:
                    yield f"The filing is in doubt here: {note}."

    def nothing_found(self, scope: Scope) -> str:
        """Return which filings were searched in vain."""
        searched = [
            f"{row['company']} {row['form']} for fiscal {row['fiscal_year']}" for row in self._filings(scope.accessions)
        ]
        if not scope.companies:
            return f"No passage found answers this clearly. {describe_coverage(self._catalog)}"
        within = f", Item {' and '.join(scope.items)}" if scope.items else ""
        return f"No passage found answers this clearly. Searched: {'; '.join(searched)}{within}."

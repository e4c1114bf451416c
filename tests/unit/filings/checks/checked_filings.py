"""Made-up tagged statements whose sums are known, and what the checks say of them."""

from __future__ import annotations

import re

from finrag_ml_tg1.filings.checks.report import FilingChecks, check_filing
from finrag_ml_tg1.filings.facts.table import facts_table
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.passages.building import build_passages
from finrag_ml_tg1.filings.passages.identifiers import PassageIdentifiers
from tests.unit.filings.tagged_filings import fact

__all__ = ["checks_of", "line", "money", "passage_showing"]


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def checks_of(filing: Filing) -> FilingChecks:
    """Return what the checks find in a filing."""
    passages = build_passages(filing, _words)
    return check_filing(filing, facts_table(filing, passages), PassageIdentifiers(filing.accession, passages))


def passage_showing(filing: Filing, words: str) -> str:
    """Return the name of the passage that shows the words; they stand once in the filing."""
    passages = build_passages(filing, _words)
    (found,) = (passage for passage in passages if words in passage.text)
    return f"{filing.accession}-{found.position:05d}"


def money(concept: str, millions: int, context: str, **attributes: str) -> str:
    """A number in millions as filers print and tag it: negative ones in parentheses, with a sign in the tag."""
    given = {"contextRef": context, "scale": "6", "decimals": "-6", "format": "ixt:num-dot-decimal"} | attributes
    if millions < 0:
        given.setdefault("sign", "-")
    tagged = fact(f"{abs(millions):,}", concept=f"us-gaap:{concept}", **given)
    return f"({tagged})" if millions < 0 else tagged


def line(label: str, concept: str, *millions: int, contexts: tuple[str, ...] = ("c", "before")) -> str:
    """A row of a statement with the numbers of the contexts."""
    cells = (money(concept, number, context) for number, context in zip(millions, contexts, strict=True))
    return "|".join((label, *cells))

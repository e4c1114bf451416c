"""Which financial statement a table shows, and which tables are the filing's own primary statements.

A title alone is not enough: tables of contents and lists of schedules name every statement. Nor is a list of line
items: discussions, summaries and a parent's schedules repeat them. The primary statement is the table that has the
line items, the title, and the other statements near it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["StatementCandidate", "primary_statements", "statement_shown"]

_PATTERNS: dict[str, tuple[str, ...]] = {
    "income": (
        r"^(?:total |net |operating )*(?:revenues?|sales|premiums)|^sales of ",
        r"^(?:total )?costs? (?:of|and)|^(?:total )?(?:operating )?(?:expenses|costs)|^benefits,? ",
        r"\b(?:operating (?:income|profit|loss|earnings)|(?:income|earnings|loss)(?: \(loss\))? from operations)",
        r"\bbefore\b.*\btax",
        r"\b(?:provision|benefit)\b.*\btax|\bincome tax(?:es)?\b|^taxes on",
        r"^(?:consolidated )?net (?:income|earnings|loss|\(loss\)|\(income\))",
        r"\bper (?:\w+ ){0,3}(?:share|unit)\b|^(?:basic|diluted)\b",
        r"\binterest (?:expense|income)|^interest\b|^other (?:income|expense)",
    ),
    "balance": (
        r"^total assets",
        r"^total liabilities|^total .*liabilities and",
        r"^total .*(?:equity|deficit|investment|capital)",
        r"^total current assets",
        r"^total current liabilities",
        r"^cash (?:and|&)",
        r"receivable",
        r"payable",
        r"retained earnings|accumulated (?:deficit|other)|reinvested|paid-in",
        r"^(?:class a )?common (?:stock|shares)|^goodwill|^property",
    ),
    "cash flow": (
        r"\boperating activit|\bby operations\b",
        r"\binvesting activit",
        r"\bfinancing activit",
        r"\b(?:increase|decrease|change)\b.*\bcash\b",
        r"\bbeginning\b|^cash\b.*\bjanuary 1\b",
        r"\bend(?:ing)? (?:of|balances?)\b|^cash\b.*\bend\b|^cash\b.*\bat december\b",
        r"depreciation|amortization",
        r"dividends|repurchase|proceeds|repayments?|purchases? of|capital expenditures|additions to",
    ),
    "comprehensive income": (
        r"^(?:total )?(?:other )?comprehensive (?:income|loss|earnings|\()",
        r"translation",
        r"\b(?:unrealized|derivatives?|hedg\w+|pension|available-for-sale|benefit plans?)\b",
        r"^(?:consolidated )?net (?:income|earnings|loss|\(loss\))",
    ),
    "equity": (
        r"^(?:beginning |ending |closing |opening )?balances?\b|^total .*(?:equity|deficit),? (?:beginning|end)",
        r"^net (?:income|earnings|loss|\(loss\))",
        r"dividends|repurchase|treasury|stock|share",
        r"other comprehensive",
        r"distributions?|contributions?|issu(?:ed|ance)",
    ),
}
_COMPILED = {kind: tuple(re.compile(pattern, re.I) for pattern in patterns) for kind, patterns in _PATTERNS.items()}
# The item above without which a table that has no title is not this statement, and how many items it needs.
_ESSENTIAL = {"income": 5, "balance": 0, "cash flow": 0, "comprehensive income": 0, "equity": 0}
_ENOUGH = {"income": 6, "balance": 7, "cash flow": 6, "comprehensive income": 4, "equity": 99}
_ENOUGH_WITH_TITLE = {"income": 3, "balance": 4, "cash flow": 4, "comprehensive income": 2, "equity": 2}
_TITLE_REWARD = 4.0
_NEIGHBOUR_REWARD = 2.0
_COMPARISON_PENALTY = 5.0
_MAIN = ("income", "balance", "cash flow")
_MOST_OF_BEST = 0.75
_ALIKE = 2.0
_NEIGHBOUR_PAGES = 8
_NEIGHBOUR_BLOCKS = 120


@dataclass(frozen=True, slots=True)
class StatementCandidate:
    """A table that shows a statement: how many of its line items, under a title or not, and where it stands."""

    block: int
    page: int
    statement: str
    items: int
    has_title: bool
    compares: bool


def statement_shown(labels: Sequence[str], title: str) -> tuple[str, int]:
    """Return the statement that rows of these labels show under this title, and how many of its items there are.

    A title whose line items are missing is overruled; "none" for tables that show no statement.
    """
    if title != "none":
        items = _items(labels, title, is_titled=True)
        if items >= _ENOUGH_WITH_TITLE[title]:
            return title, items
        if title == "comprehensive income" and (items := _items(labels, "income")) >= _ENOUGH["income"]:
            return "income", items
    counts = {kind: _items(labels, kind) for kind in _PATTERNS}
    enough = [kind for kind, count in counts.items() if count >= _ENOUGH[kind]]
    if not enough:
        return "none", 0
    best = max(enough, key=lambda kind: counts[kind] - _ENOUGH[kind])
    return best, counts[best]


def primary_statements(candidates: Sequence[StatementCandidate]) -> dict[str, int]:
    """Return the block of the primary statement of each kind, for those kinds that have candidates.

    The filer's own stand together and come first: those of other registrants and of companies it holds follow.
    """
    titled = [candidate for candidate in candidates if candidate.has_title]
    together = _first_together(titled, candidates)
    chosen = {}
    for kind in _PATTERNS:
        pools = ([candidate for candidate in pool if candidate.statement == kind] for pool in (titled, candidates))
        of_kind = next((pool for pool in pools if pool), [])
        near = [candidate for candidate in together if candidate.statement == kind]
        if near:
            most = max(_score(candidate, candidates) for candidate in near)
            of_kind = [candidate for candidate in near if _score(candidate, candidates) >= most - _ALIKE][:1]
        if of_kind:
            chosen[kind] = max(of_kind, key=lambda candidate: _score(candidate, candidates)).block
    return chosen


def _first_together(
    titled: Sequence[StatementCandidate], others: Sequence[StatementCandidate]
) -> Sequence[StatementCandidate]:
    """The first candidates on neighbouring pages that show all of the main statements; empty without such pages.

    Summaries may show all of them too, but fewer of their line items.
    """
    groups: list[tuple[float, list[StatementCandidate]]] = []
    for first in titled:
        group = [candidate for candidate in titled if 0 <= candidate.page - first.page <= _NEIGHBOUR_PAGES]
        best = [
            max((_score(candidate, others) for candidate in group if candidate.statement == kind), default=0.0)
            for kind in _MAIN
        ]
        if all(best):
            groups.append((sum(best), group))
    most = max((score for score, _ in groups), default=0.0)
    return next((group for score, group in groups if score >= _MOST_OF_BEST * most), [])


def _items(labels: Sequence[str], kind: str, *, is_titled: bool = False) -> int:
    patterns = _COMPILED[kind]
    found = [any(pattern.search(label) for label in labels) for pattern in patterns]
    return sum(found) if is_titled or found[_ESSENTIAL[kind]] else 0


def _score(candidate: StatementCandidate, others: Sequence[StatementCandidate]) -> float:
    near = {
        other.statement
        for other in others
        if other.statement != candidate.statement
        and abs(other.page - candidate.page) <= _NEIGHBOUR_PAGES
        and abs(other.block - candidate.block) <= _NEIGHBOUR_BLOCKS
        and other.has_title == candidate.has_title
    }
    return (
        candidate.items
        + _TITLE_REWARD * candidate.has_title
        + _NEIGHBOUR_REWARD * len(near)
        - _COMPARISON_PENALTY * candidate.compares
    )

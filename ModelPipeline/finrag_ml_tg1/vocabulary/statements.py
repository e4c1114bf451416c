"""The names of the primary financial statements as filers title them (Regulation S-X, Rules 5-02 to 5-04)."""

from __future__ import annotations

import re

__all__ = ["STATEMENTS", "statement_of_title", "statements_of_line_items"]

STATEMENTS = ("income", "balance", "cash flow", "none")

_TITLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cash flow", re.compile(r"statements? of (?:consolidated )?cash flows?|cash flows? statements?", re.IGNORECASE)),
    (
        "balance",
        re.compile(r"balance sheets?|statements? of (?:consolidated )?financial (?:position|condition)", re.IGNORECASE),
    ),
    (
        "income",
        re.compile(
            r"statements? of (?:consolidated )?(?:operations|income|earnings|\(?loss\)?)|income statements?",
            re.IGNORECASE,
        ),
    ),
)
_MAX_TITLE_CHARS = 120

_BREAKDOWN = re.compile(r"\b(?:segments?|by (?:product|region|country|geograph\w*|category|customer))\b", re.IGNORECASE)

# Line items by the statement that shows them (Regulation S-X, Rules 5-02 and 5-03; ASC 230 for cash flows).
_LINE_ITEMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "income",
        re.compile(
            r"\b(?:revenues?|net sales|cost of (?:sales|revenues?|goods sold)|gross (?:profit|margin)|"
            r"operating (?:income|profit|expenses?|margin)|net (?:income|earnings|loss|margin)|earnings per share|eps|"
            r"interest expense|research and development|r&d|selling, general|sg&a|income tax(?:es)?)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "balance",
        re.compile(
            r"\b(?:assets|liabilities|equity|inventor(?:y|ies)|receivables?|payables?|goodwill|debt|retained earnings|"
            r"cash and (?:cash )?equivalents|property(?:, plant| and equipment)|working capital|current ratio)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "cash flow",
        re.compile(
            r"\b(?:cash flows?|capital expenditures?|capex|depreciation|dividends? paid|repurchases?|free cash)\b",
            re.IGNORECASE,
        ),
    ),
)


def statement_of_title(title: str) -> str:
    """Return which primary statement a heading names, or "none"; a sentence that mentions one is no title."""
    if len(title) > _MAX_TITLE_CHARS or "comprehensive" in title.lower().split(" of ")[-1][:15]:
        return "none"
    return next((name for name, pattern in _TITLES if pattern.search(title)), "none")


def statements_of_line_items(question: str) -> frozenset[str]:
    """Return the statements whose line items a question names: a hint where a value stands, never a filter.

    None for a breakdown (by segment, product or place), which stands in the notes.
    """
    if _BREAKDOWN.search(question):
        return frozenset()
    return frozenset(name for name, pattern in _LINE_ITEMS if pattern.search(question))

"""The names of the financial statements as filers title them (Regulation S-X, Rules 3-01 to 3-04 and 5-02 to 5-04)."""

from __future__ import annotations

import re

__all__ = ["STATEMENTS", "statement_of_title", "statements_named_in", "statements_of_line_items"]

STATEMENTS = ("income", "comprehensive income", "balance", "cash flow", "equity", "none")

_STATEMENT_OF = r"statements? of (?:(?:consolidated|combined) )?"
_OWNERS = r"(?:(?:share|stock)(?:holder|owner)s?|owners?|partners?|members?)['’]?s?['’]?"
# Tried in this order: "Operations and Comprehensive Loss" is an income statement, "Comprehensive Loss" is not.
_TITLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "cash flow",
        re.compile(rf"{_STATEMENT_OF}cash flows?|cash flows? statements?|^consolidated cash flows?(?: for\b|$)", re.I),
    ),
    (
        "balance",
        re.compile(
            rf"(?<!off-)(?<!off )balance sheets?|{_STATEMENT_OF}(?:financial (?:position|condition)|condition)|"
            r"^consolidated financial position(?: at\b|$)",
            re.IGNORECASE,
        ),
    ),
    (
        "income",
        re.compile(
            rf"{_STATEMENT_OF}(?:(?:net )?(?:operations|income|earnings)|\(?loss(?:es)?\)?|profit)|"
            r"income statements?|^consolidated results of operations for\b",
            re.IGNORECASE,
        ),
    ),
    (
        "equity",
        re.compile(
            rf"{_STATEMENT_OF}(?:changes in )?(?:total |permanent |temporary |redeemable )?"
            rf"(?:(?:{_OWNERS}|common|capital) )?(?:equity|capital|deficit|investment|deficiency)\b|"
            rf"{_STATEMENT_OF}(?:changes in )?[^.]{{0,60}}\b{_OWNERS} (?:equity|capital|deficit|investment)",
            re.IGNORECASE,
        ),
    ),
    ("comprehensive income", re.compile(rf"{_STATEMENT_OF}(?:other )?comprehensive (?:income|loss|earnings|\()", re.I)),
)
_MAX_TITLE_CHARS = 120
# A line that names a statement and goes on about it: "Balance sheet data", "Lease cost in our statements of income".
_NO_TITLE = re.compile(
    r"\b(?:data|information|details?|components?|classification|captions?|items|accounts|reconciliation|following|"
    r"recognized|included|presented|reflected|see|refer|notes? to|accompanying|our|in the|on the|arrangements)\b",
    re.IGNORECASE,
)

_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "income",
        re.compile(
            r"\b(?:(?:income|earnings|profit and loss|p&l) statements?|p&l|"
            rf"{_STATEMENT_OF}(?:income|operations|earnings))\b",
            re.IGNORECASE,
        ),
    ),
    (
        "balance",
        re.compile(
            rf"(?<!off-)(?<!off )\b(?:balance sheets?|{_STATEMENT_OF}financial (?:position|condition))\b", re.IGNORECASE
        ),
    ),
    ("cash flow", re.compile(rf"\b(?:cash flows? statements?|{_STATEMENT_OF}cash flows?)\b", re.IGNORECASE)),
    ("equity", re.compile(rf"\b{_STATEMENT_OF}(?:changes in )?(?:{_OWNERS} )?equity\b", re.IGNORECASE)),
)

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
    """Return which financial statement a heading is the title of, or "none"; a line that mentions one is no title."""
    if len(title) > _MAX_TITLE_CHARS or _NO_TITLE.search(title):
        return "none"
    return next((name for name, pattern in _TITLES if pattern.search(title)), "none")


def statements_named_in(question: str) -> frozenset[str]:
    """Return the primary statements that a question names: "the balance sheet", "P&L", "statement of cash flows"."""
    return frozenset(name for name, pattern in _NAMED if pattern.search(question))


def statements_of_line_items(question: str) -> frozenset[str]:
    """Return the statements whose line items a question names: a hint where a value stands, never a filter.

    None for a breakdown (by segment, product or place), which stands in the notes.
    """
    if _BREAKDOWN.search(question):
        return frozenset()
    return frozenset(name for name, pattern in _LINE_ITEMS if pattern.search(question))

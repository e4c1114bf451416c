"""The names of the primary financial statements as filers title them (Regulation S-X, Rules 5-02 to 5-04)."""

from __future__ import annotations

import re

__all__ = ["STATEMENTS", "statement_of_title"]

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


def statement_of_title(title: str) -> str:
    """Return which primary statement a heading names, or "none"; a sentence that mentions one is no title."""
    if len(title) > _MAX_TITLE_CHARS or "comprehensive" in title.lower().split(" of ")[-1][:15]:
        return "none"
    return next((name for name, pattern in _TITLES if pattern.search(title)), "none")

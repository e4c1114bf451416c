"""The line that tells a passage's filing and place, and what is indexed of a passage."""

from __future__ import annotations

from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["MAX_PASSAGE_TOKENS", "indexed_text", "passage_head"]

MAX_PASSAGE_TOKENS = 254

# With the bounds on headings these leave room for text in the window whatever a document holds.
_MAX_COMPANY_CHARS = 80
_MAX_LABEL_CHARS = 12
_MAX_ITEM_CHARS = 90


def passage_head(company: str, tickers: tuple[str, ...], form: str, fiscal_year: int, item: str, heading: str) -> str:
    """Return the line that tells a passage's filing and place: indexed with the text, never shown as filing text."""
    place = f" Item {item} {item_title(item, fiscal_year)}"[:_MAX_ITEM_CHARS] if item else ""
    name = company[:_MAX_COMPANY_CHARS] + (f" ({tickers[0][:_MAX_LABEL_CHARS]})" if tickers else "")
    return f"{name} {form[:_MAX_LABEL_CHARS]} FY{fiscal_year}{place}" + (f" > {heading}" if heading else "")


def indexed_text(head: str, lead: str, text: str) -> str:
    """Return what is embedded and searched for a passage: head, lead and text on lines of their own."""
    return "\n".join(part for part in (head, lead, text) if part)

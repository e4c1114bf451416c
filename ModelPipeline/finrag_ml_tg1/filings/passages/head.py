"""The line that tells a passage's filing and place, and what is indexed and what is embedded of a passage."""

from __future__ import annotations

import re

from finrag_ml_tg1.vocabulary.items import item_title

__all__ = ["MAX_PASSAGE_TOKENS", "embedded_text", "indexed_text", "passage_head"]

MAX_PASSAGE_TOKENS = 254
QUARTERS = ("Q1", "Q2", "Q3", "Q4")

# With the bounds on headings these leave room for text in the window whatever a document holds.
_MAX_COMPANY_CHARS = 80
_MAX_LABEL_CHARS = 12
_MAX_ITEM_CHARS = 90

# About 96 word-pieces.
_MAX_EMBEDDED_CHARS = 448

# A cell of a table, or a sign between cells; not a year.
_FIGURE = re.compile(r"(?!(?:19|20)\d\d[.,;:]?$)[|$€£¥(]*(?:\d[\d,.]*|[—–-])?[)%*]*")
_FEWEST_FIGURES = 2
_LEAST_SHARE_OF_FIGURES = 0.3


def passage_head(
    company: str, tickers: tuple[str, ...], form: str, *, fiscal_year: int, fiscal_period: str, item: str, heading: str
) -> str:
    """Return the line that tells a passage's filing and place: indexed with the text, never shown as filing text.

    The quarter stands in it where the report is of one: the reports of a year are told apart by nothing else.
    """
    quarter = f"{fiscal_period} " if fiscal_period in QUARTERS else ""
    place = f" {_item_label(item, fiscal_year)}" if item else ""
    name = company[:_MAX_COMPANY_CHARS] + (f" ({tickers[0][:_MAX_LABEL_CHARS]})" if tickers else "")
    return f"{name} {form[:_MAX_LABEL_CHARS]} {quarter}FY{fiscal_year}{place}" + (f" > {heading}" if heading else "")


def indexed_text(head: str, lead: str, text: str) -> str:
    """Return what is searched by its words: head, lead and text on lines of their own."""
    return "\n".join(part for part in (head, lead, text) if part)


def embedded_text(fiscal_year: int, item: str, heading: str, lead: str, text: str) -> str:
    """Return what is searched by its meaning: the place within the filing, lead and text, without the figures of rows.

    Filer, form and year are not in it: the scope tells them, and the same words in the report of another year get the
    same vector, so that they are encoded once. Figures take most of a table's tokens and tell an encoder nothing.
    What stands far down in a passage dims its vector and is found by its words (see docs/evaluation/retrieval.md).
    """
    place = " > ".join(part for part in (_item_label(item, fiscal_year) if item else "", heading) if part)
    rows = "\n".join(_without_figures(line) for line in text.split("\n"))
    embedded = "\n".join(part for part in (place, lead, rows) if part)
    return embedded if len(embedded) <= _MAX_EMBEDDED_CHARS else embedded[:_MAX_EMBEDDED_CHARS].rpartition(" ")[0]


def _item_label(item: str, fiscal_year: int) -> str:
    return f"Item {item} {item_title(item, fiscal_year)}"[:_MAX_ITEM_CHARS]


def _without_figures(line: str) -> str:
    """The words of a table's row; any other line as it is."""
    words = line.split()
    figures = [word for word in words if _FIGURE.fullmatch(word)]
    if len(figures) < _FEWEST_FIGURES or len(figures) < len(words) * _LEAST_SHARE_OF_FIGURES:
        return line
    return " ".join(word for word in words if not _FIGURE.fullmatch(word))

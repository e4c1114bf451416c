"""Filings made up for tests of items: short fictional text under headings printed in the ways filers print them."""

from __future__ import annotations

from finrag_ml_tg1.filings.items.finding import find_items
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument, parse_html, read_canonical
from finrag_ml_tg1.filings.text.links import InternalLinks, Link
from finrag_ml_tg1.vocabulary.items import items_of_form

__all__ = ["TITLES", "annual_report", "bold", "document_of", "items_of", "para", "prose", "spans_of", "texts_of"]

# Today's captions of Form 10-K (17 CFR 249.310).
TITLES = {
    "1": "Business",
    "1A": "Risk Factors",
    "1B": "Unresolved Staff Comments",
    "2": "Properties",
    "3": "Legal Proceedings",
    "4": "Mine Safety Disclosures",
    "5": "Market for Registrant’s Common Equity, Related Stockholder Matters and Issuer Purchases of Equity Securities",
    "6": "Selected Financial Data",
    "7": "Management’s Discussion and Analysis of Financial Condition and Results of Operations",
    "7A": "Quantitative and Qualitative Disclosures About Market Risk",
    "8": "Financial Statements and Supplementary Data",
    "9": "Changes in and Disagreements with Accountants on Accounting and Financial Disclosure",
    "9A": "Controls and Procedures",
    "9B": "Other Information",
    "10": "Directors, Executive Officers and Corporate Governance",
    "11": "Executive Compensation",
    "12": "Security Ownership of Certain Beneficial Owners and Management and Related Stockholder Matters",
    "13": "Certain Relationships and Related Transactions, and Director Independence",
    "14": "Principal Accountant Fees and Services",
    "15": "Exhibits and Financial Statement Schedules",
}


def para(text: str) -> str:
    return f"<p>{text}</p>"


def bold(text: str) -> str:
    return f"<p><b>{text}</b></p>"


def words(key: str, sentences: int = 12) -> str:
    return f"Here begins what the orchard says under {key}. " + " ".join(
        f"The {key} pears of row {row} were counted and weighed before the frost came." for row in range(sentences)
    )


def prose(key: str) -> str:
    """Two paragraphs that name the key they stand under, so that it shows whose text they became."""
    return para(words(key)) + para(f"Here ends what the orchard says under {key}.")


def annual_report(heading: dict[str, str]) -> str:
    """A body with the headings given, in order, each with its own prose."""
    return "".join(printed + prose(item) for item, printed in heading.items())


def document_of(body: str) -> tuple[CanonicalDocument, tuple[Link, ...]]:
    root = parse_html(f"<html><body>{body}</body></html>".encode())
    links = InternalLinks(root)
    document = read_canonical(root, links.elements)
    return document, links.placed(document.spans)


def spans_of(body: str, form: str = "10-K") -> tuple[CanonicalDocument, tuple[ItemSpan, ...]]:
    document, links = document_of(body)
    return document, find_items(document, items_of_form(form), links)


def texts_of(body: str, form: str = "10-K") -> list[tuple[str, str]]:
    """Every span's item and text, in text order."""
    document, spans = spans_of(body, form)
    return [(span.item, document.text[span.char_start : span.char_end]) for span in spans]


def items_of(body: str, form: str = "10-K") -> dict[str, str]:
    """Each item's text; the spans of one item joined."""
    joined: dict[str, str] = {}
    for item, text in texts_of(body, form):
        joined[item] = f"{joined[item]}\n\n{text}" if item in joined else text
    return joined

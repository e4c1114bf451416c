"""Inline XBRL documents made up for tests: one context, one unit, and whatever a test puts beside them."""

from __future__ import annotations

from lxml import html

from finrag_ml_tg1.filings.text.canonical import parse_html
from finrag_ml_tg1.filings.xbrl.facts import TaggedFact, TaggedFacts, read_tagged_facts

__all__ = ["DURATION", "NAMESPACES", "USD", "context", "document", "fact", "read_all", "read_one"]

NAMESPACES = {
    "ix": "http://www.xbrl.org/2013/inlineXBRL",
    "xbrli": "http://www.xbrl.org/2003/instance",
    "xbrldi": "http://xbrl.org/2006/xbrldi",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "ixt": "http://www.xbrl.org/inlineXBRL/transformation/2020-02-12",
    "ixt-sec": "http://www.sec.gov/inlineXBRL/transformation/2015-08-31",
}
DURATION = "<xbrli:startDate>2023-01-01</xbrli:startDate><xbrli:endDate>2023-12-31</xbrli:endDate>"
USD = '<xbrli:unit id="usd"><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unit>'


def context(period: str = DURATION, *, identifier: str = "c", segment: str = "", scenario: str = "") -> str:
    entity = '<xbrli:identifier scheme="http://www.sec.gov/CIK">0000000001</xbrli:identifier>'
    if segment:
        entity += f"<xbrli:segment>{segment}</xbrli:segment>"
    tail = f"<xbrli:scenario>{scenario}</xbrli:scenario>" if scenario else ""
    return (
        f'<xbrli:context id="{identifier}"><xbrli:entity>{entity}</xbrli:entity>'
        f"<xbrli:period>{period}</xbrli:period>{tail}</xbrli:context>"
    )


def fact(text: str, *, concept: str = "us-gaap:Assets", **attributes: str) -> str:
    """A tagged number; attribute names are written with "_" for ":"."""
    given = {"contextRef": "c", "unitRef": "usd", "decimals": "0"} | attributes
    written = " ".join(f'{name.replace("_", ":")}="{value}"' for name, value in given.items())
    return f'<ix:nonFraction name="{concept}" {written}>{text}</ix:nonFraction>'


def document(
    body: str, *, contexts: str = context(), units: str = USD, namespaces: dict[str, str] | None = None
) -> html.HtmlElement:
    declared = NAMESPACES if namespaces is None else namespaces
    attributes = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in declared.items())
    header = f"<ix:header><ix:resources>{contexts}{units}</ix:resources></ix:header>"
    page = (
        f'<html xmlns="http://www.w3.org/1999/xhtml" {attributes}><body>'
        f'<div style="display:none">{header}</div><p>{body}</p></body></html>'
    )
    return parse_html(page.encode())


def read_all(
    body: str, *, contexts: str = context(), units: str = USD, namespaces: dict[str, str] | None = None
) -> TaggedFacts:
    return read_tagged_facts(document(body, contexts=contexts, units=units, namespaces=namespaces))


def read_one(
    body: str, *, contexts: str = context(), units: str = USD, namespaces: dict[str, str] | None = None
) -> TaggedFact:
    """The one fact of a document that has no issues."""
    found = read_all(body, contexts=contexts, units=units, namespaces=namespaces)
    assert not found.issues
    (only,) = found.facts
    return only

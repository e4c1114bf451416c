"""Reads a filing's facts with lxml alone, so that the generator is not judged by its own code."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lxml import etree

__all__ = ["IX", "XBRLI", "Fact", "Filing", "read_filing", "read_texts"]

IX = "{http://www.xbrl.org/2013/inlineXBRL}"
XBRLI = "{http://www.xbrl.org/2003/instance}"
XBRLDI = "{http://xbrl.org/2006/xbrldi}"


@dataclass(frozen=True)
class Fact:
    concept: str
    value: Decimal
    unit: str
    period: tuple[str | None, str]
    dimensions: frozenset[tuple[str, str]]
    precision: Decimal
    parentheses: bool


@dataclass(frozen=True)
class Filing:
    path: Path
    root: etree._Element

    @property
    def ticker(self) -> str:
        return self.path.name.split("_")[0]

    @property
    def visible_text(self) -> str:
        (body,) = self.root.findall("{*}body")
        return " ".join(" ".join(read_texts(part)) for part in list(body)[1:])

    def read_dei(self, name: str) -> str:
        (element,) = [e for e in self.root.iter(f"{IX}nonNumeric") if e.get("name") == f"dei:{name}"]
        return "".join(read_texts(element))

    def read_facts(self) -> list[Fact]:
        contexts = {context.get("id"): _read_context(context) for context in self.root.iter(f"{XBRLI}context")}
        return [_read_fact(element, contexts) for element in self.root.iter(f"{IX}nonFraction")]


def read_texts(element: etree._Element) -> list[str]:
    return [str(text) for text in element.itertext()]


def _read_context(
    context: etree._Element,
) -> tuple[tuple[str | None, str], frozenset[tuple[str, str]]]:
    texts = {etree.QName(e).localname: e.text for e in context.iter(f"{XBRLI}*")}
    end = texts.get("endDate") or texts["instant"]
    assert end is not None
    members = frozenset((e.get("dimension", ""), e.text or "") for e in context.iter(f"{XBRLDI}explicitMember"))
    return (texts.get("startDate"), end), members


def _read_fact(
    element: etree._Element, contexts: dict[str | None, tuple[tuple[str | None, str], frozenset[tuple[str, str]]]]
) -> Fact:
    text = "".join(read_texts(element))
    amount = Decimal(0) if element.get("format") == "ixt:fixed-zero" else Decimal(text.replace(",", ""))
    sign = -1 if element.get("sign") == "-" else 1
    period, dimensions = contexts[element.get("contextRef")]
    parent = element.getparent()
    assert parent is not None
    return Fact(
        concept=element.get("name", ""),
        value=sign * amount.scaleb(int(element.get("scale", "0"))),
        unit=element.get("unitRef", ""),
        period=period,
        dimensions=dimensions,
        precision=Decimal(1).scaleb(-int(element.get("decimals", "0"))),
        parentheses=(parent.text or "").endswith("("),
    )


def read_filing(path: Path) -> Filing:
    """Return the filing; XMLSyntaxError when the document is not well-formed."""
    return Filing(path, etree.parse(path, etree.XMLParser(recover=False, resolve_entities=False)).getroot())

"""The committed sample filings as an independent reader sees them: lxml, and nothing of the generator."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from samples.generate import FILINGS_DIR

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
        body = self.root.findall(".//{*}body")[0]
        return " ".join(" ".join(part.itertext()) for part in body[1:])

    def read_dei(self, name: str) -> str:
        (element,) = [e for e in self.root.iter(f"{IX}nonNumeric") if e.get("name") == f"dei:{name}"]
        return "".join(element.itertext())

    def read_facts(self) -> list[Fact]:
        contexts = {context.get("id"): _read_context(context) for context in self.root.iter(f"{XBRLI}context")}
        return [_read_fact(element, contexts) for element in self.root.iter(f"{IX}nonFraction")]


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
    text = "".join(element.itertext())
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


@pytest.fixture(scope="session")
def filings() -> list[Filing]:
    strict = etree.XMLParser(recover=False, resolve_entities=False)
    return [Filing(path, etree.parse(path, strict).getroot()) for path in sorted(FILINGS_DIR.glob("*.html"))]

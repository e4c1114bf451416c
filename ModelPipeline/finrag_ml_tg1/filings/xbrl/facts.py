"""The numeric facts of an inline XBRL document, each with its element: a citation can point at its characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import html

from finrag_ml_tg1.filings.xbrl.contexts import Context, read_contexts
from finrag_ml_tg1.filings.xbrl.issues import Unreadable, XbrlIssue
from finrag_ml_tg1.filings.xbrl.names import INLINE_XBRL, XML_SCHEMA_INSTANCE, Names, read_names
from finrag_ml_tg1.filings.xbrl.transforms import transform
from finrag_ml_tg1.filings.xbrl.units import read_units

__all__ = ["TaggedFact", "TaggedFacts", "read_tagged_facts"]

_DECIMALS = re.compile(r"INF|-?[0-9]{1,2}")
_SCALE = re.compile(r"[+-]?[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class TaggedFact:
    """One tagged number. `value` is exact and in the base unit, None where tagged as nil.

    `period_start` is None for an instant; both days belong to the period. `dimensions` are (axis, member) pairs,
    sorted; a typed member is its text. `decimals` is as tagged: "-6" is exact to millions, None is not stated.
    """

    element: html.HtmlElement
    concept: str
    period_start: date | None
    period_end: date
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    value: Decimal | None
    decimals: str | None


@dataclass(frozen=True, slots=True)
class TaggedFacts:
    """The facts in document order, and what could not be read."""

    facts: tuple[TaggedFact, ...]
    issues: tuple[XbrlIssue, ...]


def read_tagged_facts(root: html.HtmlElement) -> TaggedFacts:
    """Return every ix:nonFraction of a parsed document; a fact that cannot be read exactly becomes an issue.

    Source: Inline XBRL 1.1 §10. A fact inside another is a fact of its own. ix:fraction is reported, not read.
    """
    names = read_names(root)
    fractions = names.tags(INLINE_XBRL, "fraction")
    reader = _FactReader(root, names)
    facts: list[TaggedFact] = []
    for element in root.iter(*names.tags(INLINE_XBRL, "nonFraction"), *fractions):
        if element.tag in fractions:
            reader.report(element, "a fraction cannot be written as one exact decimal")
            continue
        try:
            facts.append(reader.read(element))
        except Unreadable as reason:
            reader.report(element, str(reason))
    return TaggedFacts(tuple(facts), tuple(reader.issues))


class _FactReader:
    """Reads facts against the contexts, units and namespaces of their document."""

    def __init__(self, root: html.HtmlElement, names: Names) -> None:
        self.issues: list[XbrlIssue] = []
        self._names = names
        self._contexts = read_contexts(root, names)
        self._units = read_units(root, names)
        self._nil = names.tags(XML_SCHEMA_INSTANCE, "nil")
        self._transformations: dict[str, tuple[frozenset[str], str]] = {}

    def read(self, element: html.HtmlElement) -> TaggedFact:
        concept = (element.get("name") or "").strip()
        if not concept:
            raise Unreadable("it names no concept")
        context = self._context(element)
        return TaggedFact(
            element=element,
            concept=concept,
            period_start=context.period_start,
            period_end=context.period_end,
            dimensions=context.dimensions,
            unit=self._unit(element),
            value=None if self._is_nil(element) else self._value(element),
            decimals=self._decimals(element),
        )

    def report(self, element: html.HtmlElement, reason: str) -> None:
        self.issues.append(XbrlIssue.of(element.get("name") or "", _text(element), reason))

    def _context(self, element: html.HtmlElement) -> Context:
        reference = element.get("contextref") or ""
        context = self._contexts.get(reference, Unreadable(f"the document holds no context {reference!r}"))
        if isinstance(context, Unreadable):
            raise Unreadable(str(context))
        return context

    def _unit(self, element: html.HtmlElement) -> str:
        reference = element.get("unitref") or ""
        unit = self._units.get(reference, Unreadable(f"the document holds no unit {reference!r}"))
        if isinstance(unit, Unreadable):
            raise Unreadable(str(unit))
        return unit

    def _is_nil(self, element: html.HtmlElement) -> bool:
        return any(element.get(attribute, "").strip() in ("true", "1") for attribute in self._nil)

    def _value(self, element: html.HtmlElement) -> Decimal:
        namespaces, name = self._transformation(element.get("format") or "")
        scale = element.get("scale", "0").strip()
        if not _SCALE.fullmatch(scale):
            raise Unreadable(f"its scale is {scale!r}, not a power of ten")
        sign = element.get("sign", "").strip()
        if sign not in ("", "-"):
            raise Unreadable(f"its sign is {sign!r}, not a minus")
        return _scaled(transform(_text(element), namespaces, name), int(scale), negative=sign == "-")

    def _transformation(self, name: str) -> tuple[frozenset[str], str]:
        if name not in self._transformations:
            self._transformations[name] = self._names.resolve(name)
        return self._transformations[name]

    def _decimals(self, element: html.HtmlElement) -> str | None:
        """The precision as tagged; one that is nonsense does not cost the number, but is reported."""
        decimals = element.get("decimals")
        if decimals is not None and not _DECIMALS.fullmatch(decimals.strip()):
            self.report(element, f"its decimals are {decimals!r}: its precision is taken as not stated")
            return None
        return decimals.strip() if decimals is not None else None


def _text(element: html.HtmlElement) -> str:
    return "".join(element.itertext()) if len(element) else element.text or ""


def _scaled(number: Decimal, scale: int, *, negative: bool) -> Decimal:
    """Move the decimal point without rounding, whatever the precision of the arithmetic context."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise Unreadable("the text is no finite number")
    exponent += scale
    if exponent > 0:
        digits, exponent = digits + (0,) * exponent, 0
    return Decimal((int(negative and any(digits)), digits, exponent))

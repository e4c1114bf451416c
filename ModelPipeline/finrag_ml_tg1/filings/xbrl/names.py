"""Which prefixes a document gives the XBRL namespaces: the HTML parser knows none and keeps prefixes as letters.

It lower-cases tags and attribute names but not attribute values: a prefix inside a value is looked up in lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree, html

__all__ = ["INLINE_XBRL", "XBRL_DIMENSIONS", "XBRL_INSTANCE", "XML_SCHEMA_INSTANCE", "Names", "read_names"]

INLINE_XBRL = "http://www.xbrl.org/2013/inlineXBRL"
XBRL_INSTANCE = "http://www.xbrl.org/2003/instance"
XBRL_DIMENSIONS = "http://xbrl.org/2006/xbrldi"
XML_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"

_INLINE_XBRL_1_0 = "http://www.xbrl.org/2008/inlineXBRL"
# What the prefixes mean where a document was cut out of its <html> element and declares nothing.
_CUSTOMARY = {
    "ix": INLINE_XBRL,
    "xbrli": XBRL_INSTANCE,
    "xbrldi": XBRL_DIMENSIONS,
    "xsi": XML_SCHEMA_INSTANCE,
    "ixt": "http://www.xbrl.org/inlineXBRL/transformation/2020-02-12",
    "ixt-sec": "http://www.sec.gov/inlineXBRL/transformation/2015-08-31",
}
_UNUSED_PREFIX = "undeclared:"
_PREFIX = re.compile(r"(?:[^\W\d][\w.-]*)?")
_DECLARATIONS = etree.XPath('//@*[name() = "xmlns" or starts-with(name(), "xmlns:")]')


@dataclass(frozen=True, slots=True)
class Names:
    """A document's namespace declarations as (prefix, namespace); the empty prefix is the default namespace."""

    declared: frozenset[tuple[str, str]]

    def tags(self, namespace: str, *local_names: str) -> tuple[str, ...]:
        """Return the spellings, as the parser gives them, of these names in a namespace; never empty."""
        prefixes = [prefix for prefix, declared in self.declared if declared == namespace]
        # A document that declares no prefix for the namespace has no such element; asking for no tag would find all.
        return tuple(
            f"{prefix}:{local}".lower() if prefix else local.lower()
            for prefix in prefixes or [_UNUSED_PREFIX]
            for local in local_names
        )

    def resolve(self, name: str) -> tuple[frozenset[str], str]:
        """Return the namespaces the prefix of a qualified name is declared for, and the local name."""
        prefix, _, local = name.strip().rpartition(":")
        return frozenset(namespace for declared, namespace in self.declared if declared == prefix.lower()), local


def read_names(root: html.HtmlElement) -> Names:
    """Return the declarations on all elements; the customary prefixes stand for themselves where undeclared."""
    declared: set[tuple[str, str]] = set()
    for attribute in cast("list[Any]", _DECLARATIONS(root)):
        prefix = str(attribute.attrname).removeprefix("xmlns").removeprefix(":")
        namespace = str(attribute).strip()
        if _PREFIX.fullmatch(prefix):
            declared.add((prefix, INLINE_XBRL if namespace == _INLINE_XBRL_1_0 else namespace))
    known = {prefix for prefix, _ in declared}
    declared.update((prefix, namespace) for prefix, namespace in _CUSTOMARY.items() if prefix not in known)
    return Names(frozenset(declared))

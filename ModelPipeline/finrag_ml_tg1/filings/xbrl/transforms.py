"""Printed numbers to exact decimals, by the transformation a fact names in `format`.

The rules are those of the Inline XBRL Transformation Registries 1 to 5 (2010-04-20, 2011-07-31, 2015-02-26, 2020-02-12,
2022-02-16) and of the SEC's own registry (2015-08-31). A name keeps its meaning from one registry to the next, so the
rules are listed once. All of them give a number that is not negative: the sign is an attribute of the fact. White space
around the text, no-break spaces included, is not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.number_words import number_from_words

__all__ = ["REGISTRY_NAMESPACES", "SEC_NAMESPACE", "transform"]

SEC_NAMESPACE = "http://www.sec.gov/inlineXBRL/transformation/2015-08-31"
REGISTRY_NAMESPACES = frozenset(
    f"http://www.xbrl.org/inlineXBRL/transformation/{published}"
    for published in ("2010-04-20", "2011-07-31", "2015-02-26", "2020-02-12", "2022-02-16")
)

_Rule = Callable[[str], Decimal]

_DASHES = "-\u058a\u05be\u2010\u2011\u2012\u2013\u2014\u2015\ufe58\ufe63\uff0d"
_NO_DIGIT = re.compile(r"[^0-9]")
_PLAIN = r"[0-9]+(\.[0-9]*)?|\.[0-9]+"
_SPACE = " \u00a0"
_APOSTROPHES = "'`\u00b4\u2019\u2032"
# Only rules with words between the numbers take full-width digits and marks, and the Indian one of them does not.
_FULL_WIDTH = str.maketrans("０１２３４５６７８９，．＇", "0123456789,.'")
_INDIAN = rf"(([0-9]{{1,2}}[,{_SPACE}])?([0-9]{{2}}[,{_SPACE}])*[0-9]{{3}}|[0-9]+)"
_UNIT_NUMBER = r"0|[1-9][0-9]{0,2}([.,]?[0-9]{3})*"


def transform(text: str, namespaces: frozenset[str], name: str) -> Decimal:
    """Return the number `text` stands for under the transformation; an empty name means a plain XML decimal.

    `namespaces` are those the prefix of the name is declared for. Raises Unreadable for text outside the rule's grammar
    and for a transformation that is unknown or gives no number.
    """
    if not name:
        rule: _Rule | None = _plain
    elif SEC_NAMESPACE in namespaces:
        rule = _SEC_RULES.get(name)
    else:
        rule = _RULES.get(name) if namespaces & REGISTRY_NAMESPACES else None
    if rule is None:
        raise Unreadable(f"the transformation {name} is not known to give a number")
    return rule(text.strip())


def _numeral(pattern: str, fraction_mark: str) -> _Rule:
    """The rule for digits with thousands separators, which the pattern admits, and one fraction mark."""
    grammar = re.compile(pattern)
    separators = re.compile(rf"[^0-9{fraction_mark}]")

    def rule(text: str) -> Decimal:
        digits = separators.sub("", text).replace(fraction_mark, ".")
        if not grammar.fullmatch(text) or not any(char.isdigit() for char in digits):
            raise Unreadable("the text is no number of its format")
        return Decimal(digits)

    return rule


def _with_unit(integer: str, unit: str, tail: str = "[^0-9]*", *, full_width: bool = True) -> _Rule:
    """The rule for whole and hundredth units with words between and after them: "12 dollars 5 cents" is 12.05."""
    grammar = re.compile(rf"(?P<whole>{integer}){unit}(?P<hundredths>[0-9]{{1,2}}){tail}")

    def rule(text: str) -> Decimal:
        match = grammar.fullmatch(text.translate(_FULL_WIDTH) if full_width else text)
        whole = _NO_DIGIT.sub("", match["whole"]) if match else ""
        if not match or not whole:
            raise Unreadable("the text is no number of its format")
        return Decimal(f"{whole}.{match['hundredths']:0>2}")

    return rule


def _dash(characters: str) -> _Rule:
    def rule(text: str) -> Decimal:
        if len(text) != 1 or text not in characters:
            raise Unreadable("the text is no dash")
        return Decimal(0)

    return rule


def _zero(_text: str) -> Decimal:
    return Decimal(0)


def _words(text: str) -> Decimal:
    return Decimal(number_from_words(text))


_plain = _numeral(_PLAIN, ".")

_RULES: dict[str, _Rule] = {
    # Registry 1
    "numcomma": _numeral(r"[0-9]+(,[0-9]+)?", ","),
    "numcommadot": _numeral(r"[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?", "."),
    "numdash": _dash("-"),
    "numdotcomma": _numeral(r"[0-9]{1,3}(\.[0-9]{3})*(,[0-9]+)?", ","),
    "numspacecomma": _numeral(rf"[0-9]{{1,3}}([{_SPACE}][0-9]{{3}})*(,[0-9]+)?", ","),
    "numspacedot": _numeral(rf"[0-9]{{1,3}}([{_SPACE}][0-9]{{3}})*(\.[0-9]+)?", "."),
    # Registries 2 and 3
    "numcommadecimal": _numeral(rf"[0-9]{{1,3}}([.{_SPACE}]?[0-9]{{3}})*(,[0-9]+)?", ","),
    "numdotdecimal": _numeral(rf"[0-9]{{1,3}}([,{_SPACE}]?[0-9]{{3}})*(\.[0-9]+)?", "."),
    "numdotdecimalin": _numeral(rf"{_INDIAN}(\.[0-9]+)?", "."),
    "numunitdecimal": _with_unit(_UNIT_NUMBER, "[^0-9,.]+", "[^0-9,.]*"),
    "numunitdecimalin": _with_unit(_INDIAN, "[^0-9０-９]+", "[^0-9０-９]*", full_width=False),
    "zerodash": _dash(_DASHES),
    # Registry 4
    "fixed-zero": _zero,
    "num-comma-decimal": _numeral(rf"[.{_SPACE}0-9]*(,[{_SPACE}0-9]+)?", ","),
    "num-dot-decimal": _numeral(rf"[,{_SPACE}0-9]*(\.[{_SPACE}0-9]+)?", "."),
    "num-unit-decimal": _with_unit(r"[0-9.,]+", r"[^0-9.,][^0-9]*"),
    # Registry 5
    "num-comma-decimal-apos": _numeral(rf"[.{_APOSTROPHES}{_SPACE}0-9]*(,[{_SPACE}0-9]+)?", ","),
    "num-dot-decimal-apos": _numeral(rf"[,{_APOSTROPHES}{_SPACE}0-9]*(\.[{_SPACE}0-9]+)?", "."),
    "num-unit-decimal-apos": _with_unit(rf"[0-9.,{_APOSTROPHES}]+", rf"[^0-9.,{_APOSTROPHES}][^0-9]*"),
}

_SEC_RULES: dict[str, _Rule] = {"numwordsen": _words}

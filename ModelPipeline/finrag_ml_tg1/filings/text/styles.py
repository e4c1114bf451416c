"""How a run of text looks: what tells a heading from the text below it, and one level of headings from the next."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from lxml import html

__all__ = ["PLAIN", "Style", "breaks_page", "indent_of", "style_of"]


class Style(NamedTuple):
    """The look of a run of text; `size` in points, 0 where the document says nothing of it."""

    bold: bool = False
    italic: bool = False
    underlined: bool = False
    size: float = 0.0


PLAIN = Style()

_BOLD_TAGS = frozenset(("b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6"))
_WEIGHT = re.compile(r"font-weight\s*:\s*(bold|[6-9]00|normal|[1-5]00)", re.IGNORECASE)
_SLANT = re.compile(r"font-style\s*:\s*(italic|oblique|normal)", re.IGNORECASE)
_LINE = re.compile(r"text-decoration(?:-line)?\s*:\s*(underline|none)", re.IGNORECASE)
_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)\s*(pt|px|em|rem|%)", re.IGNORECASE)
_SHORTHAND = re.compile(r"(?<![\w-])font\s*:\s*([^;]+)", re.IGNORECASE)
_SHORTHAND_SIZE = re.compile(r"([\d.]+)\s*(pt|px)")
_LENGTH = re.compile(r"(-?[\d.]+)\s*(pt|px|em|in|%)?")
_INDENTS = re.compile(r"(padding-left|margin-left|text-indent|padding|margin)\s*:\s*([^;]+)", re.IGNORECASE)
_PAGE_BREAK = re.compile(r"(?:page-)?break-(?:before|after)\s*:\s*(?:always|page|left|right)", re.IGNORECASE)

_POINTS = {"pt": 1.0, "px": 0.75, "em": 10.0, "rem": 10.0, "in": 72.0, "%": 0.1, "": 0.75}
# The seven sizes of HTML 3.2's FONT element, in points.
_FONT_SIZES = {1: 7.5, 2: 10.0, 3: 12.0, 4: 13.5, 5: 18.0, 6: 24.0, 7: 36.0}
_LEFT_OF_SHORTHAND = {1: 0, 2: 1, 3: 1, 4: 3}


class _Declared(NamedTuple):
    """What one style attribute says; None where it says nothing."""

    bold: bool | None
    italic: bool | None
    underlined: bool | None
    size: float | None


def style_of(element: html.HtmlElement, inherited: Style) -> Style:
    """Return the look of the text directly inside an element that stands in text of the look `inherited`."""
    tag = element.tag
    bold = inherited.bold or tag in _BOLD_TAGS
    italic = inherited.italic or tag in ("i", "em")
    underlined = inherited.underlined or tag == "u"
    size = inherited.size
    if tag == "font":
        size = _font_size(element.get("size") or "") or size
    declaration = element.get("style")
    if declaration:
        declared = _declared(declaration)
        bold = bold if declared.bold is None else declared.bold
        italic = italic if declared.italic is None else declared.italic
        # An underline cannot be taken away by an element inside it (CSS Text Decoration, section 2).
        underlined = underlined or bool(declared.underlined)
        size = size if declared.size is None else declared.size
    return Style(bold, italic, underlined, size)


@lru_cache(maxsize=4096)
def _declared(declaration: str) -> _Declared:
    shorthand = _SHORTHAND.search(declaration)
    words = shorthand.group(1).lower() if shorthand else ""
    weight, slant, line = (pattern.search(declaration) for pattern in (_WEIGHT, _SLANT, _LINE))
    size = _SIZE.search(declaration) or _SHORTHAND_SIZE.search(words)
    return _Declared(
        bold=_is_bold(weight.group(1)) if weight else ("bold" in words if words else None),
        italic=slant.group(1).lower() != "normal" if slant else ("italic" in words if words else None),
        underlined=line.group(1).lower() == "underline" if line else None,
        size=round(_points(size.group(1), size.group(2)), 1) if size else None,
    )


def _is_bold(weight: str) -> bool:
    return weight.lower() == "bold" or (weight.isdigit() and int(weight) >= 600)


def _points(number: str, unit: str | None) -> float:
    try:
        return float(number) * _POINTS[(unit or "").lower()]
    except ValueError:
        return 0.0


def _font_size(size: str) -> float:
    relative = size.startswith(("+", "-"))
    digits = size.lstrip("+-")
    if not digits.isdigit():
        return 0.0
    number = int(digits) if not relative else 3 + int(size[0] + digits)
    return _FONT_SIZES[min(7, max(1, number))]


def indent_of(element: html.HtmlElement) -> float:
    """Return how far, in points, an element's own style moves its text to the right; negative for a hanging indent."""
    declaration = element.get("style")
    return _indent(declaration) if declaration else 0.0


@lru_cache(maxsize=4096)
def _indent(declaration: str) -> float:
    total = 0.0
    for name, value in _INDENTS.findall(declaration):
        lengths = _LENGTH.findall(value)
        if not lengths:
            continue
        place = 0 if "-" in name else _LEFT_OF_SHORTHAND[min(4, len(lengths))]
        total += _points(*lengths[place])
    return total


def breaks_page(element: html.HtmlElement) -> bool:
    """Return whether a page of the printed document ends at this element."""
    declaration = element.get("style")
    return declaration is not None and _PAGE_BREAK.search(declaration) is not None

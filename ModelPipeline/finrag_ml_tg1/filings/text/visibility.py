"""What of a document a reader sees: one rule for prose and for table cells.

Hidden are the inline XBRL header, scripts and styles, and whatever `display:none` encloses. The walk keeps its own
stack, so that no depth of nesting exhausts Python's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from lxml import etree, html

from finrag_ml_tg1.filings.text.marked_text import collapse

__all__ = ["BLOCK_TAGS", "is_hidden", "visible_text", "walk_visible"]

BLOCK_TAGS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr html "
    "li main nav ol p page pre section table tbody td tfoot th thead tr ul".split()
)

_SKIPPED_TAGS = frozenset(("head", "script", "style", "title", "ix:header", "noscript", "template"))
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def is_hidden(element: html.HtmlElement) -> bool:
    """Return whether the element, with all it encloses, is not shown; the text after it may be."""
    style = element.get("style")
    return element.tag in _SKIPPED_TAGS or (style is not None and _HIDDEN.search(style) is not None)


def walk_visible(element: html.HtmlElement) -> Iterator[tuple[Literal["start", "end"], html.HtmlElement | None, str]]:
    """Yield (event, element, text that follows it) through an element in document order; None for a hidden element.

    The text after the element itself is not part of it.
    """
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        hidden = is_hidden(node)
        if event == "end":
            yield "end", None if hidden else node, (node.tail or "") if node is not element else ""
        elif hidden:
            walker.skip_subtree()
        else:
            yield "start", node, node.text or ""


def visible_text(element: html.HtmlElement) -> str:
    """Return the words a reader sees in an element; a space stands at each line break and block's edge."""
    parts: list[str] = []
    for _, node, text in walk_visible(element):
        if node is not None and (node.tag == "br" or node.tag in BLOCK_TAGS):
            parts.append(" ")
        parts.append(text)
    return collapse("".join(parts))

"""What of a document a reader sees: one rule for prose and for table cells.

Hidden are the inline XBRL header, scripts and styles, and whatever `display:none` encloses. The walk keeps its own
stack, so that no depth of nesting exhausts Python's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from lxml import etree, html

__all__ = ["BLOCK_TAGS", "collapse", "is_hidden", "visible_text", "walk_visible"]

BLOCK_TAGS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr html "
    "li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)

_SKIPPED_TAGS = frozenset(("head", "script", "style", "title", "ix:header", "noscript", "template"))
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u00ad"))


def is_hidden(element: html.HtmlElement) -> bool:
    """Return whether the element, with all it encloses, is not shown; the text after it may be."""
    style = element.get("style")
    return element.tag in _SKIPPED_TAGS or (style is not None and _HIDDEN.search(style) is not None)


def walk_visible(element: html.HtmlElement) -> Iterator[tuple[Literal["start", "end"], str, str]]:
    """Yield (event, tag, text that follows it) through an element in document order; "" as tag of a hidden element.

    The text after the element itself is not part of it.
    """
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        hidden = is_hidden(node)
        if event == "end":
            yield "end", "" if hidden else str(node.tag), (node.tail or "") if node is not element else ""
        elif hidden:
            walker.skip_subtree()
        else:
            yield "start", str(node.tag), node.text or ""


def visible_text(element: html.HtmlElement) -> str:
    """Return the words a reader sees in an element; a space stands at each line break and block's edge."""
    parts: list[str] = []
    for _, tag, text in walk_visible(element):
        if tag == "br" or tag in BLOCK_TAGS:
            parts.append(" ")
        parts.append(text)
    return collapse("".join(parts))


def collapse(text: str) -> str:
    """Return the text on one line: characters of no width dropped, runs of white space one space."""
    return " ".join(text.translate(_INVISIBLE).split())

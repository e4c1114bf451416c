"""A document's links into itself: where the linked words stand and where in the text they lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import html

__all__ = ["InternalLinks", "Link"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """Linked words of the canonical text, and the offset their link leads to."""

    char_start: int
    char_end: int
    target: int


class InternalLinks:
    """The links of a document and the elements they lead to; `elements` have to be traced through the reading."""

    def __init__(self, root: html.HtmlElement) -> None:
        self._links = [anchor for anchor in root.iter("a") if len(anchor.get("href") or "") > 1]
        self._links = [anchor for anchor in self._links if str(anchor.get("href")).startswith("#")]
        wanted = {_name(anchor) for anchor in self._links}
        self._targets: dict[str, html.HtmlElement] = {}
        if wanted:
            for element in root.iter():
                for name in (element.get("id"), element.get("name")):
                    if name is not None and name in wanted:
                        self._targets.setdefault(name, element)
        self.elements: list[html.HtmlElement] = [*self._links, *self._targets.values()]

    def placed(self, spans: Sequence[Span | None]) -> tuple[Link, ...]:
        """Return the links in text order, those from or to hidden text left out; `spans` are those of `elements`."""
        count = len(self._links)
        targets = dict(zip(self._targets, spans[count:], strict=True))
        links = []
        for anchor, span in zip(self._links, spans[:count], strict=True):
            target = targets.get(_name(anchor))
            if span is not None and span[0] < span[1] and target is not None:
                links.append(Link(*span, target[0]))
        return tuple(sorted(links, key=lambda link: link.char_start))


def _name(anchor: html.HtmlElement) -> str:
    """The name of the element an anchor leads to; a fragment is percent-encoded (RFC 3986, section 3.5)."""
    return unquote(str(anchor.get("href"))[1:])

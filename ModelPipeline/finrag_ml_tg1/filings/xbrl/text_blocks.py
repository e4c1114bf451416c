"""The notes, policies and tables a filer tagged as text blocks, in the pieces they are printed in."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import html

from finrag_ml_tg1.filings.xbrl.issues import XbrlIssue
from finrag_ml_tg1.filings.xbrl.names import INLINE_XBRL, read_names

__all__ = ["TextBlock", "TextBlocks", "read_text_blocks"]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A tagged note, policy or table: its concept and the elements that hold it, in reading order."""

    concept: str
    elements: tuple[html.HtmlElement, ...]


@dataclass(frozen=True, slots=True)
class TextBlocks:
    """The blocks in document order, and the chains that break off."""

    blocks: tuple[TextBlock, ...]
    issues: tuple[XbrlIssue, ...]


def read_text_blocks(root: html.HtmlElement) -> TextBlocks:
    """Return every ix:nonNumeric whose concept ends in TextBlock, followed through its ix:continuation chain.

    Source: Inline XBRL 1.1 §4. A chain that leads nowhere or back to itself is reported and kept as far as it goes.
    """
    names = read_names(root)
    continuations: dict[str, html.HtmlElement] = {}
    for element in root.iter(*names.tags(INLINE_XBRL, "continuation")):
        continuations.setdefault(element.get("id") or "", element)
    blocks: list[TextBlock] = []
    issues: list[XbrlIssue] = []
    for element in root.iter(*names.tags(INLINE_XBRL, "nonNumeric")):
        concept = (element.get("name") or "").strip()
        if not concept.endswith("TextBlock"):
            continue
        elements, broken = _chain(element, continuations)
        blocks.append(TextBlock(concept, elements))
        if broken:
            issues.append(XbrlIssue.of(concept, "", broken))
    return TextBlocks(tuple(blocks), tuple(issues))


def _chain(
    element: html.HtmlElement, continuations: dict[str, html.HtmlElement]
) -> tuple[tuple[html.HtmlElement, ...], str]:
    """Return the element and its continuations in order, and why the chain breaks off (empty when it ends well)."""
    chain = [element]
    visited: set[str] = set()
    while reference := chain[-1].get("continuedat"):
        if reference in visited:
            return tuple(chain), f"its continuations lead back to {reference!r}"
        if reference not in continuations:
            return tuple(chain), f"the document holds no continuation {reference!r}"
        visited.add(reference)
        chain.append(continuations[reference])
    return tuple(chain), ""

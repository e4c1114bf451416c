"""The items of a filing: by its headings where it prints them, by its cross-reference index where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest

from finrag_ml_tg1.filings.canonical import CanonicalDocument
from finrag_ml_tg1.filings.items.chain import best_chain
from finrag_ml_tg1.filings.items.cross_reference import read_cross_reference_index
from finrag_ml_tg1.filings.items.headings import ItemHeading, item_headings
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["find_items"]

_SIGNATURES = re.compile(r"signatures?", re.IGNORECASE)
_LINKED_REWARD = 0.5
# A filing that prints fewer numbered headings than this share of what its index lists orders its text its own way.
_MIN_PRINTED_SHARE = 0.5
_CONFIDENCE = {"heading": 0.9, "contents": 0.85, "title": 0.6}
_TITLED_CONFIDENCE = 0.98


def find_items(
    document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link] = ()
) -> tuple[ItemSpan, ...]:
    """Return the stretches of the form's items, in text order, without overlaps; empty when the document names none.

    `specs` are the items of the form in filing order. A heading over two items ("Items 1 and 2") yields a span for
    each with the same stretch of text.
    """
    by_headings = _headed(document, specs, links)
    printed = sum(span.basis == "heading" for span in by_headings)
    by_index = read_cross_reference_index(document, specs, links)
    listed = len({span.item for span in by_index})
    return by_index if printed < _MIN_PRINTED_SHARE * listed else by_headings


def _headed(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> tuple[ItemSpan, ...]:
    text_end = _signatures_start(document)
    chain = best_chain(_merged(item_headings(document, specs, links)), text_end)
    headed = {heading.identifiers[0] for heading in chain}
    spans: list[ItemSpan] = []
    for heading, follower in zip_longest(chain, chain[1:]):
        end = follower.char_start if follower else max(text_end, heading.char_start)
        confidence = _TITLED_CONFIDENCE if heading.basis == "heading" and heading.is_titled else None
        named = heading.identifiers[:1] + tuple(also for also in heading.identifiers[1:] if also not in headed)
        spans.extend(
            ItemSpan(identifier, heading.char_start, end, confidence or _CONFIDENCE[heading.basis], heading.basis)
            for identifier in named
        )
    return tuple(spans)


def _merged(headings: Iterable[ItemHeading]) -> list[ItemHeading]:
    """One candidate where the table of contents links to a printed heading: it is the likelier for it."""
    merged: dict[tuple[int, int], ItemHeading] = {}
    for heading in headings:
        key = (heading.order, heading.char_start)
        known = merged.get(key)
        if known is None:
            merged[key] = heading
            continue
        better, other = (known, heading) if known.reward >= heading.reward else (heading, known)
        linked = {better.basis, other.basis} >= {"contents"}
        merged[key] = replace(better, reward=better.reward + _LINKED_REWARD) if linked else better
    return sorted(merged.values(), key=lambda heading: (heading.char_start, heading.order))


def _signatures_start(document: CanonicalDocument) -> int:
    """Where the signatures begin in the last third of the text, else its end."""
    length = len(document.text)
    for block in document.blocks:
        if block.char_start > 0.66 * length and _SIGNATURES.fullmatch(document.text_of(block)):
            return block.char_start
    return length

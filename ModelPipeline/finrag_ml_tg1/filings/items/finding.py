"""The items of a filing: by its headings where it prints them, by its cross-reference index where it does not."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from finrag_ml_tg1.filings.items.appended import appended_spans
from finrag_ml_tg1.filings.items.chain import best_chain
from finrag_ml_tg1.filings.items.cross_reference import read_cross_reference_index
from finrag_ml_tg1.filings.items.edges import BlockEdges
from finrag_ml_tg1.filings.items.headings import ItemHeading, item_headings
from finrag_ml_tg1.filings.items.signatures import signatures_start
from finrag_ml_tg1.filings.items.spans import ItemSpan
from finrag_ml_tg1.filings.items.strays import with_strays
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.filings.text.links import Link
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["find_items"]

_LINKED_REWARD = 0.5
# A link of the table of contents may lead to the top of the page that the heading stands on.
_MAX_PAGE_CHARS = 6_000
# A filing that prints fewer numbered headings than this share of what its index lists orders its text its own way.
_MIN_PRINTED_SHARE = 0.5
_CONFIDENCE = {"heading": 0.9, "contents": 0.85, "title": 0.6}
_TITLED_CONFIDENCE = 0.98
_CONTENTS_CONFIDENCE = 0.5
# The items that no text of the filing's own may follow: more than this below them is something appended.
_LAST_ITEMS = frozenset(("16",))


def find_items(
    document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link] = ()
) -> tuple[ItemSpan, ...]:
    """Return the stretches of the form's items, in text order, without overlaps; empty when the document names none.

    `specs` are the items of the form in filing order. A heading over two items ("Items 1 and 2") yields a span for
    each with the same stretch of text. An item has several spans where its text is appended to the filing, printed
    for each of several registrants, or spread by the filing's own order.
    """
    chain = _headed(document, specs, links)
    printed = len({order for heading in chain if _is_printed(heading) for order in heading.orders})
    by_index = read_cross_reference_index(document, specs, links)
    if printed < _MIN_PRINTED_SHARE * len({span.item for span in by_index}):
        return _filled(document, by_index, specs)
    return _spans(document, chain, specs)


def _is_printed(heading: ItemHeading) -> bool:
    return heading.basis == "heading" and not heading.in_contents


def _headed(document: CanonicalDocument, specs: Sequence[ItemSpec], links: Sequence[Link]) -> list[ItemHeading]:
    candidates = _merged(item_headings(document, specs, links))
    text_end = signatures_start(document, 0)
    return with_strays(best_chain(candidates, len(document.text) if text_end is None else text_end), candidates)


def _merged(headings: Iterable[ItemHeading]) -> list[ItemHeading]:
    """A printed heading is the likelier for a link of the table of contents that leads to it, or to its page."""
    printed: dict[int, list[ItemHeading]] = defaultdict(list)
    linked: list[ItemHeading] = []
    for heading in headings:
        if heading.basis == "contents":
            linked.append(heading)
        else:
            printed[heading.order].append(heading)
    merged = []
    for heading in linked:
        same = printed[heading.order]
        place = bisect_left(same, heading.char_start, key=lambda known: known.char_start)
        while (
            place < len(same)
            and (same[place].in_contents or same[place].basis == "title")
            and (same[place].char_start != heading.char_start)
        ):
            place += 1
        if place < len(same) and same[place].char_start - heading.char_start <= _MAX_PAGE_CHARS:
            known = same[place]
            better = known if known.reward >= heading.reward else replace(heading, char_start=known.char_start)
            same[place] = replace(better, reward=better.reward + _LINKED_REWARD)
        else:
            merged.append(heading)
    merged.extend(heading for same in printed.values() for heading in same)
    return sorted(merged, key=lambda heading: (heading.char_start, heading.order))


def _spans(
    document: CanonicalDocument, chain: Sequence[ItemHeading], specs: Sequence[ItemSpec]
) -> tuple[ItemSpan, ...]:
    """The stretches from heading to heading, and after the last one what is appended to the filing."""
    if not chain:
        return ()
    edges = BlockEdges(document)
    length = len(document.text)
    signed = signatures_start(document, chain[-1].char_start)
    text_end = length if signed is None else signed
    own = {heading.order for heading in chain}
    spans: list[ItemSpan] = []
    for heading, end in zip(chain, [*(follower.char_start for follower in chain[1:]), text_end], strict=True):
        named = heading.orders[:1] + tuple(order for order in heading.orders[1:] if order not in own)
        narrowed = edges.narrowed(heading.char_start, end)
        spans.extend(
            ItemSpan(specs[order].identifier, *narrowed, _confidence(heading), heading.basis) for order in named
        )
    if spans[-1].item in _LAST_ITEMS:
        spans[-1:] = _cut_at_appendix(document, spans, specs)
    spans.extend(appended_spans(document, (text_end, length), spans, specs))
    return _narrowed(edges, spans)


def _confidence(heading: ItemHeading) -> float:
    if heading.in_contents:
        return _CONTENTS_CONFIDENCE
    return _TITLED_CONFIDENCE if heading.basis == "heading" and heading.is_titled else _CONFIDENCE[heading.basis]


def _cut_at_appendix(
    document: CanonicalDocument, spans: Sequence[ItemSpan], specs: Sequence[ItemSpec]
) -> list[ItemSpan]:
    """The summary that ends a filing, without the statements that some print between it and the signatures."""
    last = spans[-1]
    appended = appended_spans(document, (last.char_start, last.char_end), spans[:-1], specs)
    if not appended:
        return [last]
    return [replace(last, char_end=appended[0].char_start), *appended]


def _filled(document: CanonicalDocument, spans: Sequence[ItemSpan], specs: Sequence[ItemSpec]) -> tuple[ItemSpan, ...]:
    """Statements and reports on them that the index's pages leave out join the others."""
    located = sorted((span.char_start, span.char_end) for span in spans if span.basis == "pages")
    gaps = []
    reached = located[0][1] if located else 0
    for start, end in located:
        if start > reached:
            gaps.append((reached, start))
        reached = max(reached, end)
    filled = list(spans)
    for gap in gaps:
        filled.extend(appended_spans(document, gap, spans, specs, joins_statements=True))
    return _narrowed(BlockEdges(document), filled)


def _narrowed(edges: BlockEdges, spans: Sequence[ItemSpan]) -> tuple[ItemSpan, ...]:
    narrowed = []
    for span in spans:
        start, end = edges.narrowed(span.char_start, span.char_end)
        if start < end:
            narrowed.append(replace(span, char_start=start, char_end=end))
    return tuple(sorted(narrowed, key=lambda span: (span.char_start, span.char_end)))

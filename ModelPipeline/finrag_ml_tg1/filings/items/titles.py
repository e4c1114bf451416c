"""Items by the words of their titles alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from finrag_ml_tg1.filings.items.lines import Line, read_lines
from finrag_ml_tg1.filings.items.numbers import NumberedLine
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument
from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["MAX_TITLE_CHARS", "title_offsets", "titles_of_others", "worded_orders"]

MAX_TITLE_CHARS = 260

_BARE_NUMBER = re.compile(r"\(?(1[0-6]A?|[1-9][ABC]?)[.)]\s*", re.IGNORECASE)


def worded_orders(text: str, specs: Sequence[ItemSpec]) -> list[int]:
    """Return the places in the form of the items whose title the text is; their bare number may stand before it."""
    bare = _BARE_NUMBER.match(text)
    if _any_wording(tuple(specs)).match(text, bare.end() if bare else 0) is None:
        return []
    return [order for order, spec in enumerate(specs) if _is_worded(text, spec)]


def title_offsets(document: CanonicalDocument, specs: Sequence[ItemSpec]) -> dict[str, list[int]]:
    """Return where headings, also those a paragraph begins with, are worded as each item's title."""
    offsets: dict[str, list[int]] = {spec.identifier: [] for spec in specs}
    for line in read_lines(document):
        if line.stands_out and line.table is None and line.head_chars <= MAX_TITLE_CHARS:
            for order in worded_orders(line.text[: line.head_chars], specs):
                offsets[specs[order].identifier].append(line.char_start)
    return offsets


def titles_of_others(numbered: Sequence[tuple[Line, NumberedLine]], specs: Sequence[ItemSpec]) -> frozenset[int]:
    """Return the places of items whose title the filing prints with an earlier number, as it was once: 15 with 14."""
    places = {spec.number: place for place, spec in enumerate(specs)}
    others: set[int] = set()
    own: set[int] = set()
    for line, named in numbered:
        place = places.get(named.runs[0][0])
        title = named.title or line.next_text
        if place is None or specs[place].wording.match(title) is None:
            continue
        own.add(place)
        others.update(order for order in range(place + 1, len(specs)) if specs[order].wording.match(title) is not None)
    return frozenset(others - own)


@lru_cache(maxsize=8)
def _any_wording(specs: tuple[ItemSpec, ...]) -> re.Pattern[str]:
    return re.compile("|".join(spec.wording.pattern for spec in specs), re.IGNORECASE)


def _is_worded(text: str, spec: ItemSpec) -> bool:
    """Whether the text is the item's title and little more; its bare number may stand before it."""
    bare = _BARE_NUMBER.match(text)
    if bare and bare[1].upper() == spec.number:
        text = text[bare.end() :]
    match = spec.wording.match(text)
    return match is not None and len(text) - match.end() <= len(text) // 3 + len(spec.title) // 2

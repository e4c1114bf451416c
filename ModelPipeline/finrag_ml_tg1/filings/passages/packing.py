"""Stretches of text put together into passages."""

from __future__ import annotations

from collections.abc import Sequence

from finrag_ml_tg1.filings.passages.token_windows import TextSpan

__all__ = ["packed", "tokens_of"]


def tokens_of(spans: Sequence[TextSpan]) -> int:
    """Return the word-pieces of all of them."""
    return sum(span.tokens for span in spans)


def packed(spans: Sequence[TextSpan], room: int, *, least: int) -> list[list[TextSpan]]:
    """Return the spans in order, as many together as there is room for.

    A last group of fewer than `least` word-pieces gets some of the one before.
    """
    groups: list[list[TextSpan]] = []
    left = 0
    for span in spans:
        if groups and span.tokens <= left:
            groups[-1].append(span)
        else:
            groups.append([span])
            left = room
        left -= span.tokens
    if len(groups) > 1:
        before, last = groups[-2:]
        while len(before) > 1 and tokens_of(last) < least:
            if tokens_of(last) + before[-1].tokens > min(room, tokens_of(before)):
                break
            last.insert(0, before.pop())
    return groups

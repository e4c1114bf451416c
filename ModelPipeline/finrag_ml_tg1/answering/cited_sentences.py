"""Sentences of an answer with the citation marks that belong to them, wherever the full stop stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["cited_sentence_spans"]

_STOP_BEFORE_MARKS = re.compile(r"([.!?])((?:\s?\[\d{1,3}\])+)(?=\s|$)")


def cited_sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence, in order; marks after its full stop are part of it: "Sales rose. [1]"."""
    # Sentences are told apart with the stop behind the marks; the text is as long, so the offsets are the same.
    return sentence_spans(_STOP_BEFORE_MARKS.sub(r"\2\1", text))

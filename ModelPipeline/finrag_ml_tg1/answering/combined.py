"""One answer from two: the numbers first, then the passages that explain them, citations numbered through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from finrag_ml_tg1.answering.answer import Answer, Citation

__all__ = ["numbers_then_words"]

_MARK = re.compile(r"(?<!\\)\[(\d+)\]")


def numbers_then_words(numbers: Answer, words: Answer) -> Answer:
    """Return the answer in numbers followed by the one in words; a passage that both cite is cited once."""
    known = {citation.passage.passage_id: citation for citation in numbers.citations}
    merged: dict[str, Citation] = dict(known)
    renumbered: dict[int, int] = {}
    for citation in words.citations:
        passage_id = citation.passage.passage_id
        first = merged.get(passage_id)
        if first is None:
            merged[passage_id] = replace(citation, number=len(merged) + 1)
        else:
            highlights = tuple(sorted({*first.highlights, *citation.highlights}))
            merged[passage_id] = replace(first, highlights=highlights)
        renumbered[citation.number] = merged[passage_id].number
    markdown = numbers.markdown
    appendix = numbers.appendix
    if words.is_answered:
        markdown += "\n\n" + _renumbered(words.markdown, renumbered)
        appendix = "\n\n".join(part for part in (appendix, _renumbered(words.appendix, renumbered)) if part)
    context = numbers.context_length + words.context_length
    return Answer(True, markdown, tuple(merged.values()), context, appendix=appendix)


def _renumbered(markdown: str, numbers: Mapping[int, int]) -> str:
    return _MARK.sub(lambda match: f"[{numbers[int(match[1])]}]", markdown)

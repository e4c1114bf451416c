"""The words of a passage that a written sentence rests on: what a citation opens on when a model chose the words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.index.lexical import split_terms
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["words_rested_on"]

_MARK = re.compile(r"\[(\d+)\]")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
# A figure that both hold tells more than a word that both hold.
_NUMBER_WEIGHT = 2
_MIN_SHARED = 2


def words_rested_on(markdown: str, number: int, passage: PassageRecord) -> tuple[tuple[int, int], ...]:
    """Return the ranges of a passage (code points, in order) that are likest to the sentences that cite it.

    Of prose a range is a sentence, of a table a row; one for each sentence that cites the passage by its number and
    shares words with it.
    """
    spans = list(_spans(passage))
    signs = [_signs(passage.text[start:end]) for start, end in spans]
    chosen = set()
    for sentence in _sentences_citing(markdown, number):
        wanted = _signs(sentence)
        shared = [sum(_NUMBER_WEIGHT if sign[0].isdigit() else 1 for sign in wanted & own) for own in signs]
        best = max(range(len(spans)), key=lambda place: (shared[place], -len(signs[place])), default=None)
        if best is not None and shared[best] >= _MIN_SHARED:
            chosen.add(spans[best])
    return tuple(sorted(chosen))


def _spans(passage: PassageRecord) -> Iterator[tuple[int, int]]:
    if passage.kind != "table":
        yield from sentence_spans(passage.text)
        return
    offset = 0
    for line in passage.text.split("\n"):
        if line.strip():
            yield offset, offset + len(line)
        offset += len(line) + 1


def _sentences_citing(markdown: str, number: int) -> Iterator[str]:
    """The sentences, list items and table rows that carry the mark, or stand before it on its line."""
    for line in markdown.split("\n"):
        if line.lstrip().startswith("|"):
            if f"[{number}]" in line:
                yield _MARK.sub(" ", line)
            continue
        pending = ""
        for part in re.split(r"((?:\s*\[\d+\])+[.;,]?)", line):
            if _MARK.search(part):
                if f"[{number}]" in part:
                    yield pending
                pending = ""
            else:
                pending += part


def _signs(text: str) -> set[str]:
    """The stemmed words and the figures of a text."""
    return {*split_terms(text), *(figure.replace(",", "") for figure in _NUMBER.findall(text))}

"""Whether the citations of an answer hold: each mark resolves, and what is quoted stands where it is said to stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.evaluation.answers.asking import Given, GivenCitation

__all__ = ["citation_fault"]

_MARK = re.compile(r"(?<!\\)\[(\d+)\]")
_ESCAPE = re.compile(r"\\([\[\]])")
# Lines that the product words itself: numbers, tables, lists, notes.
_OWN_WORDS = re.compile(r"\s*(?:\||[-*•]\s|\*\*|note:|printed as|(?:yes|no)\. \*\*)", re.IGNORECASE)
_FEWEST_WORDS = 6


def citation_fault(given: Given) -> str:
    """Return what is wrong with the citations of an answer, "" when nothing is.

    Every `[n]` has to stand for one cited passage whose highlights lie inside its text; an answer has to cite
    something; and a sentence quoted without a model stands verbatim, white space aside, at a highlight of its citation.
    """
    return next(_faults(given), "")


def _faults(given: Given) -> Iterator[str]:
    numbers = [citation.number for citation in given.citations]
    cited = {citation.number: citation for citation in given.citations if citation.is_cited}
    marks = sorted({int(mark) for mark in _MARK.findall(given.answer)})
    if not marks:
        yield "nothing is cited"
    if len(set(numbers)) != len(numbers):
        yield "two citations have the same number"
    yield from (f"[{mark}] stands for no cited passage" for mark in marks if mark not in cited)
    yield from (f"[{number}] is said to be cited and is not" for number in cited if number not in marks)
    for number, citation in cited.items():
        if not all(0 <= start < end <= len(citation.text) for start, end in citation.highlights):
            yield f"[{number}] is highlighted outside its text"
    for sentence, mark in _quotations(given.answer) if given.is_quoted else ():
        if mark in cited and not _shows(cited[mark], sentence):
            yield f"[{mark}] does not say so in these words: {sentence[:80]}"


def _shows(citation: GivenCitation, sentence: str) -> bool:
    shown = [_even(citation.text[start:end]) for start, end in citation.highlights]
    return any(sentence in text or (text in sentence and len(text.split()) >= _FEWEST_WORDS) for text in shown)


def _quotations(answer: str) -> Iterator[tuple[str, int]]:
    """Each quoted sentence with the number of the passage it is quoted from."""
    for line in answer.splitlines():
        if _OWN_WORDS.match(line):
            continue
        parts = _MARK.split(line)
        for words, mark in zip(parts[::2], parts[1::2], strict=False):
            sentence = _even(_ESCAPE.sub(r"\1", words))
            if len(sentence.split()) >= _FEWEST_WORDS:
                yield sentence, int(mark)


def _even(text: str) -> str:
    return " ".join(text.split())

"""The sentences of a passage that may be quoted, by the text alone: whole, readable, not hanging in the air.

Their vectors are made with the index (sentence_vectors): one rule holds when it is built and when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.index.listed_points import list_spans
from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["CELL_SEPARATOR", "MIN_WORDS", "Quotable", "hangs", "is_quotable", "quotable_parts"]

CELL_SEPARATOR = " | "

MIN_WORDS = 5
_MAX_SENTENCE_WORDS = 80
_MAX_JOINED_WORDS = 90

_ITEM_HEADING = re.compile(r"(?:part\s+[iv]+|items?\s+\d)", re.IGNORECASE)
# "This increase was due to …": of what, the sentence before tells, so that the two are one statement.
_HANGS = re.compile(
    r"(?:this|these|those|such|it|they|its|their|he|she|his|her|both|however|also|in addition|additionally|moreover|"
    r"furthermore|as a result|accordingly|consequently|therefore|the former|the latter|"
    r"the (?:(?:overall|net|sales|revenue|year-over-year|remaining) )*(?:increases?|decreases?|declines?|changes?|"
    r"growth|improvements?|reductions?|contraction|expansion) "
    r"(?:was|were|is|are|primarily|mainly|reflect\w*|result\w*))\b",
    re.IGNORECASE,
)
# "2.Primarily related to store closures.": of which figure, only its table tells.
_WITHOUT_SUBJECT = re.compile(
    r"(?:\(?\w{1,2}[.)]\s*|[*†‡]\s*|\d{1,2}\s*)?(?:primarily|mainly|principally|includes?|excludes?|represents?|"
    r"reflects?|consists?|comprised|relates?|related to|net of|amounts? (?:include|represent|reflect|relate))\b",
    re.IGNORECASE,
)
# "We have served as auditor": who, the signature above tells.
_SIGNATURE = re.compile(r"/s/\s*\S")
_OF_SIGNER = re.compile(r"(?:we|i)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quotable:
    """A stretch of a text, and what of it has to speak to a question: of a list its opening, else the last sentence."""

    start: int
    end: int
    told_from: int
    told_to: int
    is_list: bool = False


def quotable_parts(text: str, kind: str, min_words: int = MIN_WORDS) -> Iterator[Quotable]:
    """Yield the lists and sentences of a passage that may be quoted; of a table of the words above its rows.

    A sentence that hangs on the one before is one statement with it.
    """
    if kind == "prose":
        for start, opening_end, end in list_spans(text):
            yield Quotable(start, end, start, opening_end, is_list=True)
    before: tuple[int, int] | None = None
    for start, end in _sentences(text, kind):
        sentence = text[start:end]
        is_whole = is_quotable(sentence, min_words)
        if is_whole:
            is_short = before is not None and len(text[before[0] : end].split()) <= _MAX_JOINED_WORDS
            first = before[0] if before is not None and is_short and _hangs_on(text, before, sentence) else start
            yield Quotable(first, end, start, end)
        before = (start, end) if is_whole or _SIGNATURE.match(sentence) else None


def is_quotable(sentence: str, min_words: int = MIN_WORDS) -> bool:
    """Return whether this is a whole sentence of readable length: no heading, no fragment cut by a passage's end."""
    words = len(sentence.split())
    ends_well = sentence.rstrip('"”’)').endswith((".", "!", "?"))
    is_heading = (words < MIN_WORDS and _ITEM_HEADING.match(sentence)) or sentence.upper() == sentence
    is_fragment = sentence[0].islower() or sentence.count("(") < sentence.count(")") or is_heading
    is_fragment = is_fragment or _WITHOUT_SUBJECT.match(sentence) is not None
    return min_words <= words <= _MAX_SENTENCE_WORDS and ends_well and not is_fragment


def hangs(sentence: str) -> bool:
    """Return whether a sentence tells only with the one before of what it speaks."""
    return _HANGS.match(sentence) is not None


def _hangs_on(text: str, before: tuple[int, int], sentence: str) -> bool:
    """Whether only the sentence before tells of what or of whom this one speaks."""
    is_signed = _SIGNATURE.match(text, *before) is not None
    return (_OF_SIGNER if is_signed else _HANGS).match(sentence) is not None


def _sentences(text: str, kind: str) -> Iterator[tuple[int, int]]:
    """The sentences of a passage; of a table the words above its rows."""
    if kind == "prose":
        yield from sentence_spans(text)
        return
    offset = 0
    for line in text.split("\n"):
        if CELL_SEPARATOR not in line:
            for start, end in sentence_spans(line):
                yield offset + start, offset + end
        offset += len(line) + 1

"""What an answer asserts, apart from how it gets there: its head line, its first sentence, its conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.answering.sentences import sentence_spans

__all__ = ["Asserted", "read_asserted", "sentences"]

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CONCLUDES = re.compile(
    r"\b(?:therefore|thus|hence|in conclusion|in summary|to summari[sz]e|overall|as a result|consequently|conclusion|"
    r"accordingly|in short|final answer|rounded|rounding|so,)\b",
    re.IGNORECASE,
)
_RESULT = re.compile(r"(?:=|≈|\bequals\b|\bis equal to\b)\s*(?P<result>[^=≈\n]*)(?:$|\n)", re.MULTILINE)
_LINE_END = re.compile(r"(?<=[.!?:])\s*\n|\n(?=\s*(?:[-*•#|]|\d+[.)]\s))")


@dataclass(frozen=True, slots=True)
class Asserted:
    """The parts of an answer: `head` is its bold first line or first sentence, `conclusions` what it ends in.

    `results` are the right ends of its equations.
    """

    head: str
    conclusions: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """The head and the conclusions."""
        return (self.head, *self.conclusions)


def read_asserted(answer: str) -> Asserted:
    """Return the parts of an answer in Markdown; the last sentence is a conclusion in any case."""
    said = list(sentences(answer))
    if not said:
        return Asserted("", (), ())
    bold = _BOLD.search(said[0])
    head = said[0] if bold is None or bold.start() > 6 else f"{said[0][: bold.start()]}{bold[1]}"
    concluding = [sentence for sentence in said[1:] if _CONCLUDES.search(sentence)]
    results = tuple(match["result"].strip() for match in _RESULT.finditer(answer))
    return Asserted(head, tuple(dict.fromkeys((*concluding, said[-1]))), results)


def sentences(answer: str) -> Iterator[str]:
    """Yield the sentences of an answer; a line of a list is one by itself."""
    for block in _LINE_END.split(answer):
        yield from (block[start:end] for start, end in sentence_spans(block))

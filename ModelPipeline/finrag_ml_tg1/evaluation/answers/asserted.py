"""What an answer asserts, apart from how it gets there: its head line, its first sentence, its conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["Asserted", "read_asserted", "sentences"]

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_CONCLUDES = re.compile(
    r"\b(?:therefore|thus|hence|in conclusion|in summary|to summari[sz]e|overall|as a result|consequently|conclusion|"
    r"accordingly|in short|final answer|rounded|rounding|so(?=,))\b",
    re.IGNORECASE,
)
# What opens an account of how the answer is found asserts nothing yet.
_ANNOUNCES = re.compile(
    r"\W*(?:to (?:determine|calculate|find|compute|answer|assess|evaluate|identify|see)|in order to|let'?s|"
    r"we (?:need|can|must|have to|will)|first|here (?:is|are)|if)\b|.*\bwhether\b|.*:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_RESULT = re.compile(r"(?:=|≈|\bequals\b|\bis equal to\b)\s*(?P<result>[^=≈\n]*)(?:$|\n)", re.MULTILINE)
_OPERANDS = re.compile(r"[$€£(\d][\d.,$€£%()+\-−–*×÷/^\s]*(?:(?:thousand|million|billion)\b[\s)+\-−–*×÷/]*)?")
# "Yes. ", "No. ".
_LONGEST_VERDICT = 6
_LINE_END = re.compile(r"(?<=[.!?:])\s*\n|\n(?=\s*(?:[-*•#|]|\d+[.)]\s))")


@dataclass(frozen=True, slots=True)
class Asserted:
    """The parts of an answer: `head` is its bold first line or its first sentence that asserts something.

    `conclusions` are the sentences that say they conclude, `last` is the last one; of an equation only the right end
    is in any of them. `results` are the right ends of the whole answer. `opens_with_head`: nothing goes before it.
    `is_bold`: it is set in bold, as a headline.
    """

    head: str
    conclusions: tuple[str, ...]
    last: str
    results: tuple[str, ...]
    opens_with_head: bool
    is_bold: bool

    @property
    def claims(self) -> tuple[str, ...]:
        """The head, the conclusions, and the last sentence."""
        return tuple(dict.fromkeys((self.head, *self.conclusions, self.last)))


def read_asserted(answer: str) -> Asserted:
    """Return the parts of an answer in Markdown."""
    said = list(sentences(answer))
    if not said:
        return Asserted(head="", conclusions=(), last="", results=(), opens_with_head=True, is_bold=False)
    opening = next((sentence for sentence in said if not _ANNOUNCES.match(sentence)), said[0])
    bold = _BOLD.search(opening)
    is_bold = bold is not None and bold.start() <= _LONGEST_VERDICT
    head = f"{opening[: bold.start()]}{bold[1]}" if bold and is_bold else opening
    return Asserted(
        head=_right_end(head),
        conclusions=tuple(_right_end(sentence) for sentence in said if _CONCLUDES.search(sentence)),
        last=_right_end(said[-1]),
        results=tuple(match["result"].strip() for match in _RESULT.finditer(answer)),
        opens_with_head=opening == said[0],
        is_bold=is_bold,
    )


def _right_end(sentence: str) -> str:
    """The sentence without what it calculates with: "that is 5 - 3 = 2" asserts 2."""
    results = [match["result"].strip() for match in _RESULT.finditer(sentence)]
    return f"{_OPERANDS.sub('', sentence.partition('=')[0])} {results[-1]}" if results and "=" in sentence else sentence


def sentences(answer: str) -> Iterator[str]:
    """Yield the sentences of an answer; a line of a list is one by itself."""
    for block in _LINE_END.split(answer):
        yield from (block[start:end] for start, end in sentence_spans(block))

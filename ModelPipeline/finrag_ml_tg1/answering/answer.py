"""What answering produces: statements tied to the exact words they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = ["Answer", "Citation", "Flag"]


@dataclass(frozen=True, slots=True)
class Flag:
    """Something in an answer that its evidence does not bear out, at [start, end) of the Markdown in code points.

    "number": a figure that stands in no fact, calculation or cited text. "unsupported": a sentence that cites nothing,
    or passages that do not speak of it. `reason` is a sentence for the reader.
    """

    kind: Literal["number", "unsupported"]
    start: int
    end: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage as cited: its number, and the ranges of its text (in Unicode code points) the answer rests on."""

    number: int
    passage: PassageRecord
    highlights: tuple[tuple[int, int], ...]
    is_cited: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Markdown with `[n]` marks and the passages they stand for; passages found but not used follow the cited ones.

    `flags` mark what a language model wrote and the evidence does not bear out; quotations have none. `appendix` is the
    part of the Markdown that stays whoever writes the rest: tables of numbers, calculations, what is missing.
    """

    is_answered: bool
    markdown: str
    citations: tuple[Citation, ...]
    context_length: int
    flags: tuple[Flag, ...] = ()
    appendix: str = ""

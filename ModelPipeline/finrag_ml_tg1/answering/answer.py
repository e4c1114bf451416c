"""What answering produces: statements tied to the exact words they come from."""

from __future__ import annotations

from dataclasses import dataclass

from finrag_ml_tg1.index.reader import PassageRecord

__all__ = ["Answer", "Citation"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage as cited: its number, and the ranges of its text (in Unicode code points) the answer rests on."""

    number: int
    passage: PassageRecord
    highlights: tuple[tuple[int, int], ...]
    is_cited: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Markdown with `[n]` marks and the passages they stand for; passages found but not used follow the cited ones."""

    is_answered: bool
    markdown: str
    citations: tuple[Citation, ...]
    context_length: int

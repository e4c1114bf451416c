"""What a question passes through, as it happens: each event is shown or sent on as soon as it is there.

They come in this order: `Stage` for steps that are done, `Sources`, any number of `Piece`, and `Result` last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from finrag_ml_tg1.answering.answer import Answer
from finrag_ml_tg1.answering.model_answer import ModelUse
from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import Question, Scope

__all__ = ["FIRST_TOKEN", "Event", "Piece", "Result", "Sources", "Stage", "pieces_of"]

# The timing that is part of another: how long a model's first words took, of the time it wrote.
FIRST_TOKEN = "first_token"


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that is done, and the milliseconds it took."""

    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of the answer's Markdown. A `Result` whose Markdown is another replaces all pieces."""

    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """A question's answer with the scope it was looked for in and the milliseconds each stage took.

    `found` holds the numbers, `shown_at` the citation that shows each of them (None: printed nowhere). `written` is
    what a language model had to do with it, None when none was asked.
    """

    question: Question
    scope: Scope
    answer: Answer
    timings_ms: dict[str, float]
    plan: Plan | None = None
    found: FactSet = field(default_factory=FactSet)
    shown_at: Mapping[Fact, int | None] = field(default_factory=dict)
    written: ModelUse | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The answer from the filings, with its passages and numbers.

    `expected` is what the model that is asked with them next is thought to use, on the high side; None: none is asked.
    """

    result: Result
    expected: ModelUse | None = None


Event = Stage | Sources | Piece | Result


def pieces_of(markdown: str) -> Iterator[Piece]:
    """Yield the Markdown of an answer that is whole, paragraph by paragraph; together they are all of it."""
    first, *others = markdown.split("\n\n")
    yield Piece(first)
    yield from (Piece(f"\n\n{other}") for other in others)

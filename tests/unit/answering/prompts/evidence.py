"""Evidence for prompts, and a model that reads prompts the way a naive one would."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from finrag_ml_tg1.answering.answer import Citation
from finrag_ml_tg1.answering.models.language_model import Cancellation, Finished, ModelProfile, Prompt, TokenUsage
from finrag_ml_tg1.answering.prompts.context import Evidence
from finrag_ml_tg1.facts.fact_set import FactSet, UsedFact
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.scope import CompanyReference, Scope

__all__ = [
    "PROFILE",
    "ScriptedModel",
    "cite",
    "make_evidence",
    "passages_seen",
    "revenue",
    "what_a_naive_reader_obeys",
]

PROFILE = ModelProfile("scripted", "openai", "scripted-1", 8_000, 500, input_price=Decimal(1), output_price=Decimal(4))
COMPANY = CompanyReference(1, "Orquenna Instruments, Inc. (fictional)", ("ORQN",))


def cite(passages: Sequence[PassageRecord]) -> tuple[Citation, ...]:
    """Return a citation for each passage, the first of them cited."""
    return tuple(Citation(number, passage, (), number == 1) for number, passage in enumerate(passages, start=1))


def make_evidence(passages: Sequence[PassageRecord], *, found: FactSet | None = None) -> Evidence:
    """Return evidence of one company for a question about its revenue."""
    facts = found or FactSet()
    scope = Scope("Why did revenue rise?", companies=(COMPANY,), fiscal_years=(2024,))
    shown_at = {used.fact: 1 for used in facts.facts}
    return Evidence("Why did revenue rise?", scope, cite(passages), facts, shown_at, {1: COMPANY.name})


def revenue(value: int = 394_000_000) -> FactSet:
    """Return the revenue of fiscal 2024 as a fact."""
    fact = Fact(
        cik=1,
        accession="1-24-1",
        form="10-K",
        concept="us-gaap:Revenues",
        label="Revenues",
        row_label="Revenue",
        row_path="",
        statement="income",
        value=Decimal(value),
        unit="USD",
        decimals="-6",
        period_start=date(2024, 1, 1),
        period_end=date(2024, 12, 31),
        dimensions=(),
        fiscal_year=2024,
        fiscal_period="FY",
        source="tagged",
        passage_id="1-24-1-00001",
        char_start=0,
        char_end=3,
        recency=0,
    )
    return FactSet((UsedFact(fact, "revenue", "Revenue", "money"),))


@dataclass(slots=True)
class ScriptedModel:
    """Writes the pieces it was given, and keeps what it was asked; an exception among them is raised."""

    pieces: Iterable[str | Exception | Finished]
    profile: ModelProfile = PROFILE
    asked: list[Prompt] = field(default_factory=list)
    cancellation: Cancellation | None = None
    is_closed: bool = False

    def write(self, prompt: Prompt, cancellation: Cancellation | None = None) -> Generator[str | Finished, None, None]:
        """Yield the pieces."""
        self.asked.append(prompt)
        self.cancellation = cancellation
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            yield Finished("end_turn", TokenUsage(1_000, 100))
        finally:
            self.is_closed = True


_BLOCK = re.compile(r'<passage n="(\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)


def what_a_naive_reader_obeys(prompt: Prompt) -> str:
    """Return all of a prompt that stands outside the passages: what a model takes for its instructions."""
    return prompt.system + _BLOCK.sub("", prompt.context) + prompt.question


def passages_seen(prompt: Prompt) -> dict[int, str]:
    """Return the words of each passage by its number, as the tags set them apart."""
    return {int(number): text for number, text in _BLOCK.findall(prompt.context)}

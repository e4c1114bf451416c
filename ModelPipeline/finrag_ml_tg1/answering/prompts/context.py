"""Evidence to prompt: numbers as data, passages by number, within what the model takes; what is left out is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.answering.answer import Citation
from finrag_ml_tg1.answering.models.language_model import ModelProfile, Prompt
from finrag_ml_tg1.answering.number_table import result_cik, result_words
from finrag_ml_tg1.answering.numeric import missing_words
from finrag_ml_tg1.answering.prompts.fence import fenced
from finrag_ml_tg1.answering.prompts.template import PromptTemplate
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact
from finrag_ml_tg1.facts.number_words import period_words
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.scope import Scope

__all__ = ["Evidence", "RenderedPrompt", "render_prompt"]

# A model's own tokens are not known here; word-pieces of the index's tokenizer are as long or shorter but for numbers.
_TOKENS_PER_WORD_PIECE = 1.25
# Tags and attributes of a passage beside its words.
_TOKENS_OF_FENCE = 60


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer may be made of: passages by their citations' numbers, most relevant first, and numbers."""

    question: str
    scope: Scope
    citations: Sequence[Citation]
    found: FactSet
    shown_at: Mapping[Fact, int | None]
    companies: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt, the citations whose passages it holds, and how many were left out because the model takes no more.

    `tokens` is an estimate on the high side.
    """

    prompt: Prompt
    citations: tuple[Citation, ...]
    left_out: int
    tokens: int


def render_prompt(
    template: PromptTemplate, evidence: Evidence, profile: ModelProfile, count_word_pieces: Callable[[str], int]
) -> RenderedPrompt:
    """Return the prompt for a model, with as many passages as it takes; the last ones are the least relevant."""

    def tokens(text: str) -> int:
        return math.ceil(_TOKENS_PER_WORD_PIECE * count_word_pieces(text))

    numbers = _numbers(template, evidence)
    question = template.question.format(
        subject=fenced(_subject(evidence), on_one_line=True), question=fenced(evidence.question)
    )
    used = tokens(template.system) + tokens(numbers) + tokens(question) + _TOKENS_OF_FENCE
    room = profile.context_tokens - profile.max_output_tokens - used
    kept: list[Citation] = []
    blocks: list[str] = []
    for citation in evidence.citations:
        block = _passage(template, citation)
        room -= tokens(block) + _TOKENS_OF_FENCE
        if room < 0:
            break
        kept.append(citation)
        blocks.append(block)
        used += tokens(block) + _TOKENS_OF_FENCE
    context = template.context.format(numbers=numbers, passages="".join(blocks))
    prompt = Prompt(template.system, context, question)
    return RenderedPrompt(prompt, tuple(kept), len(evidence.citations) - len(kept), used)


def _passage(template: PromptTemplate, citation: Citation) -> str:
    passage = citation.passage
    text = f"{passage.lead}\n{passage.text}" if passage.lead else passage.text
    return template.passage.format(
        number=citation.number,
        company=fenced(passage.company, on_one_line=True),
        form=fenced(passage.form, on_one_line=True),
        fiscal_year=passage.fiscal_year,
        item=fenced(passage.item, on_one_line=True),
        heading=fenced(passage.heading, on_one_line=True),
        text=fenced(text),
    )


def _numbers(template: PromptTemplate, evidence: Evidence) -> str:
    lines = [
        *(_fact_line(used, evidence) for used in evidence.found.facts),
        *(line for calculation in evidence.found.calculations for line in _calculation_lines(calculation, evidence)),
        *(f"note: {note}" for note in evidence.found.notes),
    ]
    missing = missing_words(evidence.found, evidence.companies)
    lines += [f"missing: {missing}"] if missing else []
    shown = [f"- {fenced(line, on_one_line=True)}" for line in lines]
    return template.numbers.format(lines="\n".join(shown)) if shown else ""


def _fact_line(used: UsedFact, evidence: Evidence) -> str:
    place = evidence.shown_at.get(used.fact)
    where = f"printed in passage {place}" if place is not None else "printed in no passage"
    company = evidence.companies[used.fact.cik]
    return f"{company}: {used.label}, {period_words(used)}: {result_words(used)} ({where})"


def _calculation_lines(calculation: Calculation, evidence: Evidence) -> Iterator[str]:
    company = evidence.companies.get(result_cik(calculation), "")
    for step in (*calculation.steps, calculation):
        caveat = f" ({step.caveat})" if step.caveat else ""
        yield (
            f"calculated for {company}: {step.label}, {step.period}: {result_words(step)}{caveat} = {step.formula} = "
            f"{step.expression}"
        )


def _subject(evidence: Evidence) -> str:
    """The companies and periods asked about; periods of filings stand in only where none is named."""
    scope = evidence.scope
    companies = ", ".join(company.name for company in scope.companies) or "any company"
    of_numbers = sorted({used.fact.fiscal_year for used in evidence.found.facts})
    years = ", ".join(str(year) for year in scope.named_years or of_numbers or scope.fiscal_years)
    return f"{companies}; fiscal years {years}" if years else companies

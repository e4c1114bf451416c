"""An answer in numbers: the asked value first, then how it was calculated, each number with where it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.number_words import period_words, value_words
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.index.reader import PassageRecord
from finrag_ml_tg1.plan import Plan

__all__ = ["NumericAnswer", "answer_in_numbers", "missing_words"]

_MAX_ROWS = 60


@dataclass(frozen=True, slots=True)
class NumericAnswer:
    """The answer, and the number of the citation that shows each fact (None: tagged, but printed nowhere)."""

    answer: Answer
    shown_at: Mapping[Fact, int | None]


def answer_in_numbers(
    plan: Plan, found: FactSet, passages: Mapping[str, PassageRecord], companies: Mapping[int, str]
) -> NumericAnswer:
    """Return the answer to a plan. `passages` holds the passages the facts are printed in, by id."""
    inputs = [used for calculation in found.calculations for used in calculation.inputs]
    shown = list(dict.fromkeys(used.fact for used in (*found.facts, *inputs)))
    citations = tuple(_citations(shown, passages))
    by_passage = {citation.passage.passage_id: citation.number for citation in citations}
    shown_at = {fact: by_passage.get(fact.passage_id or "") for fact in shown}
    writer = _Writer(plan, found, shown_at, companies)
    markdown = "\n\n".join(writer.blocks())
    return NumericAnswer(Answer(True, markdown, citations, 0), shown_at)


def missing_words(found: FactSet, companies: Mapping[int, str]) -> str:
    """Return in sentences what could not be given, and between which lines the words do not decide."""
    sentences = [
        f"{companies[missing.cik]}: {missing.reason}" if missing.cik in companies else _capitalised(missing.reason)
        for missing in found.missing
    ]
    for cik in dict.fromkeys(used.fact.cik for used in found.candidates):
        named = [
            f"{used.label} ({value_words(used.fact.value, used.fact.unit, used.display)}, tagged {used.fact.concept})"
            for used in found.candidates
            if used.fact.cik == cik
        ]
        sentences.append(
            f"{companies[cik]}: several tagged lines could be meant: {'; '.join(named)}. Name one of them."
        )
    return " ".join(dict.fromkeys(sentences))


def _citations(facts: Sequence[Fact], passages: Mapping[str, PassageRecord]) -> Iterator[Citation]:
    """A citation for each passage, in order of first use, that highlights every number taken from it."""
    used = [fact.passage_id for fact in facts if fact.passage_id in passages]
    for number, passage_id in enumerate(dict.fromkeys(used), start=1):
        passage = passages[str(passage_id)]
        highlights = sorted(
            {
                (fact.char_start - passage.char_start, fact.char_end - passage.char_start)
                for fact in facts
                if fact.passage_id == passage_id and fact.char_start is not None and fact.char_end is not None
            }
        )
        yield Citation(number, passage, tuple(highlights), True)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes one answer."""

    plan: Plan
    found: FactSet
    shown_at: Mapping[Fact, int | None]
    companies: Mapping[int, str]

    def blocks(self) -> Iterator[str]:
        """Yield the Markdown blocks: values, traces, notes, what is missing."""
        if self.found.calculations:
            yield from self._calculations()
        elif len(self.found.facts) == 1:
            yield self._single(self.found.facts[0])
        else:
            yield self._table(self.found.facts[:_MAX_ROWS])
        notes = [*self.found.notes, *(note for used in self._all_facts() for note in used.notes)]
        if self.plan.in_calendar_years:
            notes.append("Tagged numbers are of fiscal years; the dates of each are given.")
        yield from (f"Note: {note}" for note in dict.fromkeys(notes))
        missing = missing_words(self.found, self.companies)
        if missing:
            yield missing

    def _single(self, used: UsedFact) -> str:
        value = value_words(used.fact.value, used.fact.unit, used.display)
        name = self._name(used.fact.cik)
        verdict = self._verdict(used.fact.value)
        return (
            f"{verdict}**{name}: {used.label} was {value}** ({_printed(used)}{period_words(used)}). {self._place(used)}"
        )

    def _table(self, facts: Sequence[UsedFact]) -> str:
        lines = ["| | Period | Value | Where |", "|---|---|---:|---|"]
        lines += [
            f"| {self._name(used.fact.cik)}: {used.label} | {period_words(used)} | "
            f"{value_words(used.fact.value, used.fact.unit, used.display)} | {self._place(used)} |"
            for used in facts
        ]
        headline = ""
        if self.plan.operation == "ranking":
            extreme = "lowest" if self.plan.asks_lowest else "highest"
            first = facts[0]
            value = value_words(first.fact.value, first.fact.unit, first.display)
            name = self._name(first.fact.cik)
            headline = f"**{name} has the {extreme} {first.label.lower()}: {value}** ({period_words(first)}).\n\n"
        return headline + "\n".join(lines)

    def _calculations(self) -> Iterator[str]:
        if self.plan.operation == "ranking":
            first = self.found.calculations[0]
            extreme = "lowest" if self.plan.asks_lowest else "highest"
            yield f"**{self._name(first.cik)} has the {extreme} {first.label.lower()}.**"
        for calculation in self.found.calculations[:_MAX_ROWS]:
            yield self._calculation(calculation)

    def _calculation(self, calculation: Calculation) -> str:
        value = value_words(calculation.value, calculation.unit, calculation.display)
        lines = [f"{self._verdict(calculation.value)}**{self._name(calculation.cik)}: {calculation.name}: {value}**"]
        for step in (*calculation.steps, calculation):
            result = value_words(step.value, step.unit, step.display)
            lines.append(f"- {step.label} = {step.formula} = {step.expression} = {result}")
        for used in calculation.inputs:
            amount = value_words(used.fact.value, used.fact.unit, used.display)
            source = f"{_printed(used)}{period_words(used)}; {used.fact.form} {used.fact.accession}"
            lines.append(f"- {used.label}: {amount} ({source}) {self._place(used)}")
        lines += [f"- {note}" for note in calculation.notes]
        return lines[0] + "\n\n" + "\n".join(lines[1:])

    def _verdict(self, value: Decimal) -> str:
        threshold = self.plan.threshold
        if threshold is None or self.plan.operation != "threshold":
            return ""
        is_met = value > threshold.value if threshold.is_above else value < threshold.value
        return "Yes. " if is_met else "No. "

    def _place(self, used: UsedFact) -> str:
        number = self.shown_at.get(used.fact)
        if number is not None:
            source = " (read from the table, the filing carries no tags)" if used.fact.source == "table" else ""
            return f"[{number}]{source}"
        return "(tagged; printed nowhere in the filing's text)"

    def _name(self, cik: int) -> str:
        return self.companies.get(cik, str(cik))

    def _all_facts(self) -> Iterator[UsedFact]:
        yield from self.found.facts
        for calculation in self.found.calculations:
            yield from calculation.inputs


def _printed(used: UsedFact) -> str:
    """What the filing itself calls the number, where that is another name than the one asked by."""
    row = " ".join(used.fact.row_label.replace("[", "(").replace("]", ")").split()).strip(" :")
    return f"printed as “{row}”; " if row and row.lower() not in used.label.lower() else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]

"""An answer in numbers: the asked value first, then how it was calculated, each number with where it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.number_table import result_cik, result_period, result_words, write_table
from finrag_ml_tg1.answering.verdicts import comparison, verdict
from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact, result_value
from finrag_ml_tg1.facts.number_words import period_words, value_words
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.index.passage_record import PassageRecord
from finrag_ml_tg1.plan import Plan

__all__ = ["NumericAnswer", "answer_in_numbers", "missing_words"]

_MAX_ROWS = 60
_FROM_TABLES = "The filing carries no tags: the numbers are read from the rows of its statements."
_MAX_TRACES = 3
_MAX_REASONS = 2


@dataclass(frozen=True, slots=True)
class NumericAnswer:
    """The answer, and the number of the citation that shows each fact (None: tagged, but printed nowhere)."""

    answer: Answer
    shown_at: Mapping[Fact, int | None]


def answer_in_numbers(
    plan: Plan, found: FactSet, passages: Mapping[str, PassageRecord], companies: Mapping[int, str]
) -> NumericAnswer:
    """Return the answer to a plan. `passages` holds the passages the facts are printed in, by id."""
    found = replace(found, results=tuple(_as_printed(result, passages) for result in found.results))
    shown = list(dict.fromkeys(used.fact for result in found.results for used in _rests_on(result)))
    citations = tuple(_citations(shown, passages))
    by_passage = {citation.passage.passage_id: citation.number for citation in citations}
    shown_at = {fact: by_passage.get(fact.passage_id or "") for fact in shown}
    writer = _Writer(plan, found, shown_at, companies)
    appendix = "\n\n".join(writer.appendix())
    markdown = "\n\n".join([*writer.headline(), *([appendix] if appendix else [])])
    return NumericAnswer(Answer(True, markdown, citations, 0, appendix=appendix), shown_at)


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

    def headline(self) -> Iterator[str]:
        """Yield the Markdown blocks that say the answer in words; of several values without an order there are none."""
        results = self.found.results
        if len(results) == 1:
            yield self._single(results[0])
            return
        compared = comparison(self.plan, results, self.companies)
        if compared:
            yield compared
        if self.plan.asks_extreme and self.plan.operation in ("ranking", "breakdown"):
            yield self._winner(results[0])

    def appendix(self) -> Iterator[str]:
        """Yield the table of several values, how values were calculated, notes, what is missing."""
        results = self.found.results
        if len(results) > 1:
            yield write_table(results[:_MAX_ROWS], self.companies, self._place)
        traced = self.found.calculations[:_MAX_TRACES]
        yield from (self._trace(calculation, len(results) > 1) for calculation in traced)
        rest = len(self.found.calculations) - _MAX_TRACES
        if rest > 0:
            yield f"The other {rest} are calculated in the same way; their inputs are part of the response."
        yield from (f"Note: {note}" for note in self._notes())
        yield from self._missing()

    def _single(self, result: UsedFact | Calculation) -> str:
        said = result_words(result, self.plan.places)
        answer = f"{verdict(self.plan, *result_value(result))}**{self._title(result)}: {said}**"
        if isinstance(result, Calculation):
            return f"{answer} ({result.caveat})" if result.caveat else answer
        return f"{answer} {self._place(result)}\n\n{_capitalised(self._source(result))}."

    def _winner(self, first: UsedFact | Calculation) -> str:
        extreme = "Lowest" if self.plan.asks_lowest else "Highest"
        return f"**{extreme}: {self._title(first)}: {result_words(first)}**"

    def _missing(self) -> Iterator[str]:
        """What could not be given; of a ranking the companies that it leaves out."""
        left_out = [self.companies[missing.cik] for missing in self.found.missing if missing.cik in self.companies]
        if self.plan.operation == "ranking" and len(left_out) > _MAX_REASONS:
            yield f"Not ranked, as no value can be given for the period: {', '.join(dict.fromkeys(left_out))}"
            return
        missing = missing_words(self.found, self.companies)
        if missing:
            yield missing

    def _trace(self, calculation: Calculation, is_one_of_several: bool) -> str:
        """How a value came about: formula, the numbers put in, and where each stands."""
        are_several = _is_of_several(calculation)

        def owner(used: UsedFact) -> str:
            return f"{self.companies[used.fact.cik]}: " if are_several else ""

        title = f"{self._title(calculation)}:" if is_one_of_several else "How it was calculated:"
        lines = [
            f"- {step.label} = {step.formula} = {step.expression} = {result_words(step)}"
            for step in (*calculation.steps, calculation)
        ]
        lines += [
            f"- {owner(used)}{used.label}: {result_words(used)} {self._place(used)} ({self._source(used)})"
            for used in calculation.inputs
        ]
        lines += [f"- {note}" for note in calculation.notes]
        lines += [f"- {_capitalised(part.caveat)}." for part in (*calculation.steps, calculation) if part.caveat]
        return title + "\n\n" + "\n".join(lines)

    def _source(self, used: UsedFact) -> str:
        """What the filing calls the number, of which period and in which filing it is."""
        return f"{_printed(used)}{period_words(used)}; {used.fact.form} {used.fact.accession}"

    def _title(self, result: UsedFact | Calculation) -> str:
        company = "" if _is_of_several(result) else f"{self.companies[result_cik(result)]}: "
        return f"{company}{result.label}, {result_period(result)}"

    def _notes(self) -> Iterator[str]:
        notes = [*self.found.notes, *(note for used in self.found.facts for note in used.notes)]
        if any(used.fact.source == "table" for used in self.found.facts):
            notes.append(_FROM_TABLES)
        if self.plan.in_calendar_years:
            notes.append("Tagged numbers are of fiscal years; the dates of each are given.")
        return iter(dict.fromkeys(notes))

    def _place(self, used: UsedFact) -> str:
        number = self.shown_at.get(used.fact)
        if number is not None:
            return f"[{number}]"
        return "(tagged; printed nowhere in the filing's text)"


def _as_printed(result: UsedFact | Calculation, passages: Mapping[str, PassageRecord]) -> UsedFact | Calculation:
    """A line of the filing under its printed label has to be read with its printed sign."""
    if isinstance(result, Calculation) or result.metric or not result.fact.passage_id:
        return result
    passage, fact = passages.get(result.fact.passage_id), result.fact
    if passage is None or fact.char_start is None or fact.char_end is None or not fact.value:
        return result
    start, end = fact.char_start - passage.char_start, fact.char_end - passage.char_start
    printed = passage.text[max(0, start - 2) : end]
    is_negative = any(sign in printed for sign in ("(", "−", "-", "–"))
    if is_negative == (fact.value < 0):
        return result
    note = f"{result.label} is tagged with the other sign than it is printed with; it is given as printed."
    return replace(result, is_turned=True, notes=(*result.notes, note))


def _rests_on(result: UsedFact | Calculation) -> tuple[UsedFact, ...]:
    return (result,) if isinstance(result, UsedFact) else result.inputs


def _is_of_several(result: UsedFact | Calculation) -> bool:
    """Whether a result rests on numbers of several companies, so that it is none's alone."""
    return len({used.fact.cik for used in _rests_on(result)}) > 1


def _printed(used: UsedFact) -> str:
    """What the filing itself calls the number, where that is another name than the one asked by."""
    row = " ".join(used.fact.row_label.replace("[", "(").replace("]", ")").split()).strip(" :")
    return f"printed as “{row}”; " if row and row.lower() not in used.label.lower() else ""


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]

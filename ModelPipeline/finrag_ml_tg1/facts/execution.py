"""A plan carried out for the companies in scope: which values, what is done with them, what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.facts.across import combined, written_as_asked
from finrag_ml_tg1.facts.calculator import Calculator, MissingInputError
from finrag_ml_tg1.facts.decisions import log_facts
from finrag_ml_tg1.facts.fact_set import FactSet, Missing, result_value
from finrag_ml_tg1.facts.ledger import Ledger
from finrag_ml_tg1.facts.line_items import LineItems
from finrag_ml_tg1.facts.ranking import ranked
from finrag_ml_tg1.facts.reading import Reader
from finrag_ml_tg1.facts.spoken_parts import PartNames, covers_words
from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference
from finrag_ml_tg1.vocabulary.metrics import Metric, load_metrics

__all__ = ["FactFinder"]

_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class _Names:
    """What one company's facts are called."""

    facts: CompanyFacts
    lines: LineItems
    parts: PartNames


class FactFinder:
    """Carries out plans; `facts_of` returns a covered company's facts."""

    def __init__(self, facts_of: Callable[[int], CompanyFacts]) -> None:
        self._facts_of = facts_of
        self._metrics: Mapping[str, Metric] = load_metrics()
        self._names: dict[int, _Names] = {}

    def look_up(self, companies: Sequence[Company], metrics: Sequence[str], fiscal_years: Sequence[int]) -> FactSet:
        """Return registered metrics of covered companies, for the latest fiscal year when none is given."""
        plan = Plan("lookup", metrics=tuple(metrics), line_item=" ", years=tuple(sorted(fiscal_years)))
        return self.find(plan, [CompanyReference(company.cik, company.name, company.tickers) for company in companies])

    def find(self, plan: Plan, companies: Sequence[CompanyReference], *, are_named: bool = True) -> FactSet:
        """Return the numbers a plan asks for, the asked value first. Raises nothing for what is not there.

        Without `are_named` the companies are those that could be meant: what some of them hold is the answer.
        """
        found = self._found(plan, companies, are_named=are_named)
        log_facts(plan, companies, found)
        return found

    def _found(self, plan: Plan, companies: Sequence[CompanyReference], *, are_named: bool) -> FactSet:
        if plan.obstacle is not None:
            return FactSet(missing=(Missing(0, "", "", None, plan.obstacle),))
        sets = [
            part
            for read in _reads(plan, len(companies))
            for company in companies
            for part in self._of_company(read, company, is_named=are_named)
        ]
        merged = _merged(sets)
        if not are_named:
            merged = _of_holders(plan, merged, companies)
        if plan.operation == "ranking":
            merged = ranked(merged, plan)
        if plan.operation in ("difference", "multiple", "together"):
            merged = combined(plan, merged, {company.cik: company.name for company in companies})
        merged = _in_currency(plan, merged)
        merged = replace(merged, results=tuple(written_as_asked(plan, result) for result in merged.results))
        return replace(merged, notes=tuple(dict.fromkeys((*plan.notes, *merged.notes))))

    def _of_company(self, plan: Plan, company: CompanyReference, *, is_named: bool) -> Iterator[FactSet]:
        facts = self._facts_of(company.cik)
        ledger = Ledger(facts, self._metrics, as_first_reported=plan.as_first_reported)
        names = self._names_of(facts)
        for read, metric in self._readings(plan, names):
            reader = Reader(read, company, ledger, Calculator(ledger), names.lines, metric, is_named)
            try:
                yield reader.read()
            except MissingInputError as error:
                yield FactSet(missing=(error.missing,))

    def _readings(self, plan: Plan, names: _Names) -> Iterator[tuple[Plan, str]]:
        """The plan for each metric and each part that it names in the filer's words: these leave nothing to guess.

        A line of the filing that has all the words for its name goes before a metric that has some of them.
        """
        if plan.formula:
            yield plan, ""
            return
        named = self._named_line(plan, names.lines)
        if named is not None or not plan.metrics:
            yield named or plan, ""
            return
        spoken = {name: names.parts.spoken(self._metrics[name], plan.wording) for name in plan.metrics}
        loose = [word for word in plan.loose.split() if names.lines.knows(word)]
        if loose and plan.operation != "breakdown" and not any(spoken.values()):
            qualifier = " ".join([*plan.qualifier.split(), *loose])
            plan = replace(plan, qualifier=qualifier, line_item=plan.phrase)
        for metric in plan.metrics:
            others = [part for name, parts in spoken.items() if name != metric for part in parts]
            mentions = [(start, end) for name, start, end in plan.wording.mentions if name == metric]
            if mentions and all(any(p.start <= start and end <= p.end for p in others) for start, end in mentions):
                continue
            parts = spoken[metric]
            if not parts or not covers_words(parts, plan.qualifier):
                yield plan, metric
            for part in parts if covers_words(parts, plan.qualifier) else ():
                yield replace(plan, qualifier=" ".join(part.words), line_item=""), metric

    def _named_line(self, plan: Plan, lines: LineItems) -> Plan | None:
        """The plan for a line that has just the words asked for its name; None when a metric has them all, or none."""
        wording = plan.wording
        own = [word for _, start, end in wording.mentions for word in wording.words[start:end] if word != ","]
        is_metric = len(wording.mentions) == 1 and set(plan.label.split()) <= {*own, "total"}
        if is_metric or plan.operation == "breakdown" or not lines.is_exactly(plan.label):
            return None
        # A line that is a change by itself ("Increase in inventories") is looked up, not compared again.
        operation = "lookup" if plan.operation == "change" and plan.label != plan.phrase else plan.operation
        return replace(plan, operation=operation, metrics=(), qualifier="", line_item=plan.label)

    def _names_of(self, facts: CompanyFacts) -> _Names:
        known = self._names.get(facts.cik)
        if known is None or known.facts is not facts:
            known = self._names[facts.cik] = _Names(facts, LineItems(facts), PartNames(facts))
        return known


def _reads(plan: Plan, companies: int) -> list[Plan]:
    """What is read to rank by growth or change: over the years named, for one company year by year."""
    if plan.operation != "ranking" or not plan.ranked_by:
        return [plan]
    read = replace(plan, operation=plan.ranked_by)
    return [replace(read, years=(year,)) for year in plan.years] if companies == 1 and plan.years else [read]


def _merged(sets: Sequence[FactSet]) -> FactSet:
    return FactSet(
        results=tuple(dict.fromkeys(result for part in sets for result in part.results)),
        missing=tuple(dict.fromkeys(missing for part in sets for missing in part.missing)),
        candidates=tuple(dict.fromkeys(candidate for part in sets for candidate in part.candidates)),
        notes=tuple(dict.fromkeys(note for part in sets for note in part.notes)),
    )


def _of_holders(plan: Plan, found: FactSet, companies: Sequence[CompanyReference]) -> FactSet:
    """What the companies hold that hold anything of what is asked; a sentence when none does."""
    if found.is_found or found.candidates:
        held = {used.fact.cik for used in (*found.facts, *found.candidates)}
        names = ", ".join(company.name for company in companies if company.cik in held).rstrip(".")
        whose = f"the numbers are those of {names}" if plan.qualifier else "all that are covered were asked"
        notes = (*found.notes, f"No company was named; {whose}.")
        return replace(found, missing=() if plan.qualifier else found.missing, notes=notes)
    if not plan.qualifier:
        return found
    reason = (
        f"no company is named that is covered, and no product or segment of those covered is named “{plan.qualifier}”."
    )
    return FactSet(missing=(Missing(0, "", plan.qualifier, None, reason),))


def _in_currency(plan: Plan, found: FactSet) -> FactSet:
    """The results, unless they are amounts in another currency than the one asked for: nothing is converted."""
    units = {result_value(result)[1].partition("/")[0] for result in found.results}
    others = sorted(unit for unit in units if _CURRENCY.fullmatch(unit) and unit != plan.currency)
    if not plan.currency or not others:
        return found
    reason = (
        f"the numbers are tagged in {', '.join(others)}, not in {plan.currency}, and nothing is converted, "
        "as filings are no source of exchange rates."
    )
    return FactSet(missing=(Missing(0, "", "", None, reason),))

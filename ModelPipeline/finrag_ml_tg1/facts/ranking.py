"""Results put in order: as many as asked for, and in a line what is left out."""

from __future__ import annotations

from dataclasses import replace

from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, Missing, result_value
from finrag_ml_tg1.plan import Plan

__all__ = ["ranked"]

# So many companies without a value are told one by one.
_MOST_TOLD = 3


def ranked(found: FactSet, plan: Plan) -> FactSet:
    """Return the results in order of their values, as many as are asked for and on the side of the plan's threshold.

    Unlike units are not ranked, nor are values that mean nothing.
    """
    means_nothing = [result for result in found.results if isinstance(result, Calculation) and result.caveat]
    missing = (
        *found.missing,
        *(
            Missing(result.cik, result.metric, result.label, result.fiscal_year, f"{result.name} is {result.caveat}.")
            for result in means_nothing
        ),
    )
    results = [result for result in found.results if result not in means_nothing]
    units = sorted({result_value(result)[1] for result in results})
    if len(units) > 1:
        reason = f"values in {', '.join(units)} cannot be ranked against each other."
        return FactSet(missing=(*missing, Missing(0, "", "", None, reason)), notes=found.notes)
    if not results:
        return FactSet(missing=_told(missing), notes=found.notes)
    ordered = sorted(results, key=lambda result: result_value(result)[0], reverse=not plan.asks_lowest)
    notes = list(found.notes)
    if plan.threshold is not None:
        threshold = plan.threshold
        met = [result for result in ordered if threshold.is_met_by(result_value(result)[0])]
        notes.append(f"{len(met)} of {len(ordered)} values are on the side asked for.")
        if not met:
            return FactSet(missing=(Missing(0, "", "", None, "none of the values is on the side asked for."),))
        ordered = met
    if plan.place:
        notes.append(f"Place {plan.place} of {len(ordered)} in order.")
        chosen = ordered[plan.place - 1 : plan.place]
    else:
        chosen = ordered[: plan.limit or None]
    return replace(found, results=tuple(chosen), missing=missing, notes=tuple(notes))


def _told(missing: tuple[Missing, ...]) -> tuple[Missing, ...]:
    """What is missing; of many companies that none has a value, not each one's reason."""
    companies = {part.cik for part in missing}
    if len(companies) <= _MOST_TOLD:
        return missing
    return (Missing(0, "", "", None, f"none of the {len(companies)} companies has a value for the period."),)

"""How the parts of a breakdown grew: each part's value in two periods."""

from __future__ import annotations

from typing import Literal

from finrag_ml_tg1.facts.calculator import Value
from finrag_ml_tg1.facts.fact_set import FactSet, UsedFact, result_value
from finrag_ml_tg1.facts.over_time import over_time
from finrag_ml_tg1.facts.periods import FiscalPeriod

__all__ = ["grown_parts"]


def grown_parts(
    operation: Literal["growth", "change"],
    before: tuple[FiscalPeriod, FactSet],
    after: tuple[FiscalPeriod, FactSet],
    cik: int,
    *,
    lowest: bool,
) -> FactSet:
    """Return the growth, or the change, of every part stated for both periods, in order; the others are named."""
    (first, earlier), (last, later) = before, after
    known = {used.part: used for used in earlier.facts}
    both = [used for used in later.facts if used.part in known]
    sets = [over_time(operation, [(first, _value(known[used.part])), (last, _value(used))], cik) for used in both]
    results = sorted(
        (result for part in sets for result in part.results),
        key=lambda result: result_value(result)[0],
        reverse=not lowest,
    )
    new = [used.part for used in later.facts if used.part not in known]
    notes = (f"Not stated for {first}: {', '.join(new)}.",) if new else ()
    return FactSet(tuple(results), tuple(missing for part in sets for missing in part.missing), notes=notes)


def _value(used: UsedFact) -> Value:
    return Value(used.fact.value, used.fact.unit, used.label, (used,), source=used)

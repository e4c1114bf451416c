"""What a question names and an answer in numbers passes over, so that it is said and not dropped."""

from __future__ import annotations

from collections.abc import Iterator

from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.plan import Operation
from finrag_ml_tg1.scope import Scope

__all__ = ["left_out_sentences"]


def left_out_sentences(operation: Operation, scope: Scope, found: FactSet) -> Iterator[str]:
    """Yield sentences on what the question names and the numbers found leave out without a word."""
    is_between_ends = operation in ("change", "growth", "cagr")
    used = [*found.facts, *(used for calculation in found.calculations for used in calculation.inputs)]
    shown = {(part.fact.cik, part.fact.fiscal_year) for part in used}
    told = {missing.cik for missing in found.missing}
    for part in scope.left_out:
        is_shown = all((part.cik, year) in shown for year in part.fiscal_years)
        if not part.fiscal_years or not (is_between_ends or is_shown or part.cik in told):
            yield part.sentence

"""Arithmetic on values side by side: of two companies, or of parts of one: difference, multiple, sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from finrag_ml_tg1.facts.expressions import operand_words
from finrag_ml_tg1.facts.fact_set import Calculation, Display, FactSet, UsedFact, result_value
from finrag_ml_tg1.facts.number_words import period_words
from finrag_ml_tg1.facts.units import PURE, scale_of
from finrag_ml_tg1.plan import Plan

__all__ = ["combined", "written_as_asked"]

_SIGNS = {"difference": ("less", "−"), "multiple": ("divided by", "÷"), "together": ("and", "+")}


@dataclass(frozen=True, slots=True)
class _Operand:
    """One of the values, with what it is called, of which company and of which period."""

    result: UsedFact | Calculation
    company: str
    period: str

    @property
    def value(self) -> Decimal:
        return result_value(self.result)[0]

    @property
    def unit(self) -> str:
        return result_value(self.result)[1]


def combined(plan: Plan, found: FactSet, names: Mapping[int, str]) -> FactSet:
    """Return the difference, multiple or sum of the values found; as found, with a note, where there is none.

    `names` are those of the companies. What could not be found stays named.
    """
    operands = [_operand(result, names) for result in found.results]
    if plan.is_reversed:
        operands.reverse()
    problem = _problem(plan, operands, is_complete=not found.missing)
    if problem is not None:
        return replace(found, notes=(*found.notes, problem)) if problem else found
    return replace(found, results=(_calculation(plan, operands),))


def written_as_asked(plan: Plan, result: UsedFact | Calculation) -> UsedFact | Calculation:
    """Return a calculated ratio to be shown as a multiple, or its change in basis points, where that is asked for.

    Less than one stays a percentage: two places of a multiple would hide most of it.
    """
    if not isinstance(result, Calculation) or result.unit != PURE:
        return result
    if plan.shown_as == "basis points" and result.display == "points":
        return replace(result, display="basis points")
    is_multiple = plan.shown_as == "times" and result.display == "percent" and abs(result.value) >= 1
    return replace(result, display="times") if is_multiple and plan.operation != "growth" else result


def _operand(result: UsedFact | Calculation, names: Mapping[int, str]) -> _Operand:
    if isinstance(result, UsedFact):
        return _Operand(result, names.get(result.fact.cik, ""), period_words(result).partition(",")[0])
    return _Operand(result, names.get(result.cik, ""), result.period)


def _problem(plan: Plan, operands: Sequence[_Operand], *, is_complete: bool) -> str | None:
    """Why nothing is calculated, "" where nothing need be said; None when nothing stands against it."""
    is_sum = plan.operation == "together"
    units = sorted({operand.unit for operand in operands})
    problems = (
        (len(operands) < 2, ""),
        (is_sum and not is_complete, "No sum is given, as not all of the values are there."),
        (
            not is_sum and len(operands) != 2,
            f"Of two values a {plan.operation} can be given, not of {len(operands)}.",
        ),
        (len(units) > 1, f"Values in {' and '.join(units)} are not combined."),
        (is_sum and units[:1] in ([PURE], ["days"]), "Ratios are not added: their sum means nothing."),
        (
            plan.operation == "multiple" and any(operand.value <= 0 for operand in operands[1:]),
            "No multiple is given: the value to divide by is not above zero.",
        ),
    )
    return next((words for is_so, words in problems if is_so), None)


def _calculation(plan: Plan, operands: Sequence[_Operand]) -> Calculation:
    word, sign = _SIGNS[plan.operation]
    called = _names(operands)
    shared = operands[0].result.label if len({operand.result.label for operand in operands}) == 1 else ""
    periods = list(dict.fromkeys(operand.period for operand in operands))
    values = [operand.value for operand in operands]
    is_percent = operands[0].unit == PURE and operands[0].result.display == "percent"
    power, scale = scale_of(values) if all(abs(value) >= 1000 for value in values if value) else (0, "")
    numbers = [
        operand_words(operand.value, power, is_percent=is_percent, is_exact=isinstance(operand.result, UsedFact))
        for operand in operands
    ]
    expression = f" {sign} ".join(numbers)
    results = [operand.result for operand in operands]
    first = results[0]
    title = f" {word} ".join(called)
    return Calculation(
        metric=first.metric if shared else "",
        label=f"{shared}, {title}" if shared else title,
        period=" and ".join(periods),
        cik=first.fact.cik if isinstance(first, UsedFact) else first.cik,
        fiscal_year=first.fact.fiscal_year if isinstance(first, UsedFact) else first.fiscal_year,
        formula=f" {sign} ".join(called),
        expression=f"{expression} ({scale})" if scale else expression,
        inputs=tuple(dict.fromkeys(used for result in results for used in _inputs(result))),
        value=_value(plan, values),
        unit=PURE if plan.operation == "multiple" else operands[0].unit,
        display=_display(plan, first),
        notes=(f"The values are of different periods: {' and '.join(periods)}.",) if len(periods) > 1 else (),
        steps=tuple(step for result in results if isinstance(result, Calculation) for step in (*result.steps, result)),
    )


def _names(operands: Sequence[_Operand]) -> list[str]:
    """What the values are called: by company where these differ, by label where those do."""
    are_companies = len({operand.company for operand in operands}) > 1
    are_labels = len({operand.result.label for operand in operands}) > 1
    return [
        ": ".join(
            part
            for part in (operand.company if are_companies else "", operand.result.label if are_labels else "")
            if part
        )
        for operand in operands
    ]


def _value(plan: Plan, values: Sequence[Decimal]) -> Decimal:
    if plan.operation == "together":
        return sum(values, Decimal(0))
    return values[0] - values[1] if plan.operation == "difference" else values[0] / values[1]


def _display(plan: Plan, first: UsedFact | Calculation) -> Display:
    if plan.operation == "multiple":
        return "percent"
    return "points" if plan.operation == "difference" and first.display == "percent" else first.display


def _inputs(result: UsedFact | Calculation) -> tuple[UsedFact, ...]:
    return (result,) if isinstance(result, UsedFact) else result.inputs

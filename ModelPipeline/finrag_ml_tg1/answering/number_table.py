"""Several numbers as a Markdown table: what all of them share stands above it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from finrag_ml_tg1.facts.fact_set import Calculation, UsedFact, result_value
from finrag_ml_tg1.facts.number_words import period_words, value_words

__all__ = ["result_cik", "result_period", "result_words", "write_table"]


def write_table(
    results: Sequence[UsedFact | Calculation], companies: Mapping[int, str], place: Callable[[UsedFact], str]
) -> str:
    """Return the table of two or more results, with a row each; `place` says where a fact is printed."""
    names = [companies[result_cik(result)] for result in results]
    wholes = [_whole(result) for result in results]
    shared = _only([result.label for result in results]) or _only(wholes)
    periods = [period_words(result) if isinstance(result, UsedFact) else result.period for result in results]
    rows = []
    for name, period, result in zip(names, periods, results, strict=True):
        own = result.label.removeprefix(shared).removeprefix(", ")
        subject = ": ".join(part for part in ("" if _only(names) else name, own) if part)
        rows.append([subject, "" if _only(periods) else period, _value(result), _where(result, place)])
    heads = ["", "Period", "Value", "Where"]
    kept = [column for column in range(len(heads)) if any(row[column] for row in rows)]
    lines = ["| " + " | ".join(row[column] for column in kept) + " |" for row in (heads, *rows)]
    rule = "|" + "|".join("---:" if heads[column] == "Value" else "---" for column in kept) + "|"
    title = ", ".join(part for part in (shared, _only(periods)) if part)
    above = ": ".join(part for part in (_only(names), title) if part)
    return (f"**{above}**\n\n" if above else "") + "\n".join([lines[0], rule, *lines[1:]])


def result_cik(result: UsedFact | Calculation) -> int:
    """Return the company a result is of."""
    return result.fact.cik if isinstance(result, UsedFact) else result.cik


def result_period(result: UsedFact | Calculation) -> str:
    """Return the fiscal period of a result, without its dates."""
    return period_words(result).partition(",")[0] if isinstance(result, UsedFact) else result.period


def result_words(result: UsedFact | Calculation, places: int | None = None) -> str:
    """Return the value of a result in words, with the sign it is printed with, rounded to `places` where asked for."""
    value, unit = result_value(result)
    is_turned = isinstance(result, UsedFact) and result.is_turned
    return value_words(-value if is_turned else value, unit, result.display, places)


def _value(result: UsedFact | Calculation) -> str:
    """The value, and beside it why it means nothing."""
    caveat = result.caveat if isinstance(result, Calculation) else ""
    return f"{result_words(result)} ({caveat})" if caveat else result_words(result)


def _where(result: UsedFact | Calculation, place: Callable[[UsedFact], str]) -> str:
    """Where a fact is printed; of a calculation the numbers put in, each with where it is printed."""
    if isinstance(result, UsedFact):
        return place(result)
    return f"{result.expression} {' '.join(dict.fromkeys(place(used) for used in result.inputs))}"


def _only(values: Sequence[str]) -> str:
    """What all of the values are, "" where they differ."""
    return values[0] if len(set(values)) == 1 else ""


def _whole(result: UsedFact | Calculation) -> str:
    """A result's label without the part it is of."""
    part = result.part if isinstance(result, UsedFact) else ""
    return result.label.removesuffix(f", {part}") if part else result.label

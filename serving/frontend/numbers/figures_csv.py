"""Facts and calculations as a CSV file: exact, and safe to open in a spreadsheet. Pure; shows nothing itself."""

from collections.abc import Iterable, Sequence

from serving.frontend.contract.figures import Calculation, Fact, format_exact
from serving.frontend.markup.csv_file import write_csv

__all__ = ["CSV_COLUMNS", "build_csv"]

CSV_COLUMNS = (
    "kind",
    "company",
    "ticker",
    "metric",
    "concept",
    "label",
    "value",
    "unit",
    "period_start",
    "period_end",
    "fiscal_year",
    "fiscal_period",
    "dimensions",
    "accession",
    "source",
    "citation",
    "formula",
    "expression",
)


def build_csv(facts: Sequence[Fact], calculations: Sequence[Calculation]) -> bytes:
    """Return one row for each calculation, for each input that is no fact of its own, then for each fact.

    The header is `CSV_COLUMNS`; "citation" is the number of the source that a fact is printed in.
    """
    listed = set(facts)
    inputs = dict.fromkeys(fact for each in calculations for fact in each.inputs if fact not in listed)
    rows = [
        *map(_describe_calculation, calculations),
        *(_describe_fact(fact, "input") for fact in inputs),
        *(_describe_fact(fact, "fact") for fact in facts),
    ]
    return write_csv(CSV_COLUMNS, rows)


def _describe_calculation(calculation: Calculation) -> dict[str, str]:
    return {
        "kind": "calculation",
        "company": calculation.company,
        "ticker": calculation.ticker,
        "metric": calculation.metric,
        "label": calculation.name,
        "value": format_exact(calculation.value),
        "unit": calculation.unit,
        "fiscal_year": _write_integer(calculation.fiscal_year),
        "accession": _join(fact.accession for fact in calculation.inputs),
        "formula": calculation.formula,
        "expression": calculation.expression,
    }


def _describe_fact(fact: Fact, kind: str) -> dict[str, str]:
    return {
        "kind": kind,
        "company": fact.company,
        "ticker": fact.ticker,
        "metric": fact.metric,
        "concept": fact.concept,
        "label": fact.label,
        "value": format_exact(fact.value),
        "unit": fact.unit,
        "period_start": fact.period_start or "",
        "period_end": fact.period_end,
        "fiscal_year": _write_integer(fact.fiscal_year),
        "fiscal_period": fact.fiscal_period,
        "dimensions": _join(f"{axis}={member}" for axis, member in fact.dimensions),
        "accession": fact.accession,
        "source": fact.source,
        "citation": _write_integer(fact.citation),
    }


def _write_integer(number: int | None) -> str:
    return "" if number is None else str(number)


def _join(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))

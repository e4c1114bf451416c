"""Facts and calculations as a CSV file: exact, and safe to open in a spreadsheet. Pure; shows nothing itself."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from serving.frontend.contract.figures import Calculation, Fact, format_exact

__all__ = ["CSV_COLUMNS", "build_csv", "disarm"]

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
    "formula",
    "expression",
)
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
# Spreadsheets take such a cell for a formula; after a semicolon or tab too, which some of them split at.
_FORMULA_START = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")


def build_csv(facts: Sequence[Fact], calculations: Sequence[Calculation]) -> bytes:
    """Return one row for each calculation, then for each fact, below the header `CSV_COLUMNS`.

    UTF-8 with the byte order mark that spreadsheets need to see it. Text that would be run as a formula is led by an
    apostrophe.
    """
    rows = [*map(_describe_calculation, calculations), *map(_describe_fact, facts)]
    output = io.StringIO(newline="")
    writer = csv.DictWriter(output, CSV_COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: disarm(text) for name, text in row.items()} for row in rows)
    return output.getvalue().encode("utf-8-sig")


def _describe_calculation(calculation: Calculation) -> dict[str, str]:
    return {
        "kind": "calculation",
        "company": calculation.company,
        "ticker": calculation.ticker,
        "metric": calculation.metric,
        "label": calculation.name,
        "value": format_exact(calculation.value),
        "unit": calculation.unit,
        "fiscal_year": _write_year(calculation.fiscal_year),
        "accession": _join(fact.accession for fact in calculation.inputs),
        "formula": calculation.formula,
        "expression": calculation.expression,
    }


def _describe_fact(fact: Fact) -> dict[str, str]:
    return {
        "kind": "fact",
        "company": fact.company,
        "ticker": fact.ticker,
        "metric": fact.metric,
        "concept": fact.concept,
        "label": fact.label,
        "value": format_exact(fact.value),
        "unit": fact.unit,
        "period_start": fact.period_start or "",
        "period_end": fact.period_end,
        "fiscal_year": _write_year(fact.fiscal_year),
        "fiscal_period": fact.fiscal_period,
        "dimensions": _join(f"{axis}={member}" for axis, member in fact.dimensions),
        "accession": fact.accession,
        "source": fact.source,
    }


def _write_year(fiscal_year: int | None) -> str:
    return "" if fiscal_year is None else str(fiscal_year)


def _join(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def disarm(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: plain numbers as they are, text led by an apostrophe."""
    return text if _PLAIN_NUMBER.fullmatch(text) else _FORMULA_START.sub(r"\1\2'", text)

"""One metric of several companies and periods as a Markdown table. Pure; shows nothing itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from serving.frontend.contract.figures import Calculation, Fact, Figure, Figures, format_exact
from serving.frontend.markup.escaping import escape_inline

__all__ = ["MetricFigures", "build_metric_table", "select_metric"]

_NOT_GIVEN = "–"


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """The figures of one metric; a number is either tagged or calculated."""

    facts: tuple[Fact, ...]
    calculations: tuple[Calculation, ...]

    @property
    def all(self) -> tuple[Figure, ...]:
        """Facts, then calculations."""
        return (*self.facts, *self.calculations)

    @property
    def units(self) -> tuple[str, ...]:
        """The units that have to be told beside the numbers, in order; ratios have none."""
        return tuple(dict.fromkeys(figure.unit for figure in self.all if figure.unit != "pure"))


def select_metric(figures: Figures, metric: str) -> MetricFigures:
    """Return what was found of a metric: totals alone, and not what it was calculated from."""
    facts = tuple(fact for fact in figures.facts if fact.metric == metric and not fact.dimensions)
    return MetricFigures(facts, tuple(each for each in figures.calculations if each.metric == metric))


def build_metric_table(figures: MetricFigures, fiscal_years: Sequence[int]) -> str:
    """Return the table, a row for each company and a column for each fiscal year; "" when there is no figure."""
    rows: dict[str, dict[int | None, str]] = {}
    for figure in figures.all:
        rows.setdefault(figure.ticker or figure.company, {}).setdefault(figure.fiscal_year, _write(figure))
    if not rows:
        return ""
    years = sorted(fiscal_years)
    lines = [
        "| | " + " | ".join(f"FY{year}" for year in years) + " |",
        "|:---|" + "---:|" * len(years),
        *(_build_row(company, cells, years) for company, cells in rows.items()),
    ]
    return "\n".join(lines)


def _build_row(company: str, cells: Mapping[int | None, str], years: Sequence[int]) -> str:
    return "| " + " | ".join([escape_inline(company), *(cells.get(year, _NOT_GIVEN) for year in years)]) + " |"


def _write(figure: Figure) -> str:
    """Return a number as it is, or a ratio rounded to what can be read; every digit is in the list and the file."""
    display = figure.display if isinstance(figure, Calculation) else ""
    if display in {"percent", "points"} and figure.unit == "pure":
        return f"{_round(figure.value * 100)}\u00a0{'%' if display == 'percent' else 'points'}"
    if display == "basis points":
        return f"{_round(figure.value * 10_000)}\u00a0basis points"
    if display in {"times", "days"} or isinstance(figure, Calculation):
        return _round(figure.value)
    return format_exact(figure.value, grouped=True)


def _round(value: Decimal) -> str:
    """Return at most two decimal places; whole numbers stay whole."""
    whole = value == value.to_integral_value()
    return f"{value:,.0f}" if whole else f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"

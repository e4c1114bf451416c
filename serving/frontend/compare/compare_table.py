"""One metric of several companies and years as a Markdown table, and as rows of a file. Pure; shows nothing itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from serving.frontend.contract.figures import Calculation, Fact, Figure, Figures, format_exact
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.numbers.change import describe_change
from serving.frontend.numbers.points import read_point

__all__ = ["MetricTable", "list_columns", "tabulate_metric"]

_NOT_GIVEN = "–"
_NO_BREAK = "\u00a0"
# Room that a table needs, measured with the widest digits.
_CHAR_PX = 9
_CELL_PADDING_PX = 25
_ROW_PX = 42
# Two lines of a narrow window, and what parts them from the table.
_HEADING_PX = 90
_MAGNITUDES = ((Decimal(10) ** 6, "million"), (Decimal(10) ** 3, "thousand"))


@dataclass(frozen=True, slots=True)
class MetricTable:
    """The figures of one metric, tagged or calculated, by company and fiscal year.

    `before` are those of years that are not shown, to tell growth against; None when growth is not told.
    """

    label: str
    fiscal_years: tuple[int, ...]
    rows: Mapping[str, Mapping[int, Figure]]
    before: Mapping[str, Mapping[int, Figure]] | None = None

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All that is shown, row by row."""
        return tuple(row[year] for row in self.rows.values() for year in self.fiscal_years if year in row)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The tagged numbers among them."""
        return tuple(figure for figure in self.figures if isinstance(figure, Fact))

    @property
    def calculations(self) -> tuple[Calculation, ...]:
        """The calculated ones."""
        return tuple(figure for figure in self.figures if isinstance(figure, Calculation))

    @property
    def title(self) -> str:
        """The metric with the unit its numbers are counted in; ratios tell theirs themselves."""
        units = dict.fromkeys(figure.unit for figure in self.figures if figure.unit not in {"pure", "days"})
        magnitude = self._magnitude[1]
        words = ", ".join(f"{unit} {magnitude}" if magnitude else unit for unit in units)
        return f"{self.label} ({words})" if words else self.label

    @property
    def _magnitude(self) -> tuple[Decimal, str]:
        """The largest magnitude in which every amount of the table is whole, so that none is rounded."""
        units = {figure.unit for figure in self.figures}
        is_amount = len(units) == 1 and not units & {"pure", "days"} and not any("/" in unit for unit in units)
        values = [figure.value for figure in self.figures]
        fitting = [each for each in _MAGNITUDES if is_amount and any(values) and not any(v % each[0] for v in values)]
        return fitting[0] if fitting else (Decimal(1), "")

    def write_markdown(self) -> str:
        """Return the table, a row for each company and a column for each fiscal year."""
        lines = [
            "| | " + " | ".join(f"FY{year}" for year in self.fiscal_years) + " |",
            "|:---|" + "---:|" * len(self.fiscal_years),
            *map(self._write_line, self.rows),
        ]
        return "\n".join(lines)

    @property
    def width_px(self) -> int:
        """The room the table needs at most to have no line broken."""
        first = max(map(len, self.rows))
        columns = [
            max(6, *(len(self._write_cell(company, year)) for company in self.rows)) for year in self.fiscal_years
        ]
        return sum(chars * _CHAR_PX + _CELL_PADDING_PX for chars in (first, *columns))

    @property
    def height_px(self) -> int:
        """The room its heading, its lines and a scroll bar below them need."""
        return _HEADING_PX + _ROW_PX * (len(self.rows) + 1) + _ROW_PX // 2

    def write_rows(self) -> list[dict[str, str]]:
        """Return the same rows for a file: exact numbers in their base unit, below `list_columns`."""
        return [self._write_row(company) for company in self.rows]

    def describe_growth(self, company: str, year: int) -> str:
        """Return the change against the year before; "" where it is not told or that year is not known."""
        if self.before is None or year not in self.rows[company]:
            return ""
        figure = self.rows[company][year]
        earlier = self.rows[company].get(year - 1) or self.before.get(company, {}).get(year - 1)
        if earlier is None or earlier.unit != figure.unit:
            return ""
        return describe_change(read_point(figure), read_point(earlier)).words

    def _write_line(self, company: str) -> str:
        cells = [self._write_cell(company, year) for year in self.fiscal_years]
        return f"| {' | '.join([escape_inline(company), *cells])} |"

    def _write_cell(self, company: str, year: int) -> str:
        figure = self.rows[company].get(year)
        if figure is None:
            return _NOT_GIVEN
        # What the title says is not said again.
        growth = self.describe_growth(company, year).removesuffix(" per share").replace(" percentage points", " points")
        words = _write_number(figure, self._magnitude[0]).replace("-", "−")
        # Nothing of a cell is broken, so that rows have one height.
        return escape_inline(f"{words} ({growth})").replace(" ", _NO_BREAK) if growth else words

    def _write_row(self, company: str) -> dict[str, str]:
        cells = self.rows[company]
        first = next(iter(cells.values()))
        row = {"metric": self.label, "company": first.company, "ticker": first.ticker, "unit": first.unit}
        for year in self.fiscal_years:
            if year in cells:
                row[f"FY{year}"] = format_exact(cells[year].value)
            if self.before is not None:
                row[f"FY{year} against the year before"] = self.describe_growth(company, year)
        return row


def list_columns(fiscal_years: Sequence[int], *, shows_growth: bool) -> list[str]:
    """Return the header of a file of such tables."""
    years = [
        name
        for year in fiscal_years
        for name in (f"FY{year}", *([f"FY{year} against the year before"] if shows_growth else []))
    ]
    return ["metric", "company", "ticker", "unit", *years]


def tabulate_metric(
    figures: Figures, metric: str, label: str, fiscal_years: Sequence[int], before: Figures | None = None
) -> MetricTable | None:
    """Return what was found of a metric for the years, or None; `before` are figures of the years before those."""
    years = tuple(sorted(fiscal_years))
    rows = {
        company: cells for company, cells in _arrange(figures, metric).items() if not cells.keys().isdisjoint(years)
    }
    earlier = None if before is None else _arrange(before, metric)
    return MetricTable(label, years, rows, earlier) if rows else None


def _arrange(figures: Figures, metric: str) -> dict[str, dict[int, Figure]]:
    """Return totals alone by company and fiscal year, and not what a metric was calculated from."""
    totals = [fact for fact in figures.facts if fact.metric == metric and not fact.dimensions]
    found: list[Figure] = [*totals, *(each for each in figures.calculations if each.metric == metric)]
    rows: dict[str, dict[int, Figure]] = {}
    for figure in found:
        if figure.fiscal_year is not None:
            rows.setdefault(figure.ticker or figure.company, {}).setdefault(figure.fiscal_year, figure)
    return rows


def _write_number(figure: Figure, magnitude: Decimal) -> str:
    """Return an amount as it is, or a ratio rounded to what can be read; every digit is in the fold and the file."""
    display = figure.display if isinstance(figure, Calculation) else ""
    if figure.unit == "pure" and (display in {"percent", "points"} or (not display and figure.value % 1)):
        return f"{_round(figure.value * 100)}{_NO_BREAK}{'points' if display == 'points' else '%'}"
    if display == "basis points":
        return f"{_round(figure.value * 10_000)}{_NO_BREAK}basis points"
    if isinstance(figure, Calculation):
        return _round(figure.value / magnitude)
    return format_exact(figure.value / magnitude, grouped=True)


def _round(value: Decimal) -> str:
    """Return at most two decimal places; whole numbers stay whole."""
    whole = value == value.to_integral_value()
    return f"{value:,.0f}" if whole else f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}"

"""Table cells of one filing: the tagged amount, its period and its place in the printed units."""

from collections.abc import Sequence
from decimal import Decimal

from samples.company import Company
from samples.figures import format_date
from samples.inline_xbrl import Dimensions, InlineWriter, Period
from samples.markup import Cell, Row

__all__ = ["FactCells"]


class FactCells:
    """Writes the cells of one filing; amounts come in table units, shares in thousands."""

    def __init__(self, company: Company, fiscal_year: int, writer: InlineWriter) -> None:
        self.company = company
        self.fiscal_year = fiscal_year
        self.writer = writer
        self.scale = 3 if company.unit == 1000 else 6

    @property
    def years(self) -> list[int]:
        """Return the three fiscal years the report shows, newest first."""
        return [self.fiscal_year - back for back in range(3)]

    @property
    def durations(self) -> list[Period]:
        """Return the three fiscal years as periods, newest first."""
        return [self.find_duration(label) for label in self.years]

    @property
    def duration_names(self) -> list[str]:
        """Return the column headings of the three fiscal years."""
        return [self.name_duration(label) for label in self.years]

    @property
    def units(self) -> str:
        """Return the units line of tables that hold money only."""
        return "(In thousands)" if self.company.unit == 1000 else "(Dollars in millions)"

    def find_duration(self, label: int) -> Period:
        """Return the whole fiscal year as a period."""
        year = self.company.find_year(label)
        return Period(year.end, year.start)

    def find_instant(self, label: int) -> Period:
        """Return the end of the fiscal year."""
        return Period(self.company.find_year(label).end)

    def name_duration(self, label: int) -> str:
        """Return the column heading of a year."""
        year = self.company.find_year(label)
        span = f"{year.weeks} weeks" if self.company.calendar.kind.startswith("saturday") else "Year"
        return f"{span} ended {format_date(year.end)}"

    def name_instant(self, label: int) -> str:
        """Return the column heading of a balance sheet."""
        return format_date(self.company.find_year(label).end)

    def write_money(
        self,
        concept: str,
        shown: int,
        period: Period,
        dims: Dimensions = (),
        *,
        flip: bool = False,
        dollar: bool = False,
    ) -> Cell:
        """Return a tagged cell; `flip` when the concept counts the other way round than the column."""
        value = Decimal((-shown if flip else shown) * self.company.unit)
        html = self.writer.tag_number(concept, value, period, dims, unit="usd", scale=self.scale, decimals=-self.scale)
        return Cell(html, negative=shown < 0, dollar=dollar)

    def write_row(
        self,
        label: str,
        concept: str,
        amounts: Sequence[int],
        periods: Sequence[Period],
        dims: Dimensions = (),
        *,
        flip: bool = False,
        total: bool = False,
    ) -> Row:
        """Return a row of tagged cells, one for each period."""
        pairs = zip(amounts, periods, strict=True)
        cells = [self.write_money(concept, shown, period, dims, flip=flip, dollar=total) for shown, period in pairs]
        return Row(label, cells, total=total, indent=not total)

    def write_shares(self, concept: str, thousands: int, period: Period) -> Cell:
        """Return a tagged number of shares, printed in thousands."""
        value = Decimal(thousands * 1000)
        return Cell(self.writer.tag_number(concept, value, period, unit="shares", scale=3, decimals=-3))

    def write_per_share(self, concept: str, dollars: Decimal, period: Period) -> Cell:
        """Return a tagged amount a share."""
        html = self.writer.tag_number(concept, dollars, period, unit="usdPerShare", scale=0, decimals=2)
        return Cell(html, negative=dollars < 0, dollar=True)

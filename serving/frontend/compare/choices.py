"""What is compared: what there is to choose from, and a choice as the address of the page. Pure; shows nothing itself.

The address holds `companies=AAPL,NKE`, `metrics=revenue`, `years=2023,2024` and `growth=1`. What it names that is not
covered is left out; what it does not name is as on a first visit, which has an address without any of these.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.catalog import Catalog, Company

__all__ = ["ADDRESS_NAMES", "MOST_COMPANIES", "MOST_METRICS", "MOST_YEARS", "Choice", "Offer"]

ADDRESS_NAMES = ("companies", "metrics", "years", "growth")
MOST_COMPANIES = 8
MOST_METRICS = 6
MOST_YEARS = 10
_FIRST_COMPANIES = 3
_FIRST_YEARS = 3
# An annual report prints the two years before its own beside it.
_YEARS_IN_A_REPORT = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """Tickers, names of metrics, fiscal years, and whether growth is told."""

    tickers: tuple[str, ...]
    metrics: tuple[str, ...]
    years: tuple[int, ...]
    shows_growth: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to choose from; `companies` by their first ticker, `years` newest first."""

    companies: Mapping[str, Company]
    labels: Mapping[str, str]
    years: tuple[int, ...]

    @classmethod
    def from_catalog(cls, catalog: Catalog) -> Self:
        """Return the companies that have a ticker and a filing, all metrics, and the years told in the filings."""
        companies = {
            company.tickers[0]: company for company in catalog.companies if company.tickers and company.filings
        }
        labels = {metric.name: metric.label for metric in catalog.metrics}
        return cls(companies, labels, _list_years(companies.values()))

    @property
    def first_choice(self) -> Choice:
        """What a first visit compares."""
        tickers = tuple(self.companies)[:_FIRST_COMPANIES]
        return Choice(tickers, tuple(self.labels)[:1], self.list_latest_years(tickers, _FIRST_YEARS))

    def list_latest_years(self, tickers: Iterable[str], count: int) -> tuple[int, ...]:
        """Return the latest years told in the filings of some companies, or of all when there is none."""
        chosen = [self.companies[ticker] for ticker in tickers] or list(self.companies.values())
        return tuple(sorted(_list_years(chosen)[:count]))

    def read_address(self, address: Mapping[str, str]) -> Choice:
        """Return the choice an address tells."""
        first = self.first_choice
        if not address:
            return first
        by_ticker = {ticker.casefold(): name for name, each in self.companies.items() for ticker in each.tickers}
        tickers = [by_ticker.get(ticker.casefold(), "") for ticker in _split(address.get("companies"))]
        metrics = [name if name in self.labels else "" for name in _split(address.get("metrics"))]
        years = [year if year in map(str, self.years) else "" for year in _split(address.get("years"))]
        return Choice(
            _keep(address.get("companies"), tickers, MOST_COMPANIES, first.tickers),
            _keep(address.get("metrics"), metrics, MOST_METRICS, first.metrics),
            tuple(sorted(map(int, _keep(address.get("years"), years, MOST_YEARS, tuple(map(str, first.years)))))),
            address.get("growth") == "1",
        )

    def write_address(self, choice: Choice) -> dict[str, str]:
        """Return the address of a choice; empty for that of a first visit."""
        if choice == self.first_choice:
            return {}
        return {
            "companies": ",".join(choice.tickers),
            "metrics": ",".join(choice.metrics),
            "years": ",".join(map(str, choice.years)),
            **({"growth": "1"} if choice.shows_growth else {}),
        }


def _list_years(companies: Iterable[Company]) -> tuple[int, ...]:
    """Return every year that the annual reports of the companies print, newest first."""
    reported = {filing.fiscal_year for company in companies for filing in company.filings}
    return tuple(sorted({year - back for year in reported for back in range(_YEARS_IN_A_REPORT)}, reverse=True))


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _keep(written: str | None, known: Sequence[str], most: int, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is known of a list, each once; `otherwise` when nothing is, unless the list was left empty."""
    kept = tuple(dict.fromkeys(filter(None, known)))[:most]
    return kept if kept or written == "" else otherwise

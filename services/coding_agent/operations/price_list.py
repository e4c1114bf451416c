"""The prices that costs are computed from: each with a date, a source, and how it is known."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

__all__ = ["PRICES_FILE", "Confidence", "Price", "read_prices"]

PRICES_FILE = Path(__file__).with_name("prices.toml")


class Confidence(StrEnum):
    """How a price is known."""

    NOTES = "notes"
    REPORTED = "reported"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars before tax for one unit of `per`."""

    name: str
    usd: Decimal
    per: str
    confidence: Confidence
    as_of: date
    source: str


def read_prices(file: Path = PRICES_FILE) -> dict[str, Price]:
    """Return the prices by name. Raises ValueError, with the entry, for one that is not whole."""
    with file.open("rb") as content:
        entries = tomllib.load(content)
    prices = {}
    for name, entry in entries.items():
        try:
            usd = Decimal(entry["usd"]) if isinstance(entry["usd"], str) else None
            price = Price(
                name, usd or Decimal(), entry["per"], Confidence(entry["confidence"]), entry["as_of"], entry["source"]
            )
        except (KeyError, TypeError, ArithmeticError, ValueError) as error:
            raise ValueError(f"{file.name}: [{name}] is not a price: {error}") from error
        if usd is None or not usd.is_finite() or usd <= 0 or type(price.as_of) is not date:
            raise ValueError(f'{file.name}: [{name}] needs usd = "…" above 0 in quotes and as_of = a date')
        prices[name] = price
    return prices
